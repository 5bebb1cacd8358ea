//! An explanation, the steps at a prompt and the edge refuse a request for the same reason, whatever documents are missing: they
//! ask for the documents in the same order. `tests/edge/explain.test.mjs` checks the built Worker.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use stagedoor::documents::Documents;
use stagedoor::explain::{Request, explain};
use stagedoor::facts::Facts;
use stagedoor::life::at_once;
use stagedoor::time::UnixTime;
use support::edge::{Edge, Isolate, Scripted, Stores};
use support::mint;

const NOW: UnixTime = UnixTime::from_secs(1_795_370_400);

/// Whether a document is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    There,
    Missing,
    Broken,
}

const STATES: [State; 3] = [State::There, State::Missing, State::Broken];

/// The token that a viewer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Genuine,
    Forged,
    Nothing,
}

const KEYS: [&str; 5] = [
    "v1/site/watch.example.com",
    "v1/keys/sessions",
    "v1/revocations/watch.example.com",
    "v1/keys/id",
    "v1/title/harbour",
];

fn whole() -> BTreeMap<String, Value> {
    let key = |kid: &str, fill: &str| json!({ "kty": "oct", "kid": kid, "alg": "HS256", "k": fill.repeat(42) + "A" });
    let documents = [
        json!({ "revision": 1, "host": "watch.example.com", "media": { "origin": "https://media.example.com/" },
            "tokens": { "issuers": ["id"] }, "sessions": { "keys": "sessions" } }),
        json!({ "revision": 1, "issuer": "sessions", "keys": [key("s", "B")] }),
        json!({ "revision": 1, "host": "watch.example.com", "generation": 3, "revoked": [] }),
        json!({ "revision": 1, "issuer": "id", "keys": [key("h1", "A")] }),
        json!({ "revision": 1, "id": "harbour", "sites": ["watch.example.com"],
            "offers": [{ "id": "all", "territories": { "allow": ["*"] } }] }),
    ];
    KEYS.map(str::to_owned).into_iter().zip(documents).collect()
}

fn token() -> String {
    let claims = json!({ "iss": "id", "sub": "v", "exp": NOW.as_secs() + 60 });
    let private: mint::PrivateKey =
        serde_json::from_value(json!({ "alg": "HS256", "k": "A".repeat(43) })).unwrap();
    let wanted: mint::Wanted = serde_json::from_value(json!({ "key": "h1" })).unwrap();
    let claims: Map<String, Value> = serde_json::from_value(claims).unwrap();
    mint::mint(&wanted, &claims, &BTreeMap::from([("h1".to_owned(), private)]))
}

fn facts(path: &str) -> Facts {
    let url = format!("https://watch.example.com{path}");
    let request: Request =
        serde_json::from_value(json!({ "url": url, "geo": "AE", "ip": "192.0.2.1" })).unwrap();
    request.facts().unwrap()
}

fn edge<'a>(documents: &BTreeMap<String, Value>, (used, isolate): &'a (Stores, Isolate)) -> Edge<'a> {
    let playlist = json!({ "body": "#EXTM3U\n#EXTINF:4,\na.ts\n" });
    let playlist: Scripted = serde_json::from_value(playlist).unwrap();
    Edge::new(
        documents,
        BTreeMap::from([("https://media.example.com/harbour/m.m3u8".to_owned(), playlist)]),
        used,
        isolate,
    )
}

/// The reason of the edge's reply. `None`: the edge serves the request.
fn replied(documents: &BTreeMap<String, Value>, facts: &Facts) -> Option<String> {
    let memory = Default::default();
    let reply = edge(documents, &memory).answer(facts, NOW);
    if reply.status == 200 {
        return None;
    }
    let problem: Value = serde_json::from_slice(&reply.body).unwrap();
    Some(problem["reason"].as_str().unwrap().to_owned())
}

fn told(trace: &Value) -> Option<String> {
    trace["reason"].as_str().map(str::to_owned)
}

/// A session of all documents.
fn session() -> String {
    let memory = Default::default();
    let reply = edge(&whole(), &memory).answer(&facts(&format!("/harbour/m.m3u8?token={}", token())), NOW);
    let body = String::from_utf8(reply.body).unwrap();
    let at = body.find("/~").unwrap() + 2;
    body[at..at + 100].to_owned()
}

#[test]
fn an_explanation_has_the_reason_of_the_edge_whatever_is_missing() {
    let (token, session) = (token(), session());
    let forged = mint::tamper(&token);
    let mut last = session.clone();
    last.replace_range(99.., if session.ends_with('A') { "B" } else { "A" });
    let paths = [
        (false, Shown::Genuine, format!("/harbour/m.m3u8?token={token}")),
        (false, Shown::Forged, format!("/harbour/m.m3u8?token={forged}")),
        (false, Shown::Nothing, "/harbour/m.m3u8".to_owned()),
        (true, Shown::Genuine, format!("/~{session}/harbour/m.m3u8")),
        (true, Shown::Forged, format!("/~{last}/harbour/m.m3u8")),
    ];
    let mut reasons = BTreeMap::new();
    for case in 0..3usize.pow(5) {
        let states: Vec<State> = (0..5u32).map(|at| STATES[case / 3usize.pow(at) % 3]).collect();
        let mut documents = whole();
        for (key, state) in KEYS.iter().zip(&states) {
            match state {
                State::There => {}
                State::Missing => {
                    documents.remove(*key);
                }
                State::Broken => {
                    documents.insert((*key).to_owned(), json!({ "revision": 1, "broken": true }));
                }
            }
        }
        let bytes =
            documents.iter().map(|(key, value)| (key.parse().unwrap(), value.to_string().into_bytes()));
        let known = Documents(bytes.collect());
        for (below, shown, path) in &paths {
            let facts = facts(path);
            let case = format!("{states:?} below: {below}, {shown:?}");
            let replied = replied(&documents, &facts);
            let trace = at_once(explain(&facts, NOW, &known)).unwrap().json();
            assert_eq!(told(&trace), replied, "{case}: {trace}");
            assert_eq!(replied, expected(&states, *below, *shown), "{case}");
            *reasons.entry(replied).or_insert(0) += 1;
        }
    }
    assert!(reasons.len() > 6, "{reasons:?}");
}

/// The expected reason. The questions come in this order: the site, whether there is a token, the documents that verify the
/// token, the token itself, the title.
fn expected(states: &[State], below: bool, shown: Shown) -> Option<String> {
    let [site, session_keys, revocations, keys, title] = states else { panic!("five documents") };
    let of = |state: &State, missing: &str| match state {
        State::There => None,
        State::Missing => Some(missing.to_owned()).filter(|reason| !reason.is_empty()),
        State::Broken => Some("document_invalid".to_owned()),
    };
    let forged = if below { "session_signature" } else { "token_signature" };
    of(site, "site_unknown")
        .or_else(|| (shown == Shown::Nothing).then(|| "token_missing".to_owned()))
        .or_else(|| of(session_keys, "document_missing"))
        .or_else(|| of(revocations, ""))
        .or_else(|| if below { None } else { of(keys, "document_missing") })
        .or_else(|| (shown == Shown::Forged).then(|| forged.to_owned()))
        .or_else(|| of(title, "title_unknown"))
}
