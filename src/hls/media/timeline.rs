//! The segments of a Media Playlist as a timeline, which edits change one after the other.
//!
//! ```text
//! timeline  = *stretch    the segments that are written
//! stretch   = *segment    segments that follow one another in their source, with all that is in force in front of the first
//! ```
//!
//! An edit takes a timeline and returns a timeline. The rewind window takes segments off the front. A delta update takes
//! the segments off that a client has. A break puts in a stretch of another playlist. Each edit works on the result of the
//! one before it, wherever the segments come from. Where the segment in front of another is not the one in front of it in
//! the source, the tags that go on applying are repeated when the timeline is written ([`super::shape`]).
//!
//! Segments are not kept: a playlist may have millions. A stretch reads them when an edit asks for its first one.

use std::time::Duration;

use super::break_mark::OpenBreak;
use super::byte_range::{PartRange, end_of};
use super::in_force::InForce;
use super::item::Item;
use crate::hls::read::line::lines;
use crate::hls::read::moment::Moment;
use crate::hls::read::seconds::seconds;
use crate::hls::read::tag::Tag;
use crate::hls::write::shape::Source;
use crate::manifest::{Misplaced, Span};

/// The segments of a playlist that are left, with inserted ones between them.
#[derive(Clone, Debug)]
pub(super) struct Timeline<'a> {
    pub(super) stretches: Vec<Stretch<'a>>,
    /// How long they are.
    pub(super) duration: Duration,
    /// The segments that have left it at the front.
    pub(super) left: Passed,
    /// How many segments are skipped behind those.
    pub(super) skipped: u64,
}

/// Segments that follow one another in one source.
#[derive(Clone, Debug)]
pub(super) struct Stretch<'a> {
    pub(super) source: Source<'a>,
    /// Where the first segment of the source begins.
    pub(super) body: usize,
    /// Where the first segment that is left begins.
    pub(super) start: Point<'a>,
    /// Where the last one ends, in the source.
    pub(super) end: usize,
    /// It does not continue the stretch in front of it: its first segment gets an `EXT-X-DISCONTINUITY`.
    pub(super) is_apart: bool,
}

/// Segments that an edit has taken off the front.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Passed {
    pub(super) segments: u64,
    pub(super) duration: Duration,
    /// The discontinuities in front of each of them. A discontinuity in front of the first segment that stays is kept.
    pub(super) discontinuities: u64,
}

/// A place between two segments of a source, with the tags in front of it that count for segments behind it.
#[derive(Clone, Debug)]
pub(super) struct Point<'a> {
    /// The offset of the first line behind it.
    pub(super) at: usize,
    pub(super) clock: Clock<'a>,
    /// The break within which it lies.
    pub(super) open: Option<OpenBreak<'a>>,
    /// Where the sub-range of the segment in front of it ends.
    pub(super) range_end: Option<u64>,
    /// The sub-range of the last part in front of it.
    pub(super) part_range: Option<PartRange<'a>>,
    pub(super) in_force: InForce<'a>,
}

/// A date, and how long ago it was.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock<'a> {
    said: Option<&'a [u8]>,
    since: Duration,
}

/// A segment, as edits count it.
#[derive(Clone, Copy, Debug)]
struct Segment {
    duration: Duration,
    /// How many discontinuities stand in front of it.
    discontinuities: u64,
}

impl<'a> Clock<'a> {
    /// The date by now, to the millisecond.
    pub(super) fn read(self) -> Option<Moment<'a>> {
        Moment::read(self.said?)?.plus(self.since)?.rounded()
    }
}

impl Timeline<'_> {
    /// Takes segments off the front as long as the segments behind them last long enough.
    pub(super) fn take_while(&mut self, is_enough: impl Fn(Duration) -> bool) -> Result<Passed, Misplaced> {
        let mut passed = Passed::default();
        let mut emptied = 0;
        'stretches: for stretch in &mut self.stretches {
            while let Some((segment, behind_it)) = stretch.first()? {
                let behind = self.duration.saturating_sub(segment.duration);
                if !is_enough(behind) {
                    break 'stretches;
                }
                stretch.start = behind_it;
                stretch.is_apart = false;
                self.duration = behind;
                passed.segments += 1;
                passed.duration = passed.duration.saturating_add(segment.duration);
                passed.discontinuities += segment.discontinuities;
            }
            emptied += 1;
        }
        self.stretches.drain(..emptied);
        Ok(passed)
    }
}

impl<'a> Stretch<'a> {
    /// The lines from its first segment to its last one.
    pub(super) fn lines(&self) -> Result<Span<'a>, Misplaced> {
        self.source.text.cut(self.start.at..self.end)
    }

    /// Its first segment, and the point behind it; `None`: it has no more. Each line is read once: most segments that an edit
    /// looks at are taken.
    fn first(&self) -> Result<Option<(Segment, Point<'a>)>, Misplaced> {
        let mut segment = Segment { duration: Duration::ZERO, discontinuities: 0 };
        let mut point = self.start.clone();
        let mut range = None;
        for line in lines(self.lines()?) {
            let (tag, value) = match Item::of(&line) {
                Item::Segment(tag, value) => (tag, value.text()),
                Item::Uri => {
                    segment.discontinuities = segment.discontinuities.max(u64::from(self.is_apart));
                    point.end_segment(segment.duration, range, line.end());
                    return Ok(Some((segment, point)));
                }
                _ => continue,
            };
            match tag {
                Tag::Inf => segment.duration = seconds(value).unwrap_or_default(),
                Tag::Discontinuity => segment.discontinuities += 1,
                Tag::ByteRange => range = Some(value),
                _ => point.pass(tag, value, line.whole),
            }
        }
        Ok(None)
    }

    /// The tags that go on applying behind its last segment.
    pub(super) fn in_force_behind(&self) -> Result<InForce<'a>, Misplaced> {
        let mut in_force = self.start.in_force.clone();
        for line in lines(self.lines()?) {
            if let Item::Segment(tag, value) = Item::of(&line) {
                in_force.pass(tag, value.text(), line.whole);
            }
        }
        Ok(in_force)
    }
}

impl<'a> Point<'a> {
    /// Takes a tag of the segment behind it.
    fn pass(&mut self, tag: Tag, value: &'a [u8], line: Span<'a>) {
        match tag {
            Tag::Part => self.part_range = PartRange::behind(self.part_range, value),
            Tag::ProgramDateTime => self.clock = Clock { said: Some(value), since: Duration::ZERO },
            Tag::CueOut | Tag::CueOutCont | Tag::CueIn => {
                self.open = OpenBreak::behind(self.open, tag, value, line);
            }
            _ => self.in_force.pass(tag, value, line),
        }
    }

    /// Goes on behind the segment, which has this duration and sub-range and ends there.
    fn end_segment(&mut self, duration: Duration, range: Option<&[u8]>, end: usize) {
        self.at = end;
        self.clock.since = self.clock.since.saturating_add(duration);
        if let Some(open) = &mut self.open {
            open.pass(duration);
        }
        self.range_end = range.and_then(|range| end_of(range, self.range_end));
    }
}
