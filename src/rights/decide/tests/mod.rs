//! Every rule, both ways.

mod ads;
mod offers;
mod properties;
mod sessions;
mod traces;

use super::*;
use crate::catalog::{Caps, Entitlement, Plan, Rule, Site};
use crate::denial::Reason;
use crate::facts::Geography;
use crate::rights::Permit;
use serde_json::{Value, json};

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

/// Decides with and without a trace, and compares the two decisions.
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

/// The decision for a session that one person opened under `before`, and another person resumes under `after`.
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

/// The decision below a session, with and without a trace.
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
