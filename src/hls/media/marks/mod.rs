//! The marks of breaks in a Media Playlist, wherever they stand, as signals ([`crate::ads::signals`]).
//!
//! ```text
//! #EXT-X-DATERANGE:ID="7",START-DATE=…,SCTE35-OUT=0xFC…       at the date that it states
//! #EXT-X-CUE-OUT:30                                           at the segment that it stands in front of
//! ```
//!
//! One pass over the lines; each mark is decoded once, and of too many the last are kept. A segment's time is the sum of the
//! durations in front of it. Its date is counted from the `EXT-X-PROGRAM-DATE-TIME` in front of it, or else from the first behind
//! it.
//!
//! The window of a live playlist slides: a break whose `EXT-X-CUE-OUT` has left it is known from `EXT-X-CUE-OUT-CONT` only. These
//! marks count if at least two of them agree about where the break began; otherwise they would announce another break than the one
//! that players have been told of, so nothing is said.

mod clock;
mod cue;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub(super) use self::clock::Clock;
use self::clock::instant;
use self::cue::{Elapsed, cue_of, cues_of_range, elapsed};
use super::item::Item;
use crate::ads::signals::{Cue, Moment, Signal};
use crate::hls::read::line::{TagLine, lines};
use crate::hls::read::seconds::{integer, seconds};
use crate::hls::read::tag::Tag;
use crate::manifest::Span;
use crate::time::UnixMillis;

/// The most marks of a playlist that are read. A break has a handful of them.
const MARKS_MAX: usize = 4_000;

/// How far apart two marks may place the beginning of one break, in milliseconds: roundings of durations.
const AGREED_MS: u64 = 25;

/// What the breaks of a Media Playlist depend on.
#[derive(Debug)]
pub(super) struct Marks<'a> {
    /// Where the first line stands that belongs to a segment.
    pub(super) body: usize,
    /// The duration of all segments.
    pub(super) duration: Duration,
    /// It has all segments from the first to the last: its type is `VOD`, or it has ended without losing one.
    pub(super) is_whole: bool,
    /// Its segments are subtitles or pictures, by their names or tags.
    pub(super) is_aside: bool,
    /// The dates of its segments; `None`: it has none.
    pub(super) clock: Option<Clock>,
    /// Marks in front of segments, in order.
    placed: Vec<Placed<'a>>,
    /// Lists of date ranges that have marks.
    ranges: Vec<&'a [u8]>,
}

/// A mark in front of a segment.
#[derive(Clone, Copy, Debug)]
struct Placed<'a> {
    tag: Tag,
    value: &'a [u8],
    /// The time of the segment from the beginning of the playlist.
    start: Duration,
    /// The date of the segment that the last `EXT-X-PROGRAM-DATE-TIME` in front stands at, and its time.
    said: Option<(&'a [u8], Duration)>,
}

impl<'a> Marks<'a> {
    /// Reads a playlist. `None`: it is no Media Playlist, or a Playlist Delta Update, whose marks are not all there.
    pub(super) fn read(text: Span<'a>) -> Option<Self> {
        let mut marks = Self {
            body: usize::MAX,
            duration: Duration::ZERO,
            is_whole: false,
            is_aside: false,
            clock: None,
            placed: Vec::new(),
            ranges: Vec::new(),
        };
        let mut of_this = Duration::ZERO;
        let (mut is_vod, mut has_ended, mut has_segment, mut first_number) = (false, false, false, 0);
        // Dates go on from the tag in front, until they may jump.
        let (mut may_jump, mut said) = (true, None);
        let mut is_open = false;
        for line in lines(text) {
            let bytes = line.text.text();
            let Some(b'#') = bytes.first() else {
                if bytes.is_empty() {
                    continue;
                }
                if !has_segment {
                    marks.is_aside |= is_aside(bytes);
                    has_segment = true;
                }
                marks.body = marks.body.min(line.start());
                marks.duration = marks.duration.saturating_add(std::mem::take(&mut of_this));
                continue;
            };
            if let Some(value) = bytes.strip_prefix(b"#EXTINF:") {
                of_this = seconds(value).unwrap_or_default();
                marks.body = marks.body.min(line.start());
                continue;
            }
            if !bytes.starts_with(b"#EXT") {
                continue;
            }
            let start = marks.duration;
            match Item::tag(&TagLine::read(line.text)) {
                Item::Multivariant | Item::Playlist(Tag::Skip, _) => return None,
                Item::Playlist(Tag::EndList, _) => has_ended = true,
                Item::Playlist(Tag::ImagesOnly, _) => marks.is_aside = true,
                Item::Playlist(Tag::PlaylistType, value) => is_vod |= value.text().trim_ascii() == b"VOD",
                Item::Playlist(Tag::MediaSequence, value) => {
                    first_number = integer(value.text().trim_ascii_start()).unwrap_or(0);
                }
                Item::Daterange(list) if has_mark(list) => push(&mut marks.ranges, list.text()),
                Item::Segment(tag, value) => {
                    marks.body = marks.body.min(line.start());
                    let value = value.text();
                    match tag {
                        Tag::Discontinuity => may_jump = true,
                        Tag::ProgramDateTime => {
                            said = Some((value, start));
                            if std::mem::take(&mut may_jump)
                                && let Some(date) = instant(value)
                            {
                                Clock::add(&mut marks.clock, start, date);
                            }
                        }
                        Tag::CueOut | Tag::CueIn => {
                            is_open = tag == Tag::CueOut;
                            push(&mut marks.placed, Placed { tag, value, start, said });
                        }
                        // Within a break whose beginning is there, it says nothing new.
                        Tag::CueOutCont if is_open => {}
                        Tag::CueOutCont
                        | Tag::Cue
                        | Tag::Scte35
                        | Tag::ExtScte35
                        | Tag::OatclsScte35
                        | Tag::SplicepointScte35 => {
                            push(&mut marks.placed, Placed { tag, value, start, said });
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        // A playlist that begins with the number 0 or 1 has lost no segment.
        marks.is_whole = is_vod || (has_ended && first_number <= 1);
        (has_segment && marks.body != usize::MAX).then_some(marks)
    }

    /// The signals. On demand they have times from the beginning of the presentation, in live the dates of its clock.
    pub(super) fn signals(&self) -> Vec<Signal> {
        let mut signals = Vec::new();
        let mut before: Vec<(Elapsed, &Placed<'a>)> = Vec::new();
        for mark in &self.placed {
            match elapsed(mark.tag, mark.value) {
                Some(elapsed) => before.push((elapsed, mark)),
                None => {
                    if let Some(cue) = cue_of(mark.tag, mark.value) {
                        let at = self.moment(mark);
                        signals.extend(at.map(|at| Signal { at, id: None, cue }));
                    }
                }
            }
        }
        signals.extend(self.going_on(&before));
        for list in &self.ranges {
            for (date, id, cue) in cues_of_range(list) {
                let at = match self.is_whole {
                    true => self.clock.as_ref().and_then(|clock| clock.time(date, self.duration)),
                    false => None,
                };
                if self.is_whole && at.is_none() {
                    continue;
                }
                let date = (!self.is_whole).then_some(date);
                signals.push(Signal { at: Moment::stated(at, date), id: Some(id), cue });
            }
        }
        lengths(&mut signals, self.is_whole);
        signals
    }

    /// The time of a mark in front of a segment. `None`: a live playlist has no dates.
    fn moment(&self, mark: &Placed<'a>) -> Option<Moment> {
        if self.is_whole {
            return Some(Moment::placed(Some(mark.start), None));
        }
        Some(Moment::placed(None, Some(self.date(mark)?)))
    }

    fn date(&self, mark: &Placed<'a>) -> Option<UnixMillis> {
        match mark.said.and_then(|(value, at)| Some((instant(value)?, at))) {
            Some((UnixMillis(ms), at)) => {
                let since = u64::try_from(mark.start.saturating_sub(at).as_millis()).ok()?;
                Some(UnixMillis(ms.saturating_add(since)))
            }
            None => self.clock.as_ref().map(|clock| clock.date(mark.start)),
        }
    }

    /// The breaks that began in front of the playlist, where its marks agree about when that was.
    fn going_on(&self, marks: &[(Elapsed, &Placed<'a>)]) -> Vec<Signal> {
        if self.is_whole {
            return Vec::new();
        }
        let mut signals = Vec::new();
        let mut rest = marks.iter().filter_map(|(elapsed, mark)| {
            let UnixMillis(date) = self.date(mark)?;
            let passed = u64::try_from(elapsed.passed.as_millis()).ok()?;
            Some((date.checked_sub(passed)?, elapsed, *mark))
        });
        let Some((began, first, mark)) = rest.next() else { return signals };
        // Marks of a later break, whose beginning is in the playlist, do not come here: so all marks are of one break.
        let others: Vec<_> = rest.map(|(began, ..)| began).collect();
        let agree = others.iter().all(|other| other.abs_diff(began) <= AGREED_MS);
        if agree && !others.is_empty() {
            let cue = Cue::Continue {
                elapsed: first.passed,
                planned: first.planned,
                section: first.section.clone().map(Box::new),
            };
            signals.extend(self.moment(mark).map(|at| Signal { at, id: None, cue }));
        }
        signals
    }
}

/// Adds a mark; of too many, the first go.
fn push<T>(marks: &mut Vec<T>, mark: T) {
    if marks.len() >= 2 * MARKS_MAX {
        marks.drain(..MARKS_MAX);
    }
    marks.push(mark);
}

/// Whether a date range may have a message.
fn has_mark(list: Span<'_>) -> bool {
    list.find(b"SCTE35-").is_some()
}

/// Tells marks without a length, or of the length 0, apart. One that another closes later opens a break whose length is not known
/// yet; so does one in live that nothing closes. Any other is a point for insertion: its break takes no time of the content.
fn lengths(signals: &mut [Signal], is_whole: bool) {
    let mut closed_at = None;
    for signal in signals.iter_mut().rev() {
        match &mut signal.cue {
            Cue::In => closed_at = Some(signal.at),
            Cue::Out { planned } => {
                let takes_time = match closed_at.take() {
                    Some(end) if is_whole => end.start > signal.at.start,
                    Some(end) => end.date != signal.at.date,
                    None => !is_whole,
                };
                if takes_time {
                    *planned = planned.filter(|planned| !planned.is_zero());
                } else {
                    *planned = planned.or(Some(Duration::ZERO));
                }
            }
            _ => {}
        }
    }
}

/// Whether a segment's name says that it is of subtitles.
fn is_aside(uri: &[u8]) -> bool {
    let path = uri.split(|byte| matches!(byte, b'?' | b'#')).next().unwrap_or_default();
    let extension = path.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    [&b"vtt"[..], b"webvtt", b"ttml", b"dfxp", b"srt"]
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
}
