//! The dates of a playlist's segments.

use std::time::Duration;

use crate::hls::read::moment::Moment;
use crate::time::UnixMillis;

/// The dates of a playlist's segments, by times from its beginning. Where dates jump, it begins anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hls::media) struct Clock {
    first: Anchor,
    /// Later ones, ascending by their times.
    others: Vec<Anchor>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Anchor {
    start: Duration,
    date: UnixMillis,
}

/// Dates that differ by less go on from the anchor before: roundings of durations.
const JUMP_MS: u64 = 500;

impl Clock {
    /// A clock that begins with this date.
    pub(in crate::hls::media) const fn beginning(date: UnixMillis) -> Self {
        Self { first: Anchor { start: Duration::ZERO, date }, others: Vec::new() }
    }

    /// Adds the date of a segment.
    pub(super) fn add(clock: &mut Option<Self>, start: Duration, date: UnixMillis) {
        let Some(clock) = clock else {
            *clock = Some(Self { first: Anchor { start, date }, others: Vec::new() });
            return;
        };
        if clock.date(start).0.abs_diff(date.0) >= JUMP_MS {
            clock.others.push(Anchor { start, date });
        }
    }

    /// The date of a time.
    pub(in crate::hls::media) fn date(&self, time: Duration) -> UnixMillis {
        let later = self.others.partition_point(|anchor| anchor.start <= time);
        let anchor = later.checked_sub(1).and_then(|at| self.others.get(at)).unwrap_or(&self.first);
        anchor.date_of(time)
    }

    /// The first time of a date. `duration` is the duration of all segments.
    pub(super) fn time(&self, date: UnixMillis, duration: Duration) -> Option<Duration> {
        let ends = self.others.iter().map(|anchor| anchor.start).chain([duration]);
        let anchors = std::iter::once(&self.first).chain(&self.others);
        anchors.zip(ends).enumerate().find_map(|(number, (anchor, end))| {
            let time = match date.0.checked_sub(anchor.date.0) {
                Some(later) => anchor.start.checked_add(Duration::from_millis(later))?,
                // The segments in front of the first date have earlier ones.
                None if number == 0 => {
                    anchor.start.checked_sub(Duration::from_millis(anchor.date.0 - date.0))?
                }
                None => return None,
            };
            (time < end).then_some(time)
        })
    }
}

impl Anchor {
    fn date_of(self, time: Duration) -> UnixMillis {
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        UnixMillis(match time.checked_sub(self.start) {
            Some(later) => self.date.0.saturating_add(millis(later)),
            None => self.date.0.saturating_sub(millis(self.start.saturating_sub(time))),
        })
    }
}

/// Reads a date. `None`: it is none, or before 1970.
pub(super) fn instant(value: &[u8]) -> Option<UnixMillis> {
    let instant = Moment::read(value)?.instant()?;
    u64::try_from(instant.and_utc().timestamp_millis()).ok().map(UnixMillis)
}
