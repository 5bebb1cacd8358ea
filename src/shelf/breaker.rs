//! A source that failed lately is left alone for a while (a circuit breaker).
//!
//! ```text
//! closed      --FAILURES in a row-->  open          every request fails at once
//! open        --time is over-->       half open     one request may try
//! half open   --success-->            closed
//! half open   --failure-->            open          for twice as long, up to LONGEST_MS
//! ```

use super::{Slot, Weigh};

/// What is known of a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    /// The failures in a row.
    failures: u32,
    /// Nobody asks before this instant.
    rests_until_ms: u64,
    /// How long it rested last.
    rested_ms: u64,
}

/// So many failures in a row open it.
const FAILURES: u32 = 5;

/// How long it is open at first, and at most, in milliseconds.
const SHORTEST_MS: u64 = 5_000;
const LONGEST_MS: u64 = 60_000;

/// How long one request may try, in milliseconds, before another may.
const TRIES_MS: u64 = 10_000;

impl Breaker {
    /// Whether a request may ask. After a rest, one at a time may.
    pub const fn admits(&mut self, now_ms: u64) -> bool {
        if now_ms < self.rests_until_ms {
            return false;
        }
        if self.failures >= FAILURES {
            self.rests_until_ms = now_ms.saturating_add(TRIES_MS);
        }
        true
    }

    /// Reports how a request ended.
    pub fn settle(&mut self, succeeded: bool, now_ms: u64) {
        if succeeded {
            *self = Self::default();
            return;
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES {
            self.rested_ms = (self.rested_ms * 2).clamp(SHORTEST_MS, LONGEST_MS);
            self.rests_until_ms = now_ms.saturating_add(self.rested_ms);
        }
    }

    /// Whether the last request failed.
    pub const fn is_failing(&self) -> bool {
        self.failures > 0
    }

    /// Leaves the source alone until an instant, whatever its failures.
    pub fn rest_until(&mut self, until_ms: u64) {
        self.rests_until_ms = self.rests_until_ms.max(until_ms);
    }
}

impl Weigh for Breaker {
    fn heap_bytes(&self) -> usize {
        0
    }
}

impl Slot for Breaker {
    fn is_spent(&self, now_ms: u64) -> bool {
        self.failures < FAILURES && self.rests_until_ms <= now_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_fails_is_left_alone_and_tried_by_one_request_at_a_time() {
        let mut breaker = Breaker::default();
        for now_ms in 0..5 {
            assert!(breaker.admits(now_ms));
            breaker.settle(false, now_ms);
        }
        assert!(!breaker.admits(4 + SHORTEST_MS - 1));
        assert!(breaker.admits(4 + SHORTEST_MS));
        assert!(!breaker.admits(4 + SHORTEST_MS), "another one is trying");
        breaker.settle(false, 6_000);
        assert!(!breaker.admits(6_000 + 2 * SHORTEST_MS - 1));
        assert!(breaker.admits(6_000 + 2 * SHORTEST_MS));
        breaker.settle(true, 20_000);
        assert!(breaker.admits(20_000) && breaker.admits(20_000));
    }

    #[test]
    fn failures_between_successes_open_nothing() {
        let mut breaker = Breaker::default();
        for now_ms in 0..100 {
            breaker.settle(now_ms % 4 == 0, now_ms);
        }
        assert!(breaker.admits(100));
        for now_ms in 0..1_000_000 {
            breaker.settle(false, now_ms);
        }
        assert!(!breaker.admits(1_000_000) && breaker.admits(1_000_000 + LONGEST_MS));
    }
}
