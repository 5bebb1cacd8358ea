//! Overlay events: items that are drawn over or beside the picture (SCTE 214-1), in the form that Shaka Player reads.

use std::ops::RangeFrom;
use std::time::Duration;

use super::write::{Tag, ticks};
use crate::ads::NonLinear;
use crate::ads::screen::{Area, Arrangement};

const SCHEME: &str = "urn:scte:dash:scte214-events";

/// The stream of the items that begin within a Period; empty if there are none.
///
/// `start` and `duration` are those of the Period in the list. `ids` are the ids of events that are free.
pub(super) fn stream(
    items: &[NonLinear],
    start: Duration,
    duration: Duration,
    ids: &mut RangeFrom<u32>,
) -> String {
    let mut events = String::new();
    let begun = items.iter().filter_map(|item| Some((item.start.checked_sub(start)?, item)));
    for ((at, item), id) in begun.filter(|(at, _)| *at < duration).zip(ids) {
        events += &Tag::new("", "Event")
            .with("presentationTime", ticks(at))
            .with("duration", ticks(item.duration))
            .with("id", id)
            .around(&event(item));
    }
    if events.is_empty() {
        return events;
    }
    Tag::new("", "EventStream").with("schemeIdUri", SCHEME).with("timescale", 1000).around(&events)
}

fn event(item: &NonLinear) -> String {
    let Arrangement { item: place, content } = Arrangement::of(item.layout);
    let screen =
        Tag::new("", "Viewport").with("x", Area::SCREEN.width).with("y", Area::SCREEN.height).around("");
    let mut inner = screen + &area("Overlay", place);
    if let Some(content) = content {
        inner += &area("Squeeze", content);
    }
    // It is none of the MPD's own elements.
    Tag::new("", "OverlayEvent")
        .with("xmlns", SCHEME)
        .with("uri", &item.url)
        .with("mimeType", &item.media_type)
        // Behind the content where that is squeezed.
        .with("z", if content.is_some() { -1 } else { 1 })
        .around(&inner)
}

fn area(name: &str, area: Area) -> String {
    let corner = Tag::new("", "TopLeft").with("x", area.x).with("y", area.y).around("");
    let size = Tag::new("", "Size").with("x", area.width).with("y", area.height).around("");
    Tag::new("", name).around(&(corner + &size))
}
