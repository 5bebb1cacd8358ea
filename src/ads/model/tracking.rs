//! URLs that are requested as an advertisement plays.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::catalog::TrackingEvent;
use crate::time::millis;

/// A URL that is requested when an event of an advertisement happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracking {
    /// The event.
    pub event: TrackingEvent,
    /// The time from the ad's start, of `progress` only.
    #[serde(
        rename = "offset_ms",
        default,
        with = "millis::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub offset: Option<Duration>,
    /// The URL. Its macros are filled in when its pod is decided, but for those that only the player knows.
    pub url: String,
}

impl Tracking {
    /// When it happens, from the start of an ad of this duration. `None`: when the viewer does something, or something fails.
    pub fn time(&self, duration: Duration) -> Option<Duration> {
        use TrackingEvent as Event;
        match self.event {
            Event::Impression | Event::Start | Event::CreativeView | Event::Loaded => Some(Duration::ZERO),
            Event::FirstQuartile => Some(duration / 4),
            Event::Midpoint => Some(duration / 2),
            Event::ThirdQuartile => Some(duration / 4 * 3),
            Event::Complete => Some(duration),
            Event::Progress => self.offset,
            _ => None,
        }
    }
}
