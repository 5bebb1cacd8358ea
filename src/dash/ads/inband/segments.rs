//! The newest segments of a Representation that announces messages of SCTE 35 in its segments.
//!
//! Segments are found by `SegmentTemplate`, with a `SegmentTimeline` or with numbers and `@duration` (ISO/IEC 23009-1 sections
//! 5.3.9.4 and 5.3.9.6). All Representations of an AdaptationSet have the same messages, so the one of the lowest bandwidth is
//! read: of each Period, the first such Representation.

use std::borrow::Cow;
use std::fmt::Write as _;

use url::Url;

use super::super::signals::is_scte35;
use super::super::times::{Period, Times, number};
use crate::catalog::is_kept_by_edges;
use crate::dash::document::Element;
use crate::dash::emsg::EventTime;
use crate::dash::resolver::URI_BYTES_MAX;
use crate::dash::url_template::{self, IdentifierKind};
use crate::manifest::below;
use crate::resource::ResourcePath;

/// The element that announces messages.
pub(super) const ANNOUNCEMENT: &str = "InbandEventStream";

/// How many of the newest segments are read, if nobody has read them yet.
const NEWEST: usize = 64;

/// How many of the last Periods they are looked for in: some have none.
const PERIODS_MAX: usize = 64;

/// How far from its segment an event may lie.
const FARTHEST_MS: u64 = 24 * 60 * 60 * 1000;

/// Where a segment lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The start of its Period on the MPD's timeline.
    period_ms: u64,
    /// Its start, its end, and `presentationTimeOffset`, on the media's timeline.
    pub(super) start: u64,
    end: u64,
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

    /// Its end on the MPD's timeline.
    pub(super) fn end_ms(self) -> u64 {
        self.time_ms(self.end, (0, 1)).unwrap_or(u64::MAX)
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

/// The newest segments, with their URLs, from the newest on. `now_ms` is the time on the MPD's timeline.
pub(super) fn newest(
    mpd: Element<'_, '_>,
    times: &Times<'_, '_>,
    url: &Url,
    now_ms: Option<u64>,
) -> Vec<(Place, Url)> {
    let mut newest = Vec::new();
    let Some(base) = base(url, mpd) else { return newest };
    let mut left = NEWEST;
    for period in times.periods.iter().rev().take(PERIODS_MAX) {
        if left == 0 {
            break;
        }
        let levels = Levels::of(period);
        newest.extend(
            levels.and_then(|levels| levels.newest(period, &base, now_ms, &mut left)).unwrap_or_default(),
        );
    }
    newest
}

/// Whether a URL lies in the title's folder, in a spelling that leads nowhere else.
pub(super) fn is_within(folder: &Url, url: &Url) -> bool {
    let path = below(folder, url).and_then(|path| path.split('?').next());
    path.is_some_and(|path| ResourcePath::parse(path).is_ok()) && !is_kept_by_edges(url)
}

/// A Representation, its AdaptationSet and its Period: an attribute of an inner one counts. An MPD has no `SegmentTemplate`, so no
/// timeline is read for several Periods.
struct Levels<'d, 'a>([Element<'d, 'a>; 3]);

/// Segments of one duration that follow each other.
struct Run {
    start: u64,
    length: u64,
    count: u64,
    number: u64,
}

impl<'d, 'a> Levels<'d, 'a> {
    /// Those of the Representation that is read.
    fn of(period: &Period<'d, 'a>) -> Option<Self> {
        let mut lowest: Option<(u64, Self)> = None;
        for set in period.element.children_named("AdaptationSet") {
            let all = announces(set);
            for one in set.children_named("Representation").filter(|one| all || announces(*one)) {
                let bandwidth = number(one, "bandwidth").unwrap_or(u64::MAX);
                if lowest.as_ref().is_none_or(|(lowest, _)| bandwidth < *lowest) {
                    lowest = Some((bandwidth, Self([one, set, period.element])));
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

    /// The newest segments. `left` says how many more are looked at, also of those without a URL.
    fn newest(
        &self,
        period: &Period<'d, 'a>,
        base: &Url,
        now_ms: Option<u64>,
        left: &mut usize,
    ) -> Option<Vec<(Place, Url)>> {
        let timescale = self.number("timescale").map_or(Some(1), |ticks| u32::try_from(ticks).ok())?;
        let timescale = Some(timescale).filter(|ticks| *ticks > 0)?;
        let offset = self.number("presentationTimeOffset").unwrap_or(0);
        let template = self.template()?;
        let period_ms = u64::try_from(period.start.as_millis()).ok()?;
        let ticks = |ms: u64| {
            let ticks = u128::from(ms.saturating_sub(period_ms)) * u128::from(timescale) / 1000;
            u64::try_from(ticks).ok().map(|ticks| ticks.saturating_add(offset))
        };
        // The end of the part of the Period that there is by now.
        let end = period.end.and_then(|end| u64::try_from(end.as_millis()).ok());
        let until = now_ms.into_iter().chain(end).min().and_then(ticks);
        let base = self.base(base)?;
        let segment = |run: &Run, index: u64| {
            let start = run.start.checked_add(index.checked_mul(run.length)?)?;
            let end = start.checked_add(run.length)?;
            let path = template.filled(start, run.number.checked_add(index)?)?;
            Some((Place { period_ms, start, end, offset, timescale }, joined(&base, &path)?))
        };
        let mut found = Vec::new();
        for run in self.runs(offset, until)?.iter().rev() {
            for index in (0..run.count).rev() {
                let Some(fewer) = left.checked_sub(1) else { return Some(found) };
                *left = fewer;
                found.extend(segment(run, index));
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

    /// The URL that the template is relative to, below the MPD's.
    fn base(&self, url: &Url) -> Option<Url> {
        self.0.into_iter().rev().try_fold(url.clone(), |outer, level| base(&outer, level))
    }

    fn template(&self) -> Option<Template<'a>> {
        let [representation, ..] = self.0;
        Some(Template {
            media: self.value("media").filter(|media| media.len() <= URI_BYTES_MAX)?,
            id: representation.value("id").filter(|id| id.len() <= URI_BYTES_MAX),
            bandwidth: number(representation, "bandwidth"),
        })
    }
}

/// The URL template of a Representation's segments. Its texts are no longer than a URL.
struct Template<'a> {
    media: Cow<'a, str>,
    id: Option<Cow<'a, str>>,
    bandwidth: Option<u64>,
}

impl Template<'_> {
    /// The template, filled in for a segment. `None`: it asks for what there is not, or for more than a URL can have.
    fn filled(&self, start: u64, segment: u64) -> Option<String> {
        let mut path = String::new();
        let mut rest = &*self.media;
        while let Some((front, identifier, behind)) = url_template::next(rest) {
            path += front;
            match identifier.kind {
                IdentifierKind::Dollar => path.push('$'),
                IdentifierKind::RepresentationId => path += self.id.as_deref()?,
                IdentifierKind::Digits => {
                    let text = identifier.text.trim_matches('$');
                    let (name, format) = text.split_once('%').unwrap_or((text, "01d"));
                    let value = match name {
                        "Number" => segment,
                        "Time" => start,
                        "Bandwidth" => self.bandwidth?,
                        _ => return None,
                    };
                    let width = format.strip_suffix(['d', 'i', 'u'])?.parse::<usize>().ok()?;
                    write!(path, "{value:0width$}", width = width.min(DIGITS_MAX)).ok()?;
                }
            }
            if path.len() > URI_BYTES_MAX {
                return None;
            }
            rest = behind;
        }
        Some(path + rest)
    }
}

/// The base URL of a level: of several, the first.
fn base(outer: &Url, level: Element<'_, '_>) -> Option<Url> {
    match level.child("BaseURL") {
        Some(inner) => joined(outer, inner.content()?.trim()),
        None => Some(outer.clone()),
    }
}

/// A URI, resolved, if it is no longer than any that can be requested.
fn joined(base: &Url, uri: &str) -> Option<Url> {
    let uri = Some(uri).filter(|uri| uri.len() <= URI_BYTES_MAX)?;
    base.join(uri).ok().filter(|url| url.as_str().len() <= URI_BYTES_MAX)
}

/// The most digits that a template may ask for.
const DIGITS_MAX: usize = 32;

/// Whether a level announces messages of SCTE 35 in its segments.
fn announces(level: Element<'_, '_>) -> bool {
    level
        .children_named(ANNOUNCEMENT)
        .any(|stream| stream.value("schemeIdUri").is_some_and(|scheme| is_scte35(&scheme)))
}
