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
    /// What it holds, under which keys.
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

/// The bytes of all memories and of what is under way: half of what an isolate has. The other half is for the code, for
/// what is compiled or rendered at the time, and for what the allocator cannot use.
pub const LIMIT: usize = 64 * MIB;

/// The bytes of bodies that are being read, at most. In the room of files, the longest that is shared has a place with
/// what reading it takes.
pub const ROOMS: Rooms = Rooms { files: 8 * MIB + 64 * KIB, manifests: 5 * MIB, keys: 960 * KIB };

/// The bytes of what has a bound of its own: the lines of the log that were told lately (`repeats.rs`), and which requests
/// wait (`worker/held.rs`).
pub const APART: usize = 1_280 * KIB;

macro_rules! shares {
    ($($name:ident $text:literal $kib:literal $holds:literal;)*) => {
        $(#[doc = $holds] pub const $name: Share = Share { name: $text, bytes: $kib * KIB, holds: $holds };)*

        /// All of them.
        pub const SHARES: &[Share] = &[$($name,)*];

        const SUM: usize = 0 $(+ $name.bytes)*;
    };
}

shares! {
    SITES "sites" 2_048 "Sites by their hosts; that there is none, too.";
    TITLES "titles" 8_192 "Titles by their ids, with what decisions need of them.";
    KEYS "keys" 1_024 "Documents of keys by their issuers.";
    REVOCATIONS "revocations" 6_144 "What sites have revoked, by their hosts.";
    PUBLISHED "published" 1_024 "Keys that issuers publish, by their URLs.";
    MERGED "merged" 1_024 "Those with the document's own, by issuer, revision and time.";
    IMPORTED "imported" 512 "Keys as the runtime holds them, by algorithm and parameters.";
    PROOFS "proofs" 512 "Signatures that were verified, by hash.";
    MANIFESTS "manifests" 9_216 "Manifests as the media origin gave them, by cache key.";
    TARGETS "targets" 256 "Target Durations by plain cache key.";
    TEMPLATES "templates" 9_216 "Compiled manifests, by all that their bytes depend on.";
    FILES "files" 8_192 "Files until the cache has them, small ones a minute, by cache key.";
    SOURCES "sources" 1_024 "Where files lie, by site, folder and path.";
    SESSIONS "sessions" 1_024 "What tokens of sessions opened, by token.";
    STREAMS "streams" 512 "When the store was last told of a session, by session.";
}

// What a memory has within its share, no other can take from it.
const _: () = assert!(ROOMS.sum() + APART + SUM <= LIMIT, "the shares add up to more than the limit");
