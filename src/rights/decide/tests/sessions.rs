//! Decisions below a session.

use super::*;

/// A session of a place where a rule is off is no way around it where the rule is enforced, and is none for those who
/// would be let in there anyway.
#[test]
fn what_was_not_proved_at_the_entry_is_asked_for_where_it_is_enforced() {
    let offers = |asks: &Value, rule: &str, here: &str| {
        let offer = |id: &str, place: &str, mode: &str| {
            let mut offer =
                json!({ "id": id, "territories": { "allow": [place] }, "rules": { rule: { "mode": mode } } });
            offer.as_object_mut().unwrap().extend(asks.as_object().unwrap().clone());
            offer
        };
        json!([offer("ae", "AE", here), offer("gb", "GB", "enforce")])
    };
    let rental = |until: &str| json!({ "entitlements": [{ "id": "film:1", "until": until }] });
    let sold = json!({ "entitlements": ["film:1"] });
    for (asks, rule, person, expected) in [
        (json!({ "plans": ["gold"] }), "plan", json!({}), Err(Reason::Plan)),
        (json!({ "plans": ["gold"] }), "plan", json!({ "plans": ["basic"] }), Err(Reason::Plan)),
        (json!({ "plans": ["gold"] }), "plan", json!({ "plans": ["gold"] }), Ok(())),
        (json!({ "model": "svod" }), "plan", json!({ "plans": ["gold"] }), Err(Reason::Plan)),
        (json!({ "devices": ["tv"] }), "device", json!({ "device": "mobile" }), Err(Reason::Device)),
        (json!({ "devices": ["tv"] }), "device", json!({}), Err(Reason::Device)),
        (json!({ "devices": ["tv"] }), "device", json!({ "device": "tv" }), Ok(())),
        (sold.clone(), "entitlement", json!({}), Err(Reason::Entitlement)),
        (sold.clone(), "entitlement", rental("2026-12-31T00:00:00Z"), Ok(())),
        (json!({ "model": "tvod" }), "entitlement", rental("2026-12-31T00:00:00Z"), Err(Reason::Entitlement)),
    ] {
        for mode in ["off", "log"] {
            let title = offers(&asks, rule, mode);
            let journey =
                Journey { title, entry: (json!({}), "AE"), then: (json!({}), "GB"), person: person.clone() };
            assert_eq!(journey.goes_on(), (expected, expected), "{asks} {mode} {person}");
        }
    }
    // A rental that ends before the session does was not enforced where the session was opened, so that the session does not
    // end with it: it is not good where it is enforced.
    let journey = Journey {
        title: offers(&sold, "entitlement", "off"),
        entry: (json!({}), "AE"),
        then: (json!({}), "GB"),
        person: rental("2026-11-22T18:30:00Z"),
    };
    assert_eq!(journey.goes_on(), (Err(Reason::Entitlement), Ok(())));
}

#[test]
fn a_rule_that_comes_to_be_enforced_reaches_running_sessions() {
    let rules = |rule: &str, enforcement: Value| json!({ "rules": { rule: enforcement } });
    let rated = json!({ "offers": offers(&json!({})), "ratings": { "uae": "18+" } });
    for (rule, title, person, reason) in [
        ("plan", offers(&json!({ "plans": ["gold"] })), json!({ "plans": ["gold"] }), Reason::Plan),
        ("device", offers(&json!({ "devices": ["tv"] })), json!({ "device": "tv" }), Reason::Device),
        (
            "entitlement",
            offers(&json!({ "entitlements": ["a"] })),
            json!({ "entitlements": [{ "id": "a" }] }),
            Reason::Entitlement,
        ),
        ("rating", rated, json!({ "age": 18 }), Reason::Rating),
    ] {
        for before in [json!({ "mode": "off" }), json!({ "mode": "log" }), json!({ "percent": 10 })] {
            let other = json!({ "age": 17, "bucket": 10 });
            let mut person = person.clone();
            person["bucket"] = json!(10);
            for (person, expected) in [(other, Err(reason)), (person, Ok(()))] {
                let journey = Journey {
                    title: title.clone(),
                    entry: (rules(rule, before.clone()), "AE"),
                    then: (rules(rule, json!({ "mode": "enforce" })), "AE"),
                    person: person.clone(),
                };
                assert_eq!(journey.goes_on(), (expected, expected), "{rule} {before} {person}");
            }
        }
    }
}

#[test]
fn an_age_and_a_device_are_held_against_what_is_asked_where_the_viewer_is_now() {
    let rated = json!({ "offers": offers(&json!({})), "ratings": { "mpaa": "PG-13", "uae": "18+" } });
    let of = |title: &Value, entry: (Value, &'static str), then: (Value, &'static str), person: Value| {
        Journey { title: title.clone(), entry, then, person }.goes_on()
    };
    let plain = || json!({});
    let refused = (Err(Reason::Rating), Err(Reason::Rating));
    assert_eq!(of(&rated, (plain(), "US"), (plain(), "AE"), json!({ "age": 14 })), refused);
    assert_eq!(of(&rated, (plain(), "US"), (plain(), "AE"), json!({ "age": 18 })), (Ok(()), Ok(())));
    let strict = json!({ "ratings": { "ageless": { "deny_above": 12 } } });
    assert_eq!(of(&rated, (plain(), "AE"), (strict, "AE"), plain()), refused);
    let unrated = offers(&json!({}));
    let twelve = json!({ "ratings": { "unrated": { "age": 12 } } });
    assert_eq!(of(&unrated, (plain(), "AE"), (twelve, "AE"), json!({ "age": 11 })), refused);
    let tv = offers(&json!({ "devices": ["tv"] }));
    let lenient = json!({ "devices": { "unknown": "allow" } });
    let refused = (Err(Reason::Device), Err(Reason::Device));
    assert_eq!(of(&tv, (lenient.clone(), "AE"), (plain(), "AE"), plain()), refused);
    assert_eq!(of(&tv, (lenient.clone(), "AE"), (lenient, "AE"), plain()), (Ok(()), Ok(())));
}

#[test]
fn a_session_that_says_nothing_of_what_was_proved_goes_on_as_before() {
    let title = offers(&json!({ "plans": ["gold"], "devices": ["tv"] }));
    let person = Person::new(&json!({ "plans": ["gold"], "device": "tv" }));
    let site = site(&json!({}));
    let permit = decide(&self::title(&title), &person.viewer(), Policies::from(&site), NOW).outcome.unwrap();
    let before = Permit { proved: None, ..permit };
    assert!(go_on(&site, &title, &person.resumed(&before), NOW).is_ok());
}

#[test]
fn a_refusal_below_says_that_it_takes_another_session() {
    let title = title(&offers(&json!({ "plans": ["gold"] })));
    let off = site(&json!({ "rules": { "plan": { "mode": "off" } } }));
    let person = Person::new(&json!({}));
    let permit = decide(&title, &person.viewer(), Policies::from(&off), NOW).outcome.unwrap();
    let enforced = site(&json!({}));
    let (decision, trace) = explain_resume(&title, &person.resumed(&permit), Policies::from(&enforced), NOW);
    let denial = decision.outcome.unwrap_err();
    assert!(denial.detail.ends_with("found a session that was opened without one"), "{}", denial.detail);
    let cure = trace.decided.unwrap().cure;
    assert_eq!(cure, "the manifest opened anew with a plan of gold in the token");
}

#[test]
fn a_session_lives_by_offers_of_its_class() {
    let sd = json!({ "id": "sd", "territories": { "allow": ["*"] }, "plans": ["basic"], "caps": { "max_height": 360 } });
    let hd = json!({ "id": "hd", "territories": { "allow": ["*"], "deny": ["KP"] } });
    let basic = json!({ "in": "GB", "plans": ["basic"] });
    let resumed = |after: Value, place: &str| {
        session(&json!([sd]), &after, &basic, &json!({ "in": place })).map(|(offer, _)| offer)
    };
    let changed = |member: &str, value: Value| {
        let mut offer = sd.clone();
        offer[member] = value;
        json!([hd, offer])
    };
    assert_eq!(resumed(json!([hd, sd]), "GB").as_deref(), Ok("sd"));
    assert_eq!(resumed(json!([hd]), "GB"), Err(Reason::OfferChanged));
    assert_eq!(resumed(json!([]), "GB"), Err(Reason::NoOffer));
    assert_eq!(resumed(json!([sd]), ""), Err(Reason::GeographyUnknown));
    for (member, value, expected) in [
        ("plans", json!(["gold"]), Reason::OfferChanged),
        ("entitlements", json!(["film:1"]), Reason::OfferChanged),
        ("devices", json!(["tv"]), Reason::OfferChanged),
        ("caps", json!({ "max_height": 720 }), Reason::OfferChanged),
        ("territories", json!({ "allow": ["AE"] }), Reason::Territory),
        ("window", json!({ "until": "2026-11-22T18:00:00Z" }), Reason::WindowClosed),
    ] {
        assert_eq!(resumed(changed(member, value.clone()), "GB"), Err(expected), "{member} {value}");
    }
    let rated = json!({ "ratings": { "bbfc": "18" }, "offers": [sd] });
    assert_eq!(resumed(rated, "GB"), Err(Reason::OfferChanged));
    let embargoed = json!({ "embargo": "2027-01-01T00:00:00Z", "offers": [sd] });
    assert_eq!(resumed(embargoed, "GB"), Err(Reason::Embargo));
}

#[test]
fn a_session_keeps_the_limit_of_its_token() {
    let offers = offers(&json!({ "caps": { "max_height": 1080 } }));
    let low = json!({ "max_height": 360 });
    assert!(session(&offers, &offers, &low, &low).is_ok());
    assert_eq!(session(&offers, &offers, &low, &json!({})), Err(Reason::OfferChanged));
    assert_eq!(session(&offers, &offers, &json!({}), &low), Err(Reason::OfferChanged));
}

#[test]
fn a_session_carries_sixteen_bits_of_a_height() {
    let offers = offers(&json!({}));
    let (token, carried) = (json!({ "max_height": 100_000 }), json!({ "max_height": 65_535 }));
    assert!(session(&offers, &offers, &token, &carried).is_ok());
    let permit = hear(&json!({}), &offers, &token).outcome.unwrap();
    assert_eq!(permit.caps.max_height, Some(65_535));
}

#[test]
fn a_blackout_begins_and_ends_under_a_session() {
    let offers = offers(&json!({}));
    let plain = json!({ "offers": offers });
    let blackout = |action: Value, window: Value| {
        json!({ "offers": offers, "blackouts": [
            { "id": "b", "territories": { "allow": ["AE"] }, "window": window, "action": action }] })
    };
    let slate = json!({ "slate": { "media": "slates/" } });
    let (on, over) = (json!({}), json!({ "until": "2026-11-22T18:00:00Z" }));
    let shown = |before: &Value, after: &Value| {
        session(before, after, &json!({}), &json!({})).map(|(_, folder)| folder)
    };
    let slated = blackout(slate.clone(), on.clone());
    assert_eq!(shown(&plain, &slated).as_deref(), Ok("slates/"));
    assert_eq!(shown(&slated, &slated).as_deref(), Ok("slates/"));
    assert_eq!(shown(&slated, &blackout(slate, over)).as_deref(), Ok("harbour/"));
    assert_eq!(shown(&plain, &blackout(json!("deny"), on.clone())), Err(Reason::Blackout));
    // The editor takes it away, or puts another picture in.
    assert_eq!(shown(&slated, &plain).as_deref(), Ok("harbour/"));
    let other = blackout(json!({ "alternate": { "media": "alt/" } }), on);
    assert_eq!(shown(&slated, &other).as_deref(), Ok("alt/"));
}

#[test]
fn another_cut_needs_another_session() {
    let title = json!({ "offers": offers(&json!({})), "variances": [
        { "id": "gulf", "media": "gulf/", "territories": { "allow": ["AE"] } }] });
    let (gulf, abroad) = (json!({ "in": "AE" }), json!({ "in": "GB" }));
    assert_eq!(session(&title, &title, &gulf, &gulf).unwrap().1, "gulf/");
    assert_eq!(session(&title, &title, &abroad, &abroad).unwrap().1, "harbour/");
    assert_eq!(session(&title, &title, &gulf, &abroad), Err(Reason::OfferChanged));
}
