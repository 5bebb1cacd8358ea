//! The documents, from KV with isolate memory in front.
//!
//! A parsed copy is fresh for [`MEMORY_FRESH_S`] less a jitter, so that isolates do not all ask at once; then it
//! is served while it is being read anew, and from [`MEMORY_STALE_S`] on it is not served any more. What KV does
//! not have is remembered in the same way. One request reads and parses for all that want the same document at the same
//! time. Only immutable documents are kept, nothing of a request.

use std::rc::Rc;
use std::thread::LocalKey;
use std::time::Duration;

use worker::{Context, Env, KvStore};

use super::memory::{self, Memory, Slot};
use super::single_flight::{self, UnderWay};
use super::{heap, now_ms, respond};
use crate::catalog::{
    Document, DocumentKey, Host, Issuer, KV_CACHE_TTL_S, KeySet, KvDocument, MEMORY_FRESH_S, MEMORY_STALE_S,
    Site, Stored, Title, TitleId,
};
use crate::fault::{Fault, FaultKind};
use crate::rights::Prepared;
use crate::shelf::{Weigh, plan};
use crate::token::RevocationIndex;

/// The documents of one request.
pub(super) struct Documents {
    pub(super) kv: KvStore,
    pub(super) context: Rc<Context>,
    pub(super) env: Env,
}

type Found<D> = Option<Rc<Document<D>>>;

impl Documents {
    pub(super) async fn site(&self, host: &Host) -> Result<Found<Site>, Fault> {
        self.document(&SITES, &DocumentKey::Site(host.clone())).await
    }

    pub(super) async fn title(&self, id: &TitleId) -> Result<Found<Title>, Fault> {
        self.document(&TITLES, &DocumentKey::Title(id.clone())).await
    }

    /// The keys of an issuer that a site names: without them, nobody can be let in.
    pub(super) async fn keys(&self, issuer: &Issuer) -> Result<Rc<Document<KeySet>>, Fault> {
        let key = DocumentKey::Keys(issuer.clone());
        let found = self.document(&KEYS, &key).await?;
        found.ok_or_else(|| Fault::new(FaultKind::DocumentMissing, format!("{key} is not in KV")))
    }

    /// What a site has revoked; without the document, nothing.
    pub(super) async fn revocations(&self, host: &Host) -> Result<Rc<Document<RevocationIndex>>, Fault> {
        let found = self.document(&REVOCATIONS, &DocumentKey::Revocations(host.clone())).await?;
        Ok(found.unwrap_or_else(|| Rc::new(Document { revision: 0, body: RevocationIndex::default() })))
    }

    async fn document<D: Remembered>(
        &self,
        memory: &'static Remembers<D>,
        key: &DocumentKey,
    ) -> Result<Found<D>, Fault> {
        let name = key.to_string();
        let asked_at_ms = now_ms();
        match memory.with(|memory| memory.with(name.as_str(), asked_at_ms, |entry| entry.look(asked_at_ms))) {
            Look::Fresh(found) => Ok(found),
            Look::Stale(found) => {
                let kv = self.kv.clone();
                self.context.wait_until(async move {
                    if let Err(fault) = read(&kv, memory, name).await {
                        respond::log(None, &fault.into());
                    }
                });
                Ok(found)
            }
            Look::Mine => read(&self.kv, memory, name).await,
            Look::UnderWay => {
                let look = || {
                    let now = now_ms();
                    let outcome = |entry: &Entry<D>| entry.outcome(now, asked_at_ms);
                    memory.with(|memory| memory.find(name.as_str(), outcome)).unwrap_or(Some(None))
                };
                match single_flight::until(READ_PATIENCE, look).await.flatten() {
                    Some(found) => Ok(found),
                    // Whoever was at it failed, or was cut off.
                    None => read(&self.kv, memory, name).await,
                }
            }
        }
    }
}

/// The documents of a request below a session, as far as they are at hand and fresh.
pub(super) struct FreshDocuments {
    pub(super) site: Rc<Document<Site>>,
    pub(super) title: Rc<Document<Title>>,
    pub(super) keys: Rc<Document<KeySet>>,
    pub(super) revocations: Found<RevocationIndex>,
}

impl FreshDocuments {
    /// All of them, or else nothing.
    pub(super) fn find(host: &str, title: &TitleId, now_ms: u64) -> Option<Self> {
        let site = fresh(&SITES, &format!("v1/site/{host}"), now_ms)??;
        let keys = fresh(&KEYS, &DocumentKey::Keys(site.body.sessions.keys.clone()).to_string(), now_ms)??;
        let revocations = DocumentKey::Revocations(site.body.host.clone()).to_string();
        let revocations = fresh(&REVOCATIONS, &revocations, now_ms)?;
        let title = fresh(&TITLES, &DocumentKey::Title(title.clone()).to_string(), now_ms)??;
        Some(Self { site, title, keys, revocations })
    }
}

/// What is remembered under a name, unless it is to be read anew.
fn fresh<D: Remembered>(memory: &'static Remembers<D>, name: &str, now_ms: u64) -> Option<Found<D>> {
    memory.with(|memory| memory.find(name, |entry| entry.fresh(now_ms).cloned()))?
}

/// Drops what this isolate remembers of a document.
pub(super) fn forget(key: &DocumentKey) {
    let name = key.to_string();
    let name = name.as_str();
    match key {
        DocumentKey::Site(_) => SITES.with(|memory| memory.remove(name)),
        DocumentKey::Title(_) => TITLES.with(|memory| memory.remove(name)),
        DocumentKey::Keys(_) => KEYS.with(|memory| memory.remove(name)),
        DocumentKey::Revocations(_) => REVOCATIONS.with(|memory| memory.remove(name)),
    }
}

/// A document that an isolate remembers.
trait Remembered: KvDocument + 'static {
    /// Works out what is kept beside it, so that it is weighed with it.
    fn prepare(&self) {}
}

impl Remembered for Site {}

impl Remembered for Title {
    fn prepare(&self) {
        Prepared::of_title(self);
    }
}

impl Remembered for KeySet {}

impl Remembered for RevocationIndex {}

type Remembers<D> = LocalKey<Memory<String, Entry<D>>>;

/// What an isolate knows of a document.
struct Entry<D> {
    read: Option<Read<D>>,
    under_way: UnderWay,
}

struct Read<D> {
    found: Found<D>,
    /// What it takes, as the allocator counted.
    bytes: usize,
    read_at_ms: u64,
    fresh_for_ms: u64,
}

impl<D> Default for Entry<D> {
    fn default() -> Self {
        Self { read: None, under_way: UnderWay::default() }
    }
}

impl<D> Weigh for Entry<D> {
    fn heap_bytes(&self) -> usize {
        self.read.as_ref().map_or(0, |read| read.bytes)
    }
}

impl<D> Slot for Entry<D> {
    fn is_spent(&self, now_ms: u64) -> bool {
        let over = |read: &Read<D>| now_ms.saturating_sub(read.read_at_ms) >= MEMORY_STALE_S * 1000;
        self.read.as_ref().is_none_or(over)
    }

    fn is_busy(&self, now_ms: u64) -> bool {
        self.under_way.is(now_ms, READ_PATIENCE)
    }
}

enum Look<D> {
    Fresh(Found<D>),
    /// To be read anew, behind the reply.
    Stale(Found<D>),
    /// Not there, and this request is to read it.
    Mine,
    /// Not there, and another one is at it.
    UnderWay,
}

/// For how long a read counts as under way: the request that began it may have been cut off.
const READ_PATIENCE: Duration = Duration::from_secs(5);

thread_local! {
    static SITES: Memory<String, Entry<Site>> = memory::of(plan::SITES);
    static TITLES: Memory<String, Entry<Title>> = memory::of(plan::TITLES);
    static KEYS: Memory<String, Entry<KeySet>> = memory::of(plan::KEYS);
    static REVOCATIONS: Memory<String, Entry<RevocationIndex>> = memory::of(plan::REVOCATIONS);
}

impl<D> Entry<D> {
    fn fresh(&self, now_ms: u64) -> Option<&Found<D>> {
        let read = self.read.as_ref()?;
        (now_ms.saturating_sub(read.read_at_ms) < read.fresh_for_ms).then_some(&read.found)
    }

    fn look(&mut self, now_ms: u64) -> Look<D> {
        if let Some(found) = self.fresh(now_ms) {
            return Look::Fresh(found.clone());
        }
        let old = self.read.as_ref();
        let old = old.filter(|read| now_ms.saturating_sub(read.read_at_ms) < MEMORY_STALE_S * 1000);
        let old = old.map(|read| read.found.clone());
        match (old, self.under_way.begin(now_ms, READ_PATIENCE)) {
            (Some(found), true) => Look::Stale(found),
            (Some(found), false) => Look::Fresh(found),
            (None, true) => Look::Mine,
            (None, false) => Look::UnderWay,
        }
    }

    /// What the request that is at it has brought. `Some(None)`: nothing, since a fault is its own.
    fn outcome(&self, now_ms: u64, asked_at_ms: u64) -> Option<Option<Found<D>>> {
        match self.read.as_ref().filter(|read| read.read_at_ms >= asked_at_ms) {
            Some(read) => Some(Some(read.found.clone())),
            None => match self.fresh(now_ms) {
                Some(found) => Some(Some(found.clone())),
                None if self.under_way.is(now_ms, READ_PATIENCE) => None,
                None => Some(None),
            },
        }
    }
}

async fn read<D: Remembered>(
    kv: &KvStore,
    memory: &'static Remembers<D>,
    name: String,
) -> Result<Found<D>, Fault> {
    let asked_at_ms = now_ms();
    let outcome = from_kv(kv, &name).await;
    let jitter = js_sys::Math::random() / 5.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "8,000 to 10,000 ms")]
    let fresh_for_ms = (MEMORY_FRESH_S as f64 * 1000.0 * (1.0 - jitter)) as u64;
    memory.with(|memory| {
        memory.with(name.as_str(), now_ms(), |entry| {
            entry.under_way.end();
            if let Ok((found, bytes)) = &outcome {
                let (found, bytes) = (found.clone(), *bytes);
                entry.read = Some(Read { found, bytes, read_at_ms: asked_at_ms, fresh_for_ms });
            }
        });
    });
    outcome.map(|(found, _)| found)
}

/// A document, and what it takes in memory.
async fn from_kv<D: Remembered>(kv: &KvStore, name: &str) -> Result<(Found<D>, usize), Fault> {
    let bytes = kv
        .get(name)
        .cache_ttl(KV_CACHE_TTL_S)
        .bytes()
        .await
        .map_err(|error| Fault::new(FaultKind::DocumentUnavailable, format!("{name}: {error}")))?;
    let Some(bytes) = bytes else { return Ok((None, 0)) };
    let (read, weight) = heap::weighed(|| {
        let (stored, aside) = Stored::<D>::read(&bytes)?;
        let found = match stored {
            Stored::Live(document) => {
                document.body.prepare();
                Some(Rc::new(document))
            }
            Stored::Deleted { .. } => None,
        };
        Ok((found, aside))
    });
    let invalid =
        |error: serde_json::Error| Fault::new(FaultKind::DocumentInvalid, format!("{name}: {error}"));
    let (found, aside) = read.map_err(invalid)?;
    for why in aside {
        let detail = format!("{name}: left aside: {why}");
        respond::log(None, &Fault::new(FaultKind::DocumentInvalid, detail).into());
    }
    Ok((found, weight))
}
