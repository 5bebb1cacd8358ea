//! Which offer fits a viewer.
//!
//! A title is heard in this order, and the first rule that refuses ends it:
//!
//! | | rule | at the entry | below a session |
//! | --- | --- | --- | --- |
//! | site | `anonymiser` | decided | decided again |
//! | site | `unknown_geography` | decided | decided again |
//! | title | `embargo` | decided | decided again |
//! | title | `blackout`, the nearest that is on: denies or replaces | decided | decided again |
//! | offer | `territory` | decided | decided again |
//! | offer | `window` and premieres | decided | decided again |
//! | offer | `device`, `plan`, `entitlement`, `rating` | decided | decided again, by what was proved at the entry |
//!
//! Of the offers that fit, the one with the greatest height wins, the first of equals. When none fits, the denial is
//! that of the offer that came furthest down the list: a missing plan says more than a closed window, and that more than
//! a foreign territory.

use super::hearing::{Ask, Hearing};
use super::question::{Decision, Policies, Resumed, Viewer};
use super::trace::{Recorder, Trace};
use crate::catalog::Title;
use crate::time::UnixTime;

/// Decides at the entry what a viewer may see of a title.
pub fn decide(title: &Title, viewer: &Viewer<'_>, policies: Policies<'_>, now: UnixTime) -> Decision {
    Hearing::new(title, Ask::Enter(viewer), policies, now, Recorder(None)).decide().0
}

/// Decides again below a session that was opened earlier: an offer fits that is of the session's class, in its territory
/// and in its window, and asks nothing of the viewer, as rules are enforced now and where the viewer is now, that was not
/// proved at the entry. So nothing is permitted that [`decide`] would not permit to the same viewer.
///
/// A blackout that begins or ends under the session changes what is shown, and leaves the session as it is.
pub fn resume(title: &Title, resumed: &Resumed<'_>, policies: Policies<'_>, now: UnixTime) -> Decision {
    Hearing::new(title, Ask::Resume(resumed), policies, now, Recorder(None)).decide().0
}

/// Decides at the entry, and tells what was looked at: every rule of every offer.
pub fn explain(
    title: &Title,
    viewer: &Viewer<'_>,
    policies: Policies<'_>,
    now: UnixTime,
) -> (Decision, Trace) {
    with_trace(Hearing::new(title, Ask::Enter(viewer), policies, now, Recorder(Some(Trace::default()))))
}

/// Decides below a session, and tells what was looked at.
pub fn explain_resume(
    title: &Title,
    resumed: &Resumed<'_>,
    policies: Policies<'_>,
    now: UnixTime,
) -> (Decision, Trace) {
    with_trace(Hearing::new(title, Ask::Resume(resumed), policies, now, Recorder(Some(Trace::default()))))
}

fn with_trace(hearing: Hearing<'_>) -> (Decision, Trace) {
    let (decision, Recorder(trace)) = hearing.decide();
    (decision, trace.unwrap_or_default())
}

#[cfg(test)]
mod tests;
