//! Every rule of offers and titles at the entry.

use super::*;

#[test]
fn territories_windows_and_plans() {
    let gulf = json!({ "id": "gulf", "territories": { "allow": ["AE", "SA"] } });
    let world = json!({ "id": "world", "territories": { "allow": ["*"], "deny": ["KP"] } });
    let nowhere = json!({ "id": "nowhere", "territories": { "allow": [] } });
    let past = json!({ "id": "past", "territories": { "allow": ["*"] }, "window": { "until": "2026-11-22T18:00:00Z" } });
    let future = json!({ "id": "future", "territories": { "allow": ["*"] }, "window": { "from": "2026-11-22T18:00:01Z" } });
    let open = json!({ "id": "open", "territories": { "allow": ["*"] },
        "window": { "from": "2026-11-22T18:00:00Z", "until": "2026-11-22T18:00:01Z" } });
    let gold = json!({ "id": "gold", "territories": { "allow": ["AE"] }, "plans": ["gold", "platinum"] });
    type Row<'a> = (Value, &'a str, &'a [&'a str], Result<&'a str, Reason>);
    let table: [Row<'_>; 18] = [
        (json!([gulf]), "AE", &[], Ok("gulf")),
        (json!([gulf]), "AE-DU", &[], Ok("gulf")),
        (json!([gulf]), "GB", &[], Err(Reason::Territory)),
        (json!([gulf]), "", &[], Err(Reason::GeographyUnknown)),
        (json!([world]), "GB", &[], Ok("world")),
        (json!([world]), "KP", &[], Err(Reason::Territory)),
        (json!([nowhere]), "GB", &[], Err(Reason::Territory)),
        (json!([past]), "GB", &[], Err(Reason::WindowClosed)),
        (json!([future]), "GB", &[], Err(Reason::WindowNotOpen)),
        (json!([open]), "GB", &[], Ok("open")),
        (json!([gold]), "AE", &["gold"], Ok("gold")),
        (json!([gold]), "AE", &["basic", "platinum"], Ok("gold")),
        (json!([gold]), "AE", &["basic"], Err(Reason::Plan)),
        (json!([gold]), "GB", &["gold"], Err(Reason::Territory)),
        (json!([gold, future, nowhere]), "AE", &[], Err(Reason::Plan)),
        (json!([nowhere, future]), "AE", &[], Err(Reason::WindowNotOpen)),
        (json!([nowhere, gulf]), "AE", &[], Ok("gulf")),
        (json!([]), "AE", &[], Err(Reason::NoOffer)),
    ];
    for (offers, place, plans, expected) in table {
        let found = outcome(&json!({}), &offers, &json!({ "in": place, "plans": plans }));
        assert_eq!(found, expected.map(str::to_owned), "{offers} in {place:?} with {plans:?}");
    }
    let policy = json!({ "geography": { "unknown": "world" } });
    assert_eq!(outcome(&policy, &json!([gulf, world]), &json!({ "in": "" })), Ok("world".to_owned()));
}

#[test]
fn groups_of_the_site() {
    let policy = json!({ "geography": { "groups": { "mena": ["AE", "EG", "asn:5384"] } } });
    let mena = offers(&json!({ "territories": { "allow": ["group:mena"] } }));
    let not_mena = offers(&json!({ "territories": { "allow": ["*"], "deny": ["group:mena"] } }));
    check(&[
        (policy.clone(), mena.clone(), json!({ "in": "EG" }), Ok("o")),
        (policy.clone(), mena.clone(), json!({ "in": "GB" }), Err(Reason::Territory)),
        (policy.clone(), mena.clone(), json!({ "in": "GB;asn=5384" }), Ok("o")),
        (policy.clone(), not_mena.clone(), json!({ "in": "GB" }), Ok("o")),
        (policy, not_mena.clone(), json!({ "in": "EG" }), Err(Reason::Territory)),
        (json!({}), mena, json!({ "in": "EG" }), Err(Reason::Territory)),
        (json!({}), not_mena, json!({ "in": "GB" }), Err(Reason::Territory)),
    ]);
}

#[test]
fn anonymisers() {
    let world = offers(&json!({}));
    let gulf = offers(&json!({ "territories": { "allow": ["AE"] } }));
    let tor = |treat: &str| json!({ "geography": { "unknown": "world", "tor": treat } });
    let hosting = |treat: &str| json!({ "geography": { "unknown": "world", "hosting": { "asns": [16509], "viewers": treat } } });
    check(&[
        (json!({}), world.clone(), json!({ "in": "T1" }), Err(Reason::GeographyUnknown)),
        (tor("deny"), world.clone(), json!({ "in": "T1" }), Err(Reason::Anonymiser)),
        (tor("unknown"), world.clone(), json!({ "in": "T1" }), Ok("o")),
        (tor("unknown"), gulf.clone(), json!({ "in": "AE;tor" }), Err(Reason::Territory)),
        (tor("allow"), gulf.clone(), json!({ "in": "AE;tor" }), Ok("o")),
        (hosting("deny"), gulf.clone(), json!({ "in": "AE;asn=16509" }), Err(Reason::Anonymiser)),
        (hosting("deny"), gulf.clone(), json!({ "in": "AE;asn=5384" }), Ok("o")),
        (hosting("unknown"), gulf.clone(), json!({ "in": "AE;asn=16509" }), Err(Reason::Territory)),
        (hosting("unknown"), world, json!({ "in": "AE;asn=16509" }), Ok("o")),
        (hosting("allow"), gulf, json!({ "in": "AE;asn=16509" }), Ok("o")),
    ]);
}

#[test]
fn an_anonymiser_that_is_logged_tells_what_enforcing_would_do() {
    let world = offers(&json!({}));
    let gulf = offers(&json!({ "territories": { "allow": ["AE"] } }));
    let table = [
        ("world", "unknown", &world, vec![]),
        ("world", "unknown", &gulf, vec![Reason::Territory]),
        ("deny", "unknown", &world, vec![Reason::GeographyUnknown]),
        ("world", "deny", &world, vec![Reason::Anonymiser]),
        ("world", "allow", &gulf, vec![]),
    ];
    for (unknown, tor, offers, expected) in table {
        let hear = |mode: &str| {
            let site = json!({ "geography": { "unknown": unknown, "tor": tor }, "rules": { "anonymiser": { "mode": mode } } });
            hear(&site, offers, &json!({ "in": "AE;tor" }))
        };
        let logged = hear("log");
        assert!(logged.outcome.is_ok());
        let rehearsed: Vec<_> = logged.rehearsed.iter().map(|denial| denial.reason).collect();
        assert_eq!(rehearsed, expected, "{unknown} {tor} {offers}");
        let enforced = hear("enforce").outcome.err().map(|denial| denial.reason);
        assert_eq!(enforced.into_iter().collect::<Vec<_>>(), expected, "{unknown} {tor} {offers}");
    }
}

#[test]
fn an_offer_says_what_becomes_of_those_who_may_be_where_it_denies() {
    let offer = |unknown: Option<&str>, allow: &[&str], deny: &[&str]| {
        let mut offer = json!({ "territories": { "allow": allow, "deny": deny } });
        if let Some(unknown) = unknown {
            offer["unknown"] = json!(unknown);
        }
        offers(&offer)
    };
    let world = json!({ "geography": { "unknown": "world", "groups": { "west": ["dma:803", "US-CA"] } } });
    let outside = Some("outside");
    let row = |offer, place: &str, fits: bool| {
        (world.clone(), offer, json!({ "in": place }), if fits { Ok("o") } else { Err(Reason::Territory) })
    };
    check(&[
        row(offer(None, &["US"], &["dma:803"]), "US-CA", true),
        row(offer(Some("inside"), &["US"], &["dma:803"]), "US-CA", true),
        row(offer(outside, &["US"], &["dma:803"]), "US-CA", false),
        row(offer(outside, &["US"], &["dma:803"]), "US-CA;dma=807", true),
        row(offer(outside, &["US"], &["dma:803"]), "US-CA;dma=803", false),
        row(offer(outside, &["*"], &["dma:803"]), "GB", true),
        row(offer(outside, &["*"], &["AE"]), "", false),
        row(offer(None, &["*"], &["AE"]), "", true),
        row(offer(outside, &["*"], &["group:west"]), "US-NY", false),
        row(offer(outside, &["*"], &["group:west"]), "US-NY;dma=501", true),
        // What is nearer lets in whoever may also be farther out.
        row(offer(outside, &["US", "postal:US-902"], &["dma:803"]), "US-CA;postal=90210", true),
        row(offer(outside, &["dma:807"], &["US"]), "US-CA", false),
    ]);
}

#[test]
fn embargoes_and_premieres() {
    let embargo = |until: &str| json!({ "embargo": until, "offers": offers(&json!({})) });
    let premiere = offers(&json!({
        "window": { "from": "2026-11-22T18:00:01Z" },
        "premieres": [
            { "territories": { "allow": ["AE"] }, "from": "2026-11-22T18:00:00Z" },
            { "territories": { "allow": ["AE-AZ", "AE-DU"] }, "from": "2026-11-22T18:00:02Z" },
            { "territories": { "allow": ["AE-DU"] }, "from": "2026-11-22T17:00:00Z" },
        ],
    }));
    let undefined = offers(&json!({
        "premieres": [{ "territories": { "allow": ["group:none"] }, "from": "2026-11-22T18:00:01Z" }] }));
    check(&[
        (json!({}), embargo("2026-11-22T18:00:01Z"), json!({}), Err(Reason::Embargo)),
        (json!({}), embargo("2026-11-22T18:00:00Z"), json!({}), Ok("o")),
        (json!({}), embargo("2026-11-22T22:00:00+04:00[Asia/Dubai]"), json!({}), Ok("o")),
        (json!({}), premiere.clone(), json!({ "in": "GB" }), Err(Reason::WindowNotOpen)),
        (json!({}), premiere.clone(), json!({ "in": "AE" }), Ok("o")),
        (json!({}), premiere.clone(), json!({ "in": "AE-AZ" }), Err(Reason::WindowNotOpen)),
        // Of equally near ones the latest.
        (json!({}), premiere, json!({ "in": "AE-DU" }), Err(Reason::WindowNotOpen)),
        (json!({}), undefined, json!({ "in": "AE" }), Err(Reason::WindowNotOpen)),
    ]);
}

#[test]
fn models() {
    let svod = offers(&json!({ "model": "svod", "plans": ["gold"] }));
    let tvod = offers(&json!({ "model": "tvod", "entitlements": ["film:1", "bundle"], "rental_s": 3600 }));
    let bought = offers(&json!({ "model": "tvod", "entitlements": ["film:1"] }));
    let held = |id: &str, members: Value| {
        let mut held = json!({ "id": id });
        held.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        json!({ "entitlements": [held] })
    };
    let began = |at: &str| json!({ "from": at });
    check(&[
        (json!({}), svod.clone(), json!({ "plans": ["gold"] }), Ok("o")),
        (json!({}), svod, json!({ "plans": ["basic"] }), Err(Reason::Plan)),
        (json!({}), offers(&json!({ "model": "svod" })), json!({ "plans": ["gold"] }), Err(Reason::Plan)),
        (json!({}), offers(&json!({ "model": "free" })), json!({}), Ok("o")),
        (json!({}), offers(&json!({ "model": "avod" })), json!({}), Ok("o")),
        (json!({}), offers(&json!({ "model": "tvod" })), held("film:1", json!({})), Err(Reason::Entitlement)),
        (json!({}), bought.clone(), held("film:1", json!({})), Ok("o")),
        (json!({}), bought.clone(), held("film:2", json!({})), Err(Reason::Entitlement)),
        (json!({}), bought.clone(), json!({}), Err(Reason::Entitlement)),
        (
            json!({}),
            bought.clone(),
            held("film:1", json!({ "until": "2026-11-22T18:00:00Z" })),
            Err(Reason::RentalExpired),
        ),
        (json!({}), bought.clone(), held("film:1", json!({ "until": "2026-11-22T18:00:01Z" })), Ok("o")),
        (json!({}), bought, held("film:1", began("2026-11-22T18:00:01Z")), Err(Reason::Entitlement)),
        (json!({}), tvod.clone(), held("film:1", began("2026-11-22T17:00:00Z")), Err(Reason::RentalExpired)),
        (json!({}), tvod.clone(), held("bundle", began("2026-11-22T17:00:01Z")), Ok("o")),
        (json!({}), tvod.clone(), held("film:1", json!({})), Err(Reason::Entitlement)),
        (json!({}), tvod, held("film:2", began("2026-11-22T17:30:00Z")), Err(Reason::Entitlement)),
        // Whatever the model: what an offer names is needed.
        (json!({}), offers(&json!({ "model": "free", "plans": ["gold"] })), json!({}), Err(Reason::Plan)),
        (json!({}), offers(&json!({ "entitlements": ["film:1"] })), json!({}), Err(Reason::Entitlement)),
    ]);
}

#[test]
fn a_permit_ends_with_the_rental_or_the_window() {
    let until = |offer: Value, entitlements: Value| {
        let decision = hear(&json!({}), &offers(&offer), &json!({ "entitlements": entitlements }));
        decision.outcome.unwrap().until.map(|until| until.to_string())
    };
    let rental = json!({ "model": "tvod", "entitlements": ["a", "b"], "rental_s": 3600 });
    let a = json!({ "id": "a", "from": "2026-11-22T17:10:00Z" });
    let b = json!({ "id": "b", "from": "2026-11-22T17:20:00Z" });
    let short = json!({ "id": "b", "from": "2026-11-22T17:20:00Z", "until": "2026-11-22T18:05:00Z" });
    assert_eq!(until(rental.clone(), json!([a])).as_deref(), Some("2026-11-22T18:10:00Z"));
    assert_eq!(until(rental.clone(), json!([a, b])).as_deref(), Some("2026-11-22T18:20:00Z"));
    assert_eq!(until(rental.clone(), json!([short])).as_deref(), Some("2026-11-22T18:05:00Z"));
    let mut windowed = rental;
    windowed["window"] = json!({ "until": "2026-11-22T18:01:00Z" });
    assert_eq!(until(windowed, json!([a, b])).as_deref(), Some("2026-11-22T18:01:00Z"));
    assert_eq!(until(json!({}), json!([])), None);
}

#[test]
fn a_rule_that_is_not_enforced_ends_no_permit() {
    let offer =
        json!({ "entitlements": ["a"], "rental_s": 3600, "window": { "until": "2026-11-22T18:01:00Z" } });
    let closed = json!({ "window": { "until": "2026-11-22T17:59:00Z" } });
    let held = json!([{ "id": "a", "from": "2026-11-22T17:00:01Z" }]);
    let (window, rental) = (Some("2026-11-22T18:01:00Z"), Some("2026-11-22T18:00:01Z"));
    let off = json!({ "mode": "off" });
    let (log, half) = (json!({ "mode": "log" }), json!({ "percent": 50 }));
    // rules, bucket, of the offer that is open, of the one that is closed
    let table = [
        (json!({}), 0, rental, Err(Reason::WindowClosed)),
        (json!({ "window": log }), 0, rental, Ok(None)),
        (json!({ "window": off }), 0, rental, Ok(None)),
        (json!({ "window": half }), 49, rental, Err(Reason::WindowClosed)),
        (json!({ "window": half }), 50, rental, Ok(None)),
        (json!({ "entitlement": log }), 0, window, Err(Reason::WindowClosed)),
        (json!({ "entitlement": half }), 50, window, Err(Reason::WindowClosed)),
        (json!({ "window": log, "entitlement": off }), 0, None, Ok(None)),
    ];
    for (rules, bucket, open, over) in table {
        let person = json!({ "entitlements": held, "bucket": bucket });
        let until = |site: &Value, offer: &Value| {
            let outcome = hear(site, &offers(offer), &person).outcome;
            let until = outcome.map(|permit| permit.until.map(|until| until.to_string()));
            until.map_err(|denial| denial.reason)
        };
        for own in [false, true] {
            let with = |offer: &Value| {
                let mut offer = offer.clone();
                if own {
                    offer["rules"] = rules.clone();
                }
                let site = if own { json!({}) } else { json!({ "rules": rules }) };
                until(&site, &offer)
            };
            assert_eq!(with(&offer), Ok(open.map(str::to_owned)), "{rules} {bucket} {own}");
            assert_eq!(with(&closed), over.clone(), "{rules} {bucket} {own}");
        }
    }
}

#[test]
fn ratings_and_ages() {
    let rated = json!({ "ratings": { "uae": "15+", "bbfc": "18" }, "offers": offers(&json!({})) });
    let unrated = offers(&json!({}));
    check(&[
        (json!({}), rated.clone(), json!({ "age": 15 }), Ok("o")),
        (json!({}), rated.clone(), json!({ "age": 14 }), Err(Reason::Rating)),
        (json!({}), rated.clone(), json!({ "age": 17, "in": "GB" }), Err(Reason::Rating)),
        (json!({}), rated.clone(), json!({ "age": 17, "in": "FR" }), Err(Reason::Rating)),
        (json!({}), rated.clone(), json!({ "age": 18, "in": "FR" }), Ok("o")),
        (
            json!({ "ratings": { "systems": { "*": "uae" } } }),
            rated.clone(),
            json!({ "age": 15, "in": "FR" }),
            Ok("o"),
        ),
        (json!({}), rated.clone(), json!({}), Ok("o")),
        (
            json!({ "ratings": { "ageless": { "deny_above": 14 } } }),
            rated.clone(),
            json!({}),
            Err(Reason::Rating),
        ),
        (json!({ "ratings": { "ageless": { "deny_above": 15 } } }), rated, json!({}), Ok("o")),
        (json!({}), unrated.clone(), json!({ "age": 3 }), Ok("o")),
        (
            json!({ "ratings": { "unrated": { "age": 18 } } }),
            unrated.clone(),
            json!({ "age": 17 }),
            Err(Reason::Rating),
        ),
        (json!({ "ratings": { "unrated": { "age": 18 } } }), unrated.clone(), json!({ "age": 18 }), Ok("o")),
        (
            json!({ "ratings": { "unrated": "deny" } }),
            unrated.clone(),
            json!({ "age": 99 }),
            Err(Reason::Rating),
        ),
        (json!({ "ratings": { "unrated": "deny" } }), unrated, json!({}), Err(Reason::Rating)),
    ]);
}

#[test]
fn devices() {
    let tv = offers(&json!({ "devices": ["tv", "stb"] }));
    let lenient = json!({ "devices": { "unknown": "allow" } });
    check(&[
        (json!({}), tv.clone(), json!({ "device": "stb" }), Ok("o")),
        (json!({}), tv.clone(), json!({ "device": "mobile" }), Err(Reason::Device)),
        (json!({}), tv.clone(), json!({}), Err(Reason::Device)),
        (lenient.clone(), tv.clone(), json!({}), Ok("o")),
        (lenient, tv, json!({ "device": "other" }), Err(Reason::Device)),
        (json!({}), offers(&json!({})), json!({}), Ok("o")),
    ]);
}

#[test]
fn blackouts() {
    let title = |blackouts: Value| json!({ "blackouts": blackouts, "offers": offers(&json!({})) });
    let blackout = |id: &str, territories: &[&str], action: Value| {
        json!({ "id": id, "territories": { "allow": territories }, "action": action,
            "window": { "from": "2026-11-22T18:00:00Z", "until": "2026-11-22T20:00:00Z" } })
    };
    let deny = blackout("cup", &["dma:803", "postal:US-902"], json!("deny"));
    let slate = blackout("slate", &["dma:803"], json!({ "slate": { "media": "slates/cup/" } }));
    let alternate = blackout("alt", &["US"], json!({ "alternate": { "media": "alt/" } }));
    let mut over = deny.clone();
    over["window"] = json!({ "until": "2026-11-22T18:00:00Z" });
    let mut later = deny.clone();
    later["window"] = json!({ "from": "2026-11-22T18:00:01Z" });
    let undefined = blackout("typo", &["group:none"], json!("deny"));
    check(&[
        (json!({}), title(json!([deny])), json!({ "in": "US-CA;dma=803" }), Err(Reason::Blackout)),
        (json!({}), title(json!([deny])), json!({ "in": "US-CA;postal=90210" }), Err(Reason::Blackout)),
        (json!({}), title(json!([deny])), json!({ "in": "US-NY;dma=501" }), Ok("o")),
        (json!({}), title(json!([over])), json!({ "in": "US-CA;dma=803" }), Ok("o")),
        (json!({}), title(json!([later])), json!({ "in": "US-CA;dma=803" }), Ok("o")),
        (json!({}), title(json!([undefined])), json!({ "in": "US" }), Err(Reason::Blackout)),
        (json!({}), title(json!([slate, deny])), json!({ "in": "US;dma=803" }), Err(Reason::Blackout)),
    ]);
    let mut careful = deny.clone();
    careful["unknown"] = json!("inside");
    let world = json!({ "geography": { "unknown": "world" } });
    check(&[
        (json!({}), title(json!([careful])), json!({ "in": "US-CA" }), Err(Reason::Blackout)),
        (json!({}), title(json!([deny])), json!({ "in": "US-CA" }), Ok("o")),
        (json!({}), title(json!([careful])), json!({ "in": "US-NY;dma=501;postal=10001" }), Ok("o")),
        (json!({}), title(json!([careful])), json!({ "in": "US-NY;dma=501" }), Err(Reason::Blackout)),
        (json!({}), title(json!([careful])), json!({ "in": "GB" }), Ok("o")),
        (world.clone(), title(json!([careful])), json!({ "in": "" }), Err(Reason::Blackout)),
    ]);
    let mut but_for = careful.clone();
    but_for["territories"] = json!({ "allow": ["dma:803"], "deny": ["US"] });
    let mut nearer = careful;
    nearer["territories"] = json!({ "allow": ["*", "US-CA"], "deny": ["US", "dma:803"] });
    check(&[
        (json!({}), title(json!([but_for])), json!({ "in": "US-CA" }), Err(Reason::Blackout)),
        (json!({}), title(json!([but_for])), json!({ "in": "US-CA;dma=807" }), Ok("o")),
        (world, title(json!([but_for])), json!({ "in": "" }), Err(Reason::Blackout)),
        (json!({}), title(json!([nearer])), json!({ "in": "US" }), Err(Reason::Blackout)),
        (json!({}), title(json!([nearer])), json!({ "in": "US-CA;dma=803" }), Ok("o")),
        (json!({}), title(json!([nearer])), json!({ "in": "US-NY" }), Ok("o")),
    ]);
    let folder = |blackouts: Value, place: &str| {
        let permit = hear(&json!({}), &title(blackouts), &json!({ "in": place })).outcome.unwrap();
        (permit.folder, permit.replaced.map(|replaced| format!("{} {}", replaced.by, replaced.blackout)))
    };
    let shown = |folder: &str, by: Option<&str>| (folder.to_owned(), by.map(str::to_owned));
    assert_eq!(folder(json!([slate]), "US;dma=803"), shown("slates/cup/", Some("slate slate")));
    assert_eq!(folder(json!([slate]), "US;dma=501"), shown("harbour/", None));
    assert_eq!(folder(json!([alternate, slate]), "US;dma=803"), shown("slates/cup/", Some("slate slate")));
    assert_eq!(folder(json!([alternate, slate]), "US;dma=501"), shown("alt/", Some("alternate alt")));
    // The blackout with the nearer territory decides, even against a blackout that denies.
    let wide = blackout("wide", &["US"], json!("deny"));
    assert_eq!(folder(json!([wide, slate]), "US;dma=803"), shown("slates/cup/", Some("slate slate")));
}

#[test]
fn cuts() {
    let title = |offer: Value| {
        json!({ "variances": [
            { "id": "gulf", "media": "cuts/gulf/", "territories": { "allow": ["AE", "SA"] } },
            { "id": "dubai", "media": "cuts/dubai/", "territories": { "allow": ["AE-DU"] } },
            { "id": "long", "media": "cuts/long/" },
        ], "offers": offers(&offer) })
    };
    let shown = |offer: Value, place: &str| {
        let outcome = hear(&json!({}), &title(offer), &json!({ "in": place })).outcome;
        outcome.map(|permit| permit.folder).map_err(|denial| denial.reason)
    };
    let table = [
        (json!({}), "AE", Ok("cuts/gulf/")),
        (json!({}), "AE-DU", Ok("cuts/dubai/")),
        (json!({}), "GB", Ok("harbour/")),
        (json!({ "variance": "long" }), "AE", Ok("cuts/long/")),
        (json!({ "variance": "short" }), "AE", Err(Reason::VarianceUnknown)),
    ];
    for (offer, place, expected) in table {
        assert_eq!(shown(offer.clone(), place), expected.map(str::to_owned), "{offer} in {place}");
    }
}

#[test]
fn the_most_generous_offer_wins() {
    let offers = json!([
        { "id": "sd", "territories": { "allow": ["*"] }, "caps": { "max_height": 360 } },
        { "id": "hd", "territories": { "allow": ["*"] }, "plans": ["gold"], "caps": { "max_height": 1080 } },
        { "id": "hd2", "territories": { "allow": ["*"] }, "plans": ["gold"], "caps": { "max_height": 1080 } },
    ]);
    let offer =
        |plans: &[&str]| outcome(&json!({}), &offers, &json!({ "in": "GB", "plans": plans })).unwrap();
    assert_eq!((offer(&[]), offer(&["gold"])), ("sd".to_owned(), "hd".to_owned()));
}

#[test]
fn the_token_narrows_the_caps_and_the_class_follows() {
    let offers = offers(&json!({ "caps": { "max_height": 1080, "hdr": false }, "model": "avod" }));
    let permit = |person: Value| hear(&json!({}), &offers, &person).outcome.unwrap();
    let (plain, low, high) =
        (permit(json!({})), permit(json!({ "max_height": 360 })), permit(json!({ "max_height": 2160 })));
    assert_eq!(
        (plain.caps.max_height, low.caps.max_height, high.caps.max_height),
        (Some(1080), Some(360), Some(1080))
    );
    assert_eq!(low.caps.hdr, Some(false));
    assert_ne!(plain.class, low.class);
    assert_eq!(plain.class, high.class);
}

#[test]
fn the_token_narrows_the_number_of_streams_and_the_class_stays() {
    let offers = offers(&json!({ "caps": { "max_streams": 2 } }));
    let permit = |person: Value| hear(&json!({}), &offers, &person).outcome.unwrap();
    let plain = permit(json!({}));
    for (token, expected) in [(1, 1), (2, 2), (9, 2)] {
        let permit = permit(json!({ "max_streams": token }));
        assert_eq!((permit.caps.max_streams, permit.class), (Some(expected), plain.class), "{token}");
    }
}
