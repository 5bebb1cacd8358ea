//! The newest segments of a Representation that announces messages of SCTE 35 in its segments.
//!
//! Segments are found by `SegmentTemplate`, with a `SegmentTimeline` or with numbers and `@duration` (ISO/IEC 23009-1 sections
//! 5.3.9.4 and 5.3.9.6). All Representations of an AdaptationSet have the same messages, so the one of the lowest bandwidth is
//! read: of each Period, the first such Representation.

use std::borrow::Cow;

use url::Url;

use super::super::signals::is_scte35;
use super::super::times::{Period, Times, number};
use crate::catalog::is_kept_by_edges;
use crate::dash::document::Element;
use crate::dash::emsg::EventTime;
use crate::dash::url_template::{self, IdentifierKind};
use crate::manifest::below;
use crate::resource::ResourcePath;
use crate::time::UnixMillis;

/// The element that announces messages.
pub(super) const ANNOUNCEMENT: &str = "InbandEventStream";

/// How many of the newest segments are read, if nobody has read them yet.
const NEWEST: usize = 64;

/// How far from its segment an event may lie.
const FARTHEST_MS: u64 = 24 * 60 * 60 * 1000;

/// Where a segment lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The start of its Period on the MPD's timeline.
    period_ms: u64,
    /// Its start, and `presentationTimeOffset`, on the media's timeline.
    pub(super) start: u64,
    offset: u64,
    timescale: u32,
}

impl Place {
    /// The time, on the MPD's timeline, of a time on the media's, with ticks of another timescale added. Not before the Period.
    fn time_ms(self, start: u64, (more, timescale): (u64, u32)) -> Option<u64> {
        let Self { period_ms, offset, timescale: own, .. } = self;
        let (own, other) = (i128::from(own), i128::from(timescale));
        let ticks = (i128::from(start) - i128::from(offset)) * other + i128::from(more) * own;
        let in_period = u64::try_from((ticks * 1000 / (own * other)).max(0)).ok()?;
        period_ms.checked_add(in_period)
    }

    /// Its start on the MPD's timeline.
    pub(super) fn start_ms(self) -> u64 {
        self.time_ms(self.start, (0, 1)).unwrap_or(u64::MAX)
    }

    /// The time of an event in it.
    pub(super) fn event_ms(self, time: EventTime, timescale: u32) -> Option<u64> {
        let at = match time {
            EventTime::Delta(delta) => self.time_ms(self.start, (delta.into(), timescale))?,
            EventTime::At(at) => self.time_ms(0, (at, timescale))?,
        };
        Some(at).filter(|at| at.abs_diff(self.start_ms()) <= FARTHEST_MS)
    }
}

/// The newest segments, with their URLs, from the newest on.
pub(super) fn newest(
    mpd: Element<'_, '_>,
    times: &Times<'_, '_>,
    url: &Url,
    now_ms: u64,
) -> Vec<(Place, Url)> {
    let now_ms = times.start_of(UnixMillis(now_ms)).and_then(|now| u64::try_from(now.as_millis()).ok());
    let mut newest = Vec::new();
    for period in times.periods.iter().rev() {
        let found = Levels::of(mpd, period).and_then(|levels| levels.newest(period, url, now_ms));
        newest.extend(found.into_iter().flatten().take(NEWEST - newest.len()));
    }
    newest
}

/// Whether a URL lies in the title's folder, in a spelling that leads nowhere else.
pub(super) fn is_within(folder: &Url, url: &Url) -> bool {
    let path = below(folder, url).and_then(|path| path.split('?').next());
    path.is_some_and(|path| ResourcePath::parse(path).is_ok()) && !is_kept_by_edges(url)
}

/// A Representation, its AdaptationSet, its Period and its MPD: an attribute of an inner one counts.
struct Levels<'d, 'a>([Element<'d, 'a>; 4]);

/// Segments of one duration that follow each other.
struct Run {
    start: u64,
    length: u64,
    count: u64,
    number: u64,
}

impl<'d, 'a> Levels<'d, 'a> {
    /// Those of the Representation that is read.
    fn of(mpd: Element<'d, 'a>, period: &Period<'d, 'a>) -> Option<Self> {
        let mut lowest: Option<(u64, Self)> = None;
        for set in period.element.children_named("AdaptationSet") {
            let all = announces(set);
            for one in set.children_named("Representation").filter(|one| all || announces(*one)) {
                let bandwidth = number(one, "bandwidth").unwrap_or(u64::MAX);
                if lowest.as_ref().is_none_or(|(lowest, _)| bandwidth < *lowest) {
                    lowest = Some((bandwidth, Self([one, set, period.element, mpd])));
                }
            }
        }
        lowest.map(|(_, levels)| levels)
    }

    fn templates(&self) -> impl Iterator<Item = Element<'d, 'a>> {
        self.0.into_iter().filter_map(|level| level.child("SegmentTemplate"))
    }

    fn value(&self, name: &str) -> Option<Cow<'a, str>> {
        self.templates().find_map(|template| template.value(name))
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.templates().find_map(|template| number(template, name))
    }

    /// The newest segments. `now_ms` is the time on the MPD's timeline.
    fn newest(&self, period: &Period<'d, 'a>, url: &Url, now_ms: Option<u64>) -> Option<Vec<(Place, Url)>> {
        let timescale = self.number("timescale").map_or(Some(1), |ticks| u32::try_from(ticks).ok())?;
        let timescale = Some(timescale).filter(|ticks| *ticks > 0)?;
        let offset = self.number("presentationTimeOffset").unwrap_or(0);
        let media = self.value("media")?;
        let period_ms = u64::try_from(period.start.as_millis()).ok()?;
        let ticks = |ms: u64| {
            let ticks = u128::from(ms.saturating_sub(period_ms)) * u128::from(timescale) / 1000;
            u64::try_from(ticks).ok().map(|ticks| ticks.saturating_add(offset))
        };
        // The end of the part of the Period that there is by now.
        let end = period.end.and_then(|end| u64::try_from(end.as_millis()).ok());
        let until = now_ms.into_iter().chain(end).min().and_then(ticks);
        let base = self.base(url)?;
        let mut found = Vec::new();
        for run in self.runs(offset, until)?.iter().rev() {
            for index in (0..run.count).rev().take(NEWEST - found.len()) {
                let start = run.start.checked_add(index.checked_mul(run.length)?)?;
                let path = self.filled(&media, start, run.number.checked_add(index)?)?;
                found.push((Place { period_ms, start, offset, timescale }, base.join(&path).ok()?));
            }
        }
        Some(found)
    }

    /// The segments up to a time. `None`: they are addressed in another way.
    fn runs(&self, offset: u64, until: Option<u64>) -> Option<Vec<Run>> {
        let first = self.number("startNumber").unwrap_or(1);
        let Some(timeline) = self.templates().find_map(|template| template.child("SegmentTimeline")) else {
            let length = self.number("duration").filter(|length| *length > 0)?;
            let last = self.number("endNumber").map(|last| last.saturating_add(1).saturating_sub(first));
            let count = until?.saturating_sub(offset) / length;
            let count = last.map_or(count, |last| last.min(count));
            return Some(vec![Run { start: offset, length, count, number: first }]);
        };
        let mut runs: Vec<Run> = Vec::new();
        let (mut next, mut next_number) = (0, first);
        let mut entries = timeline.children_named("S").peekable();
        while let Some(entry) = entries.next() {
            // Patterns and sequences of partial segments (6th edition) are others.
            if ["p", "k"].iter().any(|name| entry.attribute(name).is_some()) {
                return None;
            }
            let start = number(entry, "t").unwrap_or(next);
            let number_of = number(entry, "n").unwrap_or(next_number);
            let length = number(entry, "d").filter(|length| *length > 0)?;
            let repeats =
                entry.value("r").and_then(|text| text.trim_ascii().parse::<i64>().ok()).unwrap_or(0);
            let count = match u64::try_from(repeats) {
                Ok(repeats) => repeats.checked_add(1)?,
                Err(_) => {
                    let end = entries.peek().map_or(until, |after| number(*after, "t"));
                    end?.saturating_sub(start) / length
                }
            };
            next = start.checked_add(length.checked_mul(count)?)?;
            next_number = number_of.checked_add(count)?;
            runs.push(Run { start, length, count, number: number_of });
        }
        Some(runs)
    }

    /// The URL that the template is relative to: of several at a level, the first.
    fn base(&self, url: &Url) -> Option<Url> {
        let mut base = url.clone();
        for level in self.0.iter().rev() {
            if let Some(inner) = level.child("BaseURL") {
                base = base.join(inner.content()?.trim()).ok()?;
            }
        }
        Some(base)
    }

    /// The template, filled in for a segment.
    fn filled(&self, media: &str, start: u64, segment: u64) -> Option<String> {
        let [representation, ..] = self.0;
        let values = url_template::identifiers(media).into_iter().map(|identifier| match identifier.kind {
            IdentifierKind::Dollar => Some("$".to_owned()),
            IdentifierKind::RepresentationId => representation.value("id").map(Cow::into_owned),
            IdentifierKind::Digits => {
                let (name, format) = identifier
                    .text
                    .trim_matches('$')
                    .split_once('%')
                    .unwrap_or((identifier.text.trim_matches('$'), "01d"));
                let value = match name {
                    "Number" => segment,
                    "Time" => start,
                    "Bandwidth" => number(representation, "bandwidth")?,
                    _ => return None,
                };
                let width = format.strip_suffix(['d', 'i', 'u'])?.parse::<usize>().ok()?;
                Some(format!("{value:0width$}", width = width.min(DIGITS_MAX)))
            }
        });
        let values: Vec<String> = values.collect::<Option<_>>()?;
        Some(url_template::replaced(media, |index, _| values.get(index).map_or("", String::as_str)))
    }
}

/// The most digits that a template may ask for.
const DIGITS_MAX: usize = 32;

/// Whether a level announces messages of SCTE 35 in its segments.
fn announces(level: Element<'_, '_>) -> bool {
    level
        .children_named(ANNOUNCEMENT)
        .any(|stream| stream.value("schemeIdUri").is_some_and(|scheme| is_scte35(&scheme)))
}
