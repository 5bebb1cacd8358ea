//! Invalid documents are refused, with the field and the reason.

use reqwest::Method;
use serde_json::json;

use crate::app::{TestApp, keys, send, site, title};

#[tokio::test]
async fn an_invalid_document_is_refused_by_the_name_of_the_field() {
    let app = TestApp::start().await;
    let mut document = title("harbour", "Harbour");
    document["offers"][0]["territories"]["allow"] = json!(["AE", "ae"]);
    document["colour"] = json!("blue");
    let answer = app.api.put("/titles/harbour", &document).await;
    assert_eq!((answer.status, answer.header("content-type")), (422, "application/problem+json"));
    assert_eq!(answer.body["type"], "urn:stagedoor:problem:invalid-document");
    assert_eq!(answer.body["status"], 422);
    assert_eq!(answer.fields(), ["colour", "offers[0].territories.allow[1]"]);
    assert!(answer.body["errors"][1]["detail"].as_str().unwrap().contains("found `ae`"), "{answer:?}");
    assert_eq!(app.api.get("/titles/harbour").await.status, 404, "it was stored all the same");
}

#[tokio::test]
async fn the_path_and_the_document_have_to_agree() {
    let app = TestApp::start().await;
    let cases = [
        ("/titles/pier", title("harbour", "Harbour"), "id"),
        ("/titles/Harbour", title("harbour", "Harbour"), "id"),
        ("/sites/other.example.com", site("watch.example.com"), "host"),
        ("/keys/https%3A%2F%2Fid.example.com", keys("https://id.example.com/"), "issuer"),
    ];
    for (path, document, field) in cases {
        let answer = app.api.put(path, &document).await;
        assert_eq!((answer.status, answer.fields()), (422, vec![field]), "{path}");
    }
}

#[tokio::test]
async fn unreadable_requests_are_told_apart() {
    let app = TestApp::start().await;
    let put = |content_type: &str, body: String| {
        send(app.api.request(Method::PUT, "/titles/harbour").header("content-type", content_type).body(body))
    };
    let valid = title("harbour", "Harbour").to_string();
    let malformed = put("application/json", "{\n  \"id\": harbour\n}".to_owned()).await;
    assert_eq!(
        (malformed.status, &malformed.body["type"]),
        (400, &json!("urn:stagedoor:problem:malformed-json"))
    );
    assert!(malformed.body["detail"].as_str().unwrap().contains("line 2, column 9"), "{malformed:?}");
    let type_of = |kind: &str| json!(format!("urn:stagedoor:problem:{kind}"));
    let large = put("application/json", format!("{valid}{}", " ".repeat(1024 * 1024))).await;
    assert_eq!((large.status, &large.body["type"]), (413, &type_of("too-large")));
    let text = put("text/plain", valid.clone()).await;
    assert_eq!((text.status, &text.body["type"]), (415, &type_of("unsupported-media-type")));
    let none = send(app.api.request(Method::PUT, "/titles/harbour").body(valid.clone())).await;
    assert_eq!(none.status, 415);
    assert_eq!(put("application/json; charset=utf-8", valid).await.status, 201);
    let post = send(app.api.request(Method::POST, "/titles/harbour")).await;
    assert_eq!((post.status, &post.body["type"]), (405, &type_of("method-not-allowed")));
    let nowhere = app.api.get("/nowhere").await;
    assert_eq!((nowhere.status, &nowhere.body["type"]), (404, &type_of("unknown-path")));
    assert_eq!(app.api.get("/titles?limit=many").await.status, 400);
    let bytes = app.api.get("/titles/%FF").await;
    assert_eq!((bytes.status, bytes.header("content-type")), (404, "application/problem+json"));
}

#[tokio::test]
async fn nothing_is_fetched_from_a_sites_host() {
    let app = TestApp::start().await;
    assert_eq!(app.api.put("/sites/watch.example.com", &site("watch.example.com")).await.status, 201);
    let other = |origin: &str| {
        let mut other = site("other.example.com");
        other["media"]["origin"] = json!(origin);
        other
    };
    let own = app.api.put("/sites/other.example.com", &other("https://other.example.com/")).await;
    assert_eq!((own.status, own.fields()), (422, vec!["media.origin"]));
    for origin in [
        "https://watch.example.com/vod/",
        "https://WATCH.example.com.:8443/vod/",
        "https://watch.example.com/_cache/0/https/media.example.com/vod/",
        "https://anywhere.example.net/_cache/0/",
    ] {
        let answer = app.api.put("/sites/other.example.com", &other(origin)).await;
        assert_eq!((answer.status, answer.fields()), (422, vec!["media.origin"]), "{origin}: {answer:?}");
    }
    let mut published = keys("https://id.example.com/");
    published["published"] = json!({ "url": "https://watch.example.com/jwks.json" });
    let answer = app.api.put("/keys/https%3A%2F%2Fid.example.com%2F", &published).await;
    assert_eq!((answer.status, answer.fields()), (422, vec!["published.url"]), "{answer:?}");

    // From the other side: a host from which edges fetch cannot become a site's.
    let media = other("https://media.other.example.com/");
    assert_eq!(app.api.put("/sites/other.example.com", &media).await.status, 201);
    published["published"] = json!({ "url": "https://id.example.com/jwks.json" });
    assert_eq!(app.api.put("/keys/https%3A%2F%2Fid.example.com%2F", &published).await.status, 201);
    for host in ["media.other.example.com", "id.example.com"] {
        let answer = app.api.put(&format!("/sites/{host}"), &site(host)).await;
        assert_eq!((answer.status, answer.fields()), (422, vec!["host"]), "{host}: {answer:?}");
    }
    let answer = app.api.put("/sites/other.example.co", &site("other.example.co")).await;
    assert_eq!(answer.status, 201, "a host is no other one that begins with it: {answer:?}");
    // A deleted site does not count.
    assert_eq!(app.api.delete("/sites/watch.example.com").await.status, 200);
    assert_eq!(
        app.api
            .put("/sites/third.example.com", &{
                let mut third = site("third.example.com");
                third["media"]["origin"] = json!("https://watch.example.com/vod/");
                third
            })
            .await
            .status,
        201
    );
}
