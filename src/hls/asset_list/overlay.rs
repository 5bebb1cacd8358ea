//! Items beside the content, in the attributes that Shaka Player has for overlays in date ranges, with the layout of SVTA beside.
//!
//! ```text
//! X-OVERLAY-ID, X-ASSET-URI, X-ASSET-MIMETYPE        the item
//! X-VIEWPORT, X-OVERLAY-POSITION, X-OVERLAY-SIZE     its place, in pixels of a screen of 1920x1080
//! X-DEPTH                                            -1: behind the content
//! X-SQUEEZECURRENT, X-SQUEEZECURRENT-POSITION        the size of the content, as a part of the screen, and its place
//! START-OFFSET, DURATION                             when it is shown, in seconds from the start of the break
//! X-LAYOUT                                           the name of the layout, with `PAUSE` for items of a paused player
//! ```

use serde::Serialize;

use crate::ads::screen::{Area, Arrangement};
use crate::ads::signaling::Seconds;
use crate::ads::signaling::svta::Envelope;
use crate::ads::{BreakId, Layout, NonLinear};

/// An item beside the content.
#[derive(Serialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
pub(super) struct Overlay<'a> {
    x_overlay_id: String,
    x_asset_uri: &'a str,
    x_asset_mimetype: &'a str,
    start_offset: Seconds,
    duration: Seconds,
    x_layout: &'static str,
    x_viewport: String,
    x_overlay_position: String,
    x_overlay_size: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    x_depth: Option<i8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x_squeezecurrent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x_squeezecurrent_position: Option<String>,
    x_ad_creative_signaling: Envelope<'a>,
}

impl<'a> Overlay<'a> {
    pub(super) fn of(break_id: &BreakId, number: usize, item: &'a NonLinear) -> Self {
        let Arrangement { item: place, content } = Arrangement::of(item.layout);
        let Area { width, height, .. } = Area::SCREEN;
        Self {
            x_overlay_id: format!("{break_id}-{number}"),
            x_asset_uri: item.url.as_str(),
            x_asset_mimetype: &item.media_type,
            start_offset: Seconds(item.start),
            duration: Seconds(item.duration),
            x_layout: name(item.layout),
            x_viewport: format!("{width}x{height}"),
            x_overlay_position: format!("{}x{}", place.x, place.y),
            x_overlay_size: format!("{}x{}", place.width, place.height),
            x_depth: content.is_some().then_some(-1),
            x_squeezecurrent: content.map(|content| f64::from(content.width) / f64::from(width)),
            x_squeezecurrent_position: content.map(|content| format!("{}x{}", content.x, content.y)),
            x_ad_creative_signaling: Envelope::of_non_linear(item),
        }
    }
}

const fn name(layout: Layout) -> &'static str {
    match layout {
        Layout::CornerOverlay => "CORNER-OVERLAY",
        Layout::LowerThirdOverlay => "LOWER-THIRD-OVERLAY",
        Layout::SqueezebackFrame => "SQUEEZEBACK-FRAME",
        Layout::SqueezebackDoubleBox => "SQUEEZEBACK-DOUBLE-BOX",
        Layout::SqueezebackLShape => "SQUEEZEBACK-L-SHAPE",
        Layout::Pause => "PAUSE",
    }
}
