//! A break: where it lies, how long it may be, and how it ends.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::catalog::{BreakId, Place};
use crate::shelf::{Weigh, allocation};
use crate::time::{UnixMillis, millis};

/// A hole in a presentation that advertisements may fill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Break {
    /// Facts that were known when the break was announced. They never change.
    #[serde(flatten)]
    pub opening: Opening,
    /// How the break ends, as far as it is known.
    #[serde(default)]
    pub ending: Ending,
}

/// The part of a break that never changes once players have been told of it. Addresses of pods are made from it alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Opening {
    /// The break's id, unique within its title.
    pub id: BreakId,
    /// Whether the break lies before, within or behind the content.
    pub place: Place,
    /// The start on the media timeline, from the beginning of the presentation. Absent in live streams that state dates only.
    #[serde(
        rename = "start_ms",
        default,
        with = "millis::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub start: Option<Duration>,
    /// The start by the clock of the stream. Absent on demand.
    #[serde(rename = "date_ms", default, skip_serializing_if = "Option::is_none")]
    pub date: Option<UnixMillis>,
    /// The planned duration. Absent: the break lasts until its end is signalled.
    #[serde(
        rename = "planned_ms",
        default,
        with = "millis::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub planned: Option<Duration>,
    /// The `splice_event_id` or `segmentation_event_id` that announced it (ANSI/SCTE 35).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<u32>,
    /// The source of its ads, in place of the ad server of the title or site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<AdTag>,
}

/// The source of a break's ads, where the break names it itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdTag {
    /// A URL template of a VAST document, such as a cue carries.
    Url(String),
    /// The `breakId` of an `AdBreak` of the title's VMAP document.
    Vmap(String),
}

impl Weigh for Opening {
    fn heap_bytes(&self) -> usize {
        let tag = self.tag.as_ref().map_or(0, |(AdTag::Url(text) | AdTag::Vmap(text))| text.heap_bytes());
        allocation(self.id.as_str().len()) + tag
    }
}

/// How a break ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// After its planned duration; without one, its end is still to be signalled.
    #[default]
    Planned,
    /// After this time from its start: a signal has ended it early, in time or late.
    #[serde(rename = "after_ms", with = "millis")]
    After(Duration),
    /// It was cancelled before it began.
    Cancelled,
}

impl Break {
    /// The duration, as far as it is known: zero if the break was cancelled.
    pub fn duration(&self) -> Option<Duration> {
        match self.ending {
            Ending::Planned => self.opening.planned,
            Ending::After(duration) => Some(duration),
            Ending::Cancelled => Some(Duration::ZERO),
        }
    }
}
