//! Raises an alarm when the edge falls behind, and ends it when the edge has caught up.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::clock::UnixMillis;
use crate::store::Store;

/// The alarm: `{"threshold_s", "raised_at"}`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Alarm {
    /// The age of a pending change, in seconds, that raises it.
    threshold_s: u64,
    /// When it was raised; null if it is not.
    raised_at: Option<UnixMillis>,
}

/// Watches the age of the oldest pending change. Clones share the alarm.
#[derive(Clone, Debug)]
pub struct Lag {
    threshold: Duration,
    raised_at: Arc<Mutex<Option<UnixMillis>>>,
}

impl Lag {
    /// Raises the alarm at this age.
    pub fn new(threshold: Duration) -> Self {
        Self { threshold, raised_at: Arc::default() }
    }

    /// The state of the alarm.
    pub fn alarm(&self) -> Alarm {
        let raised_at = *self.raised_at.lock().unwrap_or_else(PoisonError::into_inner);
        Alarm { threshold_s: self.threshold.as_secs(), raised_at }
    }

    /// Watches until `stop`. It is a task of its own, because a push may wait for the edge for a long time.
    pub(crate) async fn watch(self, store: Store, stop: CancellationToken) {
        let interval = (self.threshold / 4).clamp(Duration::from_millis(50), Duration::from_secs(5));
        loop {
            match store.oldest_pending().await {
                Ok(oldest) => self.note(oldest, UnixMillis::now()),
                Err(error) => tracing::error!(%error, "the age of pending changes cannot be read"),
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(interval) => {}
            }
        }
    }

    fn note(&self, oldest: Option<UnixMillis>, now: UnixMillis) {
        let lag_ms = oldest.map_or(0, |oldest| now.0.saturating_sub(oldest.0).max(0));
        let behind = u128::from(lag_ms.unsigned_abs()) >= self.threshold.as_millis();
        let mut raised_at = self.raised_at.lock().unwrap_or_else(PoisonError::into_inner);
        match (*raised_at, behind) {
            (None, true) => {
                *raised_at = Some(now);
                let (lag_s, threshold_s) = (lag_ms / 1000, self.threshold.as_secs());
                tracing::error!(alarm = "lag", raised = true, lag_s, threshold_s, "the edge lags behind");
            }
            (Some(since), false) => {
                *raised_at = None;
                let lasted_s = now.secs_since(since);
                tracing::info!(alarm = "lag", raised = false, lasted_s, "the edge has caught up");
            }
            (None, false) | (Some(_), true) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alarm_is_raised_at_its_threshold_and_cleared() {
        let lag = Lag::new(Duration::from_secs(60));
        let raised_at = || lag.alarm().raised_at;
        lag.note(None, UnixMillis(1_000_000));
        lag.note(Some(UnixMillis(940_001)), UnixMillis(1_000_000));
        assert_eq!(raised_at(), None);
        lag.note(Some(UnixMillis(940_000)), UnixMillis(1_000_000));
        lag.note(Some(UnixMillis(940_000)), UnixMillis(1_010_000));
        assert_eq!(raised_at(), Some(UnixMillis(1_000_000)), "it keeps the time at which it was raised");
        lag.note(Some(UnixMillis(1_009_000)), UnixMillis(1_010_000));
        assert_eq!(raised_at(), None);
    }
}
