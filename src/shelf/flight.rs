//! Single flight: work that one request of an isolate does for all that want its outcome.

use std::time::Duration;

/// Whether a request is at work. It stands in the isolate's memory, beside the outcome.
///
/// The runtime cuts work off with the request that began it, and tells nobody. So a flight ends by itself once the
/// patience with it is over.
#[derive(Debug, Default)]
pub struct Flight {
    /// In Unix milliseconds; 0: no request is at work.
    until_ms: u64,
}

impl Flight {
    /// Takes the work on: `true` for the request that is to do it.
    pub fn begin(&mut self, now_ms: u64, patience: Duration) -> bool {
        if self.is_under_way(now_ms) {
            return false;
        }
        self.until_ms = now_ms.saturating_add(u64::try_from(patience.as_millis()).unwrap_or(u64::MAX));
        true
    }

    /// Ends it.
    pub const fn end(&mut self) {
        self.until_ms = 0;
    }

    /// Whether a request is at work.
    pub const fn is_under_way(&self, now_ms: u64) -> bool {
        now_ms < self.until_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flight_lasts_until_it_ends_or_patience_is_over() {
        let patience = Duration::from_secs(1);
        let mut flight = Flight::default();
        assert!(flight.begin(5_000, patience));
        assert!(!flight.begin(5_999, patience));
        assert!(flight.begin(6_000, patience));
        flight.end();
        assert!(!flight.is_under_way(6_000));
        assert!(flight.begin(6_001, patience));
    }
}
