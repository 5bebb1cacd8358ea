//! Who may use the API.

use std::fs;

use reqwest::Method;
use stagedoor_origin::clock::UnixMillis;

use crate::app::{TestApp, send, title};

#[tokio::test]
async fn the_api_needs_a_key_in_force() {
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
    assert!(app.store.create_api_key("cms", UnixMillis::now()).await.is_err(), "two keys of one name");
    assert!(app.store.revoke_api_key("cms", UnixMillis::now()).await.unwrap());
    assert_eq!(app.api.get("/titles").await.status, 401);
    assert!(!app.store.revoke_api_key("cms", UnixMillis::now()).await.unwrap(), "revoked twice");
    app.store.create_api_key("cms", UnixMillis::now()).await.unwrap();
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
