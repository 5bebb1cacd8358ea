use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::catalog::{Host, KeySet, KvDocument, TitleId};

/// The breaks of a policy, each as its id.
fn ids(
    ads: &Value,
    vmap: Option<&[Scheduled]>,
    marked: Vec<Break>,
    presentation: Presentation,
) -> Vec<String> {
    let found = breaks(ads, vmap, marked, presentation);
    found.iter().map(|found| found.opening.id.to_string()).collect()
}

fn breaks(
    ads: &Value,
    vmap: Option<&[Scheduled]>,
    marked: Vec<Break>,
    presentation: Presentation,
) -> Vec<Break> {
    let keys = KeySet::read(br#"{"issuer":"s","keys":[]}"#).unwrap().0;
    let host: Host = "watch.example.com".parse().unwrap();
    let title: TitleId = "harbour".parse().unwrap();
    let policy = AdPolicy::default();
    let ads: TitleAds = serde_json::from_value(ads.clone()).unwrap();
    let seal = Seal { keys: &keys, host: &host, title: &title };
    Plan::of(&policy, Some(&ads), vmap, seal).breaks(marked, presentation)
}

fn on_demand(secs: u64) -> Presentation {
    Presentation { duration: Some(Duration::from_secs(secs)), is_live: false }
}

fn mark(id: &str, start: u64, planned: u64) -> Break {
    let opening = Opening {
        id: id.parse().unwrap(),
        place: Place::MidRoll,
        start: Some(Duration::from_secs(start)),
        date: None,
        planned: Some(Duration::from_secs(planned)),
        event_id: None,
        tag: None,
    };
    Break { opening, ending: Ending::Planned }
}

#[test]
fn policies() {
    let rolls = json!({ "longest_s": 60 });
    let table: [(Value, u64, &[&str]); 12] = [
        (json!({}), 600, &[]),
        (json!({ "pre_roll": rolls, "post_roll": rolls }), 600, &["pre", "post"]),
        (json!({ "mid_rolls": { "at_s": [300, 120], "longest_s": 60 } }), 600, &["mid-120000", "mid-300000"]),
        // Twice, or nearly, is once; behind the end is not at all.
        (json!({ "mid_rolls": { "at_s": [300, 300, 600, 601], "longest_s": 60 } }), 600, &["mid-300000"]),
        (json!({ "mid_rolls": { "every_s": 200, "longest_s": 60 } }), 600, &["mid-200000", "mid-400000"]),
        (
            json!({ "mid_rolls": { "every_s": 200, "longest_s": 60 } }),
            601,
            &["mid-200000", "mid-400000", "mid-600000"],
        ),
        (
            json!({ "mid_rolls": { "every_s": 100, "not_first_s": 200, "not_last_s": 200, "longest_s": 60 } }),
            600,
            &["mid-200000", "mid-300000"],
        ),
        // Positions come before periods, if there may be few.
        (
            json!({ "mid_rolls": { "at_s": [500], "every_s": 100, "most": 2, "longest_s": 60 } }),
            600,
            &["mid-100000", "mid-500000"],
        ),
        // A break before the content and a break at its beginning are played one on top of the other by hls.js (issue 7912).
        (
            json!({ "pre_roll": rolls, "mid_rolls": { "at_s": [0, 300], "longest_s": 60 } }),
            600,
            &["pre", "mid-300000"],
        ),
        (json!({ "mid_rolls": { "at_s": [0], "longest_s": 60 } }), 600, &["mid-0"]),
        (json!({ "mid_rolls": { "every_s": 100, "not_last_s": 86_400, "longest_s": 60 } }), 600, &[]),
        (json!({ "pre_roll": rolls, "mid_rolls": { "every_s": 10, "longest_s": 60 } }), 0, &["pre"]),
    ];
    for (ads, secs, expected) in table {
        assert_eq!(ids(&ads, None, Vec::new(), on_demand(secs)), expected, "{ads} in {secs} s");
    }
}

#[test]
fn marks_come_before_a_policy_and_count_towards_the_most() {
    let ads = json!({ "mid_rolls": { "every_s": 100, "most": 3, "longest_s": 60 } });
    let marked = || vec![mark("b", 390, 30), mark("a", 200, 30), mark("a", 200, 30)];
    assert_eq!(ids(&ads, None, marked(), on_demand(600)), ["mid-100000", "a", "b"]);
    let ads = json!({ "mid_rolls": { "every_s": 100, "longest_s": 60 } });
    // The period at 400 lies within the mark at 390, and the period at 200 is the mark.
    assert_eq!(
        ids(&ads, None, marked(), on_demand(600)),
        ["mid-100000", "a", "mid-300000", "b", "mid-500000"]
    );
    let ads = json!({ "mid_rolls": { "every_s": 300, "longest_s": 60 }, "ignore_markers": true });
    assert_eq!(ids(&ads, None, marked(), on_demand(600)), ["mid-300000"]);
    let cancelled = Break { ending: Ending::Cancelled, ..mark("x", 50, 30) };
    assert_eq!(ids(&json!({}), None, vec![cancelled], on_demand(600)), [""; 0]);
}

#[test]
fn a_vmap_document_takes_the_place_of_the_policy() {
    let one = |at, id: &str| Scheduled { at, id: id.to_owned(), repeat_after: None };
    let repeated = Scheduled {
        repeat_after: Some(Duration::from_secs(250)),
        ..one(Offset::Time(Duration::from_secs(50)), "often")
    };
    let vmap = [
        one(Offset::Start, "first"),
        repeated,
        one(Offset::Share(50_000), "half"),
        one(Offset::Mark(1), "marked"),
        one(Offset::Mark(9), "nowhere"),
        one(Offset::End, "last"),
    ];
    let ads = json!({ "pre_roll": { "longest_s": 15 }, "mid_rolls": { "at_s": [10], "longest_s": 60 } });
    let found = breaks(&ads, Some(&vmap), vec![mark("m", 400, 30)], on_demand(600));
    let told: Vec<_> = found
        .iter()
        .map(|found| {
            let Some(AdTag::Vmap(tag)) = &found.opening.tag else { panic!("{found:?}") };
            (found.opening.id.as_str(), tag.as_str(), found.opening.planned.unwrap().as_secs())
        })
        .collect();
    // The share lies at the same second as the repeated break, which stands first.
    let expected = [
        ("pre", "first", 15),
        ("mid-50000", "often", 60),
        ("mid-300000", "often", 60),
        ("m", "marked", 30),
        ("mid-550000", "often", 60),
        ("post", "last", 300),
    ];
    assert_eq!(told, expected);
    // A document without a break before the content has none.
    assert_eq!(ids(&ads, Some(&[]), Vec::new(), on_demand(600)), [""; 0]);
}

#[test]
fn in_live_the_break_before_the_content_comes_from_the_policy_and_the_others_from_signals() {
    let ads = json!({ "pre_roll": { "longest_s": 15 }, "post_roll": { "longest_s": 15 },
        "mid_rolls": { "every_s": 10, "most": 1, "longest_s": 60 } });
    let live = Presentation { duration: None, is_live: true };
    // Nested breaks both stay: as the window slides, the inner one would come back when the outer one has gone.
    let marked = vec![mark("outer", 0, 60), mark("outer", 0, 60), mark("inner", 10, 30)];
    assert_eq!(ids(&ads, None, marked, live), ["pre", "outer", "inner"]);
    let many = (0..600).map(|number| mark(&format!("n{number}"), number * 100, 30)).collect();
    let found = ids(&json!({}), None, many, live);
    assert_eq!((found.len(), found.first().map(String::as_str)), (MOST_BREAKS, Some("n100")));
}

#[test]
fn renditions_of_nearly_the_same_duration_have_the_same_breaks() {
    let ads = json!({ "pre_roll": { "longest_s": 15 }, "post_roll": { "longest_s": 15 },
        "mid_rolls": { "every_s": 100, "not_last_s": 100, "longest_s": 60 } });
    let vmap = [Scheduled { at: Offset::Share(33_300), id: "third".to_owned(), repeat_after: None }];
    for vmap in [None, Some(&vmap[..])] {
        let of = |millis| {
            let duration = Some(Duration::from_millis(millis));
            breaks(&ads, vmap, Vec::new(), Presentation { duration, is_live: false })
        };
        assert!([599_700, 600_021, 600_400].into_iter().all(|millis| of(millis) == of(600_000)));
    }
}

proptest! {
    #[test]
    fn breaks_are_ordered_apart_and_few(
        at in prop::collection::vec(0_u32..1_000, 0..8),
        every in prop::option::of(10_u32..400),
        (first, last) in (0_u32..200, 0_u32..200),
        most in prop::option::of(1_u16..9),
        marks in prop::collection::vec((0_u64..1_000, 0_u64..120), 0..8),
        duration in 0_u64..1_000,
        pre in any::<bool>(),
        schedule in prop::option::of(prop::collection::vec((0_u32..120_000, prop::option::of(0_u64..300)), 0..5)),
    ) {
        let mut ads = json!({ "mid_rolls": { "at_s": at, "every_s": every, "not_first_s": first, "not_last_s": last,
            "most": most, "longest_s": 30 } });
        if pre {
            ads["pre_roll"] = json!({ "longest_s": 30 });
        }
        let marked: Vec<_> =
            marks.iter().enumerate().map(|(n, (start, planned))| mark(&format!("m{n}"), *start, *planned)).collect();
        let vmap: Option<Vec<_>> = schedule.map(|schedule| schedule.into_iter().map(|(share, again)| Scheduled {
            at: Offset::Share(share), id: share.to_string(), repeat_after: again.map(Duration::from_secs) }).collect());
        let found = breaks(&ads, vmap.as_deref(), marked.clone(), on_demand(duration));
        prop_assert_eq!(&found, &breaks(&ads, vmap.as_deref(), marked, on_demand(duration)));
        let within: Vec<_> = found.iter().filter(|one| one.opening.place == Place::MidRoll).collect();
        prop_assert!(within.len() <= most.map_or(MOST_BREAKS, usize::from));
        let starts: Vec<_> = within.iter().map(|one| one.opening.start.unwrap()).collect();
        prop_assert!(starts.is_sorted_by(|a, b| *a + APART <= *b), "{starts:?}");
        let latest = Duration::from_secs(duration.saturating_sub(last.into()));
        prop_assert!(starts.iter().all(|start| (seconds(first)..latest).contains(start)));
        prop_assert!(!pre || vmap.is_some() || starts.first().is_none_or(|start| *start >= APART));
        for pair in within.windows(2) {
            let (one, next) = (&pair[0], &pair[1]);
            if one.opening.id.as_str().starts_with('m') && !one.opening.id.as_str().starts_with("mid-") {
                let end = one.opening.start.unwrap() + one.duration().unwrap();
                prop_assert!(end <= next.opening.start.unwrap());
            }
        }
    }
}
