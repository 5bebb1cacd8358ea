//! The service under test, in this process, and a client for its API.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, header};
use serde_json::{Value, json};
use stagedoor::redacted::Redacted;
use stagedoor_origin::clock::UnixMillis;
use stagedoor_origin::origin::{Origin, Settings};
use stagedoor_origin::push::{Edge, Pace, Sink};
use stagedoor_origin::server::Limits;
use stagedoor_origin::store::{Actor, Database, Scope, Store};
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::edge::{FakeEdge, SECRET};

/// Short waits, so that tests are fast.
pub(crate) const FAST: Pace = Pace {
    key_interval: Duration::from_millis(20),
    backoff_base: Duration::from_millis(10),
    backoff_cap: Duration::from_millis(100),
};

/// The age of a pending change that raises the alarm in tests.
const LAG_ALARM: Duration = Duration::from_secs(1);

/// A state of a document is kept this long in tests.
const HISTORY: Duration = Duration::from_secs(24 * 60 * 60);

/// Limits that are low enough for a test to reach.
pub(crate) const LIMITS: Limits =
    Limits { connections: 64, head_within: Duration::from_secs(3), body_within: Duration::from_secs(1) };

pub(crate) struct TestApp {
    pub(crate) api: ApiClient,
    pub(crate) edge: FakeEdge,
    pub(crate) folder: TempDir,
    pub(crate) store: Store,
    _stop: DropGuard,
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::start_with(FakeEdge::start(), FAST, None).await
    }

    pub(crate) async fn start_with(edge: FakeEdge, pace: Pace, media: Option<PathBuf>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = database(&folder);
        let secret = Redacted::new(SECRET.to_owned());
        let sink = Sink::Edge(Edge::new(&edge.url(), secret, Duration::from_millis(500)).unwrap());
        let store = Store::open(&database).await.unwrap();
        let key = store.create_api_key("cms", &Scope::FULL, UnixMillis::now()).await.unwrap();
        let listen = "127.0.0.1:0".parse().unwrap();
        let settings = Settings {
            listen,
            database,
            sink,
            media,
            pace,
            lag_alarm: LAG_ALARM,
            limits: LIMITS,
            history: HISTORY,
            wanted: Duration::from_millis(20),
        };
        let origin = Origin::start(settings).await.unwrap();
        let api = ApiClient::new(&format!("http://{}", origin.address()), key.expose());
        let stop = CancellationToken::new();
        tokio::spawn(origin.run(stop.clone()));
        Self { api, edge, folder, store, _stop: stop.drop_guard() }
    }
}

/// A client with its own key.
impl TestApp {
    pub(crate) async fn client(&self, name: &str, scope: &Scope) -> ApiClient {
        let key = self.store.create_api_key(name, scope, UnixMillis::now()).await.unwrap();
        ApiClient::new(&self.api.base, key.expose())
    }
}

/// The actor of writes that bypass the API.
pub(crate) fn nobody() -> Actor {
    Actor { id: "test".to_owned(), scope: Scope::FULL }
}

pub(crate) fn database(folder: &TempDir) -> Database {
    folder.path().join("stagedoor.db").to_str().unwrap().parse().unwrap()
}

/// Waits until the condition holds, and fails the test if it does not within ten seconds.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let until = tokio::time::Instant::now() + Duration::from_secs(10);
    while !condition().await {
        assert!(tokio::time::Instant::now() < until, "it did not come about that {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[derive(Clone)]
pub(crate) struct ApiClient {
    pub(crate) http: Client,
    pub(crate) base: String,
    pub(crate) key: String,
}

/// An answer with its body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn revision(&self) -> u64 {
        self.body["revision"].as_u64().unwrap_or_else(|| panic!("no revision in {self:?}"))
    }

    /// The fields of a problem.
    pub(crate) fn fields(&self) -> Vec<&str> {
        self.body["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect()
    }
}

impl ApiClient {
    pub(crate) fn new(base: &str, key: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().no_proxy().build().unwrap();
        Self { http, base: base.to_owned(), key: key.to_owned() }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}/api/v1{path}", self.base)).bearer_auth(&self.key)
    }

    pub(crate) async fn put(&self, path: &str, document: &Value) -> Answer {
        self.send_json(Method::PUT, path, document).await
    }

    pub(crate) async fn post(&self, path: &str, document: &Value) -> Answer {
        self.send_json(Method::POST, path, document).await
    }

    async fn send_json(&self, method: Method, path: &str, document: &Value) -> Answer {
        let request = self.request(method, path).header("content-type", "application/json");
        send(request.body(document.to_string())).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn wait_for_state(&self, path: &str, state: &str) -> Answer {
        eventually(&format!("{path} is {state}"), async || {
            self.get(path).await.body["sync"]["state"] == state
        })
        .await;
        self.get(path).await
    }
}

pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer { status, headers, body }
}

pub(crate) fn title(id: &str, name: &str) -> Value {
    json!({
        "id": id, "sites": ["watch.example.com"], "names": { "en": name },
        "offers": [{ "id": "all", "territories": { "allow": ["*"] } }],
    })
}

pub(crate) fn site(host: &str) -> Value {
    json!({
        "host": host, "media": { "origin": "https://media.example.com/vod/" },
        "tokens": { "issuers": ["https://id.example.com/"] }, "sessions": { "keys": "watch-sessions" },
    })
}

/// 32 bytes that are easy to find in places where they must not be.
pub(crate) const KEY_SECRET: &str = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I";

pub(crate) fn keys(issuer: &str) -> Value {
    json!({ "issuer": issuer, "keys": [{ "kty": "oct", "kid": "one", "alg": "HS256", "use": "sig", "k": KEY_SECRET }] })
}

/// The database itself, for states that no version of the service writes.
pub(crate) async fn rows(folder: &TempDir) -> sqlx::SqlitePool {
    let url = format!("sqlite:{}", folder.path().join("stagedoor.db").display());
    sqlx::SqlitePool::connect(&url).await.unwrap()
}
