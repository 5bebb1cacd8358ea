//! Single flight: one request of an isolate does the work for all of them.
//!
//! A promise of one request cannot be awaited in another one. So the first request does the work behind its own reply, and
//! leaves the outcome in the isolate's memory. The others look there in short intervals.

use std::time::Duration;

use worker::Delay;

use crate::shelf::Arrived;

/// Waits for the outcome of another request's fetch. `look` gives it once it has arrived; `None`: the memory has lost it.
pub(super) async fn arrival<T, E>(
    patience: Duration,
    mut look: impl FnMut() -> Option<Option<Arrived<T, E>>>,
) -> Arrived<T, E> {
    let arrived = until(patience, || look().unwrap_or(Some(Arrived::Nothing))).await;
    arrived.unwrap_or(Arrived::Nothing)
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
