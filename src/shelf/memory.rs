//! Values under keys. Over the budget, the values go first that were not used since they were last looked at.
//!
//! Entries stand in a queue. To make room, the oldest is looked at: if it was used since it joined the queue, it joins it
//! anew; if not, it goes (second chance, or CLOCK). Each step was paid for by a hit or an insertion. So making room takes
//! constant time on average, however many entries there are, and a flood of keys that nobody uses twice passes through
//! without taking along what is used.
//!
//! # Why not a crate
//!
//! A table here gives up one entry at a time, to a budget that spans fifteen tables of different types. It weighs an entry
//! anew whenever it was worked on, and counts its own slots too. It spares an entry that is being fetched, is looked up by
//! borrowed parts of a key, and marks a hit without a mutable borrow, so that the synchronous lane pays for one hash and no
//! allocation.
//!
//! - `quick_cache` and `clru` have a capacity for each cache, and evict within it, not on demand.
//! - `schnellru` and `lru` move an entry with each hit, which takes `&mut`. The raw pointers of `lru` have had a safety
//!   advisory (RUSTSEC-2021-0130).
//! - `hashlink`'s map comes closest, and would take the place of the slab and the queue below. It has a box for each entry,
//!   keeps the boxes of removed ones in a list whose length it does not tell, so that the budget would count wrongly, and
//!   brings raw pointers and a second hash table into the Worker.
//!
//! What is left to write is a queue of numbers in a slab, in safe Rust.

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
    /// Whether it may go before others: nobody would miss it.
    fn is_spent(&self, _now_ms: u64) -> bool {
        false
    }

    /// Whether a request is at work on it, so that others should go before it.
    fn is_busy(&self, _now_ms: u64) -> bool {
        false
    }
}

impl Slot for () {}

impl Slot for u32 {}

impl<T> Slot for Weighed<T> {}

/// Values under keys, within a [`Budget`].
pub struct Memory<K, S> {
    shelf: Rc<Shelf<K, S>>,
}

struct Shelf<K, S> {
    budget: Rc<Budget>,
    account: Rc<Account>,
    seed: u64,
    entries: RefCell<Entries<K, S>>,
}

impl Budget {
    /// A memory with this share, one of 64 at most. The shares of all of them, and the bytes that may be under way, are
    /// within the limit, or the share is cut to the rest.
    pub fn memory<K: Weigh + 'static, S: Slot + 'static>(
        self: &Rc<Self>,
        name: &'static str,
        share: usize,
    ) -> Memory<K, S> {
        let account = self.open(name, share);
        let (budget, seed) = (Rc::clone(self), self.seed());
        let shelf =
            Rc::new(Shelf { budget, account: Rc::clone(&account), seed, entries: RefCell::default() });
        let gives_way: Weak<Shelf<K, S>> = Rc::downgrade(&shelf);
        self.register(account, gives_way);
        Memory { shelf }
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

    /// The same for a key in another form with the same hash: a tuple of borrowed texts for a key that owns them, say.
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

    /// Weighs an entry that was worked on, and has memories give way if all of them are over the limit.
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
        // Dropping a value may run any code, so nothing is borrowed by now.
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
    nodes: Vec<SlabEntry<K, S>>,
    table: HashMap<u64, u32, BuildHasherDefault<Hashed>>,
    count: usize,
    /// The first of the places that are free.
    free: Option<u32>,
    newest: Option<u32>,
    oldest: Option<u32>,
    /// The bytes of keys and values on the heap.
    heap: usize,
}

enum SlabEntry<K, S> {
    Taken(Node<K, S>),
    /// Free, with the next free place.
    Free(Option<u32>),
}

struct Node<K, S> {
    key: K,
    slot: S,
    hash: u64,
    /// The bytes of key and value on the heap when they were last weighed.
    heap: usize,
    /// Whether it was used since it joined the queue.
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

/// A slab of this many places or fewer is not made smaller.
const SMALL: usize = 64;

/// The most busy entries in a row that are passed over. The next one goes all the same, so that room is made however many
/// there are.
const MOST_BUSY: usize = 64;

impl<K, S> Entries<K, S> {
    /// All bytes, tables included: a `HashMap` has a control byte for each slot, and keeps an eighth of them free.
    fn bytes(&self) -> usize {
        let table = self.table.capacity() * (size_of::<(u64, u32)>() + 1) * 8 / 7;
        allocation(self.nodes.capacity() * size_of::<SlabEntry<K, S>>()) + allocation(table) + self.heap
    }

    fn node(&self, at: u32) -> Option<&Node<K, S>> {
        match self.nodes.get(at as usize)? {
            SlabEntry::Taken(node) => Some(node),
            SlabEntry::Free(_) => None,
        }
    }

    fn node_mut(&mut self, at: u32) -> Option<&mut Node<K, S>> {
        match self.nodes.get_mut(at as usize)? {
            SlabEntry::Taken(node) => Some(node),
            SlabEntry::Free(_) => None,
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
                if let SlabEntry::Free(next) = place {
                    self.free = *next;
                }
                *place = SlabEntry::Taken(node);
            }
            None => self.nodes.push(SlabEntry::Taken(node)),
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
        let node = match std::mem::replace(place, SlabEntry::Free(self.free)) {
            SlabEntry::Taken(node) => node,
            free @ SlabEntry::Free(_) => {
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

    /// Gives back the places of removed entries once they are three quarters of all, so that a memory that was full of small
    /// entries does not keep its tables.
    fn shrink(&mut self) {
        let old = std::mem::take(self);
        let mut places: Vec<_> = old.nodes.into_iter().map(Some).collect();
        let mut next = old.oldest;
        while let Some(at) = next {
            let place = places.get_mut(at as usize).and_then(Option::take);
            let Some(SlabEntry::Taken(Node { key, slot, hash, heap, asked, newer, .. })) = place else {
                break;
            };
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

/// A hasher for keys that are hashes already.
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
mod tests;
