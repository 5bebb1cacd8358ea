//! Where a live playlist is cut: which segments leave it, and which of the others a client has already.

use std::time::Duration;

use super::break_mark::Break;
use super::item::Item;
use super::live::Live;
use super::part_range::PartRange;
use crate::hls::read::line::lines_between;
use crate::hls::read::moment::Moment;
use crate::hls::read::seconds::{integer, seconds};
use crate::hls::read::tag::Tag;

/// A place between two segments, and what was counted on the way there.
#[derive(Debug, Default)]
pub(in crate::hls) struct Cut<'a> {
    /// Where the first segment begins that stays.
    pub(in crate::hls) window_start: usize,
    /// How many segments leave.
    pub(in crate::hls) left: u64,
    /// How long they are.
    pub(in crate::hls) left_duration: Duration,
    /// How many discontinuities leave with them. One in front of the first segment that stays, stays.
    pub(in crate::hls) left_discontinuities: u64,
    /// The date at the start of the first segment that stays.
    pub(in crate::hls) clock: Clock<'a>,
    /// The break within which it begins.
    pub(in crate::hls) open: Option<Break>,
    /// How many segments are skipped behind them.
    pub(in crate::hls) skipped: u64,
    /// Where the first segment begins that is written.
    pub(in crate::hls) at: usize,
    /// Where the sub-range of the segment before it ends.
    pub(in crate::hls) range_end: Option<u64>,
    /// The sub-range of the last part before it.
    pub(in crate::hls) part_range: Option<PartRange<'a>>,
}

/// A date, and how long ago it was.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::hls) struct Clock<'a> {
    said: Option<&'a [u8]>,
    since: Duration,
}

impl<'a> Clock<'a> {
    /// The date by now, to the millisecond.
    pub(in crate::hls) fn read(self) -> Option<Moment<'a>> {
        Moment::read(self.said?)?.plus(self.since)?.rounded()
    }
}

impl<'a> Cut<'a> {
    /// Finds the cut that leaves at least so much of a playlist, and writes at least so much of that.
    pub(in crate::hls) fn find(
        playlist: &'a [u8],
        live: &Live,
        least: Option<Duration>,
        boundary: Option<Duration>,
    ) -> Self {
        let mut cut = Self { window_start: live.body, at: live.body, ..Self::default() };
        let mut passed = Passed::default();
        for line in lines_between(playlist, live.body, playlist.len()) {
            match Item::of(&line) {
                Item::Segment(tag, value) => passed.tag(tag, value, line.start..line.end),
                Item::Uri => {
                    passed.segment();
                    let behind = live.duration.saturating_sub(passed.duration);
                    if least.is_some_and(|least| behind >= least) {
                        cut.window_start = line.end;
                        cut.left += 1;
                        cut.left_duration = passed.duration;
                        cut.left_discontinuities = passed.discontinuities;
                        cut.clock = passed.clock;
                        cut.open.clone_from(&passed.open);
                    } else if boundary.is_some_and(|boundary| behind >= boundary.max(Duration::from_nanos(1)))
                    {
                        cut.skipped += 1;
                    } else {
                        break;
                    }
                    cut.at = line.end;
                    cut.range_end = passed.range_end;
                    cut.part_range = passed.part_range;
                }
                _ => {}
            }
        }
        cut
    }
}

/// What was passed so far.
#[derive(Default)]
struct Passed<'a> {
    duration: Duration,
    discontinuities: u64,
    clock: Clock<'a>,
    open: Option<Break>,
    range_end: Option<u64>,
    part_range: Option<PartRange<'a>>,
    of_this: Duration,
    range_of_this: Option<&'a [u8]>,
}

impl<'a> Passed<'a> {
    fn tag(&mut self, tag: Tag, value: &'a [u8], line: std::ops::Range<usize>) {
        match tag {
            Tag::Inf => self.of_this = seconds(value).unwrap_or_default(),
            Tag::Discontinuity => self.discontinuities += 1,
            Tag::ByteRange => self.range_of_this = Some(value),
            Tag::Part => self.part_range = PartRange::after(self.part_range, value),
            Tag::ProgramDateTime => self.clock = Clock { said: Some(value), since: Duration::ZERO },
            Tag::CueOut | Tag::CueOutCont | Tag::CueIn => {
                self.open = Break::after(self.open.take(), tag, value, line);
            }
            _ => {}
        }
    }

    fn segment(&mut self) {
        let duration = std::mem::take(&mut self.of_this);
        self.duration = self.duration.saturating_add(duration);
        self.clock.since = self.clock.since.saturating_add(duration);
        if let Some(open) = &mut self.open {
            open.pass(duration);
        }
        self.range_end = self.range_of_this.take().and_then(|range| end_of(range, self.range_end));
    }
}

/// Where a sub-range `n[@o]` ends, behind one that ends there.
///
/// [Section 4.4.4.2](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.4.2)
pub(in crate::hls) fn end_of(range: &[u8], before: Option<u64>) -> Option<u64> {
    let start = match memchr::memchr(b'@', range) {
        Some(at) => integer(range.get(at + 1..)?),
        None => before,
    };
    start?.checked_add(integer(range)?)
}
