//! What a decision is asked, and its answer.

use super::permit::{Class, Permit};
use super::proved::Proved;
use crate::catalog::{
    DeviceClass, DevicePolicy, Entitlement, GeographyPolicy, Plan, RatingPolicy, Site, SiteRules,
};
use crate::denial::Denial;
use crate::facts::Geography;

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
