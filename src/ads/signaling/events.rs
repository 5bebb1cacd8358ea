//! The URLs of an ad by the event at which they are requested.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ads::{Tracking, TrackingEvent};

/// The URLs of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Urls<'a> {
    pub(super) event: TrackingEvent,
    /// The time from the ad's start, of `progress`.
    pub(super) offset: Option<Duration>,
    pub(super) urls: Vec<&'a str>,
}

/// Collects URLs by event. Events come in the order of their first URL, and URLs in the order of the ad server.
pub(super) fn by_event(tracking: &[Tracking]) -> Vec<Urls<'_>> {
    let mut places: BTreeMap<(TrackingEvent, Option<Duration>), usize> = BTreeMap::new();
    let mut events: Vec<Urls<'_>> = Vec::new();
    for Tracking { event, offset, url } in tracking {
        let (event, offset) = (*event, *offset);
        let place = *places.entry((event, offset)).or_insert(events.len());
        match events.get_mut(place) {
            Some(found) => found.urls.push(url),
            None => events.push(Urls { event, offset, urls: vec![url] }),
        }
    }
    events
}
