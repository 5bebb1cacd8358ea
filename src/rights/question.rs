//! The input of a decision, and its result.

use super::permit::{Class, Permit};
use super::proved::Proved;
use crate::catalog::{
    AdPolicy, DeviceClass, DevicePolicy, Entitlement, GeographyPolicy, Plan, RatingPolicy, Site, SiteRules,
};
use crate::denial::Denial;
use crate::facts::Geography;

/// The viewer, as a decision at the entry needs them.
#[derive(Clone, Copy, Debug)]
pub struct Viewer<'a> {
    /// The viewer's location.
    pub geography: &'a Geography,
    /// The plans of the viewer's token.
    pub plans: &'a [Plan],
    /// The purchases and rentals in the token.
    pub entitlements: &'a [Entitlement],
    /// The profile's age in years, if the token names it.
    pub age: Option<u8>,
    /// The class of the viewer's device ([`super::device`]).
    pub device: Option<DeviceClass>,
    /// The greatest height that the token itself allows.
    pub max_height: Option<u32>,
    /// How many streams at a time the token itself allows.
    pub max_streams: Option<u32>,
    /// A number from 0 to 99, always the same for a viewer: it decides whether a gradual roll-out includes the viewer.
    pub bucket: u8,
}

/// The session, as a decision below the entry needs it.
#[derive(Clone, Copy, Debug)]
pub struct Resumed<'a> {
    /// The session's class, which stands for the conditions of its offer.
    pub class: Class,
    /// The properties that its viewer has proved. `None`: the session does not carry them, and rules about the viewer
    /// are taken as met.
    pub proved: Option<Proved>,
    /// The viewer's location now.
    pub geography: &'a Geography,
    /// The greatest height that the viewer's token allowed.
    pub max_height: Option<u32>,
    /// A number from 0 to 99, the same as at the entry.
    pub bucket: u8,
}

/// A site's policies about rights.
#[derive(Clone, Copy, Debug)]
pub struct Policies<'a> {
    /// Its policy about places.
    pub geography: &'a GeographyPolicy,
    /// Its policy about ratings.
    pub ratings: &'a RatingPolicy,
    /// Its policy about devices.
    pub devices: &'a DevicePolicy,
    /// How its rules are enforced.
    pub rules: &'a SiteRules,
    /// Its policy about advertising; `None`: it has none.
    pub ads: Option<&'a AdPolicy>,
}

impl<'a> From<&'a Site> for Policies<'a> {
    fn from(Site { geography, ratings, devices, rules, ads, .. }: &'a Site) -> Self {
        Self { geography, ratings, devices, rules, ads: ads.as_ref() }
    }
}

/// A decision, and the denials that rehearsed rules would have added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The permit, or the reason for the denial.
    pub outcome: Result<Permit, Denial>,
    /// The denials of rules that are only rehearsed, for the log.
    pub rehearsed: Vec<Denial>,
}
