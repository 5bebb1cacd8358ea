//! `v1/campaigns/{host}`: a site's own campaigns.

use serde::{Deserialize, Serialize};

use super::bounds;
use crate::catalog::{
    CampaignId, CreativeId, DeviceClass, Host, Label, Memo, Mode, Place, Plan, Territories, TitleId, Window,
};

/// A site's own campaigns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Campaigns {
    /// The site.
    pub host: Host,
    /// The campaigns, 10,000 at most. Their ids differ.
    #[serde(deserialize_with = "bounds::list::<_, _, { Campaigns::MOST }>")]
    #[cfg_attr(feature = "schema", schemars(length(max = 10_000)))]
    pub campaigns: Vec<Campaign>,
    /// Values that other modules derive from the campaigns.
    #[serde(skip)]
    pub memo: Memo,
}

impl Campaigns {
    /// The most campaigns of a site.
    pub const MOST: usize = 10_000;

    /// The most bytes of the document: 262 for each of the most campaigns. A campaign with its flight, a territory, a
    /// title and a frequency takes about 230.
    pub const MAX_BYTES: usize = 5 * 512 * 1024;
}

/// A campaign: creatives, and the breaks and viewers for which they may be taken. An empty list of conditions does not
/// limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Campaign {
    /// Its id, which explanations and logs name.
    pub id: CampaignId,
    /// Its creatives, which take turns. 100 at most.
    #[serde(deserialize_with = "bounds::list::<_, _, 100>")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 100)))]
    pub creatives: Vec<CreativeId>,
    /// Whether it is off, rehearsed in the log, or in force. Absent: `enforce`.
    #[serde(default = "enforce", skip_serializing_if = "is_enforce")]
    pub mode: Mode,
    /// Campaigns of a higher priority are taken first. Absent: 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub priority: u8,
    /// Its share among campaigns of its priority, relative to their weights. Absent: 1.
    #[serde(
        default = "one",
        skip_serializing_if = "is_one",
        deserialize_with = "bounds::number::<_, _, 1, 1_000_000>"
    )]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1_000_000)))]
    pub weight: u32,
    /// Its flight. Absent: always.
    #[serde(default, skip_serializing_if = "is_always")]
    pub window: Window,
    /// Its territories, 1,000 entries at most. Absent: everywhere.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounds::optional_territories"
    )]
    pub territories: Option<Territories>,
    /// The places of breaks: `pre_roll`, `mid_roll`, `post_roll`.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "bounds::list::<_, _, 3>")]
    #[cfg_attr(feature = "schema", schemars(length(max = 3)))]
    pub places: Vec<Place>,
    /// The device classes.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "bounds::list::<_, _, 16>")]
    #[cfg_attr(feature = "schema", schemars(length(max = 16)))]
    pub devices: Vec<DeviceClass>,
    /// The titles.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "bounds::list::<_, _, 1000>")]
    #[cfg_attr(feature = "schema", schemars(length(max = 1000)))]
    pub titles: Vec<TitleId>,
    /// The genres, of which the title has one.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "bounds::list::<_, _, 100>")]
    #[cfg_attr(feature = "schema", schemars(length(max = 100)))]
    pub genres: Vec<Label>,
    /// The languages of the content, as language tags (BCP 47), of which the title has one.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "bounds::languages")]
    #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
    pub languages: Vec<String>,
    /// The plans of viewers.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "bounds::list::<_, _, 100>")]
    #[cfg_attr(feature = "schema", schemars(length(max = 100)))]
    pub plans: Vec<Plan>,
    /// How often one viewer may see it.
    #[serde(default, skip_serializing_if = "Frequency::is_none")]
    pub frequency: Frequency,
    /// Categories of its advertiser. No two ads of one category stand in one pod.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "bounds::list::<_, _, 16>")]
    #[cfg_attr(feature = "schema", schemars(length(max = 16)))]
    pub separation: Vec<Label>,
    /// The most times that it may be taken, for all viewers together. Absent: no limit.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounds::optional::<_, _, 1, 1_000_000_000_000>"
    )]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1_000_000_000_000_u64)))]
    pub cap: Option<u64>,
}

/// How often one viewer may see a campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Frequency {
    /// The most times in one break. Absent: 1.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounds::optional::<_, _, 1, 100>"
    )]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100)))]
    pub per_break: Option<u32>,
    /// The most times in one session. Absent: no limit.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounds::optional::<_, _, 1, 10_000>"
    )]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 10_000)))]
    pub per_session: Option<u32>,
    /// The most times for one viewer in 24 hours. A viewer is known by the subject of the token; without one, by the
    /// session. Absent: no limit.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounds::optional::<_, _, 1, 10_000>"
    )]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 10_000)))]
    pub per_day: Option<u32>,
    /// The least time between two breaks with it, in seconds. Absent: none.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounds::optional::<_, _, 1, 604_800>"
    )]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 604_800)))]
    pub delay_s: Option<u32>,
}

impl Frequency {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

const fn enforce() -> Mode {
    Mode::Enforce
}

fn is_enforce(mode: &Mode) -> bool {
    *mode == Mode::Enforce
}

const fn is_zero(value: &u8) -> bool {
    *value == 0
}

const fn one() -> u32 {
    1
}

const fn is_one(value: &u32) -> bool {
    *value == 1
}

fn is_always(window: &Window) -> bool {
    *window == Window::default()
}
