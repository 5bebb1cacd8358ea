//! An advertisement, apart from its media.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Tracking;
use crate::catalog::CampaignId;
use crate::time::millis;

/// An advertisement, apart from its media.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ad {
    /// Its id: the `id` of the VAST `Ad`, or the campaign's and creative's.
    pub id: String,
    /// The campaign, if the site's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// The id of this one showing of it (VAST `AdServingId`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serving_id: Option<String>,
    /// The system that served it (VAST `AdSystem`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Its title (VAST `AdTitle`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The `id` of the VAST `Creative`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creative_id: Option<String>,
    /// Its place in the ad server's pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u32>,
    /// Universal ad ids of its creative.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<Identifier>,
    /// URLs to be requested as it plays, in the order of the ad server: wrappers first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tracking: Vec<Tracking>,
    /// Scripts that verify that it was seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verifications: Vec<Verification>,
    /// The page behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub click_through: Option<String>,
    /// The time from its start after which viewers may skip it. Absent: never.
    #[serde(
        rename = "skip_offset_ms",
        default,
        with = "millis::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub skip_offset: Option<Duration>,
    /// Elements `Extension` of the ad server, as they came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<String>,
}

/// A universal ad id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identifier {
    /// The registry: `ad-id.org`.
    pub scheme: String,
    /// The id there.
    pub value: String,
}

/// A verification of viewability (VAST 4 `Verification`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// The vendor.
    pub vendor: String,
    /// The URL of the script.
    pub resource: String,
    /// Its parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<String>,
}
