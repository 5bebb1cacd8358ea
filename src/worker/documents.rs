//! The documents, from KV with isolate memory in front.
//!
//! A parsed copy is fresh for [`MEMORY_FRESH_S`] less a jitter, so that isolates do not all ask at once. Then it is served
//! while KV is asked again, and from [`MEMORY_STALE_S`] on it is not served any more. That KV does not have a document is
//! remembered in the same way. One request asks and parses for all that want the same document at the same time. Only
//! immutable documents are kept, nothing of a request.

use std::rc::Rc;
use std::time::Duration;

use worker::{Context, Env, KvStore};

use super::isolate::isolate;
use super::runtime::now_ms;
use super::{heap, respond, single_flight};
use crate::catalog::{
    Campaigns, Creative, CreativeId, Document, DocumentKey, Host, Issuer, KV_CACHE_TTL_S, KeySet,
    MEMORY_FRESH_S, MEMORY_STALE_S, Site, Title, TitleId,
};
use crate::fault::{Fault, FaultKind};
use crate::isolate::{Found, KnownDocument, Parsed, Remembered, read_document};
use crate::life::keys_missing;
use crate::shelf::{Arrived, Look, Memory, Outcome, Policy, Times, Weighed, jittered};
use crate::token::RevocationIndex;

/// The documents of one request.
#[derive(Clone)]
pub(super) struct Documents {
    pub(super) kv: KvStore,
    pub(super) context: Rc<Context>,
    pub(super) env: Env,
}

impl Documents {
    pub(super) async fn site(&self, host: &Host) -> Result<Found<Site>, Fault> {
        self.document(&isolate().sites, &DocumentKey::Site(host.clone())).await
    }

    pub(super) async fn title(&self, id: &TitleId) -> Result<Found<Title>, Fault> {
        self.document(&isolate().titles, &DocumentKey::Title(id.clone())).await
    }

    /// The keys of an issuer that a site names: without them, nobody can be let in.
    pub(super) async fn keys(&self, issuer: &Issuer) -> Result<Rc<Document<KeySet>>, Fault> {
        let key = DocumentKey::Keys(issuer.clone());
        let found = self.document(&isolate().keys, &key).await?;
        found.ok_or_else(|| keys_missing(issuer))
    }

    /// The revocations of a site. Without the document, nothing is revoked.
    pub(super) async fn revocations(&self, host: &Host) -> Result<Found<RevocationIndex>, Fault> {
        self.document(&isolate().revocations, &DocumentKey::Revocations(host.clone())).await
    }

    pub(super) async fn campaigns(&self, host: &Host) -> Result<Found<Campaigns>, Fault> {
        self.document(&isolate().campaigns, &DocumentKey::Campaigns(host.clone())).await
    }

    pub(super) async fn creative(&self, id: &CreativeId) -> Result<Found<Creative>, Fault> {
        self.document(&isolate().creatives, &DocumentKey::Creative(id.clone())).await
    }

    async fn document<D: Remembered>(
        &self,
        memory: &'static Documented<D>,
        key: &DocumentKey,
    ) -> Result<Found<D>, Fault> {
        let name = key.to_string();
        let now = now_ms();
        match memory.with(name.as_str(), now, |known| known.look(now, PATIENCE).cloned()) {
            Look::Serve(Weighed { value, .. }) => Ok(value.found),
            Look::Refresh(Weighed { value, .. }) => {
                let kv = self.kv.clone();
                self.context.wait_until(async move {
                    if let Err(fault) = read(&kv, memory, name).await {
                        respond::log(None, &fault.into());
                    }
                });
                Ok(value.found)
            }
            Look::Wait(ticket) => {
                let arrived = single_flight::arrival(PATIENCE, || {
                    memory.find(name.as_str(), |known| known.arrived(ticket, now_ms()).map(Arrived::cloned))
                });
                match arrived.await {
                    Arrived::Value(Weighed { value, .. }) => Ok(value.found),
                    // The request that asked KV failed, or was cut off.
                    Arrived::Failed(()) | Arrived::Nothing => read(&self.kv, memory, name).await,
                }
            }
            Look::Fetch(_) | Look::Failed(()) | Look::Alone => read(&self.kv, memory, name).await,
        }
    }
}

/// The site of a host, while memory has it fresh.
pub(super) fn fresh_site(host: &str, now_ms: u64) -> Option<Found<Site>> {
    fresh(&isolate().sites, &format!("v1/site/{host}"), now_ms)
}

/// A title, while memory has it fresh.
pub(super) fn fresh_title(id: &TitleId, now_ms: u64) -> Option<Found<Title>> {
    fresh(&isolate().titles, &format!("v1/title/{id}"), now_ms)
}

/// The keys of an issuer, while memory has them fresh.
pub(super) fn fresh_keys(issuer: &Issuer, now_ms: u64) -> Option<Found<KeySet>> {
    fresh(&isolate().keys, &format!("v1/keys/{issuer}"), now_ms)
}

/// The revocations of a site, while memory has them fresh.
pub(super) fn fresh_revocations(host: &Host, now_ms: u64) -> Option<Found<RevocationIndex>> {
    fresh(&isolate().revocations, &format!("v1/revocations/{host}"), now_ms)
}

/// A site's own campaigns, while memory has them fresh.
pub(super) fn fresh_campaigns(host: &Host, now_ms: u64) -> Option<Found<Campaigns>> {
    fresh(&isolate().campaigns, &format!("v1/campaigns/{host}"), now_ms)
}

/// A creative, while memory has it fresh.
pub(super) fn fresh_creative(id: &CreativeId, now_ms: u64) -> Option<Found<Creative>> {
    fresh(&isolate().creatives, &format!("v1/creative/{id}"), now_ms)
}

/// The document of a name, while it is fresh.
fn fresh<D: Remembered>(memory: &Documented<D>, name: &str, now_ms: u64) -> Option<Found<D>> {
    memory.find(name, |known| known.fresh(now_ms).map(|known| known.value.found.clone()))?
}

/// Drops what this isolate remembers of a document.
pub(super) fn forget(key: &DocumentKey) {
    let name = key.to_string();
    let name = name.as_str();
    let isolate = isolate();
    match key {
        DocumentKey::Site(_) => isolate.sites.remove(name),
        DocumentKey::Title(_) => isolate.titles.remove(name),
        DocumentKey::Keys(_) => isolate.keys.remove(name),
        DocumentKey::Revocations(_) => isolate.revocations.remove(name),
        DocumentKey::Campaigns(_) => isolate.campaigns.remove(name),
        DocumentKey::Creative(_) => isolate.creatives.remove(name),
    }
}

type Documented<D> = Memory<String, KnownDocument<D>>;

/// For how long a question to KV counts as under way: the request that began it may have been cut off.
const PATIENCE: Duration = Duration::from_secs(5);

/// After a failure, KV is asked again by the next request for the document.
const POLICY: Policy = Policy { retry_ms: 0, retry_without_ms: 0, alone_ms: 0 };

async fn read<D: Remembered>(
    kv: &KvStore,
    memory: &'static Documented<D>,
    name: String,
) -> Result<Found<D>, Fault> {
    let asked_at_ms = now_ms();
    let known = memory.find(name.as_str(), |known| known.held().cloned()).flatten();
    let outcome = from_kv(kv, &name, known).await;
    let times = Times {
        fresh_until_ms: asked_at_ms + jittered(MEMORY_FRESH_S * 1000, js_sys::Math::random()),
        stale_until_ms: asked_at_ms + MEMORY_STALE_S * 1000,
        error_until_ms: 0,
    };
    let now = now_ms();
    memory.with(name.as_str(), now, |known| {
        let outcome = match &outcome {
            Ok(parsed) => Outcome::Value(parsed.clone(), times),
            Err(_) => Outcome::Failed(()),
        };
        known.settle(outcome, &POLICY, now);
    });
    outcome.map(|parsed| parsed.value.found)
}

/// A document, and the memory that it takes. The `known` one is taken again if KV still has the bytes that it was
/// parsed from.
async fn from_kv<D: Remembered>(
    kv: &KvStore,
    name: &str,
    known: Option<Weighed<Parsed<D>>>,
) -> Result<Weighed<Parsed<D>>, Fault> {
    let bytes = kv
        .get(name)
        .cache_ttl(KV_CACHE_TTL_S)
        .bytes()
        .await
        .map_err(|error| Fault::new(FaultKind::DocumentUnavailable, format!("{name}: {error}")))?;
    let Some(bytes) = bytes else { return Ok(Weighed { value: Parsed::absent(), bytes: 0 }) };
    if let Some(known) = known.filter(|known| known.value.is_of(&bytes)) {
        return Ok(known);
    }
    let (read, weight) = heap::weighed(|| read_document(&bytes));
    let (value, aside) =
        read.map_err(|error| Fault::new(FaultKind::DocumentInvalid, format!("{name}: {error}")))?;
    for why in aside {
        let detail = format!("{name}: left aside: {why}");
        respond::log(None, &Fault::new(FaultKind::DocumentInvalid, detail).into());
    }
    Ok(Weighed { value, bytes: weight })
}
