//! Ad Creative Signaling in DASH and HLS (SVTA 2053-2).
//!
//! ```text
//! envelope = {"version":2,"type":"slot","payload":[*slot]}
//! slot     = {"type":"linear","start","duration","identifiers":[{"scheme","value"}],"tracking":[{"type","offset","urls":[]}],
//!             "verifications":[{"vendor","resource","parameters"}],"skipOffset","clickThrough"}
//! ```
//!
//! An asset list carries an envelope for each asset, whose start is 0. An MPD or a stitched playlist carries an envelope for the
//! pod, in which each slot has its start. Items beside the content have a slot of the type `nonlinear` with a `layout`. Shaka
//! Player refuses an envelope with such a slot, so it stands in an envelope of its own.

use std::time::Duration;

use serde::Serialize;

use super::Seconds;
use super::events::{Urls, by_event};
use crate::ads::screen::{Area, Arrangement};
use crate::ads::{Ad, Identifier, Layout, NonLinear, Pod, Tracking, TrackingEvent, Verification};

/// The scheme of event streams and the `CLASS` of date ranges that carry an envelope.
pub const SCHEME: &str = "urn:svta:advertising-wg:ad-creative-signaling";

/// An envelope.
#[derive(Clone, Debug, Serialize)]
pub struct Envelope<'a> {
    version: u8,
    #[serde(rename = "type")]
    kind: &'static str,
    payload: Vec<Slot<'a>>,
}

/// An advertisement in an envelope.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Slot<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    start: Seconds,
    duration: Seconds,
    identifiers: &'a [Identifier],
    tracking: Vec<Event<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    verifications: &'a [Verification],
    #[serde(skip_serializing_if = "Option::is_none")]
    skip_offset: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    click_through: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    layout: Option<LayoutSignal<'a>>,
}

/// The URLs of one event.
#[derive(Clone, Debug, Serialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: TrackingEvent,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<Seconds>,
    urls: Vec<&'a str>,
}

/// Where an item is shown, and where the content is meanwhile.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LayoutSignal<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    primary_content: Place,
    assets: [Asset<'a>; 1],
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    /// Insets of the screen, in per cent: top, right, bottom, left.
    viewport: String,
    z_depth: i8,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Asset<'a> {
    uri: &'a str,
    mime_type: &'a str,
    #[serde(flatten)]
    place: Place,
}

impl<'a> Envelope<'a> {
    /// The envelope of one linear ad, from its own start.
    pub fn of_ad(ad: &'a Ad, duration: Duration) -> Self {
        Self::new(vec![Slot::linear(ad, Duration::ZERO, duration)])
    }

    /// The envelope of all linear ads of a pod, from the start of the pod. `None`: the pod has none.
    pub fn of_pod(pod: &'a Pod) -> Option<Self> {
        let payload: Vec<_> = pod
            .timeline()
            .filter_map(|(_, start, slot)| Some(Slot::linear(slot.ad.as_ref()?, start, slot.duration)))
            .collect();
        (!payload.is_empty()).then(|| Self::new(payload))
    }

    /// The envelope of an item that is shown beside the content.
    pub fn of_non_linear(item: &'a NonLinear) -> Self {
        let NonLinear { start, duration, layout, url, media_type, ad } = item;
        let Arrangement { item: area, content } = Arrangement::of(*layout);
        let primary_content = Place::of(content.unwrap_or(Area::SCREEN), 0);
        // A squeezed picture lies in front of the item.
        let place = Place::of(area, if content.is_some() { -1 } else { 1 });
        let layout = LayoutSignal {
            kind: name(*layout),
            primary_content,
            assets: [Asset { uri: url.as_str(), mime_type: media_type, place }],
        };
        let slot = Slot { kind: "nonlinear", layout: Some(layout), ..Slot::linear(ad, *start, *duration) };
        Self::new(vec![slot])
    }

    const fn new(payload: Vec<Slot<'a>>) -> Self {
        Self { version: 2, kind: "slot", payload }
    }

    /// The envelope as JSON.
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl<'a> Slot<'a> {
    fn linear(ad: &'a Ad, start: Duration, duration: Duration) -> Self {
        Self {
            kind: "linear",
            start: Seconds(start),
            duration: Seconds(duration),
            identifiers: &ad.identifiers,
            tracking: events(&ad.tracking),
            verifications: &ad.verifications,
            skip_offset: ad.skip_offset.map(Seconds),
            click_through: ad.click_through.as_deref(),
            layout: None,
        }
    }
}

fn events(tracking: &[Tracking]) -> Vec<Event<'_>> {
    let events = by_event(tracking).into_iter();
    events
        .map(|Urls { event, offset, urls }| Event { kind: event, offset: offset.map(Seconds), urls })
        .collect()
}

/// The name of a layout.
const fn name(layout: Layout) -> &'static str {
    match layout {
        Layout::CornerOverlay => "cornerOverlay",
        Layout::LowerThirdOverlay => "lowerThirdOverlay",
        Layout::SqueezebackFrame => "squeezebackFrame",
        Layout::SqueezebackDoubleBox => "squeezebackDoubleBox",
        Layout::SqueezebackLShape => "squeezebackLShape",
        Layout::Pause => "pause",
    }
}

impl Place {
    fn of(area: Area, z_depth: i8) -> Self {
        let Area { x, y, width, height } = area;
        let per_cent = |part: u32, whole: u32| f64::from(part * 1000 / whole) / 10.0;
        let [screen_width, screen_height] = [Area::SCREEN.width, Area::SCREEN.height];
        let right = per_cent(screen_width.saturating_sub(x + width), screen_width);
        let bottom = per_cent(screen_height.saturating_sub(y + height), screen_height);
        let (top, left) = (per_cent(y, screen_height), per_cent(x, screen_width));
        Self { viewport: format!("{top} {right} {bottom} {left}"), z_depth }
    }
}
