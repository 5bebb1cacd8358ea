//! Pods in isolate memory.

use std::rc::Rc;
use std::time::Duration;

use super::isolate::isolate;
use super::runtime::now_ms;
use super::single_flight;
use crate::ads::{Opening, Pod};
use crate::isolate::{KnownAhead, Turn};
use crate::life::{Ahead, ViewersBreak};
use crate::memory_key::MemoryKey;

/// The pod of a viewer's break, if this isolate has decided it lately.
pub(super) fn decided(of: &ViewersBreak<'_>, now_ms: u64) -> Option<Rc<Pod>> {
    isolate().pods.find(&MemoryKey::of(of), |known| known.decided(now_ms).cloned()).flatten()
}

/// The same, where another request is deciding, after its decision. `None`: this request is to decide.
///
/// A decision counts as under way for a second longer than `limit`, within which it is made: the request that began it may have
/// been cut off. Then one of those who wait takes its place. Who has waited for as long as a decision takes, and has still to wait,
/// leaves the break to the content.
pub(super) async fn decided_or_begun(of: &ViewersBreak<'_>, limit: Duration) -> Option<Rc<Pod>> {
    let under_way = limit.saturating_add(Duration::from_secs(1));
    let key = MemoryKey::of(of).kept();
    let look = || {
        let now = now_ms();
        match isolate().pods.with(&key, now, |known| known.turn(now, under_way)) {
            Turn::Decided(pod) => Some(Some(pod)),
            Turn::Decide => Some(None),
            Turn::Wait => None,
        }
    };
    let looked = single_flight::until(under_way, look).await;
    looked.unwrap_or_else(|| Some(Rc::new(Pod::empty(of.break_id.clone()))))
}

/// Whether no decision of a viewer is to be begun ahead.
pub(super) fn is_settled_ahead(ahead: &Ahead<'_>, breaks: Option<&[Opening]>) -> bool {
    let is_settled = |known: &KnownAhead| known.is_settled(breaks, ahead);
    isolate().ahead.find(&MemoryKey::of(&ahead.viewer()), is_settled).unwrap_or(breaks.is_none())
}

/// The next break of a viewer whose decision is to be made ahead. It counts as begun.
pub(super) fn next_ahead(ahead: &Ahead<'_>, breaks: Option<&[Opening]>) -> Option<Opening> {
    if is_settled_ahead(ahead, breaks) {
        return None;
    }
    let key = MemoryKey::of(&ahead.viewer()).kept();
    isolate().ahead.with(&key, ahead.now_ms, |known| known.take(breaks, ahead))
}

/// Remembers a decision until then.
pub(super) fn remember(of: &ViewersBreak<'_>, pod: &Rc<Pod>, until_ms: u64) {
    isolate().pods.with(&MemoryKey::of(of).kept(), now_ms(), |known| known.settle(pod, until_ms));
}
