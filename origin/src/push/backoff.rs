//! The wait before a retry.

use std::time::Duration;

/// Exponential back-off with full jitter: a random time up to `base` doubled with every failure, up to `cap`.
///
/// `random` is evenly distributed. Full jitter spreads retries best if many clients wait for one peer
/// ([Exponential Backoff And Jitter]).
///
/// [Exponential Backoff And Jitter]: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
pub(super) fn delay(failures: u32, base: Duration, cap: Duration, random: u32) -> Duration {
    let doubled = base.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
    doubled.min(cap).mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// A random number for [`delay`]. Without randomness it selects the longest wait, which is always safe.
pub(super) fn random() -> u32 {
    getrandom::u32().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_wait_doubles_up_to_the_cap_and_the_rest_is_chance() {
        let (base, cap) = (Duration::from_millis(500), Duration::from_secs(30));
        let longest: Vec<_> =
            (1..=8).map(|failures| delay(failures, base, cap, u32::MAX).as_millis()).collect();
        assert_eq!(longest, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        assert_eq!(delay(u32::MAX, base, cap, u32::MAX), cap);
        assert_eq!(delay(3, base, cap, 0), Duration::ZERO);
        assert_eq!(delay(3, base, cap, u32::MAX / 2).as_millis(), 1_000);
    }
}
