//! Work that one request of an isolate does for all of them.
//!
//! A promise of one request cannot be awaited in another one. So who comes first does the work, behind its own reply, and
//! leaves the outcome in the isolate's memory; the others look there in short intervals.

use std::time::Duration;

use worker::Delay;

/// Whether somebody is at the work. It stands in the isolate's memory, beside the outcome.
#[derive(Default)]
pub(super) struct UnderWay {
    begun_at_ms: Option<u64>,
}

impl UnderWay {
    /// Takes the work on: `true` for the one who is to do it. Work that was begun more than `patience` ago was cut off
    /// with the request that began it.
    pub(super) fn begin(&mut self, now_ms: u64, patience: Duration) -> bool {
        let idle = !self.is(now_ms, patience);
        if idle {
            self.begun_at_ms = Some(now_ms);
        }
        idle
    }

    /// Says that it is done.
    pub(super) fn end(&mut self) {
        self.begun_at_ms = None;
    }

    /// Whether somebody is at it.
    pub(super) fn is(&self, now_ms: u64, patience: Duration) -> bool {
        self.begun_at_ms.is_some_and(|begun| u128::from(now_ms.saturating_sub(begun)) < patience.as_millis())
    }
}

/// Looks until there is something, or patience is over. The first looks come soon, since most work is short.
pub(super) async fn until<T>(patience: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let mut pause = Duration::from_millis(2);
    let mut waited = Duration::ZERO;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if waited >= patience {
            return None;
        }
        Delay::from(pause).await;
        waited += pause;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// A look takes some microseconds: 1,000 waiting requests spend a quarter of an isolate's time on them.
const LONGEST_PAUSE: Duration = Duration::from_millis(32);
