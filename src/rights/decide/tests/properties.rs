//! Properties of all decisions.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const PLACES: [&str; 6] = ["", "AE", "AE-DU", "US-CA;dma=803;postal=90210", "GB;asn=5384", "T1"];

const LISTS: [&str; 8] = ["*", "AE", "AE-DU", "US", "dma:803", "postal:US-902", "asn:5384", "group:none"];

prop_compose! {
    fn an_offer()(
        id in "[a-z]{8}",
        allow in prop::collection::vec(select(&LISTS[..]), 0..3),
        deny in prop::collection::vec(select(&LISTS[..]), 0..2),
        plans in prop::collection::vec(select(&["gold", "basic"][..]), 0..2),
        devices in prop::collection::vec(select(&["tv", "mobile"][..]), 0..2),
        height in prop::option::of(select(&[360u32, 720][..])),
        closed in any::<bool>(),
        own in prop::option::of(select(&["off", "log", "enforce"][..])),
    ) -> Value {
        let mut offer = json!({ "id": id, "territories": { "allow": allow, "deny": deny }, "plans": plans,
            "devices": devices, "caps": { "max_height": height } });
        if closed {
            offer["window"] = json!({ "until": "2026-01-01T00:00:00Z" });
        }
        if let Some(mode) = own {
            offer["rules"] = json!({ "territory": { "mode": mode } });
        }
        offer
    }
}

prop_compose! {
    fn a_person()(
        place in select(&PLACES[..]),
        plans in prop::collection::vec(select(&["gold", "basic"][..]), 0..2),
        device in select(&["tv", "mobile"][..]),
        max_height in prop::option::of(select(&[240u32, 2160][..])),
        bucket in 0u8..100,
    ) -> Value {
        let mut person = json!({ "in": place, "plans": plans, "device": device, "bucket": bucket });
        if let Some(height) = max_height {
            person["max_height"] = json!(height);
        }
        person
    }
}

const RULES: [&str; 6] = ["unknown_geography", "territory", "window", "plan", "device", "rating"];

proptest! {
    /// `hear` compares the decision by the index with a decision that looks at every offer.
    #[test]
    fn what_the_index_leaves_out_changes_nothing(
        offers in prop::collection::vec(an_offer(), 0..6), person in a_person(),
    ) {
        hear(&json!({}), &json!(offers), &person);
    }

    #[test]
    fn a_rule_in_log_mode_refuses_nobody(
        offers in prop::collection::vec(an_offer(), 0..6), person in a_person(), rule in select(&RULES[..]),
    ) {
        let with = |mode: &str| hear(&json!({ "rules": { rule: { "mode": mode } } }), &json!(offers), &person);
        let (log, off) = (with("log"), with("off"));
        prop_assert_eq!(log.outcome.map_err(|denial| denial.reason), off.outcome.map_err(|denial| denial.reason));
        prop_assert!(off.rehearsed.len() <= log.rehearsed.len());
    }

    #[test]
    fn a_roll_out_that_grows_lets_nobody_in(
        offers in prop::collection::vec(an_offer(), 0..6), person in a_person(), rule in select(&RULES[..]),
        less in 0u8..=100, more in 0u8..=100,
    ) {
        let (less, more) = (less.min(more), less.max(more));
        let with = |percent: u8| hear(&json!({ "rules": { rule: { "percent": percent } } }), &json!(offers), &person);
        prop_assert!(with(less).outcome.is_ok() || with(more).outcome.is_err());
    }

    #[test]
    fn a_session_is_good_for_what_it_was_opened_for(
        offers in prop::collection::vec(an_offer(), 1..6), person in a_person(),
    ) {
        let (site, title, person) = (site(&json!({})), title(&json!(offers)), Person::new(&person));
        let decision = decide(&title, &person.viewer(), Policies::from(&site), NOW);
        if let Ok(permit) = decision.outcome {
            let again = resume(&title, &person.resumed(&permit), Policies::from(&site), NOW).outcome.unwrap();
            prop_assert_eq!(again.class, permit.class);
            prop_assert_eq!((again.caps, again.folder), (permit.caps, permit.folder));
        }
    }

    /// Whatever is permitted below a session, at whatever place and by whatever rules by then, the same viewer would be
    /// permitted who entered there: by the same offer, with the same limits.
    #[test]
    fn a_session_permits_nothing_that_an_entry_would_not(
        offers in prop::collection::vec(an_asking_offer(), 1..4),
        ratings in select(&["{}", r#"{"mpaa":"PG-13","uae":"18+"}"#, r#"{"bbfc":"15"}"#][..]),
        places in (select(&PLACES[..]), select(&PLACES[..])),
        person in an_asking_person(),
        sites in (a_site(), a_site()),
        later_s in select(&[0, 60, LASTS_S - 1][..]),
    ) {
        let members = json!({ "offers": offers, "ratings": serde_json::from_str::<Value>(ratings).unwrap() });
        let title = title(&members);
        let at = |place: &str| {
            let mut person = person.clone();
            person["in"] = json!(place);
            Person::new(&person)
        };
        let (entry, then) = (at(places.0), at(places.1));
        let (first, second) = (site(&sites.0), site(&sites.1));
        let Ok(opened) = decide(&title, &entry.viewer(), Policies::from(&first), NOW).outcome else {
            return Ok(());
        };
        // The session ends with the permit.
        let ends_at = opened.until.map_or(NOW.plus_secs(LASTS_S), |until| until.min(NOW.plus_secs(LASTS_S)));
        let now = NOW.plus_secs(later_s);
        if now >= ends_at {
            return Ok(());
        }
        let proved = opened.proved.map(|proved| proved.carried(ends_at));
        let resumed = Resumed { proved, ..then.resumed(&opened) };
        let Ok(permit) = go_on(&second, &members, &resumed, now) else { return Ok(()) };
        let anew = decide(&title, &then.viewer(), Policies::from(&second), now);
        prop_assert!(anew.outcome.is_ok(), "{} as {person} in {}: {:?}", members, places.1, anew.outcome);
        let own: Vec<_> = title.offers.iter().filter(|offer| offer.id == permit.offer).cloned().collect();
        let alone = Title { offers: own, ..self::title(&members) };
        let by_it = decide(&alone, &then.viewer(), Policies::from(&second), now).outcome.unwrap();
        // How many streams there may be is in the session's token.
        let caps = |caps: Caps| Caps { max_streams: None, ..caps };
        prop_assert_eq!((caps(by_it.caps), by_it.folder, by_it.ads), (caps(permit.caps), permit.folder, permit.ads));
    }
}

const MODES: [&str; 6] = [
    r#"{"mode":"off"}"#,
    r#"{"mode":"log"}"#,
    r#"{"mode":"enforce"}"#,
    r#"{"percent":0}"#,
    r#"{"percent":50}"#,
    r#"{"percent":100}"#,
];

prop_compose! {
    /// Some modes for rules of a viewer's person and place.
    fn modes()(
        chosen in prop::collection::vec((select(&["territory", "window", "plan", "device", "entitlement", "rating"][..]), select(&MODES[..])), 0..4),
    ) -> Value {
        chosen.into_iter().map(|(rule, mode)| (rule.to_owned(), serde_json::from_str(mode).unwrap())).collect::<serde_json::Map<_, _>>().into()
    }
}

prop_compose! {
    fn a_site()(
        rules in modes(),
        unknown in select(&["allow", "deny"][..]),
        world in select(&["world", "deny"][..]),
        ageless in select(&[r#""allow""#, r#"{"deny_above":12}"#][..]),
        unrated in select(&[r#""allow""#, r#""deny""#, r#"{"age":16}"#][..]),
    ) -> Value {
        let text = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        json!({ "rules": rules, "devices": { "unknown": unknown }, "geography": { "unknown": world },
            "ratings": { "ageless": text(ageless), "unrated": text(unrated) } })
    }
}

prop_compose! {
    /// An offer out of few, so that many are of one class.
    fn an_asking_offer()(
        id in "[a-z]{8}",
        place in select(&["*", "AE", "GB", "US"][..]),
        asks in select(&[
            "{}",
            r#"{"plans":["gold"]}"#,
            r#"{"plans":["gold"],"model":"svod"}"#,
            r#"{"model":"svod"}"#,
            r#"{"model":"tvod"}"#,
            r#"{"entitlements":["a"]}"#,
            r#"{"entitlements":["a"],"rental_s":1800}"#,
            r#"{"devices":["tv"]}"#,
            r#"{"caps":{"max_height":720}}"#,
            r#"{"window":{"until":"2026-11-22T18:30:00Z"}}"#,
        ][..]),
        rules in modes(),
    ) -> Value {
        let mut offer = json!({ "id": id, "territories": { "allow": [place] }, "rules": rules });
        let asks: Value = serde_json::from_str(asks).unwrap();
        offer.as_object_mut().unwrap().extend(asks.as_object().unwrap().clone());
        offer
    }
}

prop_compose! {
    fn an_asking_person()(
        plans in prop::collection::vec(select(&["gold", "basic"][..]), 0..2),
        age in prop::option::of(select(&[7u8, 14, 18, 255][..])),
        device in prop::option::of(select(&["tv", "mobile"][..])),
        held in select(&[
            "[]",
            r#"[{"id":"a"}]"#,
            r#"[{"id":"b"}]"#,
            r#"[{"id":"a","from":"2026-11-22T17:45:00Z"}]"#,
            r#"[{"id":"a","until":"2026-11-22T18:00:30Z"}]"#,
            r#"[{"id":"a","from":"2026-11-22T18:00:30Z"}]"#,
        ][..]),
        bucket in select(&[0u8, 49, 50, 99][..]),
        max_height in prop::option::of(select(&[240u32, 2160][..])),
        max_streams in prop::option::of(1u32..3),
    ) -> Value {
        let mut person = json!({ "plans": plans, "bucket": bucket });
        person["entitlements"] = serde_json::from_str(held).unwrap();
        let optional = [
            ("age", age.map(|age| json!(age))),
            ("device", device.map(|device| json!(device))),
            ("max_height", max_height.map(|height| json!(height))),
            ("max_streams", max_streams.map(|most| json!(most))),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                person[name] = value;
            }
        }
        person
    }
}
