//! Revocations, one after the other.

use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn each_revocation_has_a_generation_of_its_own() {
    let app = TestApp::start().await;
    let subject = |name: &str| json!({ "what": { "subject": { "issuer": "id", "subject": name } } });
    let names = ["v1", "v2", "v3", "v4", "v5", "v6"].map(subject);
    let post = |body| app.api.post("/revocations/a.example", body);
    let [a, b, c, d, e, f] = names.each_ref().map(post);
    let (a, b, c, d, e, f) = tokio::join!(a, b, c, d, e, f);
    let replies = [a, b, c, d, e, f];
    assert!(replies.iter().all(|reply| reply.status == 200), "{replies:?}");
    let held = app.api.get("/revocations/a.example").await;
    let document = &held.body["document"];
    assert_eq!(document["host"], "a.example");
    let mut generations: Vec<_> = document["revoked"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["generation"].as_u64().unwrap())
        .collect();
    generations.sort_unstable();
    generations.dedup();
    assert_eq!((generations.len(), generations.last().copied()), (6, document["generation"].as_u64()));
    assert!(generations[0] > 1_700_000_000, "a generation is no less than the clock: {generations:?}");
    app.api.wait_for_state("/revocations/a.example", "synced").await;
    let (_, at_edge) = app.edge.held("v1/revocations/a.example").unwrap();
    assert_eq!(at_edge.unwrap(), *document);
}

#[tokio::test]
async fn a_revocation_is_taken_back_and_its_generation_is_not_given_again() {
    let app = TestApp::start().await;
    let session = json!({ "what": { "session": "0123456789abcdef" }, "note": "shared link" });
    let first = app.api.post("/revocations/a.example", &session).await;
    let entry = &first.body["document"]["revoked"][0];
    let generation = entry["generation"].as_u64().unwrap();
    assert_eq!(entry["note"], "shared link");
    assert!(entry["until"].is_string(), "a session's entry may be dropped after a week: {entry}");
    assert_eq!(app.api.delete("/revocations/a.example/7").await.status, 404);
    let back = app.api.delete(&format!("/revocations/a.example/{generation}")).await;
    assert_eq!((back.status, &back.body["document"]["revoked"]), (200, &json!([])));
    let second = app.api.post("/revocations/a.example", &json!({ "what": { "everything": {} } })).await;
    assert!(second.body["document"]["revoked"][0]["generation"].as_u64().unwrap() > generation);
}

#[tokio::test]
async fn what_is_over_is_dropped_and_what_is_wrong_is_refused() {
    let app = TestApp::start().await;
    let over = json!({ "what": { "title": "harbour" }, "until": "2020-01-01T00:00:00Z" });
    assert_eq!(app.api.post("/revocations/a.example", &over).await.status, 200);
    let reply = app.api.post("/revocations/a.example", &json!({ "what": { "title": "other" } })).await;
    assert_eq!(reply.body["document"]["revoked"].as_array().unwrap().len(), 1);
    for (bad, field) in [
        (json!({ "what": { "title": "../x" } }), "what.title"),
        (json!({ "what": { "session": "xyz" } }), "what.session"),
        (json!({ "what": { "everything": {} }, "generation": 9 }), "generation"),
        (json!({ "what": { "nobody": {} } }), "what"),
    ] {
        let reply = app.api.post("/revocations/a.example", &bad).await;
        assert_eq!(reply.status, 422, "{bad}: {reply:?}");
        let named = reply.body["errors"][0].to_string();
        assert!(named.contains(field), "{named} does not name {field}");
    }
    assert_eq!(app.api.delete("/revocations/a.example").await.status, 405, "a generation is never forgotten");
    assert_eq!(app.api.put("/revocations/a.example", &json!({})).await.status, 405);
}
