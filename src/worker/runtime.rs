//! The runtime's clock, its timers, and its errors.

use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::pin_mut;
use worker::{Delay, Response};

use crate::fault::{Fault, FaultKind};
use crate::time::UnixTime;

/// The time in seconds.
pub(super) fn now() -> UnixTime {
    UnixTime::from_secs(now_ms() / 1000)
}

/// The time in milliseconds since 1970.
pub(super) fn now_ms() -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "milliseconds since 1970, in whole numbers"
    )]
    let now_ms = js_sys::Date::now() as u64;
    now_ms
}

/// The time that is left until then.
pub(super) fn left(until_ms: u64) -> Duration {
    Duration::from_millis(until_ms.saturating_sub(now_ms()))
}

/// The value of a future; `None` if it takes longer than `patience`.
pub(super) async fn within<T>(patience: Duration, future: impl Future<Output = T>) -> Option<T> {
    let patience = Delay::from(patience);
    pin_mut!(future, patience);
    match select(future, patience).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}

/// The fault of an error of the runtime.
pub(super) fn platform(error: &worker::Error) -> Fault {
    Fault::new(FaultKind::Platform, error.to_string())
}

/// A header of a reply.
pub(super) fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).ok().flatten()
}
