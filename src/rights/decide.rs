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
use super::permit::{Class, Permit};
use super::proved::Proved;
use super::trace::{Recorder, Trace};
use crate::catalog::{
    DeviceClass, DevicePolicy, Entitlement, GeographyPolicy, Plan, RatingPolicy, Site, SiteRules, Title,
};
use crate::denial::Denial;
use crate::facts::Geography;
use crate::time::UnixTime;

/// What a decision looks at in a viewer.
#[derive(Clone, Copy, Debug)]
pub struct Viewer<'a> {
    /// Where the viewer is.
    pub geography: &'a Geography,
    /// The plans of the viewer's token.
    pub plans: &'a [Plan],
    /// What the token says was bought or rented.
    pub entitlements: &'a [Entitlement],
    /// The profile's age in years, if the token names it.
    pub age: Option<u8>,
    /// What the viewer watches on, as [`super::device`] finds it.
    pub device: Option<DeviceClass>,
    /// The greatest height that the token itself allows.
    pub max_height: Option<u32>,
    /// How many streams at a time the token itself allows.
    pub max_streams: Option<u32>,
    /// 0 to 99, always the same for a viewer: which part of the audience a roll-out has reached.
    pub bucket: u8,
}

/// What a decision looks at below a session.
#[derive(Clone, Copy, Debug)]
pub struct Resumed<'a> {
    /// The session's class: what the offer asked for under which it was opened.
    pub class: Class,
    /// What its viewer has proved of it; `None`: the session says nothing of that, and rules about the viewer's person are
    /// taken for met.
    pub proved: Option<Proved>,
    /// Where the viewer is now.
    pub geography: &'a Geography,
    /// The greatest height that the viewer's token allowed.
    pub max_height: Option<u32>,
    /// 0 to 99, the same as at the entry.
    pub bucket: u8,
}

/// What a site says of rights.
#[derive(Clone, Copy, Debug)]
pub struct Policies<'a> {
    /// What it makes of places.
    pub geography: &'a GeographyPolicy,
    /// What it makes of ratings.
    pub ratings: &'a RatingPolicy,
    /// What it makes of devices.
    pub devices: &'a DevicePolicy,
    /// How its rules are enforced.
    pub rules: &'a SiteRules,
}

impl<'a> From<&'a Site> for Policies<'a> {
    fn from(Site { geography, ratings, devices, rules, .. }: &'a Site) -> Self {
        Self { geography, ratings, devices, rules }
    }
}

/// A decision, and what it would also have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What the viewer may see, or why not.
    pub outcome: Result<Permit, Denial>,
    /// What rules that are being rehearsed would have refused: to be logged.
    pub rehearsed: Vec<Denial>,
}

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
    told(Hearing::new(title, Ask::Enter(viewer), policies, now, Recorder(Some(Trace::default()))))
}

/// Decides below a session, and tells what was looked at.
pub fn explain_resume(
    title: &Title,
    resumed: &Resumed<'_>,
    policies: Policies<'_>,
    now: UnixTime,
) -> (Decision, Trace) {
    told(Hearing::new(title, Ask::Resume(resumed), policies, now, Recorder(Some(Trace::default()))))
}

fn told(hearing: Hearing<'_>) -> (Decision, Trace) {
    let (decision, Recorder(trace)) = hearing.decide();
    (decision, trace.unwrap_or_default())
}

#[cfg(test)]
mod tests;
