//! Where a break lies, to tell how far two breaks are apart.

use serde::{Deserialize, Serialize};

use crate::ads::Opening;
use crate::catalog::Place;

/// Where a break lies in its title.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// So many milliseconds behind the beginning of the content.
    StartMs(u64),
    /// A moment by the clock of a live stream, in Unix milliseconds.
    DateMs(u64),
}

impl Position {
    /// The position of a break. `None`: it states none, as behind the content.
    pub fn of(opening: &Opening) -> Option<Self> {
        let start = opening.start.and_then(|start| u64::try_from(start.as_millis()).ok());
        match (opening.date, start, opening.place) {
            (Some(date), ..) => Some(Self::DateMs(date.0)),
            (None, Some(start_ms), _) => Some(Self::StartMs(start_ms)),
            (None, None, Place::PreRoll) => Some(Self::StartMs(0)),
            (None, None, _) => None,
        }
    }

    /// The seconds between two positions of one title. `None`: they are of different kinds.
    pub(super) const fn apart_s(self, other: Self) -> Option<u64> {
        match (self, other) {
            (Self::StartMs(one), Self::StartMs(other)) | (Self::DateMs(one), Self::DateMs(other)) => {
                Some(one.abs_diff(other) / 1_000)
            }
            _ => None,
        }
    }
}
