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
//! shares give way as well.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::{Rc, Weak};

use super::memory::{Memory, Slot};
use super::weigh::Weigh;

/// How many bytes an isolate remembers at most, and how many it does.
pub struct Budget {
    limit: usize,
    /// The most that may be reserved.
    under_way: usize,
    reserved: Cell<usize>,
    /// The bytes of all memories.
    held: Cell<usize>,
    shares: Cell<usize>,
    memories: RefCell<Vec<Registered>>,
    seed: u64,
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
    fn load(&self) -> u128 {
        self.bytes.get() as u128 * 1024 / (self.share.max(1) as u128)
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
            held: Cell::new(0),
            shares: Cell::new(under_way),
            memories: RefCell::default(),
            seed,
        })
    }

    /// A memory with this share. The shares of all of them, and what may be under way, are within the limit, or the
    /// share is cut to what is left.
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

    /// Reserves bytes for something that is under way, until it is dropped; `None`: so much is under way already.
    pub fn reserve(self: &Rc<Self>, bytes: usize, now_ms: u64) -> Option<Reservation> {
        let mut reservation = Reservation { budget: Rc::clone(self), bytes: 0 };
        reservation.grow(bytes, now_ms).then_some(reservation)
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

    /// The heaviest entry that is remembered, and the largest reservation: for more, too many others would have to go.
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
        let mut stuck = vec![false; memories.len()];
        while self.bytes() > self.limit {
            let over = memories
                .iter()
                .zip(&mut stuck)
                .filter(|(known, stuck)| !**stuck && known.account.bytes() > 0);
            let Some((known, stuck)) = over.max_by_key(|(known, _)| known.account.load()) else { return };
            *stuck = known.memory.upgrade().and_then(|memory| memory.give_way(now_ms)).is_none();
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

/// Bytes of something that is under way. They are free again when it is dropped.
#[derive(Debug)]
pub struct Reservation {
    budget: Rc<Budget>,
    bytes: usize,
}

impl Reservation {
    /// Reserves more; `false`: there is no room, and it is as it was.
    pub fn grow(&mut self, bytes: usize, now_ms: u64) -> bool {
        let reserved = self.budget.reserved.get().saturating_add(bytes);
        let alone = self.budget.reserved.get() == self.bytes;
        let most =
            if alone { self.budget.heaviest().max(self.budget.under_way) } else { self.budget.under_way };
        let fits = reserved <= most;
        if fits {
            self.budget.reserved.set(reserved);
            self.bytes += bytes;
            self.budget.settle(now_ms);
        }
        fits
    }

    /// The bytes.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.reserved.set(self.budget.reserved.get().saturating_sub(self.bytes));
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
        let mut first = budget.reserve(200 * KIB, 0).unwrap();
        assert!(budget.bytes() <= budget.limit() && budget.reserved() == 200 * KIB);
        assert!(budget.reserve(100 * KIB, 0).is_none());
        assert!(first.grow(56 * KIB, 0));
        assert!(budget.reserve(1, 0).is_none());
        drop(first);
        // Alone, one may be larger, up to half of all.
        let large = budget.reserve(512 * KIB, 0).unwrap();
        assert!(budget.bytes() <= budget.limit());
        assert!(budget.reserve(1, 0).is_none());
        drop(large);
        assert!(budget.reserve(512 * KIB + 1, 0).is_none());
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
