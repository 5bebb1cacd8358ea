use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::ads::candidate::tests::candidate;
use crate::ads::{Ending, NonLinear, Opening, Place};
use crate::time::UnixMillis;

fn of(planned: Option<u64>, is_live: bool) -> Break {
    let opening = Opening {
        id: "mid-1".parse().unwrap(),
        place: Place::MidRoll,
        start: None,
        date: is_live.then_some(UnixMillis(1)),
        planned: planned.map(Duration::from_secs),
        event_id: None,
        tag: None,
    };
    Break { opening, ending: Ending::Planned }
}

fn policy(members: &serde_json::Value) -> AdPolicy {
    let mut policy = json!({ "longest_s": 300, "most_ads": 10 });
    policy.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    serde_json::from_value(policy).unwrap()
}

fn filler(id: &str, secs: u64) -> Option<Filler> {
    let Candidate { media, duration, codecs, heights, .. } = candidate(id, secs, None);
    Some(Filler { media, duration, codecs, heights })
}

/// The slots of a pod, each as its creative.
fn told(fitted: &Fitted) -> Vec<&str> {
    let id = |slot: &Slot| match &slot.media {
        Media::Creative { id, .. } => id.as_str().to_owned(),
        Media::Direct { url, .. } => url.to_string(),
    };
    fitted.pod.slots.iter().map(|slot| &*String::leak(id(slot))).collect()
}

fn pod(ads: &[(&str, u64, Option<u32>)], failed: &[u32]) -> Offered {
    let candidates = ads.iter().map(|(id, secs, sequence)| candidate(id, *secs, *sequence)).collect();
    Offered::of(candidates, failed, Vec::new())
}

#[test]
fn pods() {
    let plain = policy(&json!({}));
    let few = policy(&json!({ "most_ads": 2 }));
    let long = policy(&json!({ "longest_s": 45 }));
    let shortest = policy(&json!({ "shortest_s": 20 }));
    type Row<'a> = (&'a AdPolicy, Option<u64>, &'a [(&'a str, u64, Option<u32>)], &'a [u32], &'a [&'a str]);
    let table: [Row<'_>; 13] = [
        (&plain, Some(60), &[("a", 30, Some(1)), ("b", 30, Some(2))], &[], &["a", "b"]),
        (&plain, Some(59), &[("a", 30, Some(1)), ("b", 30, Some(2))], &[], &["a"]),
        // A shorter ad behind one that does not fit still stands.
        (&plain, Some(45), &[("a", 30, Some(1)), ("b", 30, Some(2)), ("c", 15, Some(3))], &[], &["a", "c"]),
        // A spare takes the place of an ad that does not fit or that failed, where that would have stood.
        (&plain, Some(60), &[("a", 90, Some(1)), ("b", 30, Some(2)), ("s", 20, None)], &[], &["s", "b"]),
        (
            &plain,
            Some(60),
            &[("a", 10, Some(1)), ("c", 10, Some(3)), ("s", 99, None), ("t", 9, None)],
            &[2],
            &["a", "t", "c"],
        ),
        (&plain, Some(60), &[("s", 10, None)], &[1], &["s"]),
        // A pod that has all of its ads takes no spare.
        (&plain, Some(60), &[("a", 10, Some(1)), ("s", 10, None)], &[], &["a"]),
        (&plain, Some(60), &[("a", 0, Some(1)), ("b", 10, Some(2))], &[], &["b"]),
        (&few, Some(60), &[("a", 10, None), ("b", 10, None), ("c", 10, None)], &[], &["a", "b"]),
        // An end that is not known, and an end beyond the longest pod.
        (&long, None, &[("a", 30, Some(1)), ("b", 30, Some(2)), ("c", 15, Some(3))], &[], &["a", "c"]),
        (&long, Some(90), &[("a", 30, Some(1)), ("b", 30, Some(2))], &[], &["a"]),
        (&shortest, Some(60), &[("a", 19, Some(1))], &[], &[]),
        (&shortest, Some(60), &[("a", 20, Some(1))], &[], &["a"]),
    ];
    for (number, (policy, planned, ads, failed, expected)) in table.into_iter().enumerate() {
        let terms =
            Terms { policy, elapsed: None, content: Content::default(), furniture: &Furniture::default() };
        let fitted = fit(&of(planned, false), pod(ads, failed), &terms);
        assert_eq!(told(&fitted), expected, "row {number}");
        assert_eq!(fitted.pod.slots.len() + fitted.left.len(), ads.len(), "row {number}");
        assert_eq!(fitted.abandoned, expected.is_empty(), "row {number}");
    }
}

#[test]
fn bumpers_stand_around_the_ads_and_a_slate_fills_live_time() {
    let furniture =
        Furniture { bumper_in: filler("in", 3), bumper_out: filler("out", 3), slate: filler("slate", 8) };
    let with_slate = policy(&json!({ "unfilled": "slate" }));
    let content = policy(&json!({}));
    let terms = |policy| Terms { policy, elapsed: None, content: Content::default(), furniture: &furniture };
    let ad = |secs| pod(&[("a", secs, None)], &[]);
    let slots = |policy, planned, is_live, secs| {
        let fitted = fit(&of(Some(planned), is_live), ad(secs), &terms(policy));
        told(&fitted).join(" ")
    };
    assert_eq!(slots(&with_slate, 60, true, 30), "in a slate slate slate out");
    assert_eq!(slots(&with_slate, 60, false, 30), "in a out");
    assert_eq!(slots(&content, 60, true, 30), "in a out");
    // Bumpers give way to an ad.
    assert_eq!(slots(&content, 35, true, 30), "in a");
    assert_eq!(slots(&content, 32, true, 30), "a");
    // Without an ad there is nothing to be announced.
    assert_eq!(slots(&with_slate, 30, true, 31), "slate slate slate");
    assert_eq!(slots(&content, 30, true, 31), "");
    let abandons = policy(&json!({ "unfilled": "slate", "shortest_s": 10 }));
    assert_eq!(slots(&abandons, 30, true, 5), "");
}

#[test]
fn who_joins_within_a_break_gets_what_the_site_says() {
    let slots = |join: &str, elapsed: u64| {
        let policy = policy(&json!({ "join": join }));
        let terms = Terms {
            policy: &policy,
            elapsed: Some(Duration::from_secs(elapsed)),
            content: Content::default(),
            furniture: &Furniture::default(),
        };
        let fitted = fit(&of(Some(60), true), pod(&[("a", 30, None), ("b", 20, None)], &[]), &terms);
        assert!(!fitted.abandoned);
        told(&fitted).join(" ")
    };
    assert_eq!(["nothing", "rest", "whole"].map(|join| slots(join, 0)), ["a b"; 3]);
    assert_eq!(["nothing", "rest", "whole"].map(|join| slots(join, 20)), ["", "a", "a b"]);
    assert_eq!(["nothing", "rest", "whole"].map(|join| slots(join, 90)), ["", "", "a b"]);
}

#[test]
fn ads_match_the_content_and_one_another() {
    let own = |codecs: &[&str], heights: &[u32], labels: &[&str]| Candidate {
        codecs: codecs.iter().map(|codec| (*codec).to_owned()).collect(),
        heights: heights.to_vec(),
        separation: labels.iter().map(|label| label.parse().unwrap()).collect(),
        ..candidate("a", 10, None)
    };
    let known = ["avc1.640028", "mp4a.40.2"].map(str::to_owned);
    let content = Content { codecs: &known, max_height: Some(720), format: Some(Format::Hls) };
    let policy = policy(&json!({}));
    let terms = Terms { policy: &policy, elapsed: None, content, furniture: &Furniture::default() };
    let why = |candidate: Candidate| {
        let mut room = Room::of(&of(Some(60), false), &terms);
        room.take(&own(&[], &[], &["cars"])).unwrap();
        room.take(&candidate).err()
    };
    assert_eq!(why(own(&["avc3.4d401f", "mp4a.40.5"], &[360, 2160], &["beer"])), None);
    // A ladder with one codec that players of the content have.
    assert_eq!(why(own(&["hvc1.1.6.L93", "avc1.4d401f", "wvtt"], &[], &[])), None);
    assert_eq!(why(own(&["hev1.1.6.L93"], &[], &[])), Some(Unfit::Codec("hev1.1.6.L93".to_owned())));
    assert_eq!(why(own(&["avc1.4d401f", "ec-3"], &[], &[])), Some(Unfit::Codec("ec-3".to_owned())));
    assert_eq!(why(own(&[], &[1080], &[])), Some(Unfit::Height(1080)));
    assert_eq!(why(own(&[], &[], &["beer", "cars"])), Some(Unfit::Separated("cars".parse().unwrap())));
    let dash = Media::Creative { id: "a".parse().unwrap(), hls: None, dash: Some("m.mpd".to_owned()) };
    assert_eq!(why(Candidate { media: dash, ..own(&[], &[], &[]) }), Some(Unfit::Format(Format::Hls)));
}

#[test]
fn items_beside_the_content_end_with_the_break() {
    let item = |start, duration| NonLinear {
        start: Duration::from_secs(start),
        duration: Duration::from_secs(duration),
        layout: crate::ads::Layout::Pause,
        url: "https://ads.example.com/a.png".parse().unwrap(),
        media_type: "image/png".to_owned(),
        ad: crate::ads::Ad::default(),
    };
    let offered = Offered { non_linear: vec![item(0, 10), item(50, 30), item(60, 1)], ..Offered::default() };
    let policy = policy(&json!({}));
    let terms = Terms {
        policy: &policy,
        elapsed: None,
        content: Content::default(),
        furniture: &Furniture::default(),
    };
    let fitted = fit(&of(Some(60), false), offered, &terms);
    assert_eq!(fitted.pod.non_linear, [item(0, 10), item(50, 10)]);
}

proptest! {
    #[test]
    fn no_pod_is_longer_than_its_break(
        ads in prop::collection::vec((0_u64..70, prop::option::of(1_u32..9), 0_usize..4), 0..12),
        failed in prop::collection::vec(1_u32..9, 0..4),
        planned in prop::option::of(0_u64..200),
        elapsed in prop::option::of(0_u64..200),
        (longest, most, shortest) in (1_u32..200, 1_u8..5, 0_u32..60),
        (bumpers, slate) in (0_u64..9, 0_u64..20),
        (is_live, join, unfilled) in (any::<bool>(), 0_usize..3, any::<bool>()),
    ) {
        let join = ["nothing", "rest", "whole"][join];
        let policy = policy(&json!({ "longest_s": longest, "most_ads": most, "shortest_s": shortest, "join": join,
            "unfilled": if unfilled { "slate" } else { "content" } }));
        let furniture = Furniture {
            bumper_in: filler("in", bumpers), bumper_out: filler("out", bumpers + 1), slate: filler("slate", slate) };
        let labelled = |(number, (secs, sequence, label)): (usize, &(u64, Option<u32>, usize))| Candidate {
            separation: ["", "cars", "beer", "soap"].get(*label).and_then(|label| label.parse().ok()).into_iter().collect(),
            ..candidate(&format!("a{number}"), *secs, *sequence)
        };
        let candidates: Vec<_> = ads.iter().enumerate().map(labelled).collect();
        let elapsed = elapsed.map(Duration::from_secs);
        let terms = Terms { policy: &policy, elapsed, content: Content::default(), furniture: &furniture };
        let of = of(planned, is_live);
        let fitted = fit(&of, Offered::of(candidates.clone(), &failed, Vec::new()), &terms);
        let room = planned.map_or(u64::from(longest), |planned| planned.min(longest.into()));
        let passed = elapsed.filter(|_| join == "rest").map_or(0, |elapsed| elapsed.as_secs());
        prop_assert!(fitted.pod.duration() <= Duration::from_secs(room.saturating_sub(passed)));
        let in_pod: Vec<_> = fitted.pod.slots.iter().filter(|slot| slot.role == Role::Ad).collect();
        prop_assert!(in_pod.len() <= usize::from(most));
        let ads: Duration = in_pod.iter().map(|slot| slot.duration).sum();
        prop_assert!(fitted.pod.is_empty() || ads >= Duration::from_secs(shortest.into()));
        prop_assert!(fitted.pod.slots.iter().all(|slot| !slot.duration.is_zero()));
        // Every candidate is in the pod or has a reason, once.
        let mut ids: Vec<_> = in_pod.iter().filter_map(|slot| Some(slot.ad.as_ref()?.id.clone())).collect();
        ids.extend(fitted.left.iter().map(|left| left.candidate.ad.id.clone()));
        ids.sort();
        let mut all: Vec<_> = candidates.iter().map(|candidate| candidate.ad.id.clone()).collect();
        all.sort();
        prop_assert_eq!(ids, all);
        let labels: Vec<_> = candidates
            .iter()
            .filter(|one| in_pod.iter().any(|slot| slot.ad.as_ref().is_some_and(|ad| ad.id == one.ad.id)))
            .flat_map(|one| &one.separation)
            .collect();
        prop_assert_eq!(labels.iter().collect::<BTreeSet<_>>().len(), labels.len());
    }
}
