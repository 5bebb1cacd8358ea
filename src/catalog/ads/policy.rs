//! How a site sells and fills breaks.

use serde::{Deserialize, Serialize};

use super::{AdServer, TitleAds, bounds};
use crate::catalog::{CreativeId, HostPattern, Territories};

/// How a site fills the breaks of its titles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct AdPolicy {
    /// The ad server. Absent: the site's own campaigns alone fill breaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<AdServer>,
    /// When the site's own campaigns are asked, if there is an ad server. Absent: `last`.
    #[serde(skip_serializing_if = "is_default")]
    pub campaigns: CampaignUse,
    /// The breaks of titles that have no `ads` of their own. Absent: only the breaks that their media marks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaks: Option<TitleAds>,
    /// The longest pod, in seconds. A longer break is filled up to here. Absent: 300.
    #[serde(deserialize_with = "bounds::number::<_, _, 1, 14_400>")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 14_400)))]
    pub longest_s: u32,
    /// The most ads of a pod. Absent: 10.
    #[serde(deserialize_with = "bounds::number::<_, _, 1, 50>")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 50)))]
    pub most_ads: u8,
    /// The shortest pod, in seconds. A break whose ads are shorter is left to the content. Absent: 0.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "bounds::number::<_, _, 0, 14_400>")]
    #[cfg_attr(feature = "schema", schemars(range(max = 14_400)))]
    pub shortest_s: u32,
    /// What a viewer gets who joins a live stream within a break. Absent: `rest`.
    #[serde(skip_serializing_if = "is_default")]
    pub join: Join,
    /// What follows the ads of a break that they do not fill. Absent: `content`.
    #[serde(skip_serializing_if = "is_default")]
    pub unfilled: Unfilled,
    /// The creative of `"unfilled": "slate"`. Absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slate: Option<CreativeId>,
    /// The bumper in front of the ads. Absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bumper_in: Option<CreativeId>,
    /// The bumper behind the ads. Absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bumper_out: Option<CreativeId>,
    /// The territories with advertising. Absent: everywhere.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "bounds::optional_territories")]
    pub territories: Option<Territories>,
    /// The least age, in years, that a viewer's token has to state for advertising, if it states an age. A child's
    /// profile sees none. Absent: 0.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "bounds::number::<_, _, 0, 99>")]
    #[cfg_attr(feature = "schema", schemars(range(max = 99)))]
    pub least_age: u8,
    /// Hosts whose HLS and DASH media files players fetch themselves. Media files of other hosts need a creative that
    /// was conditioned.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "bounds::list::<_, _, 100>")]
    #[cfg_attr(feature = "schema", schemars(length(max = 100)))]
    pub direct: Vec<HostPattern>,
    /// How players insert pods.
    #[serde(skip_serializing_if = "Insertion::is_default")]
    pub insertion: Insertion,
}

impl AdPolicy {
    /// The breaks of a title: its own, or else the site's.
    pub fn breaks_of<'a>(policy: Option<&'a Self>, own: Option<&'a TitleAds>) -> Option<&'a TitleAds> {
        own.or_else(|| policy?.breaks.as_ref())
    }
}

impl Default for AdPolicy {
    fn default() -> Self {
        Self {
            server: None,
            campaigns: CampaignUse::default(),
            breaks: None,
            longest_s: 300,
            most_ads: 10,
            shortest_s: 0,
            join: Join::default(),
            unfilled: Unfilled::default(),
            slate: None,
            bumper_in: None,
            bumper_out: None,
            territories: None,
            least_age: 0,
            direct: Vec::new(),
            insertion: Insertion::default(),
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// When a site's own campaigns are asked, if there is an ad server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CampaignUse {
    /// Before the ad server, which gets the time that they leave.
    First,
    /// After the ad server, for the time that it leaves.
    #[default]
    Last,
    /// Not at all.
    Never,
}

/// What a viewer gets who joins a live stream within a break.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Join {
    /// The content.
    Nothing,
    /// A pod for the rest of the break.
    #[default]
    Rest,
    /// A pod for the whole break.
    Whole,
}

/// What follows the ads of a break that they do not fill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Unfilled {
    /// The content.
    #[default]
    Content,
    /// The slate, until the break ends.
    Slate,
}

/// How players insert pods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Insertion {
    /// The actions that players forbid during a pod. Absent: none.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "bounds::list::<_, _, 2>")]
    #[cfg_attr(feature = "schema", schemars(length(max = 2)))]
    pub restrict: Vec<Restriction>,
    /// The button by which viewers leave a pod. Absent: no button of the edge's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip: Option<SkipControl>,
    /// Whether a pod takes its duration on the player's timeline, rather than a point. Absent: `false`.
    #[serde(skip_serializing_if = "is_default")]
    pub occupies_range: bool,
    /// Whether the player's timeline shows a pod as part of the content, rather than marks it. Absent: `false`.
    #[serde(skip_serializing_if = "is_default")]
    pub primary_style: bool,
    /// How long before a break players may load its pod, in seconds. Absent: players decide.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounds::optional::<_, _, 1, 3_600>"
    )]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 3_600)))]
    pub preload_s: Option<u32>,
}

impl Insertion {
    fn is_default(&self) -> bool {
        is_default(self)
    }
}

/// An action that players forbid during a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Restriction {
    /// Seeking forward within the pod, or playing it faster.
    Skip,
    /// Seeking over a break that has not been played.
    Jump,
}

/// The button by which viewers leave a pod.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SkipControl {
    /// The time from the start of the pod until the button appears, in seconds.
    #[serde(deserialize_with = "bounds::number::<_, _, 0, 3_600>")]
    #[cfg_attr(feature = "schema", schemars(range(max = 3_600)))]
    pub offset_s: u32,
    /// How long the button stays, in seconds. Absent: to the end.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounds::optional::<_, _, 1, 3_600>"
    )]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 3_600)))]
    pub duration_s: Option<u32>,
    /// The id of its label in the player. Absent: the player's own.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "bounds::optional_button")]
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = "^[A-Za-z0-9._-]{1,64}$")))]
    pub label: Option<String>,
}
