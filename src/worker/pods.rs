//! Pods in isolate memory.

use std::rc::Rc;
use std::time::Duration;

use super::isolate::isolate;
use super::runtime::now_ms;
use super::single_flight;
use crate::ads::{Opening, Pod};
use crate::isolate::KnownAhead;
use crate::life::{Ahead, ViewersBreak};
use crate::memory_key::MemoryKey;

/// The pod of a viewer's break, if this isolate has decided it lately.
pub(super) fn decided(of: &ViewersBreak<'_>, now_ms: u64) -> Option<Rc<Pod>> {
    isolate().pods.find(&MemoryKey::of(of), |known| known.decided(now_ms).cloned()).flatten()
}

/// The same, where another request is deciding, after its decision. `None`: this request is to decide.
///
/// A decision counts as under way for a second longer than `limit`, within which it is made: the request that began it may have
/// been cut off.
pub(super) async fn decided_or_begun(of: &ViewersBreak<'_>, limit: Duration) -> Option<Rc<Pod>> {
    let under_way = limit.saturating_add(Duration::from_secs(1));
    let key = MemoryKey::of(of).kept();
    let now = now_ms();
    let begun = isolate().pods.with(&key, now, |known| {
        if known.begin(now, under_way) { None } else { Some(known.decided(now).cloned()) }
    })?;
    if begun.is_some() {
        return begun;
    }
    let look = || {
        let now = now_ms();
        let looked =
            isolate().pods.find(&key, |known| (known.decided(now).cloned(), known.is_under_way(now)));
        match looked {
            Some((Some(pod), _)) => Some(Some(pod)),
            Some((None, true)) => None,
            Some((None, false)) | None => Some(None),
        }
    };
    single_flight::until(under_way, look).await.flatten()
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

/// Forgets a decision.
pub(super) fn forget(of: &ViewersBreak<'_>) {
    isolate().pods.remove(&MemoryKey::of(of));
}

/// Remembers a decision.
pub(super) fn remember(of: &ViewersBreak<'_>, pod: &Rc<Pod>) {
    let now = now_ms();
    isolate().pods.with(&MemoryKey::of(of).kept(), now, |known| known.settle(pod, now));
}
