//! Values under keys. Of those that have to go, the ones go first that were not asked for since they were last looked at.
//!
//! Entries stand in a queue. To make room, the oldest is looked at: if it was asked for since it joined the queue, it
//! joins it anew; if not, it goes (second chance, or CLOCK). Each step was paid for by a hit or an insertion, so that
//! making room takes constant time on average, however many entries there are; and a flood of keys that nobody asks for
//! twice passes through without taking along what is asked for.

use std::borrow::Borrow;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};
use std::rc::{Rc, Weak};

use super::budget::{Account, Budget, GivesWay};
use super::weigh::{Weigh, Weighed, allocation};

/// A value in a memory.
pub trait Slot: Weigh {
    /// Whether it may go before others do: nobody would miss it.
    fn is_spent(&self, _now_ms: u64) -> bool {
        false
    }

    /// Whether somebody is at work on it, so that others should go before it.
    fn is_busy(&self, _now_ms: u64) -> bool {
        false
    }
}

impl Slot for () {}

impl Slot for u32 {}

impl<T> Slot for Weighed<T> {}

/// What is remembered under keys, within a [`Budget`].
pub struct Memory<K, S> {
    shelf: Rc<Shelf<K, S>>,
}

struct Shelf<K, S> {
    budget: Rc<Budget>,
    account: Rc<Account>,
    seed: u64,
    entries: RefCell<Entries<K, S>>,
}

impl<K: Weigh + 'static, S: Slot + 'static> Memory<K, S> {
    pub(super) fn new(budget: Rc<Budget>, account: Rc<Account>, seed: u64) -> (Self, Weak<dyn GivesWay>) {
        let shelf = Rc::new(Shelf { budget, account, seed, entries: RefCell::default() });
        let weak: Weak<Shelf<K, S>> = Rc::downgrade(&shelf);
        (Self { shelf }, weak)
    }
}

impl<K: Weigh + Hash + Eq, S: Slot> Memory<K, S> {
    /// Looks at the value of a key, where there is one.
    pub fn find<Q: Hash + Eq + ?Sized, T>(&self, key: &Q, look: impl FnOnce(&S) -> T) -> Option<T>
    where
        K: Borrow<Q>,
    {
        self.find_by(key, |known| known.borrow() == key, look)
    }

    /// The same for a key that is at hand in another form, with the same hash: a tuple of texts, say, for a key that owns
    /// them.
    pub fn find_by<T>(
        &self,
        hashed: impl Hash,
        is: impl Fn(&K) -> bool,
        look: impl FnOnce(&S) -> T,
    ) -> Option<T> {
        let entries = self.shelf.entries.borrow();
        let node = entries.node(entries.position(self.hash(hashed), is)?)?;
        node.asked.set(true);
        Some(look(&node.slot))
    }

    /// Puts a value under a key.
    pub fn insert(&self, key: K, slot: S, now_ms: u64) {
        let mut entries = self.shelf.entries.borrow_mut();
        let hash = self.hash(&key);
        let at = match entries.position(hash, |known| *known == key) {
            Some(at) => {
                if let Some(node) = entries.node_mut(at) {
                    node.slot = slot;
                    node.asked.set(true);
                }
                at
            }
            None => entries.push(hash, key, slot),
        };
        self.settle(entries, at, now_ms);
    }

    /// Works on the value of a key, which is made if there is none.
    pub fn with<Q, T>(&self, key: &Q, now_ms: u64, then: impl FnOnce(&mut S) -> T) -> T
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        S: Default,
    {
        let mut entries = self.shelf.entries.borrow_mut();
        let hash = self.hash(key);
        if let Some(at) = entries.position(hash, |known| known.borrow() == key)
            && let Some(node) = entries.node_mut(at)
        {
            node.asked.set(true);
            let outcome = then(&mut node.slot);
            self.settle(entries, at, now_ms);
            return outcome;
        }
        let mut slot = S::default();
        let outcome = then(&mut slot);
        let at = entries.push(hash, key.to_owned(), slot);
        self.settle(entries, at, now_ms);
        outcome
    }

    /// Forgets a key.
    pub fn remove<Q: Hash + Eq + ?Sized>(&self, key: &Q)
    where
        K: Borrow<Q>,
    {
        let mut entries = self.shelf.entries.borrow_mut();
        if let Some(at) = entries.position(self.hash(key), |known| known.borrow() == key) {
            entries.remove(at);
        }
        self.shelf.book(&entries);
    }

    /// How many keys it knows.
    pub fn len(&self) -> usize {
        self.shelf.entries.borrow().count
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes that it takes.
    pub fn bytes(&self) -> usize {
        self.shelf.account.bytes()
    }

    fn hash(&self, key: impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.shelf.seed);
        key.hash(&mut hasher);
        hasher.finish()
    }

    /// Weighs an entry that was worked on, and has memories give way if they are too many.
    fn settle(&self, mut entries: std::cell::RefMut<'_, Entries<K, S>>, at: u32, now_ms: u64) {
        let bytes = entries.weigh(at);
        if bytes > self.shelf.budget.heaviest() {
            entries.remove(at);
        }
        self.shelf.book(&entries);
        drop(entries);
        self.shelf.budget.settle(now_ms);
    }
}

impl<K, S> Shelf<K, S> {
    fn book(&self, entries: &Entries<K, S>) {
        self.budget.book(&self.account, entries.bytes());
    }
}

impl<K: Weigh, S: Slot> GivesWay for Shelf<K, S> {
    fn give_way(&self, now_ms: u64) -> Option<()> {
        let mut entries = self.entries.try_borrow_mut().ok()?;
        let at = entries.least_wanted(now_ms)?;
        let gone = entries.remove(at);
        self.book(&entries);
        drop(entries);
        // What it frees may lead anywhere, so that nothing is borrowed by now.
        drop(gone);
        Some(())
    }
}

impl<K, S> fmt::Debug for Memory<K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("account", &self.shelf.account).finish_non_exhaustive()
    }
}

/// The entries: a slab of nodes in a queue, and a table from hashes to nodes.
struct Entries<K, S> {
    nodes: Vec<Place<K, S>>,
    table: HashMap<u64, u32, BuildHasherDefault<Hashed>>,
    count: usize,
    /// The first of the places that are free.
    free: Option<u32>,
    newest: Option<u32>,
    oldest: Option<u32>,
    /// What keys and values have on the heap.
    heap: usize,
}

enum Place<K, S> {
    Taken(Node<K, S>),
    /// With the next one that is free.
    Free(Option<u32>),
}

struct Node<K, S> {
    key: K,
    slot: S,
    hash: u64,
    /// What key and value had on the heap when they were last weighed.
    heap: usize,
    /// Whether it was asked for since it joined the queue.
    asked: Cell<bool>,
    newer: Option<u32>,
    older: Option<u32>,
    /// Another node of the same hash.
    twin: Option<u32>,
}

impl<K, S> Default for Entries<K, S> {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            table: HashMap::default(),
            count: 0,
            free: None,
            newest: None,
            oldest: None,
            heap: 0,
        }
    }
}

/// A table of so many places is not made smaller.
const SMALL: usize = 64;

/// So many entries in a row that somebody is at work on are passed over; the next one goes all the same, so that room is
/// made however many there are.
const MOST_BUSY: usize = 64;

impl<K, S> Entries<K, S> {
    /// All bytes, those of the tables included: a slot of a `HashMap` with its control byte, an eighth of which is kept
    /// free.
    fn bytes(&self) -> usize {
        let table = self.table.capacity() * (size_of::<(u64, u32)>() + 1) * 8 / 7;
        allocation(self.nodes.capacity() * size_of::<Place<K, S>>()) + allocation(table) + self.heap
    }

    fn node(&self, at: u32) -> Option<&Node<K, S>> {
        match self.nodes.get(at as usize)? {
            Place::Taken(node) => Some(node),
            Place::Free(_) => None,
        }
    }

    fn node_mut(&mut self, at: u32) -> Option<&mut Node<K, S>> {
        match self.nodes.get_mut(at as usize)? {
            Place::Taken(node) => Some(node),
            Place::Free(_) => None,
        }
    }

    fn position(&self, hash: u64, is: impl Fn(&K) -> bool) -> Option<u32> {
        let mut next = self.table.get(&hash).copied();
        while let Some(at) = next {
            let node = self.node(at)?;
            if is(&node.key) {
                return Some(at);
            }
            next = node.twin;
        }
        None
    }

    fn push(&mut self, hash: u64, key: K, slot: S) -> u32 {
        let at = self.free.unwrap_or_else(|| u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        let twin = self.table.insert(hash, at);
        let asked = Cell::new(false);
        let node = Node { key, slot, hash, heap: 0, asked, newer: None, older: None, twin };
        match self.nodes.get_mut(at as usize) {
            Some(place) => {
                if let Place::Free(next) = place {
                    self.free = *next;
                }
                *place = Place::Taken(node);
            }
            None => self.nodes.push(Place::Taken(node)),
        }
        self.join(at);
        self.count += 1;
        at
    }

    /// Puts a node at the end of the queue.
    fn join(&mut self, at: u32) {
        let older = self.newest.replace(at);
        if let Some(node) = self.node_mut(at) {
            (node.newer, node.older) = (None, older);
        }
        match older.and_then(|older| self.node_mut(older)) {
            Some(older) => older.newer = Some(at),
            None => self.oldest = Some(at),
        }
    }

    /// Closes the gap that a node leaves in the queue.
    fn part(&mut self, newer: Option<u32>, older: Option<u32>) {
        match newer.and_then(|newer| self.node_mut(newer)) {
            Some(newer) => newer.older = older,
            None => self.newest = older,
        }
        match older.and_then(|older| self.node_mut(older)) {
            Some(older) => older.newer = newer,
            None => self.oldest = newer,
        }
    }

    /// Takes an entry out.
    fn remove(&mut self, at: u32) -> Option<(K, S)> {
        let place = self.nodes.get_mut(at as usize)?;
        let node = match std::mem::replace(place, Place::Free(self.free)) {
            Place::Taken(node) => node,
            free @ Place::Free(_) => {
                *place = free;
                return None;
            }
        };
        self.free = Some(at);
        self.count -= 1;
        self.heap = self.heap.saturating_sub(node.heap);
        self.part(node.newer, node.older);
        self.forget(node.hash, at, node.twin);
        if self.count * 4 < self.nodes.len() && self.nodes.len() > SMALL {
            self.shrink();
        }
        Some((node.key, node.slot))
    }

    /// Takes a node out of the table.
    fn forget(&mut self, hash: u64, at: u32, twin: Option<u32>) {
        let mut next = self.table.get(&hash).copied();
        if next == Some(at) {
            match twin {
                Some(twin) => self.table.insert(hash, twin),
                None => self.table.remove(&hash),
            };
            return;
        }
        while let Some(node) = next.and_then(|next| self.node_mut(next)) {
            if node.twin == Some(at) {
                node.twin = twin;
                return;
            }
            next = node.twin;
        }
    }

    /// Gives back the room of entries that are gone, once it is three quarters of all: what was full of small entries
    /// does not keep its tables.
    fn shrink(&mut self) {
        let old = std::mem::take(self);
        let mut places: Vec<_> = old.nodes.into_iter().map(Some).collect();
        let mut next = old.oldest;
        while let Some(at) = next {
            let place = places.get_mut(at as usize).and_then(Option::take);
            let Some(Place::Taken(Node { key, slot, hash, heap, asked, newer, .. })) = place else { break };
            let new = self.push(hash, key, slot);
            if let Some(node) = self.node_mut(new) {
                (node.heap, node.asked) = (heap, asked);
            }
            self.heap += heap;
            next = newer;
        }
    }
}

impl<K: Weigh, S: Slot> Entries<K, S> {
    /// Weighs an entry anew, and tells its bytes.
    fn weigh(&mut self, at: u32) -> usize {
        let Some(node) = self.node_mut(at) else { return 0 };
        let now = node.key.heap_bytes() + node.slot.heap_bytes();
        let before = std::mem::replace(&mut node.heap, now);
        self.heap = (self.heap + now).saturating_sub(before);
        now
    }

    /// The entry that goes first.
    fn least_wanted(&mut self, now_ms: u64) -> Option<u32> {
        let mut busy = 0;
        loop {
            let at = self.oldest?;
            let node = self.node(at)?;
            let stays = if node.slot.is_busy(now_ms) {
                busy += 1;
                busy <= MOST_BUSY
            } else {
                node.asked.replace(false) && !node.slot.is_spent(now_ms)
            };
            if !stays {
                return Some(at);
            }
            let (newer, older) = (node.newer, node.older);
            self.part(newer, older);
            self.join(at);
        }
    }
}

/// What is hashed already.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Purpose, Rooms};
    use super::*;

    #[derive(Clone, Debug, Default, PartialEq)]
    struct Value {
        bytes: usize,
        spent: bool,
        busy: bool,
        /// How often it was looked at when room was made.
        looked: Rc<Cell<usize>>,
    }

    impl Weigh for Value {
        fn heap_bytes(&self) -> usize {
            self.bytes
        }
    }

    impl Slot for Value {
        fn is_spent(&self, _: u64) -> bool {
            self.spent
        }

        fn is_busy(&self, _: u64) -> bool {
            self.looked.set(self.looked.get() + 1);
            self.busy
        }
    }

    fn of(bytes: usize) -> Value {
        Value { bytes, ..Value::default() }
    }

    const LIMIT: usize = 64 * 1024;

    fn memory(budget: &Rc<Budget>) -> Memory<String, Value> {
        budget.memory("test", LIMIT)
    }

    impl<K: Weigh + Hash + Eq, S: Slot> Memory<K, S> {
        /// Counts anew what is counted along the way, and follows every chain.
        fn check(&self) {
            let entries = self.shelf.entries.borrow();
            let taken: Vec<_> = (0..u32::try_from(entries.nodes.len()).unwrap())
                .filter(|at| entries.node(*at).is_some())
                .collect();
            assert_eq!(taken.len(), entries.count);
            let heap: usize = taken
                .iter()
                .map(|at| entries.node(*at).unwrap())
                .map(|node| node.key.heap_bytes() + node.slot.heap_bytes())
                .sum();
            assert_eq!(heap, entries.heap);
            assert_eq!(entries.bytes(), self.bytes());
            for at in taken {
                let node = entries.node(at).unwrap();
                assert_eq!(entries.position(node.hash, |key| *key == node.key), Some(at));
            }
            let mut queue = 0;
            let (mut at, mut newer) = (entries.newest, None);
            while let Some(node) = at.and_then(|at| entries.node(at)) {
                assert_eq!(node.newer, newer);
                queue += 1;
                (newer, at) = (at, node.older);
            }
            assert_eq!((queue, entries.oldest), (entries.count, newer));
        }
    }

    /// Keys of one hash: an attacker's dream.
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct Same(u8);

    impl Hash for Same {
        fn hash<H: Hasher>(&self, _: &mut H) {}
    }

    impl Weigh for Same {
        fn heap_bytes(&self) -> usize {
            0
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Insert(u8, usize),
        Find(u8),
        Remove(u8),
        Change(u8, usize, bool, bool),
        Reserve(usize),
        Release,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..40_u8, 0..9_000_usize).prop_map(|(key, bytes)| Step::Insert(key, bytes)),
            (0..40_u8).prop_map(Step::Find),
            (0..40_u8).prop_map(Step::Remove),
            (0..40_u8, 0..9_000_usize, any::<bool>(), any::<bool>())
                .prop_map(|(key, bytes, spent, busy)| Step::Change(key, bytes, spent, busy)),
            (0..20_000_usize).prop_map(Step::Reserve),
            Just(Step::Release),
        ]
    }

    proptest! {
        #[test]
        fn whatever_happens_the_bytes_are_counted_and_within_the_limit(steps in prop::collection::vec(step(), 0..400)) {
            let budget = Budget::new(LIMIT, Rooms { manifests: 16 * 1024, ..Rooms::default() }, 7);
            let texts = budget.memory::<String, Value>("texts", 24 * 1024);
            let same = budget.memory::<Same, Value>("same", 24 * 1024);
            let mut reserved = Vec::new();
            let mut last: HashMap<u8, usize> = HashMap::new();
            for step in steps {
                match step {
                    Step::Insert(key, bytes) => {
                        last.insert(key, bytes);
                        texts.insert(key.to_string(), of(bytes), 0);
                        same.insert(Same(key), of(bytes), 0);
                    }
                    Step::Find(key) => {
                        for found in [texts.find(key.to_string().as_str(), Value::clone), same.find(&Same(key), Value::clone)] {
                            prop_assert!(found.is_none_or(|found| last.get(&key) == Some(&found.bytes)));
                        }
                    }
                    Step::Remove(key) => {
                        last.remove(&key);
                        texts.remove(key.to_string().as_str());
                        same.remove(&Same(key));
                    }
                    Step::Change(key, bytes, spent, busy) => {
                        last.insert(key, bytes);
                        let change = |value: &mut Value| (value.bytes, value.spent, value.busy) = (bytes, spent, busy);
                        texts.with(key.to_string().as_str(), 0, change);
                        same.insert(Same(key), Value { spent, busy, ..of(bytes) }, 0);
                    }
                    Step::Reserve(bytes) => {
                        let second = std::time::Duration::from_secs(1);
                        reserved.extend(budget.reserve((Purpose::Manifest, "a"), bytes, 0, second));
                    },
                    Step::Release => drop(reserved.pop()),
                }
                prop_assert!(reserved.is_empty() == (budget.reserved() == 0));
                texts.check();
                same.check();
                prop_assert_eq!(texts.bytes() + same.bytes() + budget.reserved(), budget.bytes());
                prop_assert!(budget.bytes() <= LIMIT);
            }
        }
    }

    #[test]
    fn keys_count_and_so_do_the_tables() {
        let budget = Budget::new(64 * LIMIT, Rooms::default(), 1);
        let memory = memory(&budget);
        memory.insert("k".repeat(10_000), of(0), 0);
        assert!(memory.bytes() >= 10_000);
        let one = memory.bytes();
        for key in 0..1_000 {
            memory.insert(format!("{key:04}"), of(0), 0);
        }
        assert!(memory.bytes() - one >= 1_000 * (size_of::<Node<String, Value>>() + 4));
        memory.check();
    }

    #[test]
    fn a_flood_passes_through_without_taking_what_is_asked_for_along() {
        let budget = Budget::new(LIMIT, Rooms::default(), 1);
        let memory = memory(&budget);
        for key in 0..20 {
            memory.insert(format!("wanted-{key}"), of(500), 0);
        }
        for flood in 0..10_000 {
            memory.insert(format!("flood-{flood}"), of(500), 0);
            if flood % 10 == 0 {
                for key in 0..20 {
                    assert!(
                        memory.find(format!("wanted-{key}").as_str(), |_| ()).is_some(),
                        "{key} at {flood}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_spent_go_first_and_the_busy_last() {
        let budget = Budget::new(LIMIT, Rooms::default(), 1);
        let memory = memory(&budget);
        memory.insert("busy".to_owned(), Value { busy: true, ..of(1_000) }, 0);
        memory.insert("spent".to_owned(), Value { spent: true, ..of(1_000) }, 0);
        memory.insert("plain".to_owned(), of(1_000), 0);
        for _ in 0..2 {
            assert!(memory.find("spent", |_| ()).is_some() && memory.find("plain", |_| ()).is_some());
        }
        let mut filled = 0;
        while memory.len() == 3 + filled {
            memory.insert(format!("more-{filled}"), of(1_000), 0);
            filled += 1;
        }
        assert!(memory.find("spent", |_| ()).is_none() && memory.find("plain", |_| ()).is_some());
        for key in 0..1_000 {
            memory.insert(format!("more-{key}"), of(1_000), 0);
        }
        assert!(memory.find("plain", |_| ()).is_none());
        assert!(memory.find("busy", |_| ()).is_some());
    }

    #[test]
    fn the_limit_holds_however_many_are_busy() {
        let budget = Budget::new(LIMIT, Rooms::default(), 1);
        let memory = memory(&budget);
        for key in 0..5_000 {
            memory.insert(key.to_string(), Value { busy: true, ..of(100) }, 0);
            assert!(budget.bytes() <= LIMIT);
        }
    }

    /// What making room takes, in looks at entries: constant for each insertion and hit, and not a walk through all.
    #[test]
    fn making_room_is_paid_for_by_insertions_and_hits() {
        for limit in [LIMIT, 64 * LIMIT] {
            let budget = Budget::new(limit, Rooms::default(), 1);
            let memory = memory(&budget);
            let looked = Rc::new(Cell::new(0));
            let value = |bytes| Value { looked: Rc::clone(&looked), ..of(bytes) };
            let mut paid = 0;
            for key in 0..20_000 {
                memory.insert(key.to_string(), value(100), 0);
                paid += 1;
                if key % 3 == 0 {
                    paid += usize::from(memory.find((key / 2).to_string().as_str(), |_| ()).is_some());
                }
            }
            assert!(looked.get() <= 2 * paid, "{} looks for {paid}", looked.get());
        }
    }

    #[test]
    fn tables_of_small_entries_that_are_gone_are_given_back() {
        let budget = Budget::new(1024 * LIMIT, Rooms::default(), 1);
        let memory = memory(&budget);
        for key in 0..100_000 {
            memory.insert(key.to_string(), of(0), 0);
        }
        assert!(memory.bytes() > 100_000 * size_of::<Node<String, Value>>());
        for key in 0..100_000 {
            memory.remove(key.to_string().as_str());
        }
        assert!(memory.is_empty());
        assert!(memory.bytes() < SMALL * 4 * (size_of::<Place<String, Value>>() + 64), "{}", memory.bytes());
        memory.check();
    }
}
