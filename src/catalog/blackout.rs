//! Where and when a title is not shown as usual.

use serde::{Deserialize, Serialize};

use super::{BlackoutId, Enforcement, MediaPath, Territories, Window};

/// A title is not shown as usual: somewhere, for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Blackout {
    /// Names it in traces and logs; unique within the title.
    pub id: BlackoutId,
    /// Where; of several blackouts, the one whose territory is nearest to the viewer counts, of equals one that denies.
    pub territories: Territories,
    /// Viewers who may be there, where too little is known of them to tell: a metro code, say, of somebody in the United
    /// States whose own nobody knows. Absent: `outside`.
    #[serde(default, skip_serializing_if = "UnknownPlace::is_default")]
    pub unknown: UnknownPlace,
    /// When; absent: always.
    #[serde(default, skip_serializing_if = "Window::is_always")]
    pub window: Window,
    /// What becomes of the viewers there.
    pub action: BlackoutAction,
    /// How it is enforced, in place of the site's `rules.blackout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Enforcement>,
}

/// What becomes of viewers of whom too little is known to tell whether an offer holds or a blackout is on for them.
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

/// What becomes of viewers under a blackout.
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

/// What is shown in place of a title.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Replacement {
    /// Its folder below the site's media origin, with the same paths below it as in the title's own.
    pub media: MediaPath,
}
