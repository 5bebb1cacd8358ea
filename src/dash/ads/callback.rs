//! Callback events: URLs that players request while a Period plays (ISO/IEC 23009-1 section 5.10.4.5).
//!
//! Only events that happen at a time can be told: an impression, a start, a quartile, an end. Shaka Player requests a URL with
//! GET when the playhead enters its event, or passes it between two looks, which lie 0.25 s apart. It knows an event by its id,
//! across all Periods. It does not look again once the last Period has ended, so `complete` is told somewhat earlier. It fills in no
//! macros, so those that are left become `-1`.

use std::ops::RangeFrom;
use std::time::Duration;

use super::write::{Tag, ticks};
use crate::ads::macros::settled;
use crate::ads::{Ad, Tracking, TrackingEvent};
use crate::sorting;

const SCHEME: &str = "urn:mpeg:dash:event:callback:2015";

/// How long an event lasts, so that no player misses it.
const LENGTH: Duration = Duration::from_millis(500);

/// The stream of the callbacks of an advertisement; empty if it has none. `ids` are the ids of events that are free.
pub(super) fn stream(ad: &Ad, duration: Duration, ids: &mut RangeFrom<u32>) -> String {
    let mut events = String::new();
    let called = ad.tracking.iter().filter(|tracking| is_called(tracking, duration));
    let mut timed: Vec<_> =
        called.filter_map(|tracking| Some((time(tracking, duration)?, tracking))).collect();
    sorting::by_key(&mut timed, |(at, _)| *at);
    for ((at, tracking), id) in timed.into_iter().zip(ids) {
        events += &Tag::new("", "Event")
            .with("presentationTime", ticks(at))
            .with("duration", ticks(LENGTH.min(duration.saturating_sub(at))))
            .with("id", id)
            .around_text(&settled(&tracking.url));
    }
    if events.is_empty() {
        return events;
    }
    Tag::new("", "EventStream")
        .with("schemeIdUri", SCHEME)
        .with("value", 1)
        .with("timescale", 1000)
        .around(&events)
}

/// Whether the URL of an event of an advertisement is told as a callback.
pub(super) fn is_called(tracking: &Tracking, duration: Duration) -> bool {
    is_requested(&tracking.url) && time(tracking, duration).is_some()
}

/// The time of an event of an advertisement, if it happens at a time.
fn time(tracking: &Tracking, duration: Duration) -> Option<Duration> {
    use TrackingEvent as Event;
    let at = match tracking.event {
        Event::Impression | Event::Loaded | Event::Start | Event::CreativeView => Duration::ZERO,
        Event::FirstQuartile => duration / 4,
        Event::Midpoint => duration / 2,
        Event::ThirdQuartile => duration * 3 / 4,
        Event::Complete => duration.saturating_sub(LENGTH.min(duration / 8)),
        Event::Progress => tracking.offset.filter(|offset| *offset <= duration)?,
        _ => return None,
    };
    Some(at)
}

/// Whether players request a URL over the network.
fn is_requested(url: &str) -> bool {
    ["https://", "http://"]
        .iter()
        .any(|scheme| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}
