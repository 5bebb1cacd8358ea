//! The bytes of all memories of an isolate, and which of them gives way.
//!
//! Each memory has a share, and the shares and what may be under way add up to the limit or less. A memory may take more
//! than its share while others leave theirs. Once all of them together are over the limit, the one that takes the most in
//! proportion to its share gives way, until they are not. Whenever that happens, some memory is over its share: so one
//! that keeps within its own loses nothing to the others, however much strangers put into those. Keys made up for files do
//! not push documents out.
//!
//! Bytes of requests under way (a body that is being read) are reserved first, and the memories make room for them. One
//! reservation may be larger than all that may be under way at a time, if there is no other: then memories within their
//! shares give way as well. What is under way is cut off with the request that began it, and nobody is told: so a
//! reservation ends by itself, once the patience with that work is over.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::rc::{Rc, Weak};
use std::time::Duration;

use super::memory::{Memory, Slot};
use super::weigh::Weigh;

/// How many bytes an isolate remembers at most, and how many it does.
pub struct Budget {
    limit: usize,
    /// The most that may be reserved.
    under_way: usize,
    reserved: Cell<usize>,
    reservations: RefCell<HashMap<u64, Reserved>>,
    /// How many reservations there have been.
    made: Cell<u64>,
    /// The bytes of all memories.
    held: Cell<usize>,
    shares: Cell<usize>,
    memories: RefCell<Vec<Registered>>,
    seed: u64,
}

#[derive(Clone, Copy)]
struct Reserved {
    bytes: usize,
    until_ms: u64,
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

/// What one memory takes.
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
    /// A budget of `limit` bytes, of which `under_way` may be reserved. `seed` is a random number: without it, nobody can
    /// choose keys that fall into the same place of a table.
    pub fn new(limit: usize, under_way: usize, seed: u64) -> Rc<Self> {
        Rc::new(Self {
            limit,
            under_way,
            reserved: Cell::new(0),
            reservations: RefCell::default(),
            made: Cell::new(0),
            held: Cell::new(0),
            shares: Cell::new(under_way),
            memories: RefCell::default(),
            seed,
        })
    }

    /// A memory with this share, one of 64 at most. The shares of all of them, and what may be under way, are within the
    /// limit, or the share is cut to what is left.
    pub fn memory<K: Weigh + 'static, S: Slot + 'static>(
        self: &Rc<Self>,
        name: &'static str,
        share: usize,
    ) -> Memory<K, S> {
        let share = share.min(self.limit.saturating_sub(self.shares.get()));
        self.shares.set(self.shares.get() + share);
        let account = Rc::new(Account { name, share, bytes: Cell::new(0) });
        let (memory, gives_way) = Memory::new(Rc::clone(self), Rc::clone(&account), self.seed);
        self.memories.borrow_mut().push(Registered { account, memory: gives_way });
        memory
    }

    /// Reserves bytes for work that takes no longer than `patience`, until it is dropped; `None`: so much is under way
    /// already.
    pub fn reserve(self: &Rc<Self>, bytes: usize, now_ms: u64, patience: Duration) -> Option<Reservation> {
        let id = self.made.replace(self.made.get().wrapping_add(1));
        let patience = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
        let empty = Reserved { bytes: 0, until_ms: now_ms.saturating_add(patience) };
        self.reservations.borrow_mut().insert(id, empty);
        let reservation = Reservation { budget: Rc::clone(self), id };
        reservation.grow(bytes, now_ms).then_some(reservation)
    }

    /// Reserves so many bytes more under a reservation.
    fn grow(&self, id: u64, bytes: usize, now_ms: u64) -> bool {
        // Its own few bytes count, too.
        let bytes = bytes.saturating_add(size_of::<(u64, Reserved)>());
        if !self.fits(id, bytes) {
            self.reservations.borrow_mut().retain(|_, known| now_ms < known.until_ms);
            let left = self.reservations.borrow().values().map(|known| known.bytes).sum();
            self.reserved.set(left);
            if !self.fits(id, bytes) {
                return false;
            }
        }
        match self.reservations.borrow_mut().get_mut(&id) {
            Some(known) => known.bytes += bytes,
            // It has ended by itself.
            None => return false,
        }
        self.reserved.set(self.reserved.get() + bytes);
        self.settle(now_ms);
        true
    }

    fn fits(&self, id: u64, bytes: usize) -> bool {
        let own = self.reservations.borrow().get(&id).map_or(0, |known| known.bytes);
        let alone = self.reserved.get() == own;
        // Alone, it may be a manifest of the greatest length that a site may set: half of all.
        let most = if alone { self.limit / 8 * 5 } else { self.under_way };
        self.reserved.get().saturating_add(bytes) <= most
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

    /// What each memory takes, in the order in which they were made.
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
        // A memory that is being worked on settles the matter itself, when that is done. Nothing is registered meanwhile.
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

/// Bytes of something that is under way. They are free again when it is dropped, or its time is over.
#[derive(Debug)]
pub struct Reservation {
    budget: Rc<Budget>,
    id: u64,
}

impl Reservation {
    /// Reserves more; `false`: there is no room, and it is as it was.
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
        let budget = Budget::new(1024 * KIB, 0, 1);
        let files = budget.memory::<u64, Bytes>("files", 512 * KIB);
        let documents = budget.memory::<u64, Bytes>("documents", 512 * KIB);
        for key in 0..200 {
            files.insert(key, Bytes(10 * KIB), 0);
            assert!(budget.bytes() <= budget.limit());
        }
        assert!(files.bytes() > 960 * KIB, "{budget:?}");
        // What the others come to need, it gives back; what is within its share stays.
        for key in 0..40 {
            documents.insert(key, Bytes(10 * KIB), 0);
        }
        for key in 0..1_000 {
            files.insert(1_000 + key, Bytes(10 * KIB), 0);
            assert!(budget.bytes() <= budget.limit());
        }
        assert_eq!(documents.len(), 40);
    }

    #[test]
    fn what_is_under_way_is_within_the_limit_as_well() {
        let budget = Budget::new(1024 * KIB, 256 * KIB, 1);
        let files = budget.memory::<u64, Bytes>("files", 768 * KIB);
        for key in 0..200 {
            files.insert(key, Bytes(10 * KIB), 0);
        }
        let second = Duration::from_secs(1);
        let first = budget.reserve(200 * KIB, 0, second).unwrap();
        assert!(budget.bytes() <= budget.limit() && budget.reserved() >= 200 * KIB);
        assert!(budget.reserve(100 * KIB, 0, second).is_none());
        assert!(first.grow(55 * KIB, 0));
        assert!(budget.reserve(KIB, 0, second).is_none());
        drop(first);
        // Alone, one may be larger.
        let large = budget.reserve(512 * KIB, 0, second).unwrap();
        assert!(budget.bytes() <= budget.limit());
        assert!(budget.reserve(1, 0, second).is_none());
        drop(large);
        assert!(budget.reserve(640 * KIB, 0, second).is_none());
        assert_eq!(budget.reserved(), 0);
    }

    /// The runtime cuts work off with the request that began it, and drops nothing.
    #[test]
    fn a_reservation_of_work_that_was_cut_off_ends_by_itself() {
        let budget = Budget::new(1024 * KIB, 256 * KIB, 1);
        let cut_off = budget.reserve(250 * KIB, 5_000, Duration::from_secs(1)).unwrap();
        assert!(budget.reserve(250 * KIB, 5_999, Duration::from_secs(1)).is_none());
        let next = budget.reserve(250 * KIB, 6_000, Duration::from_secs(1)).unwrap();
        assert!(!cut_off.grow(1, 6_000));
        drop(cut_off);
        assert!(budget.reserved() >= 250 * KIB);
        drop(next);
        assert_eq!(budget.reserved(), 0);
    }

    #[test]
    fn an_entry_of_more_than_half_of_all_is_not_remembered_and_pushes_nothing_out() {
        let budget = Budget::new(1024 * KIB, 0, 1);
        let files = budget.memory::<u64, Bytes>("files", 1024 * KIB);
        files.insert(1, Bytes(100 * KIB), 0);
        files.insert(2, Bytes(513 * KIB), 0);
        assert_eq!((files.find(&1, |_| ()), files.find(&2, |_| ())), (Some(()), None));
    }

    #[test]
    fn shares_beyond_the_limit_are_cut() {
        let budget = Budget::new(100, 20, 1);
        let _first = budget.memory::<u64, Bytes>("first", 70);
        let _second = budget.memory::<u64, Bytes>("second", 70);
        let shares: Vec<_> = budget.accounts().iter().map(|account| account.share()).collect();
        assert_eq!(shares, [70, 10]);
    }
}
