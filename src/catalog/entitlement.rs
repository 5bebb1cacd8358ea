//! Purchases and rentals of a viewer.

use serde::{Deserialize, Serialize};

use super::EntitlementId;
use crate::time::UnixTime;

/// A purchase or a rental of a viewer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entitlement {
    /// The id that offers list in their `entitlements`.
    pub id: EntitlementId,
    /// When the entitlement begins. A rental lasts for the offer's `rental_s` from then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UnixTime>,
    /// When the entitlement ends, whatever the offer says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UnixTime>,
}

/// The business model of an offer, which decides what a viewer needs.
///
/// With any model, if an offer lists plans, the viewer needs one of the plans. If it lists entitlements, the viewer
/// needs one of the entitlements. So contradictory offers refuse viewers rather than give titles away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// Subscription: the viewer needs one of the offer's plans. An offer without plans fits no viewer.
    Svod,
    /// Advertising: the permit carries an ads mode, unless the offer's `ads` is `none`.
    Avod,
    /// Purchase or rental: the viewer needs one of the offer's entitlements. An offer without entitlements fits no
    /// viewer.
    Tvod,
    /// Free: the model itself requires neither a plan nor an entitlement.
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

/// Whether and how advertising reaches the viewers of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OfferAds {
    /// The viewer sees no advertising.
    None,
    /// The player inserts advertisements, guided by the manifest.
    Guided,
    /// The edge stitches advertisements into the manifest.
    Stitched,
}

/// How advertising reaches a viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AdsMode {
    /// The player inserts advertisements, guided by the manifest.
    Guided,
    /// The edge stitches advertisements into the manifest.
    Stitched,
}

impl OfferAds {
    /// The mode; `None`: no advertising.
    pub const fn mode(self) -> Option<AdsMode> {
        match self {
            Self::None => None,
            Self::Guided => Some(AdsMode::Guided),
            Self::Stitched => Some(AdsMode::Stitched),
        }
    }
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
