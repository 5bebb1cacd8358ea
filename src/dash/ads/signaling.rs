//! Ad Creative Signaling (SVTA 2053-2) of a Period: what players are told about an advertisement besides its media.
//!
//! URLs that are callback events are not told again: Shaka Player 5.2 reads both, and would request each URL twice. So the
//! envelope has the URLs of what viewers do (`skip`, `mute`, `clickTracking`, `error`), identifiers and verifications.

use std::ops::RangeFrom;
use std::time::Duration;

use super::callback;
use super::write::{Tag, ticks};
use crate::ads::signaling::svta::{Envelope, SCHEME};
use crate::ads::{Ad, NonLinear};

/// The stream of an advertisement and of the items that begin within its Period; empty if there are none.
///
/// `start` and `duration` are those of the Period in the list. `ids` are the ids of events that are free.
pub(super) fn stream(
    ad: Option<&Ad>,
    items: &[NonLinear],
    start: Duration,
    duration: Duration,
    ids: &mut RangeFrom<u32>,
) -> String {
    let mut events = String::new();
    let mut tell = |at, duration, envelope: &Envelope<'_>| {
        let event =
            Tag::new("", "Event").with("presentationTime", ticks(at)).with("duration", ticks(duration));
        events += &event.maybe("id", ids.next()).around_text(&envelope.json());
    };
    if let Some(ad) = ad {
        let mut rest = ad.clone();
        rest.tracking.retain(|tracking| !callback::is_called(tracking, duration));
        tell(Duration::ZERO, duration, &Envelope::of_ad(&rest, duration));
    }
    for item in items {
        let Some(at) = item.start.checked_sub(start).filter(|at| *at < duration) else { continue };
        let item = NonLinear { start: Duration::ZERO, ..item.clone() };
        tell(at, item.duration, &Envelope::of_non_linear(&item));
    }
    if events.is_empty() {
        return events;
    }
    Tag::new("", "EventStream").with("schemeIdUri", SCHEME).with("timescale", 1000).around(&events)
}
