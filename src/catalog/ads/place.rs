//! Where a break lies, and where on the screen an item is shown.

use serde::{Deserialize, Serialize};

/// The place of a break in its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Before the content, or before a viewer joins a live stream.
    PreRoll,
    /// Within the content.
    MidRoll,
    /// Behind the content.
    PostRoll,
}

/// The place of a non-linear item on the screen (SVTA 2053-2; IAB Ad Format Guidelines for CTV).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Layout {
    /// In a corner, over the content.
    CornerOverlay,
    /// Over the lower third of the content.
    LowerThirdOverlay,
    /// The content is squeezed into a frame.
    SqueezebackFrame,
    /// The content is squeezed beside the item.
    SqueezebackDoubleBox,
    /// The content is squeezed into a corner; the item is an L around it.
    SqueezebackLShape,
    /// While the viewer has paused.
    Pause,
}
