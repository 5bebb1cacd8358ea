//! One mark of a manifest that concerns a break.

use std::time::Duration;

use crate::scte35::Section;
use crate::time::UnixMillis;

/// One mark of a manifest that concerns a break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// The time of the splice: where the mark stands, or the time that it states.
    pub at: Moment,
    /// The id of the mark, which all marks of one break share: the `ID` of a DATERANGE, the `id` of an `Event`.
    pub id: Option<String>,
    /// What it says.
    pub cue: Cue,
}

/// A time in a presentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// On the media timeline, from the beginning of the presentation. Absent if the presentation has no beginning, as in live HLS.
    pub start: Option<Duration>,
    /// By the clock of the stream.
    pub date: Option<UnixMillis>,
    /// Whether the mark states the time, so that it is the same in every rendition, rather than stands between two segments, whose
    /// durations differ a little between renditions.
    pub is_stated: bool,
}

/// What a mark says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cue {
    /// A message of SCTE 35, which says by itself whether it opens or closes a break. It takes precedence over what the mark
    /// around it says: a `SCTE35-OUT` whose message starts a program opens no break.
    Section {
        /// The message.
        section: Box<Section>,
        /// The duration that the mark around it states, which counts if the message has none.
        planned: Option<Duration>,
    },
    /// A mark without a message that can be read opens a break.
    Out {
        /// The planned duration.
        planned: Option<Duration>,
    },
    /// A break goes on (`EXT-X-CUE-OUT-CONT`).
    Continue {
        /// The time from its start.
        elapsed: Duration,
        /// The planned duration of the whole break.
        planned: Option<Duration>,
        /// The message that opened it, if it is repeated.
        section: Option<Box<Section>>,
    },
    /// A mark without a message that can be read closes a break.
    In,
}

/// The grid that positions between segments are rounded to, in milliseconds.
const GRID_MS: u64 = 500;

/// Which positions are rounded up, in milliseconds. Positions are rarely far from a multiple of 50 ms in one rendition, and within
/// 25 ms of each other in all: 325 is far from such multiples.
const ROUNDED_UP_MS: u64 = 325;

impl Moment {
    /// A time that a mark states.
    pub const fn stated(start: Option<Duration>, date: Option<UnixMillis>) -> Self {
        Self { start, date, is_stated: true }
    }

    /// The time of the segment that a mark stands in front of.
    pub const fn placed(start: Option<Duration>, date: Option<UnixMillis>) -> Self {
        Self { start, date, is_stated: false }
    }

    /// This time moved earlier, at most to the beginning.
    pub(super) fn earlier(self, by: Duration) -> Self {
        let by_ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        Self {
            start: self.start.map(|start| start.saturating_sub(by)),
            date: self.date.map(|UnixMillis(ms)| UnixMillis(ms.saturating_sub(by_ms))),
            ..self
        }
    }

    /// The same time in every rendition, in whole milliseconds.
    pub(super) fn shared(self) -> Self {
        let shared = |ms: u64| {
            if self.is_stated { ms } else { ms.saturating_add(ROUNDED_UP_MS) / GRID_MS * GRID_MS }
        };
        let start_ms = |start: Duration| u64::try_from(start.as_millis()).unwrap_or(u64::MAX);
        Self {
            start: self.start.map(|start| Duration::from_millis(shared(start_ms(start)))),
            date: self.date.map(|UnixMillis(ms)| UnixMillis(shared(ms))),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_the_same_in_every_rendition() {
        let at = |ms: u64| {
            let moment = Moment::placed(Some(Duration::from_millis(ms)), Some(UnixMillis(ms))).shared();
            (moment.start.unwrap().as_millis(), moment.date.unwrap().0)
        };
        for whole in (0..20_000).step_by(50) {
            assert_eq!(at(whole), at(whole + 22), "{whole}");
            assert_eq!(at(whole + 50), at(whole + 28), "{whole}");
        }
        assert_eq!(at(10_010), (10_000, 10_000));
        assert_eq!(at(9_980), (10_000, 10_000));
        let stated = Moment::stated(None, Some(UnixMillis(10_010)));
        assert_eq!(stated.shared(), stated);
        assert_eq!(stated.earlier(Duration::from_secs(11)).date, Some(UnixMillis(0)));
    }
}
