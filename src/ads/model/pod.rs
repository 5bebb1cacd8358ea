//! A pod: what fills a break, in order.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Ad, Media, NonLinear};
use crate::catalog::BreakId;
use crate::time::millis;

/// The contents of a break. An empty pod leaves the break to the content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pod {
    /// The break that it fills.
    #[serde(rename = "break")]
    pub break_id: BreakId,
    /// Linear contents, one behind the other from the start of the break.
    pub slots: Vec<Slot>,
    /// Non-linear contents, which are shown beside the content.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub non_linear: Vec<NonLinear>,
}

/// One linear item of a pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Its role.
    pub role: Role,
    /// Its media.
    pub media: Media,
    /// Its duration, as its media lasts.
    #[serde(rename = "duration_ms", with = "millis")]
    pub duration: Duration,
    /// The advertisement, with its tracking. Slates and bumpers have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ad: Option<Ad>,
}

/// The role of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// An advertisement.
    Ad,
    /// A bumper between content and ads.
    Bumper,
    /// A slate in time that no ad fills.
    Slate,
}

impl Pod {
    /// A pod that leaves its break to the content.
    pub const fn empty(break_id: BreakId) -> Self {
        Self { break_id, slots: Vec::new(), non_linear: Vec::new() }
    }

    /// Whether nothing is shown.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty() && self.non_linear.is_empty()
    }

    /// The duration of all slots.
    pub fn duration(&self) -> Duration {
        self.slots.iter().map(|slot| slot.duration).fold(Duration::ZERO, Duration::saturating_add)
    }

    /// Each slot with its number and its start, from the start of the break.
    pub fn timeline(&self) -> impl Iterator<Item = (usize, Duration, &Slot)> {
        let mut start = Duration::ZERO;
        self.slots.iter().enumerate().map(move |(number, slot)| {
            let from = start;
            start = start.saturating_add(slot.duration);
            (number, from, slot)
        })
    }
}
