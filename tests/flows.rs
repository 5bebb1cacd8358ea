//! The scripted flows of `tests/flows`, through the steps of a life. `tests/edge/flows.test.mjs` runs the
//! same ones against the built Worker in workerd.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
#[path = "support/wavering.rs"]
mod wavering;

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::{Map, Value};
use stagedoor::catalog::host_name;
use stagedoor::facts::{Facts, Geography, Headers, Method};
use stagedoor::redacted::Redacted;
use stagedoor::reply::Reply;
use stagedoor::time::UnixTime;
use support::edge::{Edge, Isolate, Scripted, Stores};
use support::mint;
use wavering::Chance;

#[derive(Deserialize)]
struct Base {
    documents: BTreeMap<String, Value>,
    upstream: BTreeMap<String, Scripted>,
    claims: Map<String, Value>,
    private_keys: BTreeMap<String, mint::PrivateKey>,
}

#[derive(Deserialize)]
struct Flow {
    name: String,
    /// Why a flow is run natively alone.
    #[serde(default, rename = "native")]
    _native: Option<String>,
    country: Option<String>,
    #[serde(default)]
    documents: BTreeMap<String, Value>,
    #[serde(default)]
    upstream: BTreeMap<String, Scripted>,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    #[serde(default)]
    wait_s: u64,
    /// Documents that change before the request.
    #[serde(default)]
    documents: BTreeMap<String, Value>,
    request: Request,
    reply: Expected,
}

#[derive(Deserialize)]
struct Request {
    method: Option<String>,
    host: Option<String>,
    path: String,
    authorization: Option<String>,
    origin: Option<String>,
    place: Option<String>,
    country: Option<String>,
    asn: Option<u32>,
    address: Option<IpAddr>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    token: Option<mint::Wanted>,
}

#[derive(Deserialize)]
struct Expected {
    status: u16,
    reason: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, Option<String>>,
    body: Option<String>,
    /// Parts of the body.
    #[serde(default)]
    contains: Vec<String>,
    /// Parts that the body does not have.
    #[serde(default)]
    lacks: Vec<String>,
    #[serde(default)]
    capture: bool,
}

#[test]
fn viewing() {
    run("viewing.json");
}

#[test]
fn credentials() {
    run("credentials.json");
}

#[test]
fn refusals() {
    run("refusals.json");
}

#[test]
fn common_access_tokens() {
    run("cat.json");
}

#[test]
fn sessions() {
    run("sessions.json");
}

#[test]
fn rights() {
    run("rights.json");
}

#[test]
fn dash() {
    run("dash.json");
}

#[test]
fn live() {
    run("live.json");
}

#[test]
fn replay() {
    run("replay.json");
}

#[test]
fn ads() {
    run("ads.json");
}

#[test]
fn pages() {
    run("pages.json");
}

#[test]
fn steering() {
    run("steering.json");
}

#[test]
fn streams() {
    run("streams.json");
}

/// Whatever an isolate remembers and whatever it has to await, a request has one reply, one line in the log, and counts once.
#[test]
fn remembered_and_awaited_answers_give_one_reply() {
    let now = now();
    let base: Base = read("base.json", now);
    for file in FILES {
        for seed in 1..=12 {
            for flow in read::<Vec<Flow>>(file, now) {
                let chance = Chance::new(seed);
                let (known, wavered) = <(Stores, Stores)>::default();
                let (isolate, other) = <(Isolate, Isolate)>::default();
                play(&base, flow, now, |documents, upstream, facts, now| {
                    let at_once = Edge::new(documents, upstream.clone(), &known, &isolate).live(facts, now);
                    let edge = Edge::new(documents, upstream.clone(), &wavered, &other);
                    let wavering = wavering::live(&edge, facts, now, &chance);
                    assert_eq!(format!("{wavering:?}"), format!("{at_once:?}"), "seed {seed}: {facts:?}");
                    assert_eq!(wavered, known, "seed {seed}: {facts:?}");
                    at_once.reply
                });
            }
        }
    }
}

#[test]
fn every_file_of_flows_is_run() {
    let mut names: Vec<_> = fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "base.json")
        .collect();
    names.sort();
    assert_eq!(names, FILES);
}

const FILES: [&str; 13] = [
    "ads.json",
    "cat.json",
    "credentials.json",
    "dash.json",
    "live.json",
    "pages.json",
    "refusals.json",
    "replay.json",
    "rights.json",
    "sessions.json",
    "steering.json",
    "streams.json",
    "viewing.json",
];

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/flows");

fn run(file: &str) {
    let now = now();
    let base: Base = read("base.json", now);
    let flows: Vec<Flow> = read(file, now);
    assert!(!flows.is_empty());
    for flow in flows {
        let (stores, isolate) = <(Stores, Isolate)>::default();
        play(&base, flow, now, |documents, upstream, facts, now| {
            Edge::new(documents, upstream.clone(), &stores, &isolate).answer(facts, now)
        });
    }
}

fn now() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the flows are told in times relative to now, and this is native"
    )]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Plays a flow. `answer` answers a request with these documents and this media origin.
fn play(
    base: &Base,
    flow: Flow,
    mut now: u64,
    answer: impl Fn(&BTreeMap<String, Value>, &BTreeMap<String, Scripted>, &Facts, UnixTime) -> Reply,
) {
    let mut documents = base.documents.clone();
    documents.extend(flow.documents);
    documents.retain(|_, document| !document.is_null());
    let mut upstream = base.upstream.clone();
    upstream.extend(flow.upstream);
    let mut session = String::new();
    for (number, step) in flow.steps.into_iter().enumerate() {
        now += step.wait_s;
        documents.extend(step.documents);
        let told = format!("{}, step {}, {}", flow.name, number + 1, step.request.path);
        let token =
            step.request.token.as_ref().map(|wanted| mint::mint(wanted, &base.claims, &base.private_keys));
        let token = token.unwrap_or_default();
        let fill = |text: String| {
            text.replace("{{token}}", &token)
                .replace("{{tampered}}", &mint::tamper(&token))
                .replace("{{session}}", &session)
        };
        let country = step.request.country.or_else(|| flow.country.clone());
        let geography = match step.request.place.filter(|_| flow.variables.contains_key("GEOGRAPHY_OVERRIDE"))
        {
            Some(place) => place.parse().ok(),
            None => Some(Geography {
                asn: step.request.asn,
                ..country.as_deref().map(Geography::in_country_of_cloudflare).unwrap_or_default()
            }),
        };
        // Only the Worker reads the override, so only the Worker can refuse it.
        let Some(geography) = geography else { continue };
        let target = fill(step.request.path);
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let headers = step.request.headers.iter();
        let all = headers.map(|(name, value)| (name.to_lowercase(), Redacted::new(fill(value.clone()))));
        let facts = Facts {
            method: Method::from_name(step.request.method.as_deref().unwrap_or("GET")),
            host: host_name(step.request.host.as_deref().unwrap_or("watch.example.com")).to_owned(),
            path: path.to_owned(),
            query: Redacted::new(query.to_owned()),
            headers: Headers {
                authorization: step.request.authorization.map(fill).map(Redacted::new),
                origin: step.request.origin,
                all: all.collect(),
                ..Headers::default()
            },
            address: step.request.address,
            geography,
            ..Facts::default()
        };
        let reply = answer(&documents, &upstream, &facts, UnixTime::from_secs(now));
        let body = String::from_utf8(reply.body.clone()).unwrap();
        check(&told, &step.reply, &reply, &body, &mut session);
    }
}

fn check(told: &str, expected: &Expected, reply: &Reply, body: &str, session: &mut String) {
    assert_eq!(reply.status, expected.status, "{told}: {body}");
    for (name, value) in &expected.headers {
        assert_eq!(reply.header(name), value.as_deref(), "{told}: {name}");
    }
    if let Some(reason) = &expected.reason {
        let problem: Value = serde_json::from_str(body).unwrap();
        assert_eq!(problem["reason"], reason.as_str(), "{told}: {body}");
    }
    if expected.capture || expected.body.as_ref().is_some_and(|body| body.contains("{{session}}")) {
        let text = [reply.header("Location").unwrap_or_default(), body].concat();
        let marks = ["/~", "sd_session="].into_iter();
        let at = marks.filter_map(|mark| Some(text.find(mark)? + mark.len())).min();
        let at = at.unwrap_or_else(|| panic!("{told}: no session in {text}"));
        text[at..at + 100].clone_into(session);
    }
    if let Some(expected) = &expected.body {
        assert_eq!(body, expected.replace("{{session}}", session), "{told}");
    }
    for part in &expected.contains {
        assert!(body.contains(&part.replace("{{session}}", session)), "{told}: expected {part} in {body}");
    }
    for part in &expected.lacks {
        assert!(!body.contains(&part.replace("{{session}}", session)), "{told}: found {part} in {body}");
    }
}

/// Reads a file of flows: `{{now+60}}` stands for a number of Unix seconds, `{{iso+60}}` for an RFC 3339 text.
fn read<T: for<'de> Deserialize<'de>>(name: &str, now: u64) -> T {
    let mut text = fs::read_to_string(format!("{FOLDER}/{name}")).unwrap();
    for (open, close) in [("\"{{now", "}}\""), ("{{iso", "}}")] {
        while let Some(start) = text.find(open) {
            let offset_at = start + open.len();
            let end = offset_at + text[offset_at..].find(close).unwrap();
            let time = now.checked_add_signed(text[offset_at..end].parse().unwrap()).unwrap();
            let filled =
                if open.contains("iso") { UnixTime::from_secs(time).to_string() } else { time.to_string() };
            text.replace_range(start..end + close.len(), &filled);
        }
    }
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}
