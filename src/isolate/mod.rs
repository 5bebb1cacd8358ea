//! The memory of an isolate, for all tenants. It is made in one place and shares one budget.
//!
//! ```text
//! documents    documents of KV, parsed
//! manifests    manifests as the media origin gave them
//! files        files until the data centre's cache has them
//! ads          replies of ad servers
//! ahead        the breaks of viewers that are decided ahead
//! breakers     ad servers that are left alone
//! publication  where issuers publish keys
//! published    keys that issuers publish
//! sessions     sessions that tokens opened
//! sources      where files lie at the media origin
//! wanted       creatives that were reported as wanted
//! pods         what fills the breaks of viewers
//! vmaps        where ad servers schedule breaks
//! ```
//!
//! `shelf/plan.rs` has the share of each memory. A [`Runtime`] names the types of the values that the runtime holds in its own
//! form: in the Worker, JavaScript's arrays and keys; in a test, types of the test's choice.

mod ads;
mod ahead;
mod breakers;
mod documents;
mod files;
mod manifests;
mod pods;
mod publication;
mod published;
mod sessions;
mod sources;
mod vmaps;
mod wanted;

use std::cell::RefCell;
use std::rc::Rc;

pub use ads::{KnownAdReply, SharedReply};
pub use ahead::KnownAhead;
pub use breakers::Breakers;
pub use documents::{Found, KnownDocument, Parsed, Remembered, read_document};
pub use files::KnownFile;
pub use manifests::{KnownManifest, newest};
pub use pods::{KnownPod, Turn};
pub use publication::{EARLY, KEPT_S, Publication};
pub use published::{KnownKeys, PublishedSet};
pub use sessions::{OpenedSession, OpenedSessions, open_session};
pub use sources::{KnownSource, KnownSources, Revisions, SourceKey, find_source, remember_source};
pub use vmaps::{KnownVmap, VMAP_POLICY, vmap_times};
pub use wanted::KnownWanted;

use crate::catalog::{Algorithm, Campaigns, Creative, KeySet, Site, Title};
use crate::memory_key::MemoryKey;
use crate::repeats::Repeats;
use crate::shelf::{Breaker, Budget, Delays, Flight, Memory, Slot, Weigh, Weighed, plan};
use crate::streams::Standing;
use crate::token::RevocationIndex;

/// The values that a runtime holds in its own form.
pub trait Runtime {
    /// A file with its bytes.
    type File: Weigh + 'static;
    /// A compiled manifest, with the manifest that it was compiled from.
    type Template: Slot + 'static;
    /// A key that signatures are verified with.
    type ImportedKey: Slot + 'static;
}

/// Everything that an isolate remembers from one request to the next.
pub struct Isolate<R: Runtime> {
    /// The bytes of all memories, and of the bodies that are being read.
    pub budget: Rc<Budget>,
    /// Sites by the names of their documents.
    pub sites: Memory<String, KnownDocument<Site>>,
    /// Titles by the names of their documents.
    pub titles: Memory<String, KnownDocument<Title>>,
    /// Keys by the names of their documents.
    pub keys: Memory<String, KnownDocument<KeySet>>,
    /// Revocations by the names of their documents.
    pub revocations: Memory<String, KnownDocument<RevocationIndex>>,
    /// Sites' own campaigns by the names of their documents.
    pub campaigns: Memory<String, KnownDocument<Campaigns>>,
    /// Creatives by the names of their documents.
    pub creatives: Memory<String, KnownDocument<Creative>>,
    /// The sets of keys that issuers publish, by URL.
    pub published: Memory<String, KnownKeys>,
    /// Published sets with the keys of the issuer's document, by issuer, the document's revision, and when the set was fetched.
    pub merged: Memory<(String, u64, u64), Weighed<Rc<KeySet>>>,
    /// Keys that the runtime has imported, by algorithm and parameters.
    pub imported: Memory<(Algorithm, Vec<u8>), R::ImportedKey>,
    /// Signatures that were verified, by a hash of key, message and signature.
    pub proofs: Memory<[u8; 32], ()>,
    /// Manifests by cache key.
    pub manifests: Memory<String, KnownManifest>,
    /// The Target Durations of live playlists in milliseconds, by cache key without directives: how long a blocking
    /// request is held.
    pub targets: Memory<String, u32>,
    /// Compiled manifests.
    pub templates: Memory<MemoryKey, R::Template>,
    /// Files by cache key.
    pub files: Memory<String, KnownFile<R::File>>,
    /// Sources by the paths of requests.
    pub sources: KnownSources,
    /// Sessions by their tokens.
    pub sessions: OpenedSessions,
    /// Pods by the viewers' breaks that they fill.
    pub pods: Memory<MemoryKey, KnownPod>,
    /// The breaks that were decided ahead, by viewer.
    pub ahead: Memory<MemoryKey, KnownAhead>,
    /// VMAP documents by site and URL.
    pub vmaps: Memory<String, KnownVmap>,
    /// Streams by session.
    pub streams: Memory<[u8; 8], Standing>,
    /// Replies of ad servers that viewers share, by site and URL.
    pub ad_replies: Memory<String, KnownAdReply>,
    /// Ad servers that failed lately, by site and host, and by the viewer for whom they failed.
    pub breakers: Memory<String, Breaker>,
    /// Creatives that were reported as wanted, by site and id.
    pub wanted: Memory<String, KnownWanted>,
    /// The lines of the log that were written lately.
    pub repeats: RefCell<Repeats>,
    /// Requests for missing files that are delayed.
    pub missing_delays: RefCell<Delays>,
    /// Requests that are delayed after many refusals.
    pub refusal_delays: RefCell<Delays>,
    /// The body for one of the edge's own endpoints that is being read.
    pub reading: RefCell<Flight>,
}

impl<R: Runtime> Isolate<R> {
    /// An isolate that remembers nothing yet. `seed` is a random number, for [`Budget::new`].
    pub fn new(seed: u64) -> Self {
        let budget = Budget::new(plan::LIMIT, plan::ROOMS, seed);
        Self {
            sites: plan::SITES.of(&budget),
            titles: plan::TITLES.of(&budget),
            keys: plan::KEYS.of(&budget),
            revocations: plan::REVOCATIONS.of(&budget),
            campaigns: plan::CAMPAIGNS.of(&budget),
            creatives: plan::CREATIVES.of(&budget),
            published: plan::PUBLISHED.of(&budget),
            merged: plan::MERGED.of(&budget),
            imported: plan::IMPORTED.of(&budget),
            proofs: plan::PROOFS.of(&budget),
            manifests: plan::MANIFESTS.of(&budget),
            targets: plan::TARGETS.of(&budget),
            templates: plan::TEMPLATES.of(&budget),
            files: plan::FILES.of(&budget),
            sources: plan::SOURCES.of(&budget),
            sessions: plan::SESSIONS.of(&budget),
            pods: plan::PODS.of(&budget),
            ahead: plan::AHEAD.of(&budget),
            vmaps: plan::VMAPS.of(&budget),
            streams: plan::STREAMS.of(&budget),
            ad_replies: plan::AD_REPLIES.of(&budget),
            breakers: plan::BREAKERS.of(&budget),
            wanted: plan::WANTED.of(&budget),
            repeats: RefCell::default(),
            missing_delays: RefCell::default(),
            refusal_delays: RefCell::default(),
            reading: RefCell::default(),
            budget,
        }
    }
}

impl Weigh for Algorithm {
    fn heap_bytes(&self) -> usize {
        0
    }
}

impl Weigh for Standing {
    fn heap_bytes(&self) -> usize {
        0
    }
}

impl Slot for Standing {}

#[cfg(test)]
mod tests {
    use super::*;

    /// A runtime without a form of its own.
    struct Native;

    impl Runtime for Native {
        type File = Rc<[u8]>;
        type Template = ();
        type ImportedKey = ();
    }

    #[test]
    fn every_memory_of_the_plan_is_made_and_has_its_share() {
        let isolate = Isolate::<Native>::new(1);
        let accounts = isolate.budget.accounts();
        let made: Vec<_> = accounts.iter().map(|account| (account.name(), account.share())).collect();
        let planned: Vec<_> = plan::SHARES.iter().map(|share| (share.name, share.bytes)).collect();
        assert_eq!(made, planned);
        assert_eq!(isolate.budget.bytes(), isolate.budget.reserved());
    }
}
