//! `make bench`, the rights: what a decision takes with 1, 100 and 10,000 rules, as ratios. See README.md.
//!
//! The title with offers for every place has 2,000: offers that are compared one by one have a limit.
//!
//! The other side of each comparison is the obvious code: a scan of every rule, which computes the class of an offer when it
//! needs it. Before anything is measured, both sides have to find the same offer.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark fails by panicking, and is native: it may look at the clock"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use stagedoor::catalog::{Offer, Plan, Site, Territories, Territory, Title};
use stagedoor::facts::Geography;
use stagedoor::rights::{self, Policies, Resumed, Viewer};
use stagedoor::time::UnixTime;

const MANY: usize = 10_000;
const NOW: UnixTime = UnixTime::from_secs(1_795_370_400);
/// How long each side is measured, in each of the rounds.
const PATIENCE: Duration = Duration::from_millis(60);
const ROUNDS: usize = 5;

/// The members of a title with so many rules.
type Members = fn(usize) -> Value;

fn main() {
    let site: Site = serde_json::from_value(json!({
        "host": "a.example", "media": { "origin": "https://m.example/" }, "tokens": { "issuers": ["i"] },
        "sessions": { "keys": "s" },
    }))
    .unwrap();
    println!("| rules | how many | takes, to 1 rule | a scan takes, to this | µs |");
    println!("|---|--:|--:|--:|--:|");
    let kinds: [(&str, Members, usize); 4] = [
        ("offers, each for one postal code", offers_by_place, MANY),
        ("postal codes of one offer", codes_of_an_offer, MANY),
        ("blackouts, each for one postal code", blackouts, MANY),
        ("offers everywhere, each for one plan", offers_by_plan, 2_000),
    ];
    for (name, members, most) in kinds {
        for below in [false, true] {
            let mut first = None;
            for size in [1, 100, most] {
                let case = Case::new(&members(size), size);
                let (ours, scan) = case.measure(&site, below);
                let first = *first.get_or_insert(ours);
                let what = if below { "below a session" } else { "at the entry" };
                println!(
                    "| {name}, {what} | {size} | {:.1} | {:.1} | {:.1} |",
                    ours / first,
                    scan / ours,
                    ours / 1_000.0
                );
            }
        }
    }
}

fn offers_by_place(size: usize) -> Value {
    let offer = |number| {
        json!({ "id": format!("o{number}"), "territories": { "allow": [format!("postal:US-{}", 10_000 + number)] },
            "plans": ["gold"], "caps": { "max_height": 720 } })
    };
    json!({ "offers": (0..size).map(offer).collect::<Vec<_>>() })
}

fn codes_of_an_offer(size: usize) -> Value {
    let codes: Vec<_> = (0..size).map(|number| format!("postal:US-{}", 10_000 + number)).collect();
    json!({ "offers": [{ "id": "o", "territories": { "allow": codes } }] })
}

fn blackouts(size: usize) -> Value {
    let blackout = |number| {
        json!({ "id": format!("b{number}"), "territories": { "allow": [format!("postal:US-{}", 30_000 + number)] },
            "action": "deny" })
    };
    json!({ "offers": [{ "id": "o", "territories": { "allow": ["US"] } }],
        "blackouts": (0..size).map(blackout).collect::<Vec<_>>() })
}

fn offers_by_plan(size: usize) -> Value {
    let offer = |number| json!({ "id": format!("o{number}"), "territories": { "allow": ["*"] }, "plans": [format!("p{number}")] });
    json!({ "offers": (0..size).map(offer).collect::<Vec<_>>() })
}

struct Case {
    title: Title,
    geography: Geography,
    plans: Vec<Plan>,
}

impl Case {
    fn new(members: &Value, size: usize) -> Self {
        let mut title = json!({ "id": "harbour", "sites": ["a.example"] });
        title.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        Self {
            title: serde_json::from_value(title).unwrap(),
            // The viewer is where the last rule is.
            geography: format!("US-CA;dma=803;asn=7922;continent=NA;postal={}", 10_000 + size - 1)
                .parse()
                .unwrap(),
            plans: vec!["gold".parse().unwrap(), format!("p{}", size - 1).parse().unwrap()],
        }
    }

    /// Nanoseconds of a decision, and of a scan: the least of the rounds, which take turns.
    fn measure(&self, site: &Site, below: bool) -> (f64, f64) {
        let policies = Policies::from(site);
        let viewer = Viewer {
            geography: &self.geography,
            plans: &self.plans,
            entitlements: &[],
            age: None,
            device: None,
            max_height: None,
            max_streams: None,
            bucket: 0,
        };
        let permit = rights::decide(&self.title, &viewer, policies, NOW).outcome.unwrap();
        let resumed = Resumed {
            class: permit.class,
            proved: permit.proved,
            geography: &self.geography,
            max_height: None,
            bucket: 0,
        };
        let asked = self.title.offers.iter().find(|offer| offer.id == permit.offer).map(class);
        let scan = || scan(&self.title, &self.geography, &self.plans, asked.filter(|_| below));
        assert_eq!(scan().map(|offer| &offer.id), Some(&permit.offer));
        assert_eq!(rights::resume(&self.title, &resumed, policies, NOW).outcome.unwrap().offer, permit.offer);
        let mut least = (f64::MAX, f64::MAX);
        for _ in 0..ROUNDS {
            let ours = if below {
                time(|| drop(black_box(rights::resume(&self.title, black_box(&resumed), policies, NOW))))
            } else {
                time(|| drop(black_box(rights::decide(&self.title, black_box(&viewer), policies, NOW))))
            };
            let naive = time(|| {
                black_box(scan());
            });
            least = (least.0.min(ours), least.1.min(naive));
        }
        least
    }
}

/// Nanoseconds of one call.
fn time(mut call: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut calls = 0.0;
    while start.elapsed() < PATIENCE {
        call();
        calls += 1.0;
    }
    start.elapsed().as_secs_f64() * 1e9 / calls
}

/// Every rule in turn.
fn scan<'a>(
    title: &'a Title,
    geography: &Geography,
    plans: &[Plan],
    asked: Option<[u8; 4]>,
) -> Option<&'a Offer> {
    let blacked_out = |blackout: &stagedoor::catalog::Blackout| {
        blackout.window.is_open(NOW) && covers(&blackout.territories, geography)
    };
    if title.blackouts.iter().any(blacked_out) {
        return None;
    }
    title.offers.iter().find(|offer| {
        let proved = match asked {
            Some(asked) => class(offer) == asked,
            None => offer.plans.is_empty() || offer.plans.iter().any(|plan| plans.contains(plan)),
        };
        proved && covers(&offer.territories, geography) && !offer.window.closed_by(NOW)
    })
}

fn covers(list: &Territories, geography: &Geography) -> bool {
    let inside = |entry: &Territory| match entry {
        Territory::World => true,
        Territory::Country(code) => geography.country == Some(*code),
        Territory::Postal(country, prefix) => {
            geography.country == Some(*country)
                && geography.postal.as_deref().is_some_and(|code| code.starts_with(prefix.as_str()))
        }
        _ => false,
    };
    list.allow.iter().any(inside) && !list.deny.iter().any(inside)
}

fn class(offer: &Offer) -> [u8; 4] {
    let mut hash = Sha256::new();
    for plan in &offer.plans {
        hash.update(plan.as_str());
        hash.update([0]);
    }
    hash.update(offer.caps.max_height.unwrap_or(u32::MAX).to_be_bytes());
    let [a, b, c, d, ..]: [u8; 32] = hash.finalize().into();
    [a, b, c, d]
}
