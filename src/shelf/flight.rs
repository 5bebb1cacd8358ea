//! Work that one request of an isolate does for all of them.

use std::time::Duration;

/// Whether somebody is at the work. It stands in the isolate's memory, beside the outcome.
#[derive(Debug, Default)]
pub struct UnderWay {
    begun_at_ms: Option<u64>,
}

impl UnderWay {
    /// Takes the work on: `true` for the request that is to do it. Work that was begun more than `patience` ago was cut
    /// off with the request that began it.
    pub fn begin(&mut self, now_ms: u64, patience: Duration) -> bool {
        let idle = !self.is(now_ms, patience);
        if idle {
            self.begun_at_ms = Some(now_ms);
        }
        idle
    }

    /// Says that it is done.
    pub const fn end(&mut self) {
        self.begun_at_ms = None;
    }

    /// Whether somebody is at it.
    pub fn is(&self, now_ms: u64, patience: Duration) -> bool {
        self.begun_at_ms.is_some_and(|begun| u128::from(now_ms.saturating_sub(begun)) < patience.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_at_it_until_it_ends_or_patience_is_over() {
        let patience = Duration::from_secs(1);
        let mut work = UnderWay::default();
        assert!(work.begin(5_000, patience));
        assert!(!work.begin(5_999, patience));
        assert!(work.begin(6_000, patience));
        work.end();
        assert!(!work.is(6_000, patience));
        assert!(work.begin(6_001, patience));
    }
}
