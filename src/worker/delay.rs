//! Delays before a reply.
//!
//! Some players repeat a failed request as fast as they can, for hours: for a segment that does not exist yet, or under a
//! session that has ended. A short delay slows them down, and costs one timer. Only a limited number of requests is delayed at a time. The
//! others are answered at once.

use std::cell::RefCell;
use std::time::Duration;

use worker::Delay;

use super::isolate::isolate;
use super::runtime::now_ms;
use crate::shelf::Delays;

/// The longest delay for a file that does not exist yet, in milliseconds: live players ask every two seconds at most.
const LONGEST_MS: u64 = 2_000;

/// How often a client may have the same refusal within a minute before the next one is delayed.
const PATIENT_TIMES: u32 = 3;

/// How long a repeated refusal is delayed, in milliseconds.
const REFUSED_MS: u64 = 1_000;

/// Waits while a file is known to be missing. Then it may exist, and the media origin is asked once for all who waited.
pub(super) async fn while_missing(until_ms: u64) {
    let delay_ms = until_ms.saturating_sub(now_ms()).min(LONGEST_MS);
    if delay_ms > 0 {
        delay(&isolate().missing_delays, delay_ms).await;
    }
}

/// Whether a client is refused with a delay, since it has had the same refusal so often within a minute.
pub(super) fn is_delayed(times: Option<u32>) -> bool {
    times.is_some_and(|times| times > PATIENT_TIMES)
}

/// Waits before such a client is refused again.
pub(super) async fn repeated_refusal(times: Option<u32>) {
    if is_delayed(times) {
        delay(&isolate().refusal_delays, REFUSED_MS).await;
    }
}

async fn delay(delays: &RefCell<Delays>, delay_ms: u64) {
    let begins = delays.borrow_mut().begin(now_ms(), delay_ms);
    if begins {
        Delay::from(Duration::from_millis(delay_ms)).await;
    }
}
