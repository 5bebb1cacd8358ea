//! Blackouts: places and times in which a title is not shown as usual.

use serde::{Deserialize, Serialize};

use super::{BlackoutId, Enforcement, MediaPath, Territories, Window};

/// A place and a time in which a title is not shown as usual.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Blackout {
    /// Names it in traces and logs; unique within the title.
    pub id: BlackoutId,
    /// Where it holds. Of several blackouts, the one with the nearest territory to the viewer counts; of equally near
    /// ones, one that denies.
    pub territories: Territories,
    /// How it treats viewers whose location is too imprecise to tell, such as a viewer in the United States without a
    /// known metro code. Absent: `outside`.
    #[serde(default, skip_serializing_if = "UnknownPlace::is_default")]
    pub unknown: UnknownPlace,
    /// When it holds; absent: always.
    #[serde(default, skip_serializing_if = "Window::is_always")]
    pub window: Window,
    /// What viewers in its territories get.
    pub action: BlackoutAction,
    /// How it is enforced, in place of the site's `rules.blackout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Enforcement>,
}

/// How an offer or a blackout treats viewers whose location is too imprecise to tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnknownPlace {
    /// They count as outside of it.
    #[default]
    Outside,
    /// They count as inside of it.
    Inside,
}

impl UnknownPlace {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What viewers under a blackout get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BlackoutAction {
    /// They are denied.
    Deny,
    /// They see something that stands in for the title.
    Slate(Replacement),
    /// They see another cut of the event.
    Alternate(Replacement),
}

/// The media that replaces a title.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Replacement {
    /// Its folder below the site's media origin, with the same paths below it as in the title's own.
    pub media: MediaPath,
}
