//! Who may use the API.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};
use stagedoor::catalog::DocumentKind;
use stagedoor_origin::clock::UnixMillis;
use stagedoor_origin::store::Scope;

use crate::app::{ApiClient, TestApp, keys, send, site, title};

#[tokio::test]
async fn the_api_needs_a_valid_key() {
    let app = TestApp::start().await;
    let mut wrong = app.api.key.clone();
    wrong.replace_range(wrong.len() - 1.., if wrong.ends_with('0') { "1" } else { "0" });
    for path in ["/titles", "/titles/harbour", "/keys", "/sync", "/nowhere"] {
        let url = format!("{}/api/v1{path}", app.api.base);
        let without = send(app.api.http.get(&url)).await;
        assert_eq!(
            (without.status, without.header("www-authenticate")),
            (401, "Bearer realm=\"stagedoor-origin\""),
            "{path}"
        );
        let with_wrong = send(app.api.http.get(&url).bearer_auth(&wrong)).await;
        assert_eq!(with_wrong.status, 401, "{path}");
        assert!(with_wrong.header("www-authenticate").contains("error=\"invalid_token\""), "{path}");
        let basic =
            send(app.api.http.get(&url).header("authorization", format!("Basic {}", app.api.key))).await;
        assert_eq!(basic.status, 401, "{path}");
    }
    let url = format!("{}/api/v1/titles/harbour", app.api.base);
    let body = title("harbour", "Harbour").to_string();
    let put = app.api.http.request(Method::PUT, url).header("content-type", "application/json").body(body);
    assert_eq!(send(put).await.status, 401);
    assert_eq!(app.api.get("/titles/harbour").await.status, 404, "it was stored all the same");
    for path in ["/healthz", "/version"] {
        assert_eq!(send(app.api.http.get(format!("{}{path}", app.api.base))).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_and_its_name_is_free_again() {
    let app = TestApp::start().await;
    assert_eq!(app.api.get("/titles").await.status, 200);
    assert!(
        app.store.create_api_key("cms", &Scope::FULL, UnixMillis::now()).await.is_err(),
        "two keys of one name"
    );
    assert!(app.store.revoke_api_key("cms", UnixMillis::now()).await.unwrap());
    assert_eq!(app.api.get("/titles").await.status, 401);
    assert!(!app.store.revoke_api_key("cms", UnixMillis::now()).await.unwrap(), "revoked twice");
    app.store.create_api_key("cms", &Scope::FULL, UnixMillis::now()).await.unwrap();
    assert_eq!(app.api.get("/titles").await.status, 401, "the old key came back with its name");
}

#[tokio::test]
async fn keys_are_hashed_at_rest() {
    let app = TestApp::start().await;
    assert_eq!(app.api.get("/titles").await.status, 200);
    let (public, secret) = app.api.key.rsplit_once('_').unwrap();
    let id = public.strip_prefix("sdk_").unwrap();
    let mut files = Vec::new();
    for file in fs::read_dir(app.folder.path()).unwrap() {
        files.extend(fs::read(file.unwrap().path()).unwrap());
    }
    let contains = |text: &str| files.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(contains(id), "the database has no trace of the key: this test reads the wrong files");
    assert!(!contains(secret));
}

fn scope(kinds: &[DocumentKind], sites: &[&str]) -> Scope {
    Scope::new(kinds.iter().copied(), sites.iter().map(|host| host.parse().unwrap())).unwrap()
}

fn shown_on(id: &str, sites: &[&str]) -> Value {
    let mut title = title(id, id);
    title["sites"] = json!(sites);
    title
}

async fn forbidden(answer: crate::app::Answer) {
    assert_eq!((answer.status, &answer.body["type"]), (403, &json!("urn:stagedoor:problem:forbidden")));
    assert!(answer.body["detail"].as_str().unwrap().contains("API key"), "{answer:?}");
}

async fn ids(client: &ApiClient, path: &str) -> Vec<String> {
    let page = client.get(path).await;
    assert_eq!(page.status, 200, "{page:?}");
    let items = page.body["items"].as_array().unwrap();
    items.iter().map(|item| item["key"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_key_of_one_kind_touches_no_other() {
    let app = TestApp::start().await;
    app.api.put("/keys/k", &keys("k")).await;
    app.api.put("/sites/a.example", &site("a.example")).await;
    let editor = app.client("editor", &scope(&[DocumentKind::Title], &[])).await;
    assert_eq!(editor.put("/titles/t", &title("t", "one")).await.status, 201);
    assert_eq!(editor.get("/titles/t").await.status, 200);
    assert_eq!(editor.delete("/titles/t").await.status, 200);
    // A deleted title is reported as deleted, not as another tenant's.
    assert_eq!(editor.get("/titles/t").await.status, 404);
    for path in
        ["/keys/k", "/sites/a.example", "/revocations/a.example", "/keys", "/sites", "/revocations", "/sync"]
    {
        forbidden(editor.get(path).await).await;
    }
    forbidden(editor.put("/keys/k", &keys("k")).await).await;
    forbidden(editor.put("/keys/new", &keys("new")).await).await;
    forbidden(editor.put("/sites/a.example", &site("a.example")).await).await;
    forbidden(editor.delete("/sites/a.example").await).await;
    forbidden(editor.delete("/keys/k").await).await;
    forbidden(editor.post("/revocations/a.example", &json!({ "what": { "everything": {} } })).await).await;
    forbidden(editor.delete("/revocations/a.example/1").await).await;
    forbidden(editor.post("/sync/retry", &json!({})).await).await;
    assert_eq!(app.api.get("/sites/a.example").await.status, 200, "it was deleted all the same");
    assert_eq!(app.api.get("/revocations/a.example").await.status, 404, "it was revoked all the same");
}

#[tokio::test]
async fn a_key_of_one_site_touches_no_other_sites_documents() {
    let app = TestApp::start().await;
    for host in ["a.example", "b.example"] {
        app.api.put(&format!("/sites/{host}"), &site(host)).await;
    }
    app.api.put("/titles/ours", &shown_on("ours", &["a.example"])).await;
    app.api.put("/titles/theirs", &shown_on("theirs", &["b.example"])).await;
    app.api.put("/titles/shared", &shown_on("shared", &["a.example", "b.example"])).await;
    let tenant = app.client("tenant", &scope(&[], &["a.example"])).await;

    assert_eq!(ids(&tenant, "/titles").await, ["v1/title/ours"]);
    assert_eq!(ids(&tenant, "/sites").await, ["v1/site/a.example"]);
    assert_eq!(tenant.put("/titles/ours", &shown_on("ours", &["a.example"])).await.status, 200);
    assert_eq!(tenant.put("/titles/new", &shown_on("new", &["a.example"])).await.status, 201);
    let revoked = tenant.post("/revocations/a.example", &json!({ "what": { "everything": {} } })).await;
    assert_eq!(revoked.status, 200);

    // The key can neither read it, nor take it over, nor give it away, nor delete it.
    for id in ["theirs", "shared"] {
        forbidden(tenant.get(&format!("/titles/{id}")).await).await;
        forbidden(tenant.put(&format!("/titles/{id}"), &shown_on(id, &["a.example"])).await).await;
        forbidden(tenant.delete(&format!("/titles/{id}")).await).await;
    }
    forbidden(tenant.put("/titles/ours", &shown_on("ours", &["a.example", "b.example"])).await).await;
    forbidden(tenant.put("/titles/other", &shown_on("other", &["b.example"])).await).await;
    forbidden(tenant.put("/sites/b.example", &site("b.example")).await).await;
    forbidden(tenant.put("/sites/c.example", &site("c.example")).await).await;
    forbidden(tenant.post("/revocations/b.example", &json!({ "what": { "everything": {} } })).await).await;
    forbidden(tenant.delete("/revocations/b.example/1").await).await;
    // Keys belong to no site.
    forbidden(tenant.get("/keys").await).await;
    forbidden(tenant.put("/keys/k", &keys("k")).await).await;
    assert_eq!(app.api.get("/titles/theirs").await.body["document"]["sites"], json!(["b.example"]));
}

#[tokio::test]
async fn a_change_names_the_key_that_made_it() {
    let app = TestApp::start().await;
    let id = |client: &ApiClient| client.key.split('_').nth(1).unwrap().to_owned();
    let editor = app.client("editor", &Scope::FULL).await;
    let put = app.api.put("/titles/t", &title("t", "one")).await;
    assert_eq!(put.body["changed_by"], id(&app.api));
    assert_eq!(editor.put("/titles/t", &title("t", "two")).await.body["changed_by"], id(&editor));
    assert_eq!(app.api.get("/titles/t").await.body["changed_by"], id(&editor));
    // A write without a change has no author.
    assert_eq!(app.api.put("/titles/t", &title("t", "two")).await.body["changed_by"], id(&editor));
}
