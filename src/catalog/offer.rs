//! One way in which a title may be watched.

use serde::{Deserialize, Serialize};

use super::{
    AdsMode, Caps, DeviceClass, EntitlementId, Model, OfferId, OfferRules, Plan, Territories, UnknownPlace,
    VarianceId, Window,
};
use crate::time::UnixTime;

/// One way in which a title may be watched. The viewer has to meet all of its conditions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Offer {
    /// Names the offer in traces and logs; unique within the title.
    pub id: OfferId,
    /// Where it holds.
    pub territories: Territories,
    /// How it treats viewers whose location is too imprecise to tell whether they are in its `deny`, and who are
    /// nowhere nearer in its `allow`; absent: `inside`.
    #[serde(default = "inside", skip_serializing_if = "is_inside")]
    pub unknown: UnknownPlace,
    /// When it holds; absent: always.
    #[serde(default, skip_serializing_if = "Window::is_always")]
    pub window: Window,
    /// Where it opens at another time than its window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub premieres: Vec<Premiere>,
    /// What the viewer needs; absent: whatever `plans` and `entitlements` ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Model>,
    /// The plans; the viewer's token has to name one of them. Empty: any viewer with a valid token.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plans: Vec<Plan>,
    /// The entitlements; the viewer has to have bought or rented one of them. Empty: none needed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entitlements: Vec<EntitlementId>,
    /// How long a rental lasts, in seconds, from the entitlement's `from`; absent: as long as the entitlement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub rental_s: Option<u64>,
    /// The only device classes; empty: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<DeviceClass>,
    /// How advertising reaches the viewer; absent: not at all, and `guided` under the model `avod`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ads: Option<AdsMode>,
    /// The cut that it shows; absent: the one for the viewer's territory, else the title's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variance: Option<VarianceId>,
    /// How its rules are enforced, in place of the site's `rules`.
    #[serde(default, skip_serializing_if = "OfferRules::is_empty")]
    pub rules: OfferRules,
    /// Its limits on the manifest.
    #[serde(default, skip_serializing_if = "Caps::is_none")]
    pub caps: Caps,
}

impl Offer {
    /// How advertising reaches its viewers.
    pub fn ads(&self) -> Option<AdsMode> {
        self.ads.or((self.model == Some(Model::Avod)).then_some(AdsMode::Guided))
    }
}

const fn inside() -> UnknownPlace {
    UnknownPlace::Inside
}

fn is_inside(unknown: &UnknownPlace) -> bool {
    *unknown == inside()
}

/// An opening of an offer of its own in some territories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Premiere {
    /// Where; of several premieres, the one whose territory is nearest to the viewer counts, of equals the latest.
    pub territories: Territories,
    /// When the offer opens there, in place of its window's `from`.
    pub from: UnixTime,
}
