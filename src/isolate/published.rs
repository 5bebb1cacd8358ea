//! Keys that issuers publish.

use std::rc::Rc;
use std::time::Duration;

use crate::catalog::KeySet;
use crate::fault::Fault;
use crate::shelf::{Fetched, Slot, Turn, Weigh};

/// A set of keys as it was fetched.
#[derive(Clone, Debug)]
pub struct PublishedSet {
    /// The keys.
    pub keys: Rc<KeySet>,
    /// Their bytes on the heap.
    pub bytes: usize,
    /// When the issuer gave them, in Unix milliseconds.
    pub fetched_at_ms: u64,
}

impl Weigh for PublishedSet {
    fn heap_bytes(&self) -> usize {
        self.bytes
    }
}

/// An isolate's memory of a URL with keys.
#[derive(Debug, Default)]
pub struct KnownKeys {
    /// The keys.
    pub fetched: Fetched<PublishedSet, Fault>,
    /// When the keys were last fetched early because of an unknown key, in Unix milliseconds.
    early_at_ms: Option<u64>,
}

impl KnownKeys {
    /// Begins an early fetch because a token names a key that is not in the set, at most once in `every`. `None`: the last
    /// early fetch is too recent, and no fetch is under way.
    pub fn begin_early(&mut self, now_ms: u64, every: Duration, patience: Duration) -> Option<Turn> {
        let since = |at: u64| u128::from(now_ms.saturating_sub(at));
        let is_due = self.early_at_ms.is_none_or(|at| since(at) >= every.as_millis());
        if is_due {
            self.early_at_ms = Some(now_ms);
        }
        (is_due || self.fetched.is_under_way(now_ms)).then(|| self.fetched.begin(now_ms, patience))
    }
}

impl Weigh for Fault {
    fn heap_bytes(&self) -> usize {
        self.detail.heap_bytes()
    }
}

impl Weigh for KnownKeys {
    fn heap_bytes(&self) -> usize {
        self.fetched.heap_bytes()
    }
}

impl Slot for KnownKeys {
    fn is_spent(&self, now_ms: u64) -> bool {
        self.fetched.is_spent(now_ms)
    }

    fn is_busy(&self, now_ms: u64) -> bool {
        self.fetched.is_busy(now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_have_the_set_fetched_once_in_a_while() {
        let (every, patience) = (Duration::from_millis(30), Duration::from_millis(5));
        let mut known = KnownKeys::default();
        let mut begin = |now_ms| known.begin_early(now_ms, every, patience);
        assert!(matches!(begin(100), Some(Turn::Mine(_))));
        assert!(matches!(begin(104), Some(Turn::Theirs(_))), "it waits for the fetch that is under way");
        assert_eq!(begin(105), None);
        assert_eq!(begin(129), None);
        assert!(matches!(begin(130), Some(Turn::Mine(_))));
    }
}
