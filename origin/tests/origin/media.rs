//! The sample media of a demonstration.

use std::fs;

use reqwest::Method;

use crate::app::{FAST, TestApp, send};
use crate::edge::FakeEdge;

async fn app_with_media() -> (TestApp, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("harbour")).unwrap();
    for name in ["main.m3u8", "main.mpd", "1.m4s", "init.mp4", "en.vtt", "1.ts", "key.bin"] {
        fs::write(folder.path().join("harbour").join(name), "0123456789").unwrap();
    }
    let app = TestApp::start_with(FakeEdge::down(), FAST, Some(folder.path().to_owned())).await;
    (app, folder)
}

#[tokio::test]
async fn files_have_the_types_that_players_expect() {
    let (app, _folder) = app_with_media().await;
    for (name, content_type) in [
        ("main.m3u8", "application/vnd.apple.mpegurl"),
        ("main.mpd", "application/dash+xml"),
        ("1.m4s", "video/mp4"),
        ("init.mp4", "video/mp4"),
        ("en.vtt", "text/vtt"),
        ("1.ts", "video/mp2t"),
        ("key.bin", "application/octet-stream"),
    ] {
        let answer = send(app.api.http.get(format!("{}/media/harbour/{name}", app.api.base))).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, content_type), "{name}");
    }
}

#[tokio::test]
async fn ranges_and_conditions_are_answered() {
    let (app, _folder) = app_with_media().await;
    let url = format!("{}/media/harbour/1.m4s", app.api.base);
    let range = app.api.http.get(&url).header("range", "bytes=2-5").send().await.unwrap();
    assert_eq!(
        (range.status().as_u16(), &range.headers()["content-range"]),
        (206, &"bytes 2-5/10".parse().unwrap())
    );
    assert_eq!(range.headers()["content-type"], "video/mp4");
    assert_eq!(range.text().await.unwrap(), "2345");
    let beyond = send(app.api.http.get(&url).header("range", "bytes=20-")).await;
    assert_eq!(beyond.status, 416);
    let head = send(app.api.http.request(Method::HEAD, &url)).await;
    assert_eq!((head.status, head.header("content-length")), (200, "10"));
    assert!(!head.header("last-modified").is_empty() && !head.header("etag").is_empty());
    let unchanged = send(app.api.http.get(&url).header("if-none-match", head.header("etag"))).await;
    assert_eq!(unchanged.status, 304);
}

#[tokio::test]
async fn nothing_but_files_is_served_and_nothing_is_written() {
    let (app, folder) = app_with_media().await;
    for path in [
        "/media",
        "/media/",
        "/media/harbour",
        "/media/harbour/",
        "/media/none.m4s",
        "/media/..%2F..%2Fetc%2Fpasswd",
    ] {
        let answer = send(app.api.http.get(format!("{}{path}", app.api.base))).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    for method in [Method::PUT, Method::POST, Method::DELETE] {
        let request = app.api.http.request(method.clone(), format!("{}/media/harbour/1.m4s", app.api.base));
        assert_eq!(send(request.body("x")).await.status, 405, "{method}");
    }
    assert_eq!(fs::read(folder.path().join("harbour/1.m4s")).unwrap(), b"0123456789");
}
