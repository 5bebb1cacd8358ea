//! For how long something that was fetched may serve.

/// How old something is, by its [`Times`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// It is served.
    Fresh,
    /// It is served, and fetched anew behind the reply (stale-while-revalidate).
    Stale,
    /// It is served only if fetching it anew fails (stale-if-error).
    OnError,
    /// It is not served any more.
    Over,
}

/// The instants, in Unix milliseconds, at which something stops serving.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Before this instant it is [`Freshness::Fresh`].
    pub fresh_until_ms: u64,
    /// Before this instant, once it is not fresh, it is [`Freshness::Stale`].
    pub stale_until_ms: u64,
    /// Before this instant, once it is neither, it serves [`Freshness::OnError`].
    pub error_until_ms: u64,
}

impl Times {
    /// The times of something that is served while it is fresh, and not afterwards.
    pub const fn fresh_only(fresh_until_ms: u64) -> Self {
        Self { fresh_until_ms, stale_until_ms: fresh_until_ms, error_until_ms: fresh_until_ms }
    }

    /// How old it is.
    pub const fn freshness(&self, now_ms: u64) -> Freshness {
        if now_ms < self.fresh_until_ms {
            Freshness::Fresh
        } else if now_ms < self.stale_until_ms {
            Freshness::Stale
        } else if now_ms < self.error_until_ms {
            Freshness::OnError
        } else {
            Freshness::Over
        }
    }
}

/// A time less up to a fifth, so that isolates that began together do not fetch together. `random` is from 0 to 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "times of days have fewer milliseconds than 53 bits hold, and a fraction of one is positive"
)]
pub fn jittered(ms: u64, random: f64) -> u64 {
    (ms as f64 * (1.0 - random.clamp(0.0, 1.0) / 5.0)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_ages() {
        let times = Times { fresh_until_ms: 10, stale_until_ms: 20, error_until_ms: 30 };
        for (now_ms, expected) in [
            (0, Freshness::Fresh),
            (9, Freshness::Fresh),
            (10, Freshness::Stale),
            (19, Freshness::Stale),
            (20, Freshness::OnError),
            (29, Freshness::OnError),
            (30, Freshness::Over),
        ] {
            assert_eq!(times.freshness(now_ms), expected, "{now_ms}");
        }
        // The later times may be shorter than the earlier ones: then they add nothing.
        assert_eq!(Times { stale_until_ms: 5, ..times }.freshness(10), Freshness::OnError);
        assert_eq!(Times::fresh_only(10).freshness(10), Freshness::Over);
    }

    #[test]
    fn jitter_takes_a_fifth_at_most() {
        assert_eq!(
            (jittered(10_000, 0.0), jittered(10_000, 0.5), jittered(10_000, 1.0)),
            (10_000, 9_000, 8_000)
        );
        assert_eq!(jittered(86_400_000, f64::INFINITY), 69_120_000);
    }
}
