//! Runs a life whose questions are all answered at once.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// A question was left pending, and nobody is there to answer it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a question of the request's life was left without an answer")]
pub struct Unanswered;

/// Polls a life once, and drops it where a question is pending.
pub fn at_once<T>(life: impl Future<Output = T>) -> Result<T, Unanswered> {
    match pin!(life).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => Ok(outcome),
        Poll::Pending => Err(Unanswered),
    }
}
