//! The bytes of all memories of an isolate, and which of them gives way.
//!
//! Each memory has a share. The shares and the bytes that may be under way add up to the limit or less. A memory may take
//! more than its share while others leave theirs. While all of them together are over the limit, the memory that takes the
//! most in proportion to its share gives way. Some memory is over its share then, so a memory within its share loses nothing
//! to the others, however much strangers put into those: keys made up for files do not push documents out.
//!
//! Bytes under way (a body that is being read) are reserved first, and the memories make room for them. They have
//! [`Rooms`]: a media origin decides how long reading a body takes, so no site may take the room that others need.
//!
//! - Files, manifests, published keys and ad servers' documents have a room each, and none takes from another's.
//! - In the rooms of manifests, keys and ads, a site takes at most as much as stays free. So the first takes half, the next a
//!   third of that and so on, and there is a place for the next site, however slow the others' origins are.
//! - A file without a place is streamed, and nobody is refused. So a site that is alone may fill the room of files; once
//!   others have asked for a place within the last minute, it takes half at most.
//! - A manifest that is longer than a site's part of the room is read beside the room, one at a time. Then memories within
//!   their shares give way as well.
//!
//! The runtime cuts work off with the request that began it, and tells nobody. So a reservation ends by itself, once the
//! patience with that work is over.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::{Rc, Weak};
use std::time::Duration;

/// The bytes that an isolate remembers, and the most that it may.
pub struct Budget {
    limit: usize,
    rooms: Rooms,
    reserved: Cell<usize>,
    reservations: RefCell<HashMap<u64, Reserved>>,
    /// How many reservations there have been.
    made: Cell<u64>,
    /// The bytes of all memories.
    held: Cell<usize>,
    shares: Cell<usize>,
    memories: RefCell<Vec<Registered>>,
    /// The last two sites that asked for a place for a file, and when.
    asked: Cell<[(u64, u64); 2]>,
    seed: u64,
}

/// Why a body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A file that is to be shared. Without a place, it is streamed.
    File,
    /// A manifest or a part of one. Without a place, the request is refused.
    Manifest,
    /// The keys that an issuer publishes. Without a place, nobody can be let in.
    Keys,
    /// A document of an ad server. Without a place, the break is left to the content.
    Ads,
}

/// How many bytes may be under way for each purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rooms {
    /// The room of files.
    pub files: usize,
    /// The room of manifests.
    pub manifests: usize,
    /// The room of published keys.
    pub keys: usize,
    /// The room of ad servers' documents.
    pub ads: usize,
}

impl Rooms {
    /// The bytes of all rooms.
    pub const fn sum(self) -> usize {
        self.files + self.manifests + self.keys + self.ads
    }

    const fn of(self, purpose: Purpose) -> usize {
        match purpose {
            Purpose::File => self.files,
            Purpose::Manifest => self.manifests,
            Purpose::Keys => self.keys,
            Purpose::Ads => self.ads,
        }
    }
}

/// The bytes of a request under way beside its body: its source, its patience, its place in the tables.
const BESIDE_BODY: usize = 2 * 1024;

/// For how long a site that has asked for a place keeps others from taking more than half, in milliseconds.
const ASKED_MS: u64 = 60_000;

#[derive(Clone, Copy)]
struct Reserved {
    bytes: usize,
    until_ms: u64,
    purpose: Purpose,
    /// A hash of the site.
    site: u64,
    /// It is beside the room.
    is_beside: bool,
}

struct Registered {
    account: Rc<Account>,
    memory: Weak<dyn GivesWay>,
}

/// A memory, as its budget sees it.
pub(super) trait GivesWay {
    /// Removes one entry. `None`: it has none, or is being worked on.
    fn give_way(&self, now_ms: u64) -> Option<()>;
}

/// The bytes of one memory.
#[derive(Debug)]
pub struct Account {
    name: &'static str,
    share: usize,
    bytes: Cell<usize>,
}

impl Account {
    /// The memory's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The bytes that it may take whatever the others do.
    pub const fn share(&self) -> usize {
        self.share
    }

    /// The bytes that it takes.
    pub const fn bytes(&self) -> usize {
        self.bytes.get()
    }

    /// How much of its share it takes, in 1,024ths.
    const fn load(&self) -> u64 {
        let share = if self.share == 0 { 1 } else { self.share };
        self.bytes.get() as u64 * 1024 / share as u64
    }
}

impl Budget {
    /// A budget of `limit` bytes, of which `rooms` may be reserved. `seed` is a random number: without it, nobody
    /// can choose keys that fall into the same place of a table.
    pub fn new(limit: usize, rooms: Rooms, seed: u64) -> Rc<Self> {
        Rc::new(Self {
            limit,
            rooms,
            reserved: Cell::new(0),
            reservations: RefCell::default(),
            made: Cell::new(0),
            held: Cell::new(0),
            shares: Cell::new(rooms.sum()),
            memories: RefCell::default(),
            asked: Cell::default(),
            seed,
        })
    }

    /// An account for a memory, with as much of this share as the other shares leave.
    pub(super) fn open(&self, name: &'static str, share: usize) -> Rc<Account> {
        let share = share.min(self.limit.saturating_sub(self.shares.get()));
        self.shares.set(self.shares.get() + share);
        Rc::new(Account { name, share, bytes: Cell::new(0) })
    }

    /// Registers the memory of an account.
    pub(super) fn register(&self, account: Rc<Account>, memory: Weak<dyn GivesWay>) {
        self.memories.borrow_mut().push(Registered { account, memory });
    }

    /// The random number that tables are seeded with.
    pub(super) const fn seed(&self) -> u64 {
        self.seed
    }

    /// Reserves bytes of a site's for work that takes no longer than `patience`, until it is dropped; `None`: there is no
    /// place for them in their room.
    pub fn reserve(
        self: &Rc<Self>,
        (purpose, site): (Purpose, &str),
        bytes: usize,
        now_ms: u64,
        patience: Duration,
    ) -> Option<Reservation> {
        let id = self.made.replace(self.made.get().wrapping_add(1));
        let patience = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
        let mut hasher = DefaultHasher::new();
        (self.seed, site).hash(&mut hasher);
        let site = hasher.finish();
        if purpose == Purpose::File {
            self.note_asked(site, now_ms);
        }
        let until_ms = now_ms.saturating_add(patience);
        let empty = Reserved { bytes: 0, until_ms, purpose, site, is_beside: false };
        self.reservations.borrow_mut().insert(id, empty);
        let reservation = Reservation { budget: Rc::clone(self), id };
        reservation.grow(bytes.saturating_add(BESIDE_BODY), now_ms).then_some(reservation)
    }

    fn note_asked(&self, site: u64, now_ms: u64) {
        let [last, before] = self.asked.get();
        let before = if last.0 == site { before } else { last };
        self.asked.set([(site, now_ms), before]);
    }

    /// Whether another site has asked for a place for a file lately.
    fn others_ask(&self, site: u64, now_ms: u64) -> bool {
        let lately = |at: u64| at > 0 && now_ms.saturating_sub(at) < ASKED_MS;
        self.asked.get().iter().any(|(other, at)| *other != site && lately(*at))
    }

    /// Reserves so many bytes more under a reservation.
    fn grow(&self, id: u64, bytes: usize, now_ms: u64) -> bool {
        let mut reservations = self.reservations.borrow_mut();
        let mut place = self.place(&reservations, id, bytes, now_ms);
        if place.is_none() {
            reservations.retain(|_, known| now_ms < known.until_ms);
            self.reserved.set(reservations.values().map(|known| known.bytes).sum());
            place = self.place(&reservations, id, bytes, now_ms);
        }
        let (Some(is_beside), Some(known)) = (place, reservations.get_mut(&id)) else { return false };
        known.bytes += bytes;
        known.is_beside = is_beside;
        drop(reservations);
        self.reserved.set(self.reserved.get() + bytes);
        self.settle(now_ms);
        true
    }

    /// Whether there is a place for so many bytes more, and whether that is beside the room. `None`: there is none, or the
    /// reservation has ended by itself.
    fn place(
        &self,
        reservations: &HashMap<u64, Reserved>,
        id: u64,
        bytes: usize,
        now_ms: u64,
    ) -> Option<bool> {
        let own = reservations.get(&id)?;
        let after = own.bytes.saturating_add(bytes);
        let others = || reservations.iter().filter(|(other, _)| **other != id).map(|(_, known)| known);
        if !own.is_beside {
            let in_room = || others().filter(|known| known.purpose == own.purpose && !known.is_beside);
            let all: usize = in_room().map(|known| known.bytes).sum();
            let site: usize = in_room().filter(|known| known.site == own.site).map(|known| known.bytes).sum();
            let room = self.rooms.of(own.purpose);
            let free = room.checked_sub(all.saturating_add(after));
            let site = site.saturating_add(after);
            let fits = free.is_some_and(|free| match own.purpose {
                Purpose::File => site <= room / 2 || !self.others_ask(own.site, now_ms),
                Purpose::Manifest | Purpose::Keys | Purpose::Ads => site <= free,
            });
            if fits {
                return Some(false);
            }
        }
        // It may be a manifest of the greatest length that a site may set: half of all, and how far it has grown beyond.
        let is_long = own.purpose == Purpose::Manifest && after > self.rooms.manifests / 2;
        let is_alone = is_long && others().all(|known| !known.is_beside);
        (is_alone && after <= self.limit / 8 * 5).then_some(true)
    }

    /// The most bytes that it allows.
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// The bytes of all memories, and those that are reserved.
    pub const fn bytes(&self) -> usize {
        self.held.get() + self.reserved.get()
    }

    /// The bytes that are reserved.
    pub const fn reserved(&self) -> usize {
        self.reserved.get()
    }

    /// The account of each memory, in the order in which they were made.
    pub fn accounts(&self) -> Vec<Rc<Account>> {
        self.memories.borrow().iter().map(|known| Rc::clone(&known.account)).collect()
    }

    /// The heaviest entry that is remembered: for more, too many others would have to go.
    pub(super) const fn heaviest(&self) -> usize {
        self.limit / 2
    }

    /// Books that a memory takes so many bytes now.
    pub(super) fn book(&self, account: &Account, bytes: usize) {
        let before = account.bytes.replace(bytes);
        self.held.set((self.held.get() + bytes).saturating_sub(before));
    }

    /// Has memories give way until all are within the limit.
    pub(super) fn settle(&self, now_ms: u64) {
        if self.bytes() <= self.limit {
            return;
        }
        // A memory that is being worked on settles once that is done. Nothing is registered meanwhile.
        let Ok(memories) = self.memories.try_borrow() else { return };
        let mut stuck = 0_u64;
        while self.bytes() > self.limit {
            let over = memories.iter().enumerate();
            let over = over.filter(|(at, known)| stuck >> at & 1 == 0 && known.account.bytes() > 0);
            let Some((at, known)) = over.max_by_key(|(_, known)| known.account.load()) else { return };
            if known.memory.upgrade().and_then(|memory| memory.give_way(now_ms)).is_none() {
                stuck |= 1 << at;
            }
        }
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit, reserved, held, .. } = self;
        let mut debug = f.debug_struct("Budget");
        debug.field("limit", limit).field("reserved", &reserved.get()).field("held", &held.get());
        debug.finish_non_exhaustive()
    }
}

/// Bytes of work under way. They are free again when it is dropped, or its time is over.
#[derive(Debug)]
pub struct Reservation {
    budget: Rc<Budget>,
    id: u64,
}

impl Reservation {
    /// Reserves more bytes; `false`: there is no room for them, and the reservation has not changed.
    pub fn grow(&self, bytes: usize, now_ms: u64) -> bool {
        self.budget.grow(self.id, bytes, now_ms)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(known) = self.budget.reservations.borrow_mut().remove(&self.id) {
            self.budget.reserved.set(self.budget.reserved.get().saturating_sub(known.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Memory, Slot, Weigh};
    use super::*;

    /// A value of so many bytes.
    #[derive(Default)]
    struct Bytes(usize);

    impl Weigh for Bytes {
        fn heap_bytes(&self) -> usize {
            self.0
        }
    }

    impl Slot for Bytes {}

    const KIB: usize = 1024;

    #[test]
    fn a_memory_takes_more_than_its_share_while_others_leave_theirs() {
        let budget = Budget::new(1024 * KIB, Rooms::default(), 1);
        let files = budget.memory::<u64, Bytes>("files", 512 * KIB);
        let documents = budget.memory::<u64, Bytes>("documents", 512 * KIB);
        for key in 0..200 {
            files.insert(key, Bytes(10 * KIB), 0);
            assert!(budget.bytes() <= budget.limit());
        }
        assert!(files.bytes() > 960 * KIB, "{budget:?}");
        // It gives back bytes that the others need, and keeps those within its share.
        for key in 0..40 {
            documents.insert(key, Bytes(10 * KIB), 0);
        }
        for key in 0..1_000 {
            files.insert(1_000 + key, Bytes(10 * KIB), 0);
            assert!(budget.bytes() <= budget.limit());
        }
        assert_eq!(documents.len(), 40);
    }

    const SECOND: Duration = Duration::from_secs(1);

    const ROOMS: Rooms = Rooms { files: 128 * KIB, manifests: 96 * KIB, keys: 32 * KIB, ads: 0 };

    /// A budget with memories that are full.
    fn full() -> (Rc<Budget>, Memory<u64, Bytes>) {
        let budget = Budget::new(1024 * KIB, ROOMS, 1);
        let files = budget.memory::<u64, Bytes>("files", 768 * KIB);
        for key in 0..200 {
            files.insert(key, Bytes(10 * KIB), 0);
        }
        (budget, files)
    }

    /// As many bodies of so many bytes as a site finds a place for.
    fn fill(budget: &Rc<Budget>, whose: (Purpose, &str), bytes: usize, now_ms: u64) -> Vec<Reservation> {
        std::iter::from_fn(|| budget.reserve(whose, bytes, now_ms, SECOND)).collect()
    }

    #[test]
    fn what_is_under_way_is_within_the_limit_as_well() {
        let (budget, _files) = full();
        let first = budget.reserve((Purpose::File, "a"), 60 * KIB, 0, SECOND).unwrap();
        assert!(budget.bytes() <= budget.limit() && budget.reserved() >= 60 * KIB);
        assert!(first.grow(66 * KIB, 0));
        assert!(!first.grow(1, 0));
        assert!(budget.reserve((Purpose::File, "a"), 1, 0, SECOND).is_none());
        drop(first);
        assert_eq!(budget.reserved(), 0);
    }

    /// The origins of one site stall: with files, manifests, pieces of manifests, one long manifest and keys, all at once.
    #[test]
    fn a_site_whose_origins_stall_leaves_others_places_for_their_manifests_and_keys() {
        let (budget, _files) = full();
        let mut stalled = Vec::new();
        for bytes in [600 * KIB, 40 * KIB, 7 * KIB, KIB] {
            for purpose in [Purpose::File, Purpose::Manifest, Purpose::Keys] {
                stalled.extend(fill(&budget, (purpose, "a"), bytes, 0));
            }
        }
        assert!(budget.bytes() <= budget.limit());
        let manifest = budget.reserve((Purpose::Manifest, "b"), 4 * KIB, 0, SECOND).unwrap();
        assert!(manifest.grow(16 * KIB, 0));
        assert!(budget.reserve((Purpose::Keys, "b"), 4 * KIB, 0, SECOND).is_some());
        // And so for others, with less each.
        stalled.extend(fill(&budget, (Purpose::Manifest, "b"), KIB, 0));
        assert!(budget.reserve((Purpose::Manifest, "c"), 4 * KIB, 0, SECOND).is_some());
    }

    #[test]
    fn a_site_that_is_alone_fills_the_room_of_files_and_half_of_it_once_others_ask() {
        let (budget, _files) = full();
        let alone = fill(&budget, (Purpose::File, "a"), 20 * KIB, 1_000);
        assert_eq!(alone.len(), 5);
        // It is streamed, and nobody is refused.
        assert!(budget.reserve((Purpose::File, "b"), 20 * KIB, 1_000, SECOND).is_none());
        drop(alone);
        assert_eq!(fill(&budget, (Purpose::File, "a"), 20 * KIB, 2_000).len(), 2);
        let half = fill(&budget, (Purpose::File, "a"), 20 * KIB, 2_000);
        assert_eq!(fill(&budget, (Purpose::File, "b"), 20 * KIB, 2_000).len(), 2);
        drop(half);
        assert_eq!(fill(&budget, (Purpose::File, "a"), 20 * KIB, 2_000 + ASKED_MS).len(), 5);
    }

    #[test]
    fn a_manifest_of_the_greatest_length_is_read_beside_the_room_and_alone() {
        let (budget, _files) = full();
        let small = budget.reserve((Purpose::Manifest, "b"), KIB, 0, SECOND).unwrap();
        let large = budget.reserve((Purpose::Manifest, "a"), 64 * KIB, 0, SECOND).unwrap();
        assert!(large.grow(448 * KIB, 0));
        assert!(budget.bytes() <= budget.limit());
        assert!(budget.reserve((Purpose::Manifest, "b"), 512 * KIB, 0, SECOND).is_none());
        // Beside it, the room is as it was.
        assert!(small.grow(40 * KIB, 0));
        drop(large);
        // A body that comes in pieces grows out of the room.
        assert!(small.grow(400 * KIB, 0));
        assert!(budget.reserve((Purpose::Manifest, "b"), 40 * KIB, 0, SECOND).is_some());
        assert!(!small.grow(300 * KIB, 0), "more than any manifest");
        assert!(budget.reserve((Purpose::Keys, "a"), 64 * KIB, 0, SECOND).is_none());
        assert!(budget.reserve((Purpose::File, "a"), 512 * KIB, 0, SECOND).is_none());
        drop(small);
        assert_eq!(budget.reserved(), 0);
    }

    #[test]
    fn a_body_of_nothing_takes_what_reading_it_takes() {
        let (budget, _files) = full();
        let many = fill(&budget, (Purpose::File, "a"), 0, 0);
        assert_eq!(many.len(), ROOMS.files / BESIDE_BODY);
    }

    /// The runtime cuts work off with the request that began it, and drops nothing.
    #[test]
    fn a_reservation_of_work_that_was_cut_off_ends_by_itself() {
        let (budget, _files) = full();
        let reserve = |now_ms| budget.reserve((Purpose::Keys, "a"), 12 * KIB, now_ms, SECOND);
        let cut_off = reserve(5_000).unwrap();
        assert!(reserve(5_999).is_none());
        let next = reserve(6_000).unwrap();
        assert!(!cut_off.grow(1, 6_000));
        drop(cut_off);
        assert!(budget.reserved() >= 12 * KIB);
        drop(next);
        assert_eq!(budget.reserved(), 0);
    }

    #[test]
    fn an_entry_of_more_than_half_of_all_is_not_remembered_and_pushes_nothing_out() {
        let budget = Budget::new(1024 * KIB, Rooms::default(), 1);
        let files = budget.memory::<u64, Bytes>("files", 1024 * KIB);
        files.insert(1, Bytes(100 * KIB), 0);
        files.insert(2, Bytes(513 * KIB), 0);
        assert_eq!((files.find(&1, |_| ()), files.find(&2, |_| ())), (Some(()), None));
    }

    #[test]
    fn shares_beyond_the_limit_are_cut() {
        let budget = Budget::new(100, Rooms { files: 20, ..Rooms::default() }, 1);
        let _first = budget.memory::<u64, Bytes>("first", 70);
        let _second = budget.memory::<u64, Bytes>("second", 70);
        let shares: Vec<_> = budget.accounts().iter().map(|account| account.share()).collect();
        assert_eq!(shares, [70, 10]);
    }
}
