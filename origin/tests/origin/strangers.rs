//! Strangers without a key cannot block the service.

use std::time::Duration;

use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::app::{LIMITS, TestApp, eventually, send, title};

fn address(app: &TestApp) -> String {
    app.api.base.strip_prefix("http://").unwrap().to_owned()
}

/// A connection that has sent this text and stays silent.
async fn half(app: &TestApp, sent: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address(app)).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    stream
}

/// Whether the other side closes the connection within a time, whatever it sends before.
async fn is_closed(stream: &mut TcpStream, within: Duration) -> bool {
    let mut rest = Vec::new();
    tokio::time::timeout(within, stream.read_to_end(&mut rest)).await.is_ok()
}

#[tokio::test]
async fn three_hundred_half_requests_lock_out_no_client() {
    let app = TestApp::start().await;
    let mut halves = Vec::new();
    // Nothing, half a head, and a whole request without a next one.
    for sent in ["", "GET /healthz HTTP/1.1\r\nHost: a", "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"] {
        for _ in 0..100 {
            halves.push(half(&app, sent).await);
        }
        let healthy = send(app.api.http.get(format!("{}/healthz", app.api.base))).await;
        assert_eq!(healthy.status, 200, "{sent:?}");
        assert_eq!(app.api.put("/titles/t", &title("t", sent)).await.status / 100, 2, "{sent:?}");
    }
    let mut closed = 0;
    for stream in &mut halves {
        closed += usize::from(is_closed(stream, Duration::from_millis(1)).await);
    }
    assert!(
        closed >= 300 - LIMITS.connections,
        "{closed} of 300 were closed, where {} may stay",
        LIMITS.connections
    );
}

#[tokio::test]
async fn a_missing_head_ends_its_connection() {
    let app = TestApp::start().await;
    for sent in ["", "GET /healthz HTTP/1.1\r\nHost: a"] {
        let mut stream = half(&app, sent).await;
        assert!(!is_closed(&mut stream, LIMITS.head_within / 3).await, "{sent:?}: too early");
        assert!(is_closed(&mut stream, LIMITS.head_within * 3).await, "{sent:?}: never");
    }
    let long = format!("GET /healthz HTTP/1.1\r\nHost: a\r\nX: {}", "x".repeat(100_000));
    let mut stream = TcpStream::connect(address(&app)).await.unwrap();
    let _ = stream.write_all(long.as_bytes()).await;
    assert!(is_closed(&mut stream, LIMITS.head_within / 3).await, "a head without end was kept");
}

#[tokio::test]
async fn a_missing_body_is_answered_and_delays_no_other_request() {
    let app = TestApp::start().await;
    let head = |key: &str| {
        format!(
            "PUT /api/v1/titles/slow HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n\
             Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{"
        )
    };
    let mut with_key = Vec::new();
    for _ in 0..30 {
        with_key.push(half(&app, &head(&app.api.key)).await);
    }
    assert_eq!(send(app.api.http.get(format!("{}/healthz", app.api.base))).await.status, 200);
    for mut stream in with_key {
        let mut answer = [0; 12];
        let read = tokio::time::timeout(LIMITS.body_within * 5, stream.read_exact(&mut answer)).await;
        read.expect("the body was waited for").unwrap();
        assert_eq!(&answer, b"HTTP/1.1 408");
    }
    // Without a key, the service does not wait for the body.
    let mut without = half(&app, &head("sdk_nobody")).await;
    let mut answer = [0; 12];
    tokio::time::timeout(LIMITS.body_within / 2, without.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.1 401");
}

#[tokio::test]
async fn work_is_finished_despite_a_flood_of_connections() {
    let app = TestApp::start().await;
    let body = title("t", "one").to_string();
    let (first, rest) = body.split_at(10);
    let head = format!(
        "PUT /api/v1/titles/t HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{first}",
        app.api.key,
        body.len()
    );
    let mut editor = half(&app, &head).await;
    let mut strangers = Vec::new();
    for _ in 0..LIMITS.connections * 2 {
        strangers.push(half(&app, "GET").await);
    }
    editor.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    editor.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 201");
}

#[tokio::test]
async fn lag_raises_an_alarm_that_is_cleared() {
    let app = TestApp::start().await;
    let alarm = async || app.api.get("/sync").await.body["lag_alarm"].clone();
    assert_eq!(alarm().await, serde_json::json!({ "threshold_s": 1, "raised_at": null }));
    app.edge.set(crate::edge::Mode::Refuse(503));
    app.api.put("/titles/t", &title("t", "one")).await;
    eventually("the alarm is raised", async || alarm().await["raised_at"].is_string()).await;
    assert!(app.api.get("/sync").await.body["lag_s"].as_u64().unwrap() >= 1);
    app.edge.set(crate::edge::Mode::Answer);
    eventually("the alarm is cleared", async || alarm().await["raised_at"].is_null()).await;
    assert_eq!(send(app.api.request(Method::GET, "/sync")).await.body["pending"], 0);
}
