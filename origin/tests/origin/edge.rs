//! A stand-in for the edge's sync endpoint. It keeps to the contract, remembers, and misbehaves on demand.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;
use stagedoor::catalog::{Change, Outcome, SyncBatch, SyncReport, SyncResult, SyncSignature};
use stagedoor::redacted::Redacted;
use stagedoor_origin::clock::UnixMillis;
use tokio::net::TcpSocket;
use tokio::time::Instant;
use url::Url;

pub(crate) const SECRET: &str = "the-edge-and-the-origin-share-this-secret";

#[derive(Clone)]
pub(crate) struct FakeEdge {
    address: SocketAddr,
    /// Holds the address while the edge is down: bound and not listening, it refuses connections.
    socket: Arc<Mutex<Option<TcpSocket>>>,
    memory: Arc<Mutex<Memory>>,
}

/// How the edge behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Mode {
    #[default]
    Answer,
    /// Answers with this status and reads nothing.
    Refuse(u16),
    /// Takes the batch, applies nothing and never answers.
    Hang,
    /// Applies the batch and never answers.
    ApplyAndHang,
    /// Applies the batch and answers after this time.
    Slow(Duration),
}

#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) mode: Mode,
    /// Outcomes by key, in place of what would become of a change.
    pub(crate) outcomes: HashMap<String, Outcome>,
    /// What KV holds.
    pub(crate) held: BTreeMap<String, (u64, Option<Value>)>,
    /// Every change of every batch that was signed well, in the order in which they came.
    pub(crate) received: Vec<(Instant, Change)>,
    pub(crate) requests: usize,
    pub(crate) badly_signed: usize,
    pub(crate) in_flight: usize,
    pub(crate) most_in_flight: usize,
}

impl FakeEdge {
    pub(crate) fn start() -> Self {
        let edge = Self::down();
        edge.up();
        edge
    }

    /// An edge whose address refuses connections, until it is `up`.
    pub(crate) fn down() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        Self { address, socket: Arc::new(Mutex::new(Some(socket))), memory: Arc::default() }
    }

    pub(crate) fn up(&self) {
        let listener = self.socket.lock().unwrap().take().unwrap().listen(64).unwrap();
        let router = Router::new().route(SyncBatch::PATH, post(sync)).with_state(self.memory.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
    }

    pub(crate) fn url(&self) -> Url {
        format!("http://{}", self.address).parse().unwrap()
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.look(|memory| memory.mode = mode);
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(&mut Memory) -> T) -> T {
        look(&mut self.memory.lock().unwrap())
    }

    /// The revisions of a document in the order in which they came.
    pub(crate) fn revisions(&self, key: &str) -> Vec<u64> {
        let of_key =
            |(_, change): &(Instant, Change)| (change.key.to_string() == key).then_some(change.revision);
        self.look(|memory| memory.received.iter().filter_map(of_key).collect())
    }

    pub(crate) fn held(&self, key: &str) -> Option<(u64, Option<Value>)> {
        self.look(|memory| memory.held.get(key).cloned())
    }
}

/// Counts a request as in flight for as long as it lives, also when the client goes away.
struct InFlight(Arc<Mutex<Memory>>);

impl InFlight {
    fn new(memory: &Arc<Mutex<Memory>>) -> Self {
        let mut counts = memory.lock().unwrap();
        counts.requests += 1;
        counts.in_flight += 1;
        counts.most_in_flight = counts.most_in_flight.max(counts.in_flight);
        Self(memory.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.lock().unwrap().in_flight -= 1;
    }
}

async fn sync(State(memory): State<Arc<Mutex<Memory>>>, headers: HeaderMap, body: Bytes) -> Response {
    let _in_flight = InFlight::new(&memory);
    let mode = memory.lock().unwrap().mode;
    if let Mode::Refuse(status) = mode {
        return (StatusCode::from_u16(status).unwrap(), "not today").into_response();
    }
    let signature = headers.get(SyncSignature::HEADER).and_then(|value| value.to_str().ok());
    let secret = Redacted::new(SECRET.to_owned());
    if SyncSignature::verify(signature, &secret, &body, UnixMillis::now().seconds()).is_err() {
        memory.lock().unwrap().badly_signed += 1;
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let batch: SyncBatch = serde_json::from_slice(&body).unwrap();
    assert!(batch.changes.len() <= SyncBatch::MAX_CHANGES && body.len() <= SyncBatch::MAX_BYTES);
    let report = memory.lock().unwrap().take(batch, mode != Mode::Hang);
    match mode {
        Mode::Hang | Mode::ApplyAndHang => std::future::pending().await,
        Mode::Slow(duration) => tokio::time::sleep(duration).await,
        Mode::Answer | Mode::Refuse(_) => {}
    }
    axum::Json(report).into_response()
}

impl Memory {
    fn take(&mut self, batch: SyncBatch, apply: bool) -> SyncReport {
        let mut results = Vec::new();
        for change in batch.changes {
            self.received.push((Instant::now(), change.clone()));
            let key = change.key.to_string();
            let held = self.held.get(&key).map(|(revision, _)| *revision);
            let outcome = match self.outcomes.get(&key) {
                Some(outcome) => *outcome,
                None if held >= Some(change.revision) => Outcome::Stale,
                None => Outcome::Applied,
            };
            if outcome == Outcome::Applied && apply {
                self.held.insert(key.clone(), (change.revision, change.document));
            }
            let revision = self.held.get(&key).map(|(revision, _)| *revision);
            let detail = (outcome == Outcome::Invalid).then(|| "expected better".to_owned());
            results.push(SyncResult { key: change.key, revision, outcome, detail });
        }
        SyncReport { results, visible_within_s: 120 }
    }
}
