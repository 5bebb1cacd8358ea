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
//! Of the offers that fit, the one with the greatest height wins, the first of equals. When none fits, the denial comes
//! from the offer that failed furthest down the list: a missing plan says more than a closed window, and a closed
//! window more than a foreign territory.

use super::hearing::{Ask, Hearing};
use super::question::{Decision, Policies, Resumed, Viewer};
use super::trace::{Recorder, Trace};
use crate::catalog::Title;
use crate::time::UnixTime;

/// Decides at the entry what a viewer may see of a title.
pub fn decide(title: &Title, viewer: &Viewer<'_>, policies: Policies<'_>, now: UnixTime) -> Decision {
    Hearing::new(title, Ask::Enter(viewer), policies, now, Recorder(None)).decide().0
}

/// Decides again below a session that was opened earlier. An offer fits if it is of the session's class, in its
/// territory and in its window, and if the viewer proved at the entry everything that its rules, as enforced now and at
/// the viewer's present place, ask for. So nothing is permitted that [`decide`] would not permit to the same viewer.
///
/// A blackout that begins or ends under the session changes the media that is shown, and leaves the session as it is.
pub fn resume(title: &Title, resumed: &Resumed<'_>, policies: Policies<'_>, now: UnixTime) -> Decision {
    Hearing::new(title, Ask::Resume(resumed), policies, now, Recorder(None)).decide().0
}

/// Decides at the entry, and traces the decision with every rule of every offer.
pub fn explain(
    title: &Title,
    viewer: &Viewer<'_>,
    policies: Policies<'_>,
    now: UnixTime,
) -> (Decision, Trace) {
    with_trace(Hearing::new(title, Ask::Enter(viewer), policies, now, Recorder(Some(Trace::default()))))
}

/// Decides below a session, and traces the decision.
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
