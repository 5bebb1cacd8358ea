//! Purchases and rentals of a viewer.

use serde::{Deserialize, Serialize};

use super::EntitlementId;
use crate::time::UnixTime;

/// One thing that a viewer has bought or rented.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entitlement {
    /// What offers name in their `entitlements`.
    pub id: EntitlementId,
    /// When it begins: a rental lasts for the offer's `rental_s` from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UnixTime>,
    /// When it ends, whatever the offer says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UnixTime>,
}

/// The business model of an offer, which decides what a viewer needs.
///
/// With any model, where an offer names plans, the viewer needs one of them, and where it names entitlements, one of
/// those. So contradictory offers refuse viewers rather than give titles away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// Subscription: the viewer needs one of the offer's plans. An offer without plans fits no viewer.
    Svod,
    /// Paid for with advertising: the permit carries an ads mode.
    Avod,
    /// Purchase or rental: the viewer needs one of the offer's entitlements. An offer without entitlements fits no
    /// viewer.
    Tvod,
    /// Nothing.
    Free,
}

impl Model {
    /// The model's name, as it stands in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Svod => "svod",
            Self::Avod => "avod",
            Self::Tvod => "tvod",
            Self::Free => "free",
        }
    }
}

/// How advertising reaches the viewer of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AdsMode {
    /// The player inserts it, guided by the manifest.
    Guided,
    /// The edge stitches it into the manifest.
    Stitched,
}

impl AdsMode {
    /// The mode's name, as it stands in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Guided => "guided",
            Self::Stitched => "stitched",
        }
    }
}
