//! What the API gives can be sent back, and what `kv-schemas/` shows can be sent.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{KEY_SECRET, TestApp, keys, send, site, title};

const HARBOUR: &str = "/titles/harbour";
const SESSIONS: &str = "/keys/watch-sessions";

fn example(kind: &str) -> Value {
    let path = format!("{}/../kv-schemas/{kind}.example.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[tokio::test]
async fn each_example_can_be_put_and_what_is_read_can_be_put_back() {
    let app = TestApp::start().await;
    for (kind, path) in [
        ("keys", "/keys/https%3A%2F%2Fid.example.com%2F"),
        ("site", "/sites/watch.example.com"),
        ("title", HARBOUR),
        ("campaigns", "/campaigns/watch.example.com"),
        ("creative", "/creatives/plum"),
    ] {
        let example = example(kind);
        assert!(example["revision"].is_u64(), "{kind}: the example shows no revision");
        let created = app.api.put(path, &example).await;
        assert_eq!(created.status, 201, "{kind}: {created:?}");
        let mut own = example.clone();
        own.as_object_mut().unwrap().remove("revision");
        let read = app.api.get(path).await;
        let shown = read.body["document"].as_object().unwrap();
        assert!(!shown.contains_key("revision") && shown.len() == own.as_object().unwrap().len(), "{kind}");
        let sent_again = [
            ("with its revision", example),
            ("without", own),
            ("its document", read.body["document"].clone()),
            ("the whole reply", read.body.clone()),
        ];
        for (what, sent) in sent_again {
            let same = app.api.put(path, &sent).await;
            assert_eq!((same.status, same.revision()), (200, created.revision()), "{kind}, {what}: {same:?}");
        }
    }
}

#[tokio::test]
async fn a_reply_is_put_back_under_its_own_path() {
    let app = TestApp::start().await;
    let mut reply = app.api.put(HARBOUR, &title("harbour", "Harbour")).await.body;
    reply["document"]["names"]["en"] = json!("The Harbour");
    let changed = app.api.put(HARBOUR, &reply).await;
    assert_eq!((changed.status, &changed.body["document"]["names"]["en"]), (200, &json!("The Harbour")));
    let other = app.api.put("/titles/pier", &reply).await;
    assert_eq!((other.status, other.fields()), (422, vec!["key"]));
    assert_eq!(
        other.body["errors"][0]["detail"],
        "expected `v1/title/pier` as in the path, found `v1/title/harbour`"
    );
    let deleted = app.api.delete(HARBOUR).await.body;
    let back = app.api.put(HARBOUR, &deleted).await;
    assert_eq!((back.status, back.fields()), (422, vec!["document"]));
    // Half a reply is a document with a member too many.
    for member in ["key", "document"] {
        let mut half = title("harbour", "Harbour");
        half[member] = reply[member].clone();
        let refused = app.api.put(HARBOUR, &half).await;
        assert_eq!((refused.status, refused.fields()), (422, vec![member]));
    }
}

#[tokio::test]
async fn a_redacted_secret_that_is_put_back_is_unchanged() {
    let app = TestApp::start().await;
    let created = app.api.put(SESSIONS, &keys("watch-sessions")).await;
    assert_eq!((created.status, &created.body["document"]["keys"][0]["k"]), (201, &json!("[redacted]")));
    for sent in [&created.body, &created.body["document"]] {
        let same = app.api.put(SESSIONS, sent).await;
        assert_eq!((same.status, same.revision()), (200, created.revision()), "{same:?}");
    }
    // A rotation: a new key in front.
    let mut reply = app.api.get(SESSIONS).await.body;
    let new = KEY_SECRET.replace("c2Vj", "AAAA");
    let two = json!({ "kty": "oct", "kid": "two", "alg": "HS256", "k": new });
    reply["document"]["keys"].as_array_mut().unwrap().insert(0, two);
    let rotated = app.api.put(SESSIONS, &reply).await;
    assert_eq!(rotated.status, 200, "{rotated:?}");
    assert!(!rotated.body.to_string().contains(&new), "{rotated:?}");
    app.api.wait_for_state(SESSIONS, "synced").await;
    let (_, at_edge) = app.edge.held("v1/keys/watch-sessions").unwrap();
    let secrets: Vec<_> =
        at_edge.unwrap()["keys"].as_array().unwrap().iter().map(|key| key["k"].clone()).collect();
    assert_eq!(secrets, [json!(new), json!(KEY_SECRET)]);
}

#[tokio::test]
async fn a_redacted_secret_that_is_not_stored_is_refused_by_its_kid() {
    let app = TestApp::start().await;
    let mut sent = keys("watch-sessions");
    sent["keys"][0]["k"] = json!("[redacted]");
    let refused = app.api.put(SESSIONS, &sent).await;
    assert_eq!((refused.status, refused.fields()), (422, vec!["keys[0].k"]));
    assert!(refused.body["detail"].as_str().unwrap().contains("key `one`"), "{refused:?}");
    assert_eq!(app.api.get(SESSIONS).await.status, 404, "a set without a secret was stored");

    assert_eq!(app.api.put(SESSIONS, &keys("watch-sessions")).await.status, 201);
    for (member, value) in [("kid", json!("two")), ("alg", json!("HS512"))] {
        let mut other = sent.clone();
        other["keys"][0][member] = value;
        let refused = app.api.put(SESSIONS, &other).await;
        assert_eq!((refused.status, refused.fields()), (422, vec!["keys[0].k"]), "{member}: {refused:?}");
    }
    // A deleted set has no secrets to keep.
    assert_eq!(app.api.delete(SESSIONS).await.status, 200);
    assert_eq!(app.api.put(SESSIONS, &sent).await.status, 422);
}

#[tokio::test]
async fn a_precondition_holds_for_a_reply_that_is_put_back() {
    let app = TestApp::start().await;
    let created = app.api.put("/sites/a.example", &site("a.example")).await;
    let put = |etag: String, body: String| {
        let request = app.api.request(Method::PUT, "/sites/a.example").header("if-match", etag);
        send(request.header("content-type", "application/json").body(body))
    };
    let same = put(created.header("etag").to_owned(), created.body.to_string()).await;
    assert_eq!((same.status, same.revision()), (200, created.revision()));
    // The revision within the reply is no precondition.
    assert_eq!(put("\"7\"".to_owned(), created.body.to_string()).await.status, 412);
}
