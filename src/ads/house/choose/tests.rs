use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::ads::house::Counter;
use crate::ads::house::index::Index;
use crate::ads::house::rule::Rule;
use crate::ads::viewer::Record;
use crate::ads::{Break, Content, Ending, Furniture, Opening, Place, Terms};
use crate::catalog::{AdPolicy, DeviceClass, Plan, SessionId, Site, Title};
use crate::rights::{Policies, Whereabouts};

const NOW: UnixTime = UnixTime::from_secs(1_795_370_400);

/// Stores of creatives, of viewers and of counts.
#[derive(Default)]
struct World {
    creatives: HashMap<CreativeId, Rc<Document<Creative>>>,
    records: RefCell<Vec<Record>>,
    counts: RefCell<BTreeMap<String, Counter>>,
    asked: RefCell<Vec<&'static str>>,
    is_silent: bool,
}

impl Sources for World {
    async fn creatives(&self, ids: &[CreativeId]) -> Vec<Option<Rc<Document<Creative>>>> {
        self.asked.borrow_mut().push("creatives");
        ids.iter().map(|id| self.creatives.get(id).cloned()).collect()
    }

    async fn viewer(&self, question: &Question) -> Option<Answer> {
        self.asked.borrow_mut().push("viewer");
        if self.is_silent {
            return None;
        }
        let mut records = self.records.borrow_mut();
        let answer = viewer::decide(question, &records, NOW);
        viewer::record(&mut records, question, &answer, NOW);
        Some(answer)
    }

    async fn count(&self, count: &Count) -> Option<bool> {
        self.asked.borrow_mut().push("count");
        if self.is_silent {
            return None;
        }
        let mut counts = self.counts.borrow_mut();
        Some(counts.entry(count.campaign.to_string()).or_default().take(count))
    }
}

impl World {
    /// Fills the counter of a campaign whose cap is 1.
    fn fill(&self, campaign: &str) {
        let count = Count {
            campaign: campaign.parse().unwrap(),
            cap: 1,
            ads: 1,
            session: SessionId([255; 8]),
            break_id: "pre".parse().unwrap(),
            until: NOW,
            again: false,
        };
        assert!(self.counts.borrow_mut().entry(campaign.to_owned()).or_default().take(&count));
    }

    /// A world with linear creatives, named after their seconds behind the letter: `a30`.
    fn of(ids: &[&str]) -> Self {
        let mut world = Self::default();
        for id in ids {
            let secs: u64 = id[1..].parse().unwrap();
            let creative = json!({ "id": id, "sites": ["a.example"], "kind": { "linear": { "media": format!("ads/{id}/"),
                "hls": "m.m3u8", "duration_ms": secs * 1_000 } } });
            let body = serde_json::from_value(creative).unwrap();
            world.creatives.insert(id.parse().unwrap(), Rc::new(Document { revision: 1, body }));
        }
        world
    }
}

fn campaigns(campaigns: &Value) -> Campaigns {
    serde_json::from_value(json!({ "host": "a.example", "campaigns": campaigns })).unwrap()
}

fn site() -> Site {
    let site = json!({ "host": "a.example", "media": { "origin": "https://m.example/" }, "tokens": { "issuers": ["i"] },
        "sessions": { "keys": "s" }, "ads": {}, "geography": { "groups": { "gulf": ["AE", "SA"] },
        "hosting": { "asns": [7], "viewers": "unknown" } } });
    serde_json::from_value(site).unwrap()
}

fn title(members: &Value) -> Title {
    let mut title = json!({ "id": "harbour", "sites": ["a.example"], "offers": [] });
    title.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    serde_json::from_value(title).unwrap()
}

fn opening(id: &str, place: Place) -> Opening {
    let (start, date, event_id, tag) = (None, None, None, None);
    let planned = Some(Duration::from_secs(60));
    Opening { id: id.parse().unwrap(), place, start, date, planned, event_id, tag }
}

/// A viewer in a place, at a break.
struct Person<'a> {
    session: u8,
    place: &'a str,
    device: Option<DeviceClass>,
    plans: &'a [Plan],
    opening: &'a Opening,
}

impl<'a> Person<'a> {
    const fn at(opening: &'a Opening) -> Self {
        Self { session: 1, place: "AE", device: None, plans: &[], opening }
    }

    fn audience(&self, site: &'a Site, title: &'a Title) -> Audience<'a> {
        let geography = self.place.parse().unwrap();
        Audience {
            site,
            title,
            opening: self.opening,
            session: SessionId([self.session; 8]),
            ends_at: NOW.plus_secs(3_600),
            whereabouts: Whereabouts::of(&geography, &Policies::from(site), 0),
            device: self.device,
            plans: self.plans,
            now: NOW,
        }
    }
}

fn chosen(document: &Campaigns, person: &Person<'_>, world: &World) -> Chosen {
    let (site, title) = (site(), title(&json!({ "genres": ["drama"], "languages": ["en-GB", "ar"] })));
    let audience = person.audience(&site, &title);
    let policy = AdPolicy::default();
    let furniture = Furniture::default();
    let terms = Terms { policy: &policy, elapsed: None, content: Content::default(), furniture: &furniture };
    let of = Break { opening: person.opening.clone(), ending: Ending::Planned };
    let room = Room::of(&of, &terms);
    at_once(choose(document, &audience, &room, world, true))
}

/// The outcome of a choice all of whose questions are answered at once.
fn at_once<T>(choice: impl Future<Output = T>) -> T {
    match pin!(choice).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(chosen) => chosen,
        Poll::Pending => panic!("a question was not answered"),
    }
}

fn told(chosen: &Chosen) -> String {
    let ids = chosen.candidates.iter().filter_map(|candidate| Some(candidate.creative()?.as_str()));
    ids.collect::<Vec<_>>().join(" ")
}

#[test]
fn each_condition_is_met_or_named() {
    let world = World::of(&["a30"]);
    let mid = opening("mid-1", Place::MidRoll);
    let gold: Plan = "gold".parse().unwrap();
    let plans = [gold];
    let person = Person { device: Some(DeviceClass::Tv), plans: &plans, ..Person::at(&mid) };
    // members, the rule that keeps it out
    let table = [
        (json!({}), None),
        (json!({ "mode": "off" }), Some("mode")),
        (json!({ "mode": "log" }), Some("mode")),
        (json!({ "window": { "from": "2026-11-22T18:00:00Z" } }), None),
        (json!({ "window": { "until": "2026-11-22T18:00:00Z" } }), Some("window")),
        (json!({ "territories": { "allow": ["group:gulf"], "deny": ["SA"] } }), None),
        (json!({ "territories": { "allow": ["*"], "deny": ["AE"] } }), Some("territories")),
        (json!({ "territories": { "allow": [] } }), Some("territories")),
        (json!({ "places": ["pre_roll", "mid_roll"] }), None),
        (json!({ "places": ["pre_roll"] }), Some("places")),
        (json!({ "devices": ["tv"] }), None),
        (json!({ "devices": ["mobile"] }), Some("devices")),
        (json!({ "titles": ["harbour"] }), None),
        (json!({ "titles": ["quay"] }), Some("titles")),
        (json!({ "genres": ["news", "drama"] }), None),
        (json!({ "genres": ["news"] }), Some("genres")),
        (json!({ "languages": ["EN"] }), None),
        (json!({ "languages": ["en-us"] }), Some("languages")),
        (json!({ "plans": ["gold", "lite"] }), None),
        (json!({ "plans": ["lite"] }), Some("plans")),
        (json!({ "creatives": [] }), Some("creatives")),
        (json!({ "creatives": ["b30"] }), Some("creatives")),
    ];
    for (members, expected) in table {
        let mut campaign = json!({ "id": "c", "creatives": ["a30"] });
        campaign.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let chosen = chosen(&campaigns(&json!([campaign])), &person, &world);
        assert_eq!(told(&chosen), if expected.is_none() { "a30" } else { "" }, "{members}");
        let [told] = &chosen.why.as_ref().unwrap().campaigns[..] else { panic!("{members}") };
        let failed: Vec<_> =
            told.findings.iter().filter(|finding| !finding.passed).map(|one| one.rule).collect();
        assert_eq!((told.taken, failed), (expected.is_none(), Vec::from_iter(expected)), "{members}");
        let rehearsed = members["mode"] == "log";
        assert_eq!(chosen.rehearsed.len(), usize::from(rehearsed), "{members}");
    }
}

#[test]
fn a_viewer_behind_an_anonymiser_is_nowhere_and_one_whose_plan_is_not_known_has_none() {
    let world = World::of(&["a30"]);
    let mid = opening("mid-1", Place::MidRoll);
    let in_ae = campaigns(&json!([{ "id": "c", "creatives": ["a30"], "territories": { "allow": ["AE"] } }]));
    let at = |place| told(&chosen(&in_ae, &Person { place, ..Person::at(&mid) }, &world));
    assert_eq!((at("AE").as_str(), at("AE;asn=7").as_str()), ("a30", ""));
    let gold = campaigns(&json!([{ "id": "c", "creatives": ["a30"], "plans": ["gold"] }]));
    let plans: [Plan; 2] = ["gold", "lite"].map(|plan| plan.parse().unwrap());
    let with = |plans| told(&chosen(&gold, &Person { plans, ..Person::at(&mid) }, &world));
    // The offer is for either plan.
    assert_eq!([with(&plans[..1]), with(&plans), with(&[])], ["a30", "", ""]);
    let why = chosen(&gold, &Person { plans: &plans, ..Person::at(&mid) }, &world).why.unwrap();
    let finding = &why.campaigns[0].findings[0];
    assert_eq!(
        (finding.wanted.as_str(), finding.saw.as_str()),
        ("an offer all of whose plans are among gold", "gold, lite")
    );
}

#[test]
fn priority_comes_first_and_then_chance_by_weight() {
    let world = World::of(&["a30", "b30", "c60"]);
    let mid = opening("mid-1", Place::MidRoll);
    let document = campaigns(&json!([
        { "id": "a", "creatives": ["a30"], "weight": 3 }, { "id": "b", "creatives": ["b30"] },
        { "id": "c", "creatives": ["c60"], "priority": 1 },
    ]));
    assert_eq!(told(&chosen(&document, &Person::at(&mid), &world)), "c60");
    let document = campaigns(&json!([
        { "id": "a", "creatives": ["a60"], "weight": 3 }, { "id": "b", "creatives": ["b60"] }]));
    let world = World::of(&["a60", "b60"]);
    let mut first = BTreeMap::new();
    for session in 0..=255 {
        for id in ["mid-1", "mid-2"] {
            let opening = opening(id, Place::MidRoll);
            let person = Person { session, ..Person::at(&opening) };
            let chosen = told(&chosen(&document, &person, &world));
            *first.entry(chosen).or_insert(0) += 1;
        }
    }
    // 384 of 512 are expected, with a standard deviation of 10.
    assert!((340..430).contains(&first["a60"]) && first["a60"] + first["b60"] == 512, "{first:?}");
    // Nobody keeps a history that no campaign needs.
    assert!(!world.asked.borrow().contains(&"viewer"));
}

#[test]
fn every_isolate_chooses_the_same() {
    let world = World::of(&["a10", "b10", "c10", "d10", "e10", "f10", "g10", "h10"]);
    let all: Vec<_> = "abcdefgh"
        .chars()
        .map(|id| json!({ "id": id.to_string(), "creatives": [format!("{id}10")] }))
        .collect();
    let mid = opening("mid-1", Place::MidRoll);
    let one = told(&chosen(&campaigns(&json!(all)), &Person::at(&mid), &world));
    // Another instance of the document, with an index of its own.
    assert_eq!(told(&chosen(&campaigns(&json!(all)), &Person::at(&mid), &world)), one);
    assert_eq!(one.split(' ').count(), 6);
    let other = told(&chosen(&campaigns(&json!(all)), &Person { session: 2, ..Person::at(&mid) }, &world));
    assert_ne!(other, one);
}

#[test]
fn the_history_of_a_viewer_limits_and_the_same_break_gets_the_same_pod() {
    let world = World::of(&["a30", "b30", "c30"]);
    let (first, second) = (opening("mid-1", Place::MidRoll), opening("mid-2", Place::MidRoll));
    let document = |mode: &str| {
        campaigns(&json!([
            { "id": "a", "creatives": ["a30"], "priority": 2, "frequency": { "per_session": 1 } },
            { "id": "b", "creatives": ["b30", "c30"], "mode": mode, "frequency": { "per_day": 9 } },
        ]))
    };
    let pod = |document: &Campaigns, opening: &Opening| chosen(document, &Person::at(opening), &world);
    assert_eq!(told(&pod(&document("enforce"), &first)), "a30 b30");
    // Creatives take turns.
    assert_eq!(told(&pod(&document("enforce"), &second)), "c30");
    let again = pod(&document("enforce"), &first);
    assert_eq!((told(&again).as_str(), again.again), ("a30 b30", true));
    // A campaign that is switched off leaves a pod that was decided before.
    assert_eq!(told(&pod(&document("off"), &first)), "a30");
    // Another session has not seen any.
    let other = Person { session: 2, ..Person::at(&first) };
    assert!(
        told(&chosen(
            &document("enforce"),
            &other,
            &World { records: RefCell::default(), ..World::of(&["a30", "b30"]) }
        ))
        .starts_with("a30")
    );
}

#[test]
fn a_silent_store_costs_no_ads() {
    let world = World { is_silent: true, ..World::of(&["a30"]) };
    let document =
        campaigns(&json!([{ "id": "a", "creatives": ["a30"], "cap": 1, "frequency": { "per_day": 1 } }]));
    let mid = opening("mid-1", Place::MidRoll);
    assert_eq!(told(&chosen(&document, &Person::at(&mid), &world)), "a30");
    assert_eq!(*world.asked.borrow(), ["creatives", "viewer", "count"]);
}

#[test]
fn a_cap_is_for_all_viewers_together() {
    let world = World::of(&["a30", "b30"]);
    let document = campaigns(&json!([
        { "id": "a", "creatives": ["a30"], "priority": 9, "cap": 2 }, { "id": "b", "creatives": ["b30"] }]));
    let mid = opening("mid-1", Place::MidRoll);
    let mut pods = Vec::new();
    for session in [1, 2, 1, 3, 3] {
        let person = Person { session, ..Person::at(&mid) };
        let chosen = chosen(&document, &person, &world);
        pods.push(told(&chosen));
    }
    // The same break of the same session counts once.
    assert_eq!(pods, ["a30 b30", "a30 b30", "a30 b30", "b30", "b30"]);
    assert_eq!(world.counts.borrow()["a"].total(), 2);
}

#[test]
fn what_is_counted_is_what_is_shown_however_often_the_choice_is_made() {
    let mid = opening("mid-1", Place::MidRoll);
    let capped = |id: &str, priority: u8, cap: u64| json!({ "id": id, "creatives": [format!("{id}15")], "priority": priority, "cap": cap, "separation": (if id < "e" { [id] } else { ["e"] }) });
    // Four campaigns that are full are found one after the other, or together; those beside them are counted once.
    for full in [&["b"][..], &["a", "b"], &["a", "b", "c", "d"]] {
        let world = World::of(&["a15", "b15", "c15", "d15", "e15", "f15", "g15"]);
        let all: Vec<_> = "abcdefg"
            .chars()
            .rev()
            .enumerate()
            .map(|(at, id)| {
                let id = id.to_string();
                let cap = if full.contains(&id.as_str()) { 1 } else { 100 };
                capped(&id, u8::try_from(10 - at).unwrap(), cap)
            })
            .collect();
        full.iter().for_each(|id| world.fill(id));
        let document = campaigns(&json!(all));
        let mut shown: BTreeMap<String, u64> = BTreeMap::new();
        for session in 1..=5 {
            let person = Person { session, ..Person::at(&mid) };
            for chosen in [chosen(&document, &person, &world), chosen(&document, &person, &world)] {
                assert!(!chosen.candidates.is_empty());
                if !chosen.again {
                    told(&chosen)
                        .split(' ')
                        .for_each(|id| *shown.entry(id[..1].to_owned()).or_default() += 1);
                }
            }
        }
        let counts = world.counts.borrow();
        let counted: BTreeMap<_, _> =
            counts.iter().map(|(id, counter)| (id.clone(), counter.total())).collect();
        for (id, counted) in counted {
            let filled = u64::from(full.contains(&id.as_str()));
            assert_eq!(counted - filled, shown.get(&id).copied().unwrap_or_default(), "{id} beside {full:?}");
        }
    }
}

#[test]
fn a_campaign_that_gives_way_is_taken_back_from_its_counter() {
    // `b` is taken beside `a`, which is full. Without `a`, there is room for `c`, which `b` cannot stand beside.
    let world = World::of(&["a40", "b15", "c50"]);
    let document = campaigns(&json!([
        { "id": "a", "creatives": ["a40"], "priority": 9, "cap": 1, "separation": ["cars"] },
        { "id": "c", "creatives": ["c50"], "priority": 8, "separation": ["cars"] },
        { "id": "b", "creatives": ["b15"], "priority": 7, "cap": 5 },
    ]));
    world.fill("a");
    let mid = opening("mid-1", Place::MidRoll);
    assert_eq!(told(&chosen(&document, &Person::at(&mid), &world)), "c50");
    assert_eq!(world.counts.borrow()["b"].total(), 0);
}

#[test]
fn a_decision_that_was_recorded_and_not_counted_is_counted_when_it_is_repeated() {
    let world = World::of(&["a30", "b30"]);
    let document = campaigns(&json!([
        { "id": "a", "creatives": ["a30"], "priority": 9, "cap": 1 }, { "id": "b", "creatives": ["b30"] }]));
    let mid = opening("mid-1", Place::MidRoll);
    let pod = |session| chosen(&document, &Person { session, ..Person::at(&mid) }, &world);
    assert_eq!(told(&pod(1)), "a30 b30");
    // The request was cut off before the counter was asked.
    world.counts.borrow_mut().clear();
    assert_eq!((told(&pod(1)).as_str(), pod(1).again), ("a30 b30", true));
    assert_eq!(world.counts.borrow()["a"].total(), 1);
    assert_eq!(told(&pod(2)), "b30");
    // Where the viewer's store is silent, each isolate decides, and the decision counts once.
    world.records.borrow_mut().clear();
    assert_eq!(told(&pod(1)), "a30 b30");
    assert_eq!(world.counts.borrow()["a"].total(), 1);
    // A recorded campaign for which there is no room in its cap any more leaves the pod.
    world.counts.borrow_mut().clear();
    world.fill("a");
    assert_eq!(told(&pod(1)), "b30");
}

#[test]
fn explanations_and_readings_are_bounded() {
    let world = World::of(&["a30"]);
    let all: Vec<_> = (0..2_000)
        .map(|n| json!({ "id": format!("c{n}"), "creatives": [format!("none{n}")], "priority": n % 7 }))
        .collect();
    let mid = opening("mid-1", Place::MidRoll);
    let chosen = chosen(&campaigns(&json!(all)), &Person::at(&mid), &world);
    let why = chosen.why.unwrap();
    assert_eq!((why.campaigns.len(), why.omitted, chosen.eligible), (100, 1_900, 2_000));
    // 64 documents, six at a time.
    assert!(world.asked.borrow().len() <= 12);
    let told = &why.campaigns[0].findings[0];
    assert_eq!((told.rule, told.mode, told.passed), ("creatives", "enforce", false));
}

#[test]
fn items_beside_the_content_take_no_time() {
    let mut world = World::of(&["a60"]);
    let item = json!({ "id": "b0", "sites": ["a.example"], "kind": { "non_linear": { "layout": "corner_overlay",
        "url": "https://ads.example.com/b.png", "media_type": "image/png", "duration_ms": 9_000 } } });
    let body = serde_json::from_value(item).unwrap();
    world.creatives.insert("b0".parse().unwrap(), Rc::new(Document { revision: 1, body }));
    let document = campaigns(&json!([{ "id": "a", "creatives": ["a60"], "frequency": { "per_day": 9 } },
        { "id": "b", "creatives": ["b0"], "frequency": { "per_day": 9 } }]));
    let mid = opening("mid-1", Place::MidRoll);
    let chosen = chosen(&document, &Person::at(&mid), &world);
    assert_eq!((told(&chosen).as_str(), chosen.non_linear.len()), ("a60", 1));
    assert_eq!(chosen.non_linear[0].ad.id, "b/b0");
}

proptest! {
    /// What an isolate has decided before, and in which order, makes no difference.
    #[test]
    fn the_choice_follows_from_the_session_the_break_and_the_documents(
        drawn in prop::collection::vec((0_u8..3, 1_u32..5, 1_usize..4, 1_u32..4, 0_usize..3), 1..40),
        asked in prop::collection::vec((0_u8..4, 0_usize..4), 1..12),
    ) {
        const CREATIVES: [&str; 8] = ["a5", "b6", "c10", "d15", "e20", "f30", "g45", "h60"];
        let all: Vec<_> = drawn.iter().enumerate().map(|(number, (priority, weight, creatives, per_break, label))| {
            let creatives: Vec<_> = (0..*creatives).map(|at| CREATIVES[(number + at * 3) % CREATIVES.len()]).collect();
            let labels = [&[][..], &["cars"], &["cars", "soap"]][*label];
            json!({ "id": format!("c{number}"), "creatives": creatives, "priority": priority, "weight": weight,
                "frequency": { "per_break": per_break }, "separation": labels })
        }).collect();
        let openings = ["pre", "mid-1", "mid-2", "post"].map(|id| opening(id, Place::MidRoll));
        // An isolate: documents of its own, with an index of their own, and stores of its own.
        let decided = |asked: &[(u8, usize)]| {
            let (document, world) = (campaigns(&json!(all)), World::of(&CREATIVES));
            let pods = asked.iter().map(|(session, at)| {
                let pod = chosen(&document, &Person { session: *session, ..Person::at(&openings[*at]) }, &world);
                ((*session, *at), told(&pod))
            });
            let pods = pods.collect::<Vec<_>>();
            assert!(!world.asked.borrow().contains(&"viewer"));
            pods
        };
        let mut one = decided(&asked);
        let mut other = decided(&asked.iter().rev().copied().collect::<Vec<_>>());
        one.sort();
        other.sort();
        prop_assert_eq!(&one, &other);
        for (of, pod) in one {
            prop_assert_eq!(decided(&[of]), [(of, pod)]);
        }
    }

    #[test]
    fn the_index_says_what_the_rules_say(
        drawn in prop::collection::vec((0_usize..3, 0_usize..5, 0_usize..3, 0_usize..3, 0_usize..4, 0_usize..4, 0_usize..3), 0..140),
        (place, device, language) in (0_usize..4, 0_usize..3, 0_usize..3),
    ) {
        let of = |lists: &[&[&str]], number: usize| json!(lists.get(number).copied().unwrap_or_default());
        let all: Vec<_> = drawn.iter().enumerate().map(|(number, (mode, territory, places, devices, genres, languages, titles))| {
            let mut one = json!({ "id": format!("c{number}"), "creatives": ["a30"],
                "mode": (["off", "log", "enforce"][*mode]),
                "places": of(&[&[], &["mid_roll"], &["pre_roll", "post_roll"]], *places),
                "devices": of(&[&[], &["tv"], &["tv", "mobile"]], *devices),
                "genres": of(&[&[], &["drama"], &["news"], &["news", "drama"]], *genres),
                "languages": of(&[&[], &["en"], &["EN-gb"], &["de", "ar"]], *languages),
                "titles": of(&[&[], &["harbour"], &["quay"]], *titles) });
            let lists = [None, Some((&["*"][..], &["AE"][..])), Some((&["group:gulf"], &[])), Some((&["AE-DU"], &[])), Some((&["group:none"], &[]))];
            if let Some((allow, deny)) = lists[*territory] {
                one["territories"] = json!({ "allow": allow, "deny": deny });
            }
            one
        }).collect();
        let document = campaigns(&json!(all));
        let (site, title) = (site(), title(&json!({ "genres": ["drama"], "languages": ([["en-GB"], ["ar"], ["fr"]][language]) })));
        let mid = opening("mid-1", Place::MidRoll);
        let device = [None, Some(DeviceClass::Tv), Some(DeviceClass::Mobile)][device];
        let place = ["AE", "AE-DU", "GB", "SA;asn=7"][place];
        let audience = Person { place, device, ..Person::at(&mid) }.audience(&site, &title);
        let found: Vec<_> = Index::of(&document).meeting(&audience).collect();
        let expected: Vec<_> = document.campaigns.iter().enumerate().filter(|(_, campaign)| {
            Rule::ALL.iter().all(|rule| rule.is_met(campaign, &audience))
        }).map(|(number, _)| number).collect();
        prop_assert_eq!(found, expected);
    }
}
