//! Where a title's breaks lie.

use serde::{Deserialize, Serialize};

use super::{AdTemplate, bounds};

/// Where the breaks of a title lie, and who fills them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct TitleAds {
    /// The break before the content, or before a viewer joins a live stream. Absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre_roll: Option<Roll>,
    /// The breaks within the content, on demand. Absent: only those that its media marks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mid_rolls: Option<MidRolls>,
    /// The break behind the content, on demand. Absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_roll: Option<Roll>,
    /// The URL of a VMAP document, whose breaks take the place of `pre_roll`, `mid_rolls` and `post_roll`. It is the same
    /// for all viewers, so it has no macros of a viewer. Absent: none.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "AdTemplate::optional_shared")]
    pub vmap: Option<AdTemplate>,
    /// Whether the marks in its media (SCTE-35 and others) are left alone. Absent: `false`, they are breaks.
    #[serde(skip_serializing_if = "is_false")]
    pub ignore_markers: bool,
    /// The URL of its VAST documents, in place of the URL of the site's ad server. Absent: the site's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vast: Option<AdTemplate>,
}

/// A break before or behind the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Roll {
    /// The longest duration, in seconds.
    #[serde(deserialize_with = "bounds::number::<_, _, 1, 3_600>")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 3_600)))]
    pub longest_s: u32,
}

/// The breaks within the content.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MidRolls {
    /// Positions, in seconds from the beginning, in order. 500 at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "bounds::list::<_, _, 500>")]
    #[cfg_attr(feature = "schema", schemars(length(max = 500)))]
    pub at_s: Vec<u32>,
    /// A break every so many seconds. Absent: only at the positions.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounds::optional::<_, _, 10, 86_400>"
    )]
    #[cfg_attr(feature = "schema", schemars(range(min = 10, max = 86_400)))]
    pub every_s: Option<u32>,
    /// The first seconds of the content, which have no break. Absent: 0.
    #[serde(
        default,
        skip_serializing_if = "is_zero",
        deserialize_with = "bounds::number::<_, _, 0, 604_800>"
    )]
    #[cfg_attr(feature = "schema", schemars(range(max = 604_800)))]
    pub not_first_s: u32,
    /// The last seconds of the content, which have no break. Absent: 0.
    #[serde(
        default,
        skip_serializing_if = "is_zero",
        deserialize_with = "bounds::number::<_, _, 0, 604_800>"
    )]
    #[cfg_attr(feature = "schema", schemars(range(max = 604_800)))]
    pub not_last_s: u32,
    /// The most breaks within the content, with those that its media marks. Absent: no limit but the manifest's.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounds::optional::<_, _, 1, 500>"
    )]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 500)))]
    pub most: Option<u16>,
    /// The longest duration of a break, in seconds.
    #[serde(deserialize_with = "bounds::number::<_, _, 1, 3_600>")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 3_600)))]
    pub longest_s: u32,
}

const fn is_zero(value: &u32) -> bool {
    *value == 0
}

const fn is_false(value: &bool) -> bool {
    !*value
}
