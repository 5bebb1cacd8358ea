//! The only code that reads the wall clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};
use stagedoor::time::UnixTime;

/// An instant in whole milliseconds since 1970-01-01T00:00:00Z, as the database stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// The current time of the wall clock.
    pub fn now() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is native code, and the only place that asks")]
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }

    /// The same instant in whole seconds, which prints as RFC 3339.
    pub fn seconds(self) -> UnixTime {
        UnixTime::from_secs(u64::try_from(self.0 / 1000).unwrap_or_default())
    }

    /// Whole seconds from `earlier` until this instant, zero if it is not later.
    pub fn secs_since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0) / 1000).unwrap_or_default()
    }
}

/// A duration in whole milliseconds, as a field of the log. The log would write a `u128` as text.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// As RFC 3339, in whole seconds.
impl Serialize for UnixMillis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.seconds().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_become_seconds() {
        assert_eq!(UnixMillis(1_795_370_400_999).seconds().to_string(), "2026-11-22T18:00:00Z");
        assert_eq!(UnixMillis(2_500).secs_since(UnixMillis(400)), 2);
        assert_eq!(UnixMillis(400).secs_since(UnixMillis(2_500)), 0);
    }
}
