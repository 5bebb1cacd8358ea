//! `?dry_run=true`: everything is checked, and nothing is stored.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{KEY_SECRET, TestApp, keys, send, site, title};

#[tokio::test]
async fn a_dry_run_answers_like_the_write_and_stores_nothing() {
    let app = TestApp::start().await;
    let would = app.api.put("/titles/harbour?dry_run=true", &title("harbour", "one")).await;
    assert_eq!(
        (would.status, &would.body["would"], &would.body["revision"], would.header("etag")),
        (200, &json!("create"), &Value::Null, "")
    );
    assert_eq!((&would.body["key"], &would.body["dry_run"]), (&json!("v1/title/harbour"), &json!(true)));
    assert_eq!(would.body["document"]["names"]["en"], "one");
    assert_eq!(would.body["warnings"][0]["code"], "unknown_site");
    assert_eq!(app.api.get("/titles/harbour").await.status, 404, "it was stored all the same");

    let put = app.api.put("/titles/harbour?dry_run=false", &title("harbour", "one")).await;
    assert_eq!(put.status, 201);
    app.api.wait_for_state("/titles/harbour", "synced").await;
    for (body, expected) in [(title("harbour", "one"), "nothing"), (title("harbour", "two"), "change")] {
        let would = app.api.put("/titles/harbour?dry_run=true", &body).await;
        assert_eq!(
            (&would.body["would"], &would.body["revision"]),
            (&json!(expected), &put.body["revision"])
        );
        assert_eq!(would.body["document"]["names"], body["names"]);
    }
    let would = app.api.delete("/titles/harbour?dry_run=true").await;
    assert_eq!(
        (&would.body["would"], &would.body["revision"], &would.body["document"]),
        (&json!("delete"), &put.body["revision"], &Value::Null)
    );
    let held = app.api.get("/titles/harbour").await;
    assert_eq!((held.revision(), &held.body["sync"]["state"]), (put.revision(), &json!("synced")));
    assert_eq!(app.edge.revisions("v1/title/harbour"), [put.revision()], "the edge was told");
}

#[tokio::test]
async fn a_dry_run_refuses_what_the_write_refuses() {
    let app = TestApp::start().await;
    app.api.put("/sites/watch.example.com", &site("watch.example.com")).await;
    let dry = "?dry_run=true";
    let mut bad = title("harbour", "");
    bad["colour"] = json!("blue");
    assert_eq!(app.api.put(&format!("/titles/harbour{dry}"), &bad).await.fields(), ["colour"]);
    let mut clash = site("other.example.com");
    clash["media"]["origin"] = json!("https://watch.example.com/");
    assert_eq!(
        app.api.put(&format!("/sites/other.example.com{dry}"), &clash).await.fields(),
        ["media.origin"]
    );
    assert_eq!(app.api.delete(&format!("/titles/never{dry}")).await.status, 404);
    let request = app.api.request(Method::PUT, &format!("/titles/harbour{dry}"));
    let request = request.header("content-type", "application/json").header("if-match", "\"7\"");
    assert_eq!(send(request.body(title("harbour", "").to_string())).await.status, 412);
    // No secret comes back from a dry run either.
    let would = app.api.put(&format!("/keys/k{dry}"), &keys("k")).await;
    assert!(would.status == 200 && !would.body.to_string().contains(KEY_SECRET), "{would:?}");
    // A mistyped parameter does not write.
    for query in ["dryrun=true", "dry_run=yes", "dry_run", "dry_run=true&dry_run=false", "force=true"] {
        let refused = app.api.put(&format!("/titles/harbour?{query}"), &title("harbour", "")).await;
        assert_eq!(
            (refused.status, &refused.body["type"]),
            (400, &json!("urn:stagedoor:problem:bad-request")),
            "{query}"
        );
    }
    assert_eq!(app.api.get("/titles/harbour").await.status, 404);
}
