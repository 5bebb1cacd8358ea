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
    /// The URL, whose macros are still to be filled in by the sender.
    pub url: String,
}
