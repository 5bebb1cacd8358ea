//! One way in which a title may be watched.

use serde::{Deserialize, Serialize};

use super::{
    AdsMode, Caps, DeviceClass, EntitlementId, Model, OfferAds, OfferId, OfferRules, Plan, Territories,
    UnknownPlace, VarianceId, Window,
};
use crate::time::UnixTime;

/// One way in which a title may be watched. The viewer has to meet all of its conditions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Offer {
    /// The offer's id, which traces and logs name. It is unique within the title.
    pub id: OfferId,
    /// The territories in which the offer applies.
    pub territories: Territories,
    /// How the offer treats viewers whose location is too imprecise to decide whether they are in `deny`, unless a
    /// nearer entry of `allow` matches them. Absent: `inside`.
    #[serde(default = "inside", skip_serializing_if = "is_inside")]
    pub unknown: UnknownPlace,
    /// The window in which the offer applies. Absent: always.
    #[serde(default, skip_serializing_if = "Window::is_always")]
    pub window: Window,
    /// Territories in which the offer opens at another time than its window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub premieres: Vec<Premiere>,
    /// The business model, which decides what the viewer needs. Absent: `plans` and `entitlements` alone decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Model>,
    /// The plans. The viewer's token has to name one of them. Empty: any viewer with a valid token.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plans: Vec<Plan>,
    /// The entitlements. The viewer has to have bought or rented one of them. Empty: the viewer needs none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entitlements: Vec<EntitlementId>,
    /// The duration of a rental, in seconds, from the entitlement's `from`. Absent: as long as the entitlement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub rental_s: Option<u64>,
    /// The device classes to which the offer is limited. Empty: any device.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<DeviceClass>,
    /// Whether and how advertising reaches the viewer. Absent: `guided` under the model `avod`, otherwise `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ads: Option<OfferAds>,
    /// The cut that the offer shows. Absent: the cut for the viewer's territory, or else the title's own media.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variance: Option<VarianceId>,
    /// How the offer's rules are enforced, in place of the site's `rules`.
    #[serde(default, skip_serializing_if = "OfferRules::is_empty")]
    pub rules: OfferRules,
    /// The offer's limits on the manifest.
    #[serde(default, skip_serializing_if = "Caps::is_none")]
    pub caps: Caps,
}

impl Offer {
    /// How advertising reaches its viewers, as far as the offer decides.
    pub fn ads(&self) -> Option<AdsMode> {
        match self.ads {
            Some(ads) => ads.mode(),
            None => (self.model == Some(Model::Avod)).then_some(AdsMode::Guided),
        }
    }
}

const fn inside() -> UnknownPlace {
    UnknownPlace::Inside
}

fn is_inside(unknown: &UnknownPlace) -> bool {
    *unknown == inside()
}

/// A separate opening time of an offer in some territories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Premiere {
    /// The territories of the premiere. Of several premieres, the premiere with the nearest territory to the viewer
    /// counts; of equally near premieres, the latest premiere.
    pub territories: Territories,
    /// When the offer opens there, in place of its window's `from`.
    pub from: UnixTime,
}
