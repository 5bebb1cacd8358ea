//! Blackouts: places and times in which a title is not shown as usual.

use serde::{Deserialize, Serialize};

use super::{BlackoutId, Enforcement, MediaPath, Territories, Window};

/// A place and a time in which a title is not shown as usual.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Blackout {
    /// The blackout's id, which traces and logs name. It is unique within the title.
    pub id: BlackoutId,
    /// The territories of the blackout. Of several blackouts, the blackout with the nearest territory to the viewer
    /// counts; of equally near blackouts, a blackout that denies.
    pub territories: Territories,
    /// How the blackout treats viewers whose location is too imprecise, such as a viewer in the United States without a
    /// known metro code. Absent: `outside`.
    #[serde(default, skip_serializing_if = "UnknownPlace::is_default")]
    pub unknown: UnknownPlace,
    /// The window of the blackout. Absent: always.
    #[serde(default, skip_serializing_if = "Window::is_always")]
    pub window: Window,
    /// The action for viewers in the blackout's territories.
    pub action: BlackoutAction,
    /// How the blackout is enforced. Absent: as the site's `rules.blackout` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Enforcement>,
}

/// How an offer or a blackout treats viewers whose location is too imprecise to decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnknownPlace {
    /// They count as outside of the territories.
    #[default]
    Outside,
    /// They count as inside of the territories.
    Inside,
}

impl UnknownPlace {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// The action for viewers under a blackout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BlackoutAction {
    /// They are denied.
    Deny,
    /// They see other media in place of the title.
    Slate(Replacement),
    /// They see another cut of the event.
    Alternate(Replacement),
}

/// The media that replaces a title.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Replacement {
    /// The replacement's folder below the site's media origin. It has the same paths as the title's folder.
    pub media: MediaPath,
}
