//! An ad server, and how the edge asks it.

use serde::{Deserialize, Serialize};

use crate::catalog::{HostPattern, ParameterName};

/// An ad server, and how the edge asks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AdServer {
    /// The URL of its VAST documents.
    pub url: AdTemplate,
    /// The longest time for one request, in milliseconds. Absent: 3,000.
    #[serde(default = "request_ms", skip_serializing_if = "is_request_ms")]
    pub request_ms: u32,
    /// The longest time for a decision with all wrappers, in milliseconds. Absent: 8,000.
    #[serde(default = "total_ms", skip_serializing_if = "is_total_ms")]
    pub total_ms: u32,
    /// The longest time for a decision of a stitched break, in milliseconds. Absent: 1,000.
    #[serde(default = "stitched_ms", skip_serializing_if = "is_stitched_ms")]
    pub stitched_ms: u32,
    /// The most wrappers in front of an ad. Absent: 5.
    #[serde(default = "wrappers", skip_serializing_if = "is_wrappers")]
    pub wrappers: u8,
    /// The hosts that requests may lead to, besides the host of `url`. Absent: any public host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts: Option<Vec<HostPattern>>,
    /// Whether requests with the very same URL share one reply. Auctions and impressions are per viewer, so share only
    /// where the ad server allows it. Absent: `false`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub shared: bool,
    /// The most requests a second, from all edges together. A decision that finds no place fails as if the ad server
    /// had not answered. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_per_s: Option<u32>,
    /// The longest random delay of a decision, in milliseconds, which spreads the viewers of a live break. Absent: 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub jitter_ms: u32,
    /// How long before a known break its decision may be made, in seconds. Absent: 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub prefetch_s: u32,
    /// Parameters of the viewer's query that the template may use as `[player_params.NAME]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub player_params: Vec<ParameterName>,
}

/// A URL with macros (`[CACHEBUSTING]`, `[session.id]`), which are filled in for each request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct AdTemplate(pub String);

const fn request_ms() -> u32 {
    3_000
}

const fn is_request_ms(value: &u32) -> bool {
    *value == request_ms()
}

const fn total_ms() -> u32 {
    8_000
}

const fn is_total_ms(value: &u32) -> bool {
    *value == total_ms()
}

const fn stitched_ms() -> u32 {
    1_000
}

const fn is_stitched_ms(value: &u32) -> bool {
    *value == stitched_ms()
}

const fn wrappers() -> u8 {
    5
}

const fn is_wrappers(value: &u8) -> bool {
    *value == wrappers()
}

const fn is_false(value: &bool) -> bool {
    !*value
}

const fn is_zero(value: &u32) -> bool {
    *value == 0
}
