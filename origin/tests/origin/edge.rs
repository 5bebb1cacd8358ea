//! A stand-in for the edge's sync endpoint. It follows the contract, records its requests, and misbehaves on demand.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Deserialize;
use serde_json::Value;
use stagedoor::catalog::{
    DocumentKey, Outcome, ReceivedBatch, SyncBatch, SyncReport, SyncResult, SyncSignature, WantedAnswer,
    WantedOfSite, WantedQuestion, WantedSighting, WantedState,
};
use stagedoor::redacted::Redacted;
use stagedoor::time::UnixTime;
use stagedoor_origin::clock::UnixMillis;
use tokio::net::TcpSocket;
use tokio::time::Instant;
use url::Url;

pub(crate) const SECRET: &str = "the-edge-and-the-origin-share-this-secret";

#[derive(Clone)]
pub(crate) struct FakeEdge {
    address: SocketAddr,
    /// Reserves the address while the edge is down: a bound socket that does not listen refuses connections.
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
    /// Reads the batch, applies nothing and never answers.
    Hang,
    /// Applies the batch and never answers.
    ApplyAndHang,
    /// Applies the batch and answers after this time.
    Slow(Duration),
}

/// The effect of a document on its batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Poison {
    /// The whole batch gets this status.
    Status(u16),
    /// The batch gets no answer.
    Hang,
}

/// A change as received.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) key: DocumentKey,
    pub(crate) revision: u64,
    pub(crate) document: Option<Value>,
}

#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) mode: Mode,
    /// Outcomes by key that replace the regular one.
    pub(crate) outcomes: HashMap<String, Outcome>,
    /// The content of KV.
    pub(crate) held: BTreeMap<String, (u64, Option<Value>)>,
    /// Every change of every batch with a valid signature, in order of arrival.
    pub(crate) received: Vec<(Instant, Got)>,
    /// The keys of every batch with a valid signature that was not empty, refused ones too.
    pub(crate) batches: Vec<Vec<String>>,
    /// Behaves like an older edge: refuses a whole batch for one unreadable change, and ignores the signed head.
    pub(crate) older: bool,
    /// The effect of each document on its batch.
    pub(crate) poison: HashMap<String, Poison>,
    /// The creatives that are wanted, by site and mark.
    pub(crate) wanted: Vec<(String, u64, WantedSighting)>,
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

    /// An edge whose address refuses connections until `up` is called.
    pub(crate) fn down() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        Self { address, socket: Arc::new(Mutex::new(Some(socket))), memory: Arc::default() }
    }

    pub(crate) fn up(&self) {
        let listener = self.socket.lock().unwrap().take().unwrap().listen(64).unwrap();
        let router = Router::new()
            .route(SyncBatch::PATH, post(sync))
            .route(WantedQuestion::PATH, post(wanted))
            .layer(DefaultBodyLimit::disable())
            .with_state(self.memory.clone());
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

    /// The revisions of a document in order of arrival.
    pub(crate) fn revisions(&self, key: &str) -> Vec<u64> {
        let of_key =
            |(_, change): &(Instant, Got)| (change.key.to_string() == key).then_some(change.revision);
        self.look(|memory| memory.received.iter().filter_map(of_key).collect())
    }

    pub(crate) fn held(&self, key: &str) -> Option<(u64, Option<Value>)> {
        self.look(|memory| memory.held.get(key).cloned())
    }
}

/// Answers which creatives are wanted, two at a time.
async fn wanted(State(memory): State<Arc<Mutex<Memory>>>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let secret = Redacted::new(SECRET.to_owned());
    let (signature, head) = (header(SyncSignature::HEADER), header(SyncSignature::HEAD_HEADER));
    if SyncSignature::verify(signature, head, &secret, &body, UnixMillis::now().seconds()).is_err() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let question: WantedQuestion = serde_json::from_slice(&body).unwrap();
    let memory = memory.lock().unwrap();
    let of_site = |since: stagedoor::catalog::WantedSince| {
        let own = memory
            .wanted
            .iter()
            .filter(|(site, mark, _)| *site == since.site.as_str() && *mark > since.after);
        let found: Vec<_> = own.collect();
        let next = found.iter().take(2).next_back().map_or(since.after, |(_, mark, _)| *mark);
        let creatives = found.iter().take(2).map(|(_, _, sighting)| sighting.clone()).collect();
        WantedOfSite { site: since.site, creatives, next, more: found.len() > 2 }
    };
    axum::Json(WantedAnswer { sites: question.sites.into_iter().map(of_site).collect() }).into_response()
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
    let sent = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (signature, head) = (sent(SyncSignature::HEADER), sent(SyncSignature::HEAD_HEADER));
    let older = memory.lock().unwrap().older;
    if !is_well_signed(signature, head, &body, older) {
        memory.lock().unwrap().badly_signed += 1;
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if body.len() > SyncBatch::MAX_BYTES {
        return (StatusCode::PAYLOAD_TOO_LARGE, "expected 4194304 bytes at most").into_response();
    }
    let changes = match read(&memory.lock().unwrap(), &body) {
        Ok(changes) => changes,
        Err(why) => return (StatusCode::BAD_REQUEST, why).into_response(),
    };
    assert!(changes.len() <= SyncBatch::MAX_CHANGES);
    let poison = memory.lock().unwrap().note(&changes);
    let mode = match poison {
        Some(Poison::Status(status)) => {
            return (StatusCode::from_u16(status).unwrap(), "not this").into_response();
        }
        Some(Poison::Hang) => Mode::Hang,
        None => mode,
    };
    let report = memory.lock().unwrap().take(changes, mode != Mode::Hang);
    match mode {
        Mode::Hang | Mode::ApplyAndHang => std::future::pending().await,
        Mode::Slow(duration) => tokio::time::sleep(duration).await,
        Mode::Answer | Mode::Refuse(_) => {}
    }
    axum::Json(report).into_response()
}

/// An older edge reads the first header only, and accepts only the parts that it knows.
fn is_well_signed(signature: Option<&str>, head: Option<&str>, body: &[u8], older: bool) -> bool {
    let secret = Redacted::new(SECRET.to_owned());
    let now = UnixMillis::now().seconds();
    if !older {
        return SyncSignature::verify(signature, head, &secret, body, now).is_ok();
    }
    let parts = signature.and_then(|header| header.strip_prefix("t=")?.split_once(",v1="));
    let signed_at = parts.and_then(|(secs, _)| secs.parse().ok()).map(UnixTime::from_secs);
    let Some(signed_at) = signed_at.filter(|at| now.secs_since(*at).max(at.secs_since(now)) <= 300) else {
        return false;
    };
    let [(_, expected), _] = SyncSignature::sign(&secret, body, signed_at).headers();
    signature == Some(&expected) && expected.len() == "t=1795370400,v1=".len() + 64
}

/// A change by its key: the change, or the reason why it cannot be read.
type Named = (String, Result<Got, String>);

fn read(memory: &Memory, body: &[u8]) -> Result<Vec<Named>, String> {
    #[derive(Deserialize)]
    struct Older {
        changes: Vec<OlderChange>,
    }
    #[derive(Deserialize)]
    struct OlderChange {
        key: DocumentKey,
        revision: u64,
        document: Option<Value>,
    }
    if memory.older {
        let batch: Older = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let got =
            |OlderChange { key, revision, document }| (key.to_string(), Ok(Got { key, revision, document }));
        return Ok(batch.changes.into_iter().map(got).collect());
    }
    let got = |WantedState { key, revision, document }: WantedState<'_>| {
        if let Some(document) = document {
            key.stored(revision, document.get()).map_err(|error| error.to_string())?;
        }
        let document = document.map(|document| serde_json::from_str(document.get()).unwrap());
        Ok(Got { key, revision, document })
    };
    let batch = ReceivedBatch::read(body).map_err(|error| error.to_string())?;
    Ok(batch.changes().map(|change| (change.name.to_string(), change.change.and_then(got))).collect())
}

impl Memory {
    /// Records a batch, and returns whether it makes the edge fail.
    fn note(&mut self, changes: &[Named]) -> Option<Poison> {
        if changes.is_empty() {
            return None;
        }
        self.batches.push(changes.iter().map(|(name, _)| name.clone()).collect());
        changes.iter().find_map(|(name, _)| self.poison.get(name).copied())
    }

    fn take(&mut self, changes: Vec<Named>, apply: bool) -> SyncReport {
        let mut results = Vec::new();
        for (key, change) in changes {
            let change = match change {
                Ok(change) => change,
                Err(why) => {
                    let detail = Some(why.chars().take(SyncResult::MAX_DETAIL_CHARS).collect());
                    results.push(SyncResult { key, revision: None, outcome: Outcome::Invalid, detail });
                    continue;
                }
            };
            self.received.push((Instant::now(), change.clone()));
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
            results.push(SyncResult { key, revision, outcome, detail });
        }
        SyncReport { results, visible_within_s: 120 }
    }
}
