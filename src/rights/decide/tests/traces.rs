//! Modes of rules, denials and traces.

use super::*;

/// For each rule: the site's members, the title's, and a viewer whom it refuses.
fn refusals() -> Vec<(Rule, Value, Value, Value, Reason)> {
    let open = offers(&json!({}));
    let blackout = json!({ "offers": open, "blackouts": [{ "id": "b", "territories": { "allow": ["*"] }, "action": "deny" }] });
    vec![
        (
            Rule::Anonymiser,
            json!({ "tor": "deny" }),
            open.clone(),
            json!({ "in": "AE;tor" }),
            Reason::Anonymiser,
        ),
        (Rule::UnknownGeography, json!({}), open.clone(), json!({ "in": "" }), Reason::GeographyUnknown),
        (
            Rule::Embargo,
            json!({}),
            json!({ "offers": open, "embargo": "2027-01-01T00:00:00Z" }),
            json!({}),
            Reason::Embargo,
        ),
        (Rule::Blackout, json!({}), blackout, json!({}), Reason::Blackout),
        (
            Rule::Territory,
            json!({}),
            offers(&json!({ "territories": { "allow": ["GB"] } })),
            json!({}),
            Reason::Territory,
        ),
        (
            Rule::Window,
            json!({}),
            offers(&json!({ "window": { "from": "2027-01-01T00:00:00Z" } })),
            json!({}),
            Reason::WindowNotOpen,
        ),
        (Rule::Device, json!({}), offers(&json!({ "devices": ["tv"] })), json!({}), Reason::Device),
        (Rule::Plan, json!({}), offers(&json!({ "plans": ["gold"] })), json!({}), Reason::Plan),
        (
            Rule::Entitlement,
            json!({}),
            offers(&json!({ "model": "tvod", "entitlements": ["a"] })),
            json!({}),
            Reason::Entitlement,
        ),
        (
            Rule::Rating,
            json!({}),
            json!({ "offers": open, "ratings": { "uae": "18+" } }),
            json!({ "age": 7 }),
            Reason::Rating,
        ),
    ]
}

#[test]
fn every_rule_in_every_mode() {
    for (rule, geography, title, person, reason) in refusals() {
        let hear = |enforcement: Value, bucket: u8| {
            let mut person = person.clone();
            person["bucket"] = json!(bucket);
            let site = json!({ "geography": geography, "rules": { rule.name(): enforcement } });
            let decision = hear(&site, &title, &person);
            let rehearsed: Vec<_> = decision.rehearsed.iter().map(|denial| denial.reason).collect();
            (decision.outcome.map(|_| ()).map_err(|denial| denial.reason), rehearsed)
        };
        assert_eq!(hear(json!({}), 0), (Err(reason), vec![]), "{rule:?}");
        assert_eq!(hear(json!({ "mode": "log" }), 0), (Ok(()), vec![reason]), "{rule:?}");
        assert_eq!(hear(json!({ "mode": "off" }), 0), (Ok(()), vec![]), "{rule:?}");
        assert_eq!(hear(json!({ "percent": 25 }), 24), (Err(reason), vec![]), "{rule:?}");
        assert_eq!(hear(json!({ "percent": 25 }), 25), (Ok(()), vec![reason]), "{rule:?}");
    }
}

#[test]
fn an_offer_and_a_blackout_have_the_last_word_on_their_modes() {
    let log = json!({ "mode": "log" });
    for (rule, geography, mut title, person, reason) in refusals() {
        let own = json!({ rule.name(): log });
        let is_of_offers = rule >= Rule::Territory;
        if is_of_offers {
            let offers = if title.is_array() { &mut title } else { &mut title["offers"] };
            offers[0]["rules"] = own;
        } else if rule == Rule::Blackout {
            title["blackouts"][0]["rule"] = log.clone();
        } else {
            continue;
        }
        let decision = hear(&json!({ "geography": geography }), &title, &person);
        assert!(decision.outcome.is_ok(), "{rule:?}");
        assert_eq!(decision.rehearsed.len(), 1, "{rule:?}");
        assert_eq!(decision.rehearsed[0].reason, reason);
    }
}

#[test]
fn a_trace_names_the_rule_that_decided_and_its_cure() {
    let title = title(&json!([
        { "id": "gulf", "territories": { "allow": ["AE", "group:none"], "deny": ["AE-DU"] }, "plans": ["gold"] },
        { "id": "world", "territories": { "allow": ["*"] }, "window": { "from": "2027-01-01T00:00:00Z" } },
    ]));
    let site = site(&json!({}));
    let explained =
        |person: Value| explain(&title, &Person::new(&person).viewer(), Policies::from(&site), NOW).1;
    let trace = explained(json!({ "in": "AE-DU" }));
    let decided = trace.decided.unwrap();
    assert_eq!((decided.of.as_str(), decided.rule), ("offer world", Some(Rule::Window)));
    assert_eq!(decided.cure, "a time from 2027-01-01T00:00:00Z");
    let rules: Vec<_> =
        trace.findings.iter().map(|finding| (finding.of.as_str(), finding.rule, finding.passed)).collect();
    assert_eq!(
        rules,
        [
            ("title", "unknown_geography", true),
            ("offer gulf", "territory", false),
            ("offer gulf", "window", true),
            ("offer gulf", "device", true),
            ("offer gulf", "plan", false),
            ("offer gulf", "entitlement", true),
            ("offer gulf", "rating", true),
            ("offer world", "territory", true),
            ("offer world", "window", false),
            ("offer world", "device", true),
            ("offer world", "plan", true),
            ("offer world", "entitlement", true),
            ("offer world", "rating", true),
        ]
    );
    assert_eq!(
        trace.findings[1].saw,
        "AE-DU (allowed by `AE`, denied by `AE-DU`, allowed only by the undefined `group:none`)"
    );
    let site_decides = explained(json!({ "in": "" })).decided.unwrap();
    assert_eq!(site_decides.document, crate::catalog::DocumentKind::Site);
}

#[test]
fn a_refusal_tells_no_postal_code_and_no_network() {
    let refused = hear(
        &json!({}),
        &offers(&json!({ "territories": { "allow": ["GB"] } })),
        &json!({ "in": "US-CA;postal=90210;asn=7922" }),
    );
    let detail = refused.outcome.unwrap_err().detail;
    assert!(detail.contains("US-CA") && !detail.contains("90210") && !detail.contains("7922"), "{detail}");
}
