//! `make bench`, the pods: what the choice among 10, 1,000 and 10,000 campaigns takes, as ratios. See README.md.
//!
//! The other side of each comparison is the obvious code: it goes through all campaigns, and compares each condition. Before
//! anything is measured, both sides have to find the same number of campaigns.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark fails by panicking")]

#[path = "support/measure.rs"]
mod measure;

use std::collections::HashMap;
use std::rc::Rc;

use measure::{least, patience, peak, ratio};
use serde_json::{Value, json};
use stagedoor::ads::house::{Audience, Chosen, Count, Sources, choose};
use stagedoor::ads::viewer::{self, Answer, Question};
use stagedoor::ads::{Break, Content, Ending, Furniture, Offered, Opening, Place, Room, Terms, fit};
use stagedoor::catalog::{
    AdPolicy, Campaigns, Creative, CreativeId, DeviceClass, Document, Mode, SessionId, Site, Title,
};
use stagedoor::life::at_once;
use stagedoor::rights::{Policies, Whereabouts};
use stagedoor::time::UnixTime;

const NOW: UnixTime = UnixTime::from_secs(1_795_370_400);

/// The members of the campaign with a number.
type Members = fn(usize) -> Value;

fn main() {
    println!(
        "| campaigns | how many | meet the break | a decision takes, to 10 | a scan takes, to a decision | µs | KiB |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|");
    let kinds: [(&str, Members); 4] = [
        ("each for one title", |number| json!({ "titles": [format!("t{}", number % 5_000)] })),
        ("each for a country, a genre and a place", |number| {
            let country = ["AE", "SA", "GB", "US"][number % 4];
            let genre = ["drama", "news", "sport"][number % 3];
            let place = ["mid_roll", "pre_roll"][number / 12 % 2];
            json!({ "territories": { "allow": [country] }, "genres": [genre], "places": [place] })
        }),
        ("each for everybody", |_| json!({})),
        ("each for everybody, with a frequency", |_| json!({ "frequency": { "per_day": 3, "delay_s": 60 } })),
    ];
    for (name, members) in kinds {
        let mut first = None;
        for size in [10, 1_000, 10_000] {
            let case = Case::new(members, size);
            let eligible = case.chosen().0.eligible;
            assert_eq!(eligible, case.scan(), "{name}");
            let ours = least(patience(), || case.chosen());
            let scan = ratio(patience(), || case.scan(), || case.chosen());
            let bytes = peak(|| case.chosen());
            let first = *first.get_or_insert(ours);
            println!(
                "| {name} | {size} | {eligible} | {:.1} | {scan} | {:.0} | {} |",
                ours / first,
                ours * 1e6,
                bytes / 1024
            );
        }
    }
}

/// A viewer's break, and the documents of a site.
struct Case {
    site: Site,
    title: Title,
    opening: Opening,
    campaigns: Campaigns,
    creatives: Creatives,
    policy: AdPolicy,
}

impl Case {
    fn new(members: Members, size: usize) -> Self {
        let campaign = |number| {
            let mut campaign = json!({ "id": format!("c{number}"), "creatives": [format!("a{}", number % 40)],
                "weight": 1 + number % 7, "window": { "from": "2026-11-01T00:00:00Z", "until": "2026-12-31T00:00:00Z" } });
            campaign.as_object_mut().unwrap().extend(members(number).as_object().unwrap().clone());
            campaign
        };
        let all: Vec<_> = (0..size).map(campaign).collect();
        let creative = |number: usize| {
            let id = format!("a{number}");
            let creative = json!({ "id": id, "sites": ["a.example"], "kind": { "linear": { "media": format!("ads/{id}/"),
                "hls": "m.m3u8", "duration_ms": 10_000 + 5_000 * (number % 3) } } });
            let body: Creative = serde_json::from_value(creative).unwrap();
            (body.id.clone(), Rc::new(Document { revision: 1, body }))
        };
        let opening =
            json!({ "id": "mid-600000", "place": "mid_roll", "start_ms": 600_000, "planned_ms": 120_000 });
        Self {
            site: serde_json::from_value(json!({
                "host": "a.example", "media": { "origin": "https://m.example/" }, "tokens": { "issuers": ["i"] },
                "sessions": { "keys": "s" }, "ads": {} }))
            .unwrap(),
            title: serde_json::from_value(json!({ "id": "t7", "sites": ["a.example"], "offers": [],
                "genres": ["drama"], "languages": ["en"] }))
            .unwrap(),
            opening: serde_json::from_value(opening).unwrap(),
            campaigns: serde_json::from_value(json!({ "host": "a.example", "campaigns": all })).unwrap(),
            creatives: Creatives((0..40).map(creative).collect()),
            policy: AdPolicy::default(),
        }
    }

    fn audience(&self) -> Audience<'_> {
        let geography = "AE-DU;asn=5384".parse().unwrap();
        Audience {
            site: &self.site,
            title: &self.title,
            opening: &self.opening,
            session: SessionId([7; 8]),
            ends_at: NOW.plus_secs(3_600),
            whereabouts: Whereabouts::of(&geography, &Policies::from(&self.site), 0),
            device: Some(DeviceClass::Tv),
            plans: &[],
            now: NOW,
        }
    }

    /// A decision: the choice, and the pod.
    fn chosen(&self) -> (Chosen, usize) {
        let furniture = Furniture::default();
        let terms =
            Terms { policy: &self.policy, elapsed: None, content: Content::default(), furniture: &furniture };
        let of = Break { opening: self.opening.clone(), ending: Ending::Planned };
        let room = Room::of(&of, &terms);
        let audience = self.audience();
        let chosen = at_once(choose(&self.campaigns, &audience, &room, &self.creatives, false)).unwrap();
        let mut offered = Offered::default();
        chosen.clone().offer(&mut offered, self.policy.campaigns);
        let slots = fit(&of, offered, &terms).pod.slots.len();
        (chosen, slots)
    }

    /// The number of campaigns whose conditions are met, by the obvious code.
    fn scan(&self) -> usize {
        let audience = self.audience();
        let meets = |campaign: &&stagedoor::catalog::Campaign| {
            let has = |list: bool, one: bool| list || one;
            campaign.mode != Mode::Off
                && campaign.window.is_open(NOW)
                && has(campaign.places.is_empty(), campaign.places.contains(&Place::MidRoll))
                && campaign.territories.as_ref().is_none_or(|list| audience.whereabouts.is_in(list))
                && has(campaign.devices.is_empty(), campaign.devices.contains(&DeviceClass::Tv))
                && has(campaign.titles.is_empty(), campaign.titles.contains(&self.title.id))
                && has(
                    campaign.genres.is_empty(),
                    self.title.genres.iter().any(|own| campaign.genres.contains(own)),
                )
                && campaign.languages.is_empty()
                && campaign.plans.is_empty()
        };
        self.campaigns.campaigns.iter().filter(meets).count()
    }
}

/// Documents of creatives in memory, and a viewer who has seen none.
struct Creatives(HashMap<CreativeId, Rc<Document<Creative>>>);

impl Sources for Creatives {
    async fn creatives(&self, ids: &[CreativeId]) -> Vec<Option<Rc<Document<Creative>>>> {
        ids.iter().map(|id| self.0.get(id).cloned()).collect()
    }

    async fn viewer(&self, question: &Question) -> Option<Answer> {
        Some(viewer::decide(question, &[], NOW))
    }

    async fn count(&self, _: &Count) -> Option<bool> {
        Some(true)
    }
}
