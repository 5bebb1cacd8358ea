//! Every rule, both ways.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::*;
use crate::catalog::{Caps, Entitlement, Plan, Rule, Site};
use crate::denial::Reason;
use crate::facts::Geography;
use crate::rights::Permit;

const NOW: UnixTime = UnixTime::from_secs(1_795_370_400);

/// How long sessions last, in seconds.
const LASTS_S: u64 = 3_600;

/// A title of these offers, or with these members.
fn title(members: &Value) -> Title {
    let mut title = json!({ "id": "harbour", "sites": ["a.example"], "offers": [] });
    match members {
        Value::Array(offers) => title["offers"] = json!(offers),
        members => title.as_object_mut().unwrap().extend(members.as_object().unwrap().clone()),
    }
    serde_json::from_value(title).unwrap()
}

fn site(members: &Value) -> Site {
    let mut site = json!({
        "host": "a.example", "media": { "origin": "https://m.example/" }, "tokens": { "issuers": ["i"] },
        "sessions": { "keys": "s" },
    });
    site.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    serde_json::from_value(site).unwrap()
}

/// `{"in", "plans", "entitlements", "age", "device", "max_height", "max_streams", "bucket"}`
struct Person {
    geography: Geography,
    plans: Vec<Plan>,
    entitlements: Vec<Entitlement>,
    members: Value,
}

impl Person {
    fn new(members: &Value) -> Self {
        let list = |name: &str| members.get(name).cloned().unwrap_or(json!([]));
        Self {
            geography: members.get("in").and_then(Value::as_str).unwrap_or("AE").parse().unwrap(),
            plans: serde_json::from_value::<Vec<String>>(list("plans"))
                .unwrap()
                .iter()
                .map(|plan| plan.parse().unwrap())
                .collect(),
            entitlements: serde_json::from_value(list("entitlements")).unwrap(),
            members: members.clone(),
        }
    }

    fn number(&self, name: &str) -> Option<u32> {
        self.members.get(name).map(|value| serde_json::from_value(value.clone()).unwrap())
    }

    fn viewer(&self) -> Viewer<'_> {
        Viewer {
            geography: &self.geography,
            plans: &self.plans,
            entitlements: &self.entitlements,
            age: self.number("age").map(|age| age.try_into().unwrap()),
            device: self.members.get("device").map(|device| serde_json::from_value(device.clone()).unwrap()),
            max_height: self.number("max_height"),
            max_streams: self.number("max_streams"),
            bucket: self.number("bucket").unwrap_or(0).try_into().unwrap(),
        }
    }

    /// Below a session that was opened with a permit.
    fn resumed(&self, Permit { class, proved, .. }: &Permit) -> Resumed<'_> {
        let Viewer { geography, max_height, bucket, .. } = self.viewer();
        let proved = proved.map(|proved| proved.carried(NOW.plus_secs(LASTS_S)));
        Resumed { class: *class, proved, geography, max_height, bucket }
    }
}

/// Decides with and without a trace, and holds the two against each other.
fn hear(site_members: &Value, title_members: &Value, person: &Value) -> Decision {
    let (site, title, person) = (site(site_members), title(title_members), Person::new(person));
    let decision = decide(&title, &person.viewer(), Policies::from(&site), NOW);
    let (explained, trace) = explain(&title, &person.viewer(), Policies::from(&site), NOW);
    assert_eq!(explained, decision, "{title_members}");
    let decided = trace.decided.unwrap();
    assert_eq!(decided.reason, decision.outcome.as_ref().err().map(|denial| denial.reason));
    decision
}

fn outcome(site: &Value, title: &Value, person: &Value) -> Result<String, Reason> {
    let decision = hear(site, title, person);
    decision.outcome.map(|permit| permit.offer.to_string()).map_err(|denial| denial.reason)
}

/// Rows of: the site's members, the title's, the viewer's, and the offer or the reason.
fn check(rows: &[(Value, Value, Value, Result<&str, Reason>)]) {
    for (site, title, person, expected) in rows {
        let found = outcome(site, title, person);
        assert_eq!(found, expected.map(str::to_owned), "{site} {title} {person}");
    }
}

fn offers(members: &Value) -> Value {
    let mut offer = json!({ "id": "o", "territories": { "allow": ["*"] } });
    offer.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    json!([offer])
}

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
    // What is nearer decides, also against one that denies.
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
    assert_eq!((low.caps.hdr, plain.ads), (Some(false), Some(crate::catalog::AdsMode::Guided)));
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

/// What a session of `before` sees, opened by one person and resumed by another, once the title is `after`.
fn session(
    before: &Value,
    after: &Value,
    at_entry: &Value,
    then: &Value,
) -> Result<(String, String), Reason> {
    let site = site(&json!({ "geography": { "groups": {} } }));
    let (entry, then) = (Person::new(at_entry), Person::new(then));
    let permit = decide(&title(before), &entry.viewer(), Policies::from(&site), NOW).outcome.unwrap();
    let outcome = go_on(&site, after, &then.resumed(&permit), NOW);
    outcome.map(|permit| (permit.offer.to_string(), permit.folder))
}

/// What is decided below a session, with and without a trace.
fn go_on(site: &Site, members: &Value, resumed: &Resumed<'_>, now: UnixTime) -> Result<Permit, Reason> {
    let title = title(members);
    let decision = resume(&title, resumed, Policies::from(site), now);
    let (explained, trace) = explain_resume(&title, resumed, Policies::from(site), now);
    assert_eq!(explained, decision);
    assert_eq!(trace.decided.unwrap().reason, decision.outcome.as_ref().err().map(|denial| denial.reason));
    decision.outcome.map_err(|denial| denial.reason)
}

/// One who enters by the first site, and goes on by the second.
struct Journey {
    title: Value,
    entry: (Value, &'static str),
    then: (Value, &'static str),
    person: Value,
}

impl Journey {
    /// Whether the session is good, and whether the same viewer could enter there.
    fn goes_on(&self) -> (Result<(), Reason>, Result<(), Reason>) {
        let at = |place: &str| {
            let mut person = self.person.clone();
            person["in"] = json!(place);
            Person::new(&person)
        };
        let (first, second) = (site(&self.entry.0), site(&self.then.0));
        let (entry, then) = (at(self.entry.1), at(self.then.1));
        let permit =
            decide(&title(&self.title), &entry.viewer(), Policies::from(&first), NOW).outcome.unwrap();
        let fresh = decide(&title(&self.title), &then.viewer(), Policies::from(&second), NOW).outcome;
        let resumed = go_on(&second, &self.title, &then.resumed(&permit), NOW);
        (resumed.map(drop), fresh.map(drop).map_err(|denial| denial.reason))
    }
}

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
    /// `hear` compares the decision by the index with the one that looks at every offer.
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
