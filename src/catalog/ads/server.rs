//! An ad server, and how the edge asks it.

use serde::{Deserialize, Serialize};

use super::{AdTemplate, bounds};
use crate::catalog::{HostPattern, ParameterName};

/// An ad server, and how the edge asks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AdServer {
    /// The URL of its VAST documents.
    pub url: AdTemplate,
    /// The longest time for one request, in milliseconds. Absent: 3,000.
    #[serde(
        default = "request_ms",
        skip_serializing_if = "is_request_ms",
        deserialize_with = "bounds::number::<_, _, 10, 10_000>"
    )]
    #[cfg_attr(feature = "schema", schemars(range(min = 10, max = 10_000)))]
    pub request_ms: u32,
    /// The longest time for a decision with all wrappers, in milliseconds. Absent: 8,000.
    #[serde(
        default = "total_ms",
        skip_serializing_if = "is_total_ms",
        deserialize_with = "bounds::number::<_, _, 10, 30_000>"
    )]
    #[cfg_attr(feature = "schema", schemars(range(min = 10, max = 30_000)))]
    pub total_ms: u32,
    /// The longest time for a decision of a stitched break, in milliseconds. Absent: 1,000.
    #[serde(
        default = "stitched_ms",
        skip_serializing_if = "is_stitched_ms",
        deserialize_with = "bounds::number::<_, _, 10, 10_000>"
    )]
    #[cfg_attr(feature = "schema", schemars(range(min = 10, max = 10_000)))]
    pub stitched_ms: u32,
    /// The most wrappers in front of an ad. Absent: 5.
    #[serde(
        default = "wrappers",
        skip_serializing_if = "is_wrappers",
        deserialize_with = "bounds::number::<_, _, 0, 10>"
    )]
    #[cfg_attr(feature = "schema", schemars(range(max = 10)))]
    pub wrappers: u8,
    /// The hosts that requests may lead to, besides the host of `url`. Absent: any public host.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounds::optional_list::<_, _, 100>"
    )]
    #[cfg_attr(feature = "schema", schemars(length(max = 100)))]
    pub hosts: Option<Vec<HostPattern>>,
    /// Whether requests with the very same URL share one reply. Auctions and impressions are per viewer, so share only
    /// where the ad server allows it. Absent: `false`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub shared: bool,
    /// The most requests a second, from all edges together. A decision that finds no place fails as if the ad server
    /// had not answered. Absent: no limit.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounds::optional::<_, _, 1, 100_000>"
    )]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100_000)))]
    pub peak_per_s: Option<u32>,
    /// The longest random delay of a decision, in milliseconds, which spreads the viewers of a live break. Absent: 0.
    #[serde(
        default,
        skip_serializing_if = "is_zero",
        deserialize_with = "bounds::number::<_, _, 0, 30_000>"
    )]
    #[cfg_attr(feature = "schema", schemars(range(max = 30_000)))]
    pub jitter_ms: u32,
    /// How long before a break its pod may be decided, in seconds, so that the viewers of a live break do not all ask at
    /// once. Absent: 0, a pod is decided when the viewer's player asks for it.
    #[serde(default, skip_serializing_if = "is_zero", deserialize_with = "bounds::number::<_, _, 0, 1_200>")]
    #[cfg_attr(feature = "schema", schemars(range(max = 1_200)))]
    pub prefetch_s: u32,
    /// Parameters of the viewer's query that the template may use as `[player_params.NAME]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "bounds::list::<_, _, 32>")]
    #[cfg_attr(feature = "schema", schemars(length(max = 32)))]
    pub player_params: Vec<ParameterName>,
}

impl AdServer {
    /// The usual longest time for a decision with all wrappers, in milliseconds.
    pub const TOTAL_MS: u32 = total_ms();

    /// An ad server with the usual settings.
    pub const fn at(url: AdTemplate) -> Self {
        Self {
            url,
            request_ms: request_ms(),
            total_ms: total_ms(),
            stitched_ms: stitched_ms(),
            wrappers: wrappers(),
            hosts: None,
            shared: false,
            peak_per_s: None,
            jitter_ms: 0,
            prefetch_s: 0,
            player_params: Vec::new(),
        }
    }
}

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
