//! Files, until the data centre's cache has them.

use crate::shelf::{Fetched, Slot, Weigh};
use crate::stop::Stop;

/// An isolate's memory of a file.
#[derive(Debug)]
pub struct KnownFile<F> {
    /// The file, how it failed, or that it cannot be shared.
    pub fetched: Fetched<F, Stop>,
    /// When the media origin made the newest file that was fetched, and until when that file may be missing from the cache; in
    /// Unix milliseconds.
    newest: (u64, u64),
    large_until_ms: u64,
    in_demand_until_ms: u64,
}

impl<F> Default for KnownFile<F> {
    fn default() -> Self {
        Self { fetched: Fetched::default(), newest: (0, 0), large_until_ms: 0, in_demand_until_ms: 0 }
    }
}

impl<F> KnownFile<F> {
    /// Whether the file is known to be too large: for a range of it, the whole file is not kept.
    pub const fn is_large(&self, now_ms: u64) -> bool {
        now_ms < self.large_until_ms
    }

    /// Remembers until `until_ms` that the file is too large.
    pub const fn mark_large(&mut self, until_ms: u64) {
        self.large_until_ms = until_ms;
    }

    /// Marks the file as sent from the cache, until `until_ms`. Returns whether an earlier mark still holds.
    pub fn mark_in_demand(&mut self, now_ms: u64, until_ms: u64) -> bool {
        let again = self.is_in_demand(now_ms);
        self.in_demand_until_ms = until_ms;
        // The entry stays because of its mark, and the mark needs no bytes of the file.
        self.fetched.drop_over(now_ms);
        again
    }

    const fn is_in_demand(&self, now_ms: u64) -> bool {
        now_ms < self.in_demand_until_ms
    }

    /// Notes that a file was fetched, which may be missing from the cache until `until_ms`.
    pub const fn mark_on_its_way(&mut self, made_at_ms: u64, until_ms: u64) {
        self.newest = (made_at_ms, until_ms);
    }

    /// Whether a file that is newer than the cache's is on its way there.
    pub const fn has_newer(&self, than_made_at_ms: u64, now_ms: u64) -> bool {
        let (made_at_ms, until_ms) = self.newest;
        made_at_ms > than_made_at_ms && now_ms < until_ms
    }
}

impl<F: Weigh> Weigh for KnownFile<F> {
    fn heap_bytes(&self) -> usize {
        self.fetched.heap_bytes()
    }
}

impl<F: Weigh> Slot for KnownFile<F> {
    fn is_spent(&self, now_ms: u64) -> bool {
        self.fetched.is_spent(now_ms) && !self.is_large(now_ms) && !self.is_in_demand(now_ms)
    }

    fn is_busy(&self, now_ms: u64) -> bool {
        self.fetched.is_busy(now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shelf::Times;

    #[test]
    fn a_file_on_its_way_is_newer_than_the_caches_for_a_while() {
        let mut known = KnownFile::<()>::default();
        assert!(!known.has_newer(0, 0));
        known.mark_on_its_way(50, 100);
        for (than_made_at_ms, now_ms, expected) in [(49, 99, true), (50, 99, false), (49, 100, false)] {
            assert_eq!(known.has_newer(than_made_at_ms, now_ms), expected, "{than_made_at_ms} {now_ms}");
        }
    }

    #[test]
    fn a_file_is_in_demand_when_the_cache_is_asked_for_it_twice_in_a_while() {
        let mut known = KnownFile::<()>::default();
        known.fetched.hold((), Times::fresh_only(5));
        assert!(!known.mark_in_demand(10, 20));
        assert!(known.fetched.held().is_none() && !known.is_spent(19) && known.is_spent(20));
        assert!(known.mark_in_demand(19, 29));
        assert!(!known.mark_in_demand(29, 39));
    }

    #[test]
    fn what_is_too_large_is_remembered_for_its_time() {
        let mut known = KnownFile::<()>::default();
        assert!(known.is_spent(0));
        known.mark_large(10);
        assert!(known.is_large(9) && !known.is_spent(9) && known.is_spent(10));
    }
}
