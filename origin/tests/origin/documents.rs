//! The life of a document in the API.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{FAST, TestApp, keys, send, site, title};
use crate::edge::FakeEdge;

#[tokio::test]
async fn a_put_creates_changes_and_repeats() {
    let app = TestApp::start().await;
    let created = app.api.put("/titles/harbour", &title("harbour", "Harbour")).await;
    assert_eq!((created.status, &created.body["key"]), (201, &json!("v1/title/harbour")));
    assert_eq!(created.header("etag"), format!("\"{}\"", created.revision()));
    assert_eq!(created.body["document"]["names"]["en"], "Harbour");
    let sync = created.body["sync"].as_object().unwrap();
    assert_eq!(
        (&sync["state"], &sync["revision_at_edge"], &sync["lag_s"]),
        (&json!("pending"), &Value::Null, &json!(0))
    );
    assert_eq!(sync["visible_within_s"], stagedoor::catalog::VISIBLE_WITHIN_S);

    let repeated = app.api.put("/titles/harbour", &title("harbour", "Harbour")).await;
    assert_eq!((repeated.status, repeated.revision()), (200, created.revision()));
    let changed = app.api.put("/titles/harbour", &title("harbour", "The Harbour")).await;
    assert!(changed.status == 200 && changed.revision() > created.revision(), "{changed:?}");

    let synced = app.api.wait_for_state("/titles/harbour", "synced").await;
    assert_eq!(synced.body["sync"]["revision_at_edge"], changed.revision());
    assert_eq!(
        (&synced.body["sync"]["lag_s"], &synced.body["sync"]["last_error"]),
        (&Value::Null, &Value::Null)
    );
    assert!(synced.body["sync"]["synced_at"].as_str().unwrap().ends_with('Z'), "{synced:?}");
    let (revision, document) = app.edge.held("v1/title/harbour").unwrap();
    assert_eq!((revision, document.unwrap()), (changed.revision(), changed.body["document"].clone()));
}

#[tokio::test]
async fn a_deletion_leaves_a_tombstone_and_revisions_go_on() {
    let app = TestApp::start().await;
    let created = app.api.put("/titles/harbour", &title("harbour", "Harbour")).await;
    let deleted = app.api.delete("/titles/harbour").await;
    assert_eq!((deleted.status, &deleted.body["document"]), (200, &Value::Null));
    assert!(deleted.revision() > created.revision());

    let gone = app.api.get("/titles/harbour").await;
    assert_eq!((gone.status, &gone.body["type"]), (404, &json!("urn:stagedoor:problem:unknown-document")));
    let gone = app.api.wait_for_state("/titles/harbour", "synced").await;
    assert_eq!((gone.status, &gone.body["sync"]["revision_at_edge"]), (404, &json!(deleted.revision())));
    assert_eq!(app.edge.held("v1/title/harbour"), Some((deleted.revision(), None)));
    assert_eq!(app.api.get("/titles").await.body["items"], json!([]));
    assert_eq!(app.api.delete("/titles/harbour").await.status, 404);
    let never = app.api.delete("/titles/never").await;
    assert_eq!((never.status, &never.body["sync"]), (404, &Value::Null));

    let again = app.api.put("/titles/harbour", &title("harbour", "Harbour")).await;
    assert!(again.status == 201 && again.revision() > deleted.revision(), "{again:?}");
}

#[tokio::test]
async fn revisions_grow_over_all_documents_and_over_the_loss_of_the_database() {
    let app = TestApp::start().await;
    let mut revisions = Vec::new();
    for n in 0..30 {
        revisions.push(
            app.api
                .put(&format!("/titles/t{}", n % 3), &title(&format!("t{}", n % 3), &n.to_string()))
                .await
                .revision(),
        );
    }
    revisions.push(app.api.put("/sites/a.example", &site("a.example")).await.revision());
    assert!(revisions.is_sorted_by(|one, next| one < next), "{revisions:?}");

    let anew = TestApp::start_with(app.edge.clone(), FAST, None).await;
    revisions.push(anew.api.put("/titles/t0", &title("t0", "anew")).await.revision());
    assert!(revisions.is_sorted_by(|one, next| one < next), "{revisions:?}");
}

#[tokio::test]
async fn preconditions_protect_against_lost_updates() {
    let app = TestApp::start().await;
    let put = async |name: &str, value: &str, text: &str| {
        let request =
            app.api.request(Method::PUT, "/titles/harbour").header("content-type", "application/json");
        send(request.header(name, value).body(title("harbour", text).to_string())).await
    };
    assert_eq!(put("if-match", "*", "one").await.status, 412, "there is none yet");
    let one = put("if-none-match", "*", "one").await;
    assert_eq!(one.status, 201);
    assert_eq!(put("if-none-match", "*", "two").await.status, 412);
    let two = put("if-match", one.header("etag"), "two").await;
    assert_eq!(two.status, 200);
    let late = put("if-match", one.header("etag"), "three").await;
    assert_eq!((late.status, &late.body["type"]), (412, &json!("urn:stagedoor:problem:precondition-failed")));
    let delete =
        send(app.api.request(Method::DELETE, "/titles/harbour").header("if-match", one.header("etag"))).await;
    assert_eq!(delete.status, 412);
    assert_eq!(app.api.get("/titles/harbour").await.body["document"]["names"]["en"], "two");
    assert_eq!(put("if-match", "7", "three").await.status, 412, "no entity tag");
    assert_eq!(put("if-none-match", "\"7\"", "three").await.status, 400);
}

#[tokio::test]
async fn an_issuer_is_percent_encoded_in_the_path() {
    let app = TestApp::start().await;
    let path = "/keys/https%3A%2F%2Fid.example.com%2F";
    let created = app.api.put(path, &keys("https://id.example.com/")).await;
    assert_eq!((created.status, &created.body["key"]), (201, &json!("v1/keys/https://id.example.com/")));
    assert_eq!(app.api.get(path).await.status, 200);
    app.api.wait_for_state(path, "synced").await;
    assert!(app.edge.held("v1/keys/https://id.example.com/").is_some());
    assert_eq!(app.api.delete(path).await.status, 200);
}

#[tokio::test]
async fn lists_are_paged() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    for id in ["c", "a", "b", "e", "d"] {
        assert_eq!(app.api.put(&format!("/titles/{id}"), &title(id, id)).await.status, 201);
    }
    app.api.put("/sites/a.example", &site("a.example")).await;
    let mut pages = Vec::new();
    let mut after = String::new();
    loop {
        let page = app.api.get(&format!("/titles?limit=2&after={after}")).await.body;
        let ids: Vec<_> =
            page["items"].as_array().unwrap().iter().map(|item| item["document"]["id"].clone()).collect();
        pages.push(json!(ids));
        match page["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(json!(pages), json!([["a", "b"], ["c", "d"], ["e"]]));
    assert_eq!(app.api.get("/sites").await.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        app.api.get("/titles?limit=5").await.body["next"],
        Value::Null,
        "a full last page has none behind it"
    );
}

#[tokio::test]
async fn a_page_ends_before_it_has_too_many_bytes() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    let long = "x".repeat(900_000);
    for n in 0..10 {
        let put = app.api.put(&format!("/titles/t{n}"), &title(&format!("t{n}"), &long)).await;
        assert_eq!(put.status, 201, "{put:?}");
    }
    let (mut after, mut seen, mut pages) = (String::new(), Vec::new(), 0);
    loop {
        let page = app.api.get(&format!("/titles?limit=500&after={after}")).await;
        let bytes = page.body.to_string().len();
        assert!(bytes < 4 * 1024 * 1024 + 10_000, "a page of {bytes} bytes");
        pages += 1;
        let items = page.body["items"].as_array().unwrap();
        seen.extend(items.iter().map(|item| item["document"]["id"].as_str().unwrap().to_owned()));
        match page.body["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(pages, 3);
    assert_eq!(seen, (0..10).map(|n| format!("t{n}")).collect::<Vec<_>>());
}
