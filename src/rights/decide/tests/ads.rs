//! Who sees advertising.

use super::*;
use crate::catalog::AdsMode;

/// Rows of: the site's `ads`, the offer's members, the viewer's, and the mode.
#[test]
fn offers_ages_and_territories_decide() {
    let (guided, stitched) = (Some(AdsMode::Guided), Some(AdsMode::Stitched));
    let avod = || json!({ "model": "avod" });
    let europe = || json!({ "territories": { "allow": ["*"], "deny": ["group:quiet"] } });
    let rows = [
        (json!({}), avod(), json!({}), guided),
        (json!(null), avod(), json!({}), None),
        (json!({}), json!({}), json!({}), None),
        (json!({}), json!({ "model": "svod", "plans": ["gold"] }), json!({ "plans": ["gold"] }), None),
        (
            json!({}),
            json!({ "model": "svod", "plans": ["lite"], "ads": "guided" }),
            json!({ "plans": ["lite"] }),
            guided,
        ),
        (json!({}), json!({ "model": "avod", "ads": "stitched" }), json!({}), stitched),
        (json!({}), json!({ "model": "avod", "ads": "none" }), json!({}), None),
        (json!({ "least_age": 13 }), avod(), json!({ "age": 12 }), None),
        (json!({ "least_age": 13 }), avod(), json!({ "age": 13 }), guided),
        (json!({ "least_age": 13 }), avod(), json!({}), guided),
        (europe(), avod(), json!({ "in": "GB" }), guided),
        (europe(), avod(), json!({ "in": "NO" }), None),
        (json!({ "territories": { "allow": ["GB"] } }), avod(), json!({ "in": "" }), None),
    ];
    for (ads, members, person, expected) in rows {
        let mut own = json!({ "geography": { "unknown": "world", "groups": { "quiet": ["NO", "SE"] } } });
        if !ads.is_null() {
            own["ads"] = ads.clone();
        }
        let offers = offers(&members);
        let permit = hear(&own, &offers, &person).outcome.unwrap();
        assert_eq!(permit.ads, expected, "{ads} {members} {person}");
        // Below the session, the same.
        let (site, person) = (site(&own), Person::new(&person));
        let below = go_on(&site, &offers, &person.resumed(&permit), NOW).unwrap();
        assert_eq!(below.ads, expected, "{ads} {members} below the session");
    }
}

#[test]
fn a_session_that_carries_no_age_sees_no_advertising_where_the_site_states_a_least_age() {
    let offers = offers(&json!({ "model": "avod" }));
    for (least_age, expected) in [(0, Some(AdsMode::Guided)), (1, None)] {
        let site = site(&json!({ "ads": { "least_age": least_age } }));
        let person = Person::new(&json!({}));
        let permit = decide(&title(&offers), &person.viewer(), Policies::from(&site), NOW).outcome.unwrap();
        let old = Resumed { proved: None, ..person.resumed(&permit) };
        assert_eq!(go_on(&site, &offers, &old, NOW).unwrap().ads, expected, "{least_age}");
    }
}

#[test]
fn a_changed_policy_and_another_place_reach_running_sessions() {
    let offers = offers(&json!({ "model": "avod" }));
    let (before, after) = (site(&json!({ "ads": {} })), site(&json!({ "ads": { "least_age": 16 } })));
    let child = Person::new(&json!({ "age": 15 }));
    let permit = decide(&title(&offers), &child.viewer(), Policies::from(&before), NOW).outcome.unwrap();
    assert_eq!(permit.ads, Some(AdsMode::Guided));
    assert_eq!(go_on(&after, &offers, &child.resumed(&permit), NOW).unwrap().ads, None);

    let own = json!({ "ads": { "territories": { "allow": ["GB"] } },
        "geography": { "hosting": { "asns": [7], "viewers": "unknown" }, "unknown": "world" } });
    let own = site(&own);
    let at = |place: &str| Person::new(&json!({ "in": place }));
    let permit = decide(&title(&offers), &at("GB").viewer(), Policies::from(&own), NOW).outcome.unwrap();
    let ads = |place: &str| go_on(&own, &offers, &at(place).resumed(&permit), NOW).unwrap().ads;
    assert_eq!((ads("GB"), ads("NO")), (Some(AdsMode::Guided), None));
    // Behind an anonymiser, the place counts as unknown.
    assert_eq!(ads("GB;asn=7"), None);
}

#[test]
fn the_trace_says_what_leaves_a_viewer_without_advertising() {
    let told = |ads: Value, members: Value, person: Value| {
        let (site, title) = (site(&json!({ "ads": ads })), title(&offers(&members)));
        let person = Person::new(&person);
        let (_, trace) = explain(&title, &person.viewer(), Policies::from(&site), NOW);
        let of_ads = trace.findings.into_iter().filter(|finding| finding.rule.starts_with("ads"));
        of_ads.map(|one| (one.of, one.rule, one.passed, one.wanted, one.saw)).next_back().unwrap()
    };
    let avod = || json!({ "model": "avod" });
    let own = |of: &str, rule, passed, wanted: &str, saw: &str| {
        (of.to_owned(), rule, passed, wanted.to_owned(), saw.to_owned())
    };
    assert_eq!(
        told(json!({}), json!({ "ads": "none" }), json!({})),
        own("offer o", "ads", false, "an offer whose `ads` is `guided` or `stitched`", "`none`")
    );
    assert_eq!(
        told(json!({ "least_age": 16 }), avod(), json!({ "age": 9 })),
        own("site", "ads_age", false, "a viewer from 16 for advertising", "a viewer of 9")
    );
    assert_eq!(
        told(json!({ "territories": { "allow": ["*"], "deny": ["NO"] } }), avod(), json!({ "in": "NO" })),
        own("site", "ads_territory", false, "a viewer in *, not NO for advertising", "NO")
    );
    assert_eq!(
        told(json!({ "territories": { "allow": ["*"] } }), avod(), json!({ "in": "NO" })),
        own("site", "ads_territory", true, "a viewer in * for advertising", "NO")
    );
}
