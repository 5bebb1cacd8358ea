//! The documents, from KV with isolate memory in front.
//!
//! A parsed copy is fresh for [`MEMORY_FRESH_S`] less a jitter, so that isolates do not all ask at once; then it
//! is served while it is being read anew, and from [`MEMORY_STALE_S`] on it is not served any more. What KV does
//! not have is remembered in the same way. Only immutable documents are kept, nothing of a request.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::thread::LocalKey;

use worker::{Context, Env, KvStore};

use super::{now_ms, respond};
use crate::catalog::{
    Document, DocumentKey, Host, Issuer, KV_CACHE_TTL_S, KeySet, KvDocument, MEMORY_FRESH_S, MEMORY_STALE_S,
    Site, Stored, Title, TitleId,
};
use crate::fault::{Fault, FaultKind};
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

    async fn document<D: KvDocument + 'static>(
        &self,
        memory: &'static LocalKey<Memory<D>>,
        key: &DocumentKey,
    ) -> Result<Found<D>, Fault> {
        let name = key.to_string();
        match memory.with(|memory| look(memory, &name)) {
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
            Look::Absent => read(&self.kv, memory, name).await,
        }
    }
}

/// The documents of a request below a session, as far as they are at hand and fresh.
pub(super) struct AtHand {
    pub(super) site: Rc<Document<Site>>,
    pub(super) title: Rc<Document<Title>>,
    pub(super) keys: Rc<Document<KeySet>>,
    pub(super) revocations: Found<RevocationIndex>,
}

impl AtHand {
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
fn fresh<D>(memory: &'static LocalKey<Memory<D>>, name: &str, now_ms: u64) -> Option<Found<D>> {
    memory.with_borrow(|memory| {
        let Entry { found, read_at_ms, fresh_for_ms, .. } = memory.get(name)?;
        (now_ms.saturating_sub(*read_at_ms) < *fresh_for_ms).then(|| found.clone())
    })
}

/// Drops what this isolate remembers of a document.
pub(super) fn forget(key: &DocumentKey) {
    let name = key.to_string();
    match key {
        DocumentKey::Site(_) => SITES.with(|memory| memory.borrow_mut().remove(&name).is_some()),
        DocumentKey::Title(_) => TITLES.with(|memory| memory.borrow_mut().remove(&name).is_some()),
        DocumentKey::Keys(_) => KEYS.with(|memory| memory.borrow_mut().remove(&name).is_some()),
        DocumentKey::Revocations(_) => REVOCATIONS.with(|memory| memory.borrow_mut().remove(&name).is_some()),
    };
}

type Memory<D> = RefCell<HashMap<String, Entry<D>>>;

struct Entry<D> {
    found: Found<D>,
    read_at_ms: u64,
    fresh_for_ms: u64,
    /// When a refresh was begun; another one may begin after [`REFRESH_PATIENCE_MS`].
    refresh_at_ms: Option<u64>,
}

enum Look<D> {
    Fresh(Found<D>),
    Stale(Found<D>),
    Absent,
}

/// The most documents of one kind that an isolate remembers.
const MOST: usize = 1_000;
const REFRESH_PATIENCE_MS: u64 = 5_000;

thread_local! {
    static SITES: Memory<Site> = RefCell::default();
    static TITLES: Memory<Title> = RefCell::default();
    static KEYS: Memory<KeySet> = RefCell::default();
    static REVOCATIONS: Memory<RevocationIndex> = RefCell::default();
}

fn look<D>(memory: &Memory<D>, name: &str) -> Look<D> {
    let mut memory = memory.borrow_mut();
    let Some(entry) = memory.get_mut(name) else { return Look::Absent };
    let now = now_ms();
    let age = now.saturating_sub(entry.read_at_ms);
    if age < entry.fresh_for_ms {
        return Look::Fresh(entry.found.clone());
    }
    if age >= MEMORY_STALE_S * 1000 {
        return Look::Absent;
    }
    if entry.refresh_at_ms.is_some_and(|begun| now.saturating_sub(begun) < REFRESH_PATIENCE_MS) {
        return Look::Fresh(entry.found.clone());
    }
    entry.refresh_at_ms = Some(now);
    Look::Stale(entry.found.clone())
}

async fn read<D: KvDocument>(
    kv: &KvStore,
    memory: &'static LocalKey<Memory<D>>,
    name: String,
) -> Result<Found<D>, Fault> {
    let asked_at_ms = now_ms();
    let bytes = kv
        .get(&name)
        .cache_ttl(KV_CACHE_TTL_S)
        .bytes()
        .await
        .map_err(|error| Fault::new(FaultKind::DocumentUnavailable, format!("{name}: {error}")))?;
    let found = match bytes {
        None => None,
        Some(bytes) => match Stored::read(&bytes) {
            Ok((Stored::Live(document), aside)) => {
                for why in aside {
                    let detail = format!("{name}: left aside: {why}");
                    respond::log(None, &Fault::new(FaultKind::DocumentInvalid, detail).into());
                }
                Some(Rc::new(document))
            }
            Ok((Stored::Deleted { .. }, _)) => None,
            Err(error) => return Err(Fault::new(FaultKind::DocumentInvalid, format!("{name}: {error}"))),
        },
    };
    memory.with(|memory| keep(&mut memory.borrow_mut(), name, found.clone(), asked_at_ms));
    Ok(found)
}

fn keep<D>(memory: &mut HashMap<String, Entry<D>>, name: String, found: Found<D>, read_at_ms: u64) {
    if memory.len() >= MOST && !memory.contains_key(&name) {
        memory.retain(|_, entry| read_at_ms.saturating_sub(entry.read_at_ms) < MEMORY_STALE_S * 1000);
        if memory.len() >= MOST
            && let Some(oldest) =
                memory.iter().min_by_key(|(_, entry)| entry.read_at_ms).map(|(name, _)| name.clone())
        {
            memory.remove(&oldest);
        }
    }
    let jitter = js_sys::Math::random() / 5.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "8,000 to 10,000 ms")]
    let fresh_for_ms = (MEMORY_FRESH_S as f64 * 1000.0 * (1.0 - jitter)) as u64;
    memory.insert(name, Entry { found, read_at_ms, fresh_for_ms, refresh_at_ms: None });
}
