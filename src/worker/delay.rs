//! Requests that wait before they are answered.
//!
//! Some players ask for what they do not get as fast as they can, for hours: for a segment that is not there yet, or under a
//! session that has ended. A short wait slows them down, and costs one timer. So many wait at a time; the others are
//! answered at once.

use std::cell::RefCell;
use std::time::Duration;

use worker::Delay;

use super::isolate::isolate;
use super::now_ms;
use crate::repeats::Held;

/// The longest wait for a file that is not there yet, in milliseconds: as often a live player asks at most.
const LONGEST_MS: u64 = 2_000;

/// How often a client may have the same refusal within a minute before the next one waits.
const PATIENT_TIMES: u32 = 3;

/// For how long it waits, in milliseconds.
const REFUSED_MS: u64 = 1_000;

/// Waits while a file is known to be missing: then it may be there, and the media origin is asked once for all who wait.
pub(super) async fn until(missing_until_ms: u64) {
    let wait_ms = missing_until_ms.saturating_sub(now_ms()).min(LONGEST_MS);
    if wait_ms > 0 {
        hold(&isolate().waiting, wait_ms).await;
    }
}

/// Waits before a client is refused again that has been refused so often within a minute.
pub(super) async fn repeated(times: Option<u32>) {
    if times.is_some_and(|times| times > PATIENT_TIMES) {
        hold(&isolate().refused, REFUSED_MS).await;
    }
}

async fn hold(held: &RefCell<Held>, wait_ms: u64) {
    if held.borrow_mut().begin(now_ms(), wait_ms) {
        Delay::from(Duration::from_millis(wait_ms)).await;
    }
}
