//! Why a viewer does not see a campaign once more.

use serde::{Deserialize, Serialize};

use crate::catalog::{CampaignId, Label};

/// A campaign that a limit kept out of a pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The campaign.
    pub campaign: CampaignId,
    /// The limit.
    pub limit: Limit,
}

/// The limit that keeps a campaign out of a pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The viewer has seen it this often in the session, of this most.
    PerSession(u32, u32),
    /// The viewer has seen it this often in 24 hours, of this most.
    PerDay(u32, u32),
    /// The nearest break with it is so many seconds away, of this least delay.
    Delay(u64, u32),
    /// It may not stand in any break.
    PerBreak,
    /// The pod has an ad of this category.
    Separated(Label),
    /// The shortest of its creatives takes so many milliseconds, of this rest.
    TooLong(u64, u64),
    /// The pod has all the ads that it may have.
    TooMany,
}

impl Limit {
    /// The rule, the values that it asks for, and the value that it found.
    pub fn in_words(&self) -> (&'static str, String, String) {
        match self {
            Self::PerSession(seen, most) => (
                "per_session",
                format!("at most {most} in a session"),
                format!("{seen} seen in this session"),
            ),
            Self::PerDay(seen, most) => (
                "per_day",
                format!("at most {most} in 24 hours"),
                format!("{seen} seen in the last 24 hours"),
            ),
            Self::Delay(apart_s, least_s) => (
                "delay",
                format!("at least {least_s} s between two"),
                format!("another one {apart_s} s away"),
            ),
            Self::PerBreak => ("per_break", "at least 1 in a break".to_owned(), "0".to_owned()),
            Self::Separated(label) => (
                "separation",
                format!("a pod without another ad of `{label}`"),
                format!("an ad of `{label}` in the pod"),
            ),
            Self::TooLong(shortest_ms, left_ms) => (
                "room",
                format!("at least {shortest_ms} ms left in the pod"),
                format!("{left_ms} ms left, after the ads that came first"),
            ),
            Self::TooMany => (
                "room",
                "a pod with a place for one more ad".to_owned(),
                "the most ads, all of which came first".to_owned(),
            ),
        }
    }
}
