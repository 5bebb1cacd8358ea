//! The most requests a second: each decision gets a moment at which it may ask.

/// The moments that are given out, by the generic cell rate algorithm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// The next moment, in microseconds since 1970.
    next_us: u64,
}

/// The requests of so long a time may go at once, in microseconds: clocks and networks are no more exact.
const BURST_US: u64 = 100_000;

impl Pace {
    /// Takes the next moment. Gives the wait until then in milliseconds, or `None` if it is longer than `patience_ms`.
    pub fn take(&mut self, now_ms: u64, per_s: u32, patience_ms: u64) -> Option<u64> {
        let interval_us = 1_000_000 / u64::from(per_s.max(1));
        let now_us = now_ms.saturating_mul(1_000);
        let moment_us = self.next_us.max(now_us);
        let wait_us = moment_us.saturating_sub(now_us).saturating_sub(BURST_US);
        if wait_us > patience_ms.saturating_mul(1_000) {
            return None;
        }
        self.next_us = moment_us.saturating_add(interval_us);
        Some(wait_us.div_ceil(1_000))
    }

    /// The number of objects that hold a rate: each gives out 100 moments a second, a tenth of the questions that it can answer.
    pub fn shards(per_s: u32) -> u32 {
        per_s.div_ceil(100).clamp(1, SHARDS_MAX)
    }

    /// The part of a rate that one object holds.
    pub fn part(per_s: u32) -> u32 {
        per_s.div_ceil(Self::shards(per_s))
    }
}

/// The most objects of a site.
const SHARDS_MAX: u32 = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_has_more_requests_than_the_rate() {
        for per_s in [1, 7, 50, 100] {
            let mut pace = Pace::default();
            let mut at_ms: Vec<u64> = Vec::new();
            for now_ms in (0..10_000).step_by(3) {
                at_ms.extend(pace.take(now_ms, per_s, 2_000).map(|wait_ms| now_ms + wait_ms));
            }
            let burst = usize::try_from(per_s / 10 + 2).unwrap();
            for second in at_ms.iter().step_by(5) {
                let within = at_ms.iter().filter(|at| (*second..second + 1_000).contains(*at)).count();
                assert!(within <= usize::try_from(per_s).unwrap() + burst, "{within} of {per_s}");
            }
            assert!(at_ms.len() >= usize::try_from(per_s * 9).unwrap(), "{} of {per_s}", at_ms.len());
        }
    }

    #[test]
    fn a_request_that_would_wait_too_long_is_refused_and_takes_no_moment() {
        let mut pace = Pace::default();
        let granted = (0..1_000).filter(|_| pace.take(5_000, 10, 1_000).is_some()).count();
        assert_eq!(granted, 12);
        assert_eq!(pace.take(6_500, 10, 0), Some(0));
    }

    #[test]
    fn a_rate_is_divided_among_objects() {
        for (per_s, shards, part) in
            [(1, 1, 1), (100, 1, 100), (101, 2, 51), (1_000, 10, 100), (1_000_000, 256, 3_907)]
        {
            assert_eq!((Pace::shards(per_s), Pace::part(per_s)), (shards, part));
        }
    }
}
