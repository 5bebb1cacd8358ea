//! What an isolate remembers under keys: so many entries, and so many bytes, at most.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// An entry. Its default is an empty one.
pub(super) trait Slot: Default {
    /// How many bytes it holds.
    fn bytes(&self) -> usize;

    /// Whether it may go before others do: nobody would miss it.
    fn is_spent(&self, now_ms: u64) -> bool;

    /// When it was last filled, in Unix milliseconds; `None`: somebody is at it, and it stays.
    fn filled_at_ms(&self) -> Option<u64>;
}

/// A key.
pub(super) trait Key: Clone + Hash + Ord {}

impl<K: Clone + Hash + Ord> Key for K {}

pub(super) struct Memory<S, K = String> {
    slots: HashMap<K, S>,
    bytes: usize,
}

impl<S, K> Default for Memory<S, K> {
    fn default() -> Self {
        Self { slots: HashMap::new(), bytes: 0 }
    }
}

/// The most entries.
const MOST: usize = 2_000;

/// The most bytes. A Worker has 128 MiB; there are three such memories, and replies under way.
pub(super) const MOST_BYTES: usize = 16 * 1024 * 1024;

impl<S: Slot, K: Key> Memory<S, K> {
    /// The entry of a key, where there is one.
    pub(super) fn find<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&S>
    where
        K: Borrow<Q>,
    {
        self.slots.get(key)
    }

    /// Works on the entry of a key, which is made if there is none.
    pub(super) fn with<Q, T>(&mut self, key: &Q, now_ms: u64, then: impl FnOnce(&mut S) -> T) -> T
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if self.slots.len() >= MOST && !self.slots.contains_key(key) {
            self.make_room(now_ms, MOST - MOST / 4);
        }
        let slot = self.slots.entry(key.to_owned()).or_default();
        let before = slot.bytes();
        let outcome = then(slot);
        self.bytes = (self.bytes + slot.bytes()).saturating_sub(before);
        if self.bytes > MOST_BYTES {
            self.make_room(now_ms, MOST);
        }
        outcome
    }

    /// Every entry.
    pub(super) fn slots(&self) -> impl Iterator<Item = &S> {
        self.slots.values()
    }

    fn make_room(&mut self, now_ms: u64, most: usize) {
        self.slots.retain(|_, slot| slot.filled_at_ms().is_none() || !slot.is_spent(now_ms));
        self.bytes = self.slots.values().map(Slot::bytes).sum();
        let mut oldest: Vec<_> = self
            .slots
            .iter()
            .filter_map(|(key, slot)| Some((slot.filled_at_ms()?, slot.bytes(), key.clone())))
            .collect();
        oldest.sort_unstable();
        let mut oldest = oldest.into_iter();
        // Some room, so that not each entry makes some.
        while self.slots.len() > most || self.bytes > MOST_BYTES - MOST_BYTES / 4 {
            let Some((_, bytes, key)) = oldest.next() else { return };
            self.slots.remove(&key);
            self.bytes = self.bytes.saturating_sub(bytes);
        }
    }
}
