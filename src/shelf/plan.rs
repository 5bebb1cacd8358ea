//! The memories of an isolate, and the share of its budget that each of them has.

use std::rc::Rc;

use super::{Budget, Memory, Rooms, Slot, Weigh};

/// A memory's name and share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The name.
    pub name: &'static str,
    /// The bytes that it may take whatever the others do.
    pub bytes: usize,
    /// Its values, and their keys.
    pub holds: &'static str,
}

impl Share {
    /// Makes the memory.
    pub fn of<K: Weigh + 'static, S: Slot + 'static>(self, budget: &Rc<Budget>) -> Memory<K, S> {
        budget.memory(self.name, self.bytes)
    }
}

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// The bytes of all memories and of bodies under way: half of an isolate. The other half is for the code, for manifests that
/// are being compiled or rendered, and for the gaps of the allocator.
pub const LIMIT: usize = 64 * MIB;

/// The most bytes of bodies that are being read. The longest file that is shared has a place in the room of files, with the
/// bytes that reading it takes.
pub const ROOMS: Rooms =
    Rooms { files: 8 * MIB + 64 * KIB, manifests: 5 * MIB, keys: 960 * KIB, ads: 2 * MIB };

/// The bytes of tables with a bound of their own: the lines of the log that were written lately (`repeats.rs`), and the
/// requests that are delayed (`delays.rs`).
pub const APART: usize = 1_280 * KIB;

macro_rules! shares {
    ($($name:ident $text:literal $kib:literal $holds:literal;)*) => {
        $(#[doc = $holds] pub const $name: Share = Share { name: $text, bytes: $kib * KIB, holds: $holds };)*

        /// The shares of all memories.
        pub const SHARES: &[Share] = &[$($name,)*];

        const SUM: usize = 0 $(+ $name.bytes)*;
    };
}

shares! {
    SITES "sites" 2_048 "Sites by host, and hosts without a site.";
    TITLES "titles" 6_656 "Titles by id, with the values that decisions derive from them.";
    KEYS "keys" 1_024 "Documents of keys by issuer.";
    REVOCATIONS "revocations" 5_120 "Revocations by host.";
    CAMPAIGNS "campaigns" 1_920 "Sites' own campaigns by host, and sites without campaigns.";
    CREATIVES "creatives" 1_024 "Creatives by id, and ids without a creative.";
    PUBLISHED "published" 1_024 "Keys that issuers publish, by URL.";
    MERGED "merged" 1_024 "Published keys with the keys of the document, by issuer, revision and time.";
    IMPORTED "imported" 512 "Keys that the runtime has imported, by algorithm and parameters.";
    PROOFS "proofs" 512 "Signatures that were verified, by hash.";
    MANIFESTS "manifests" 8_192 "Manifests of the media origin, by cache key.";
    TARGETS "targets" 256 "Target Durations by cache key without directives.";
    TEMPLATES "templates" 7_872 "Compiled manifests, by everything that their bytes depend on.";
    FILES "files" 6_144 "Files by cache key: small ones and those in demand for a minute, others until the cache has them.";
    SOURCES "sources" 1_024 "URLs at the media origin, by site, folder and path.";
    SESSIONS "sessions" 1_024 "Sessions by token.";
    PODS "pods" 512 "Pods by session and break.";
    AHEAD "ahead" 256 "Breaks that are decided ahead, by viewer and title.";
    VMAPS "vmaps" 256 "VMAP documents by site and URL.";
    STREAMS "streams" 512 "When the store last heard of a stream, by session.";
    AD_REPLIES "ad replies" 448 "Replies of ad servers that viewers share, by site and URL.";
    BREAKERS "breakers" 128 "Ad servers that failed lately, by site, host and viewer.";
    WANTED "wanted" 128 "Creatives that were reported as wanted, by site and id.";
}

// So no memory can take bytes that are within the share of another.
const _: () = assert!(ROOMS.sum() + APART + SUM <= LIMIT, "the shares add up to more than the limit");
