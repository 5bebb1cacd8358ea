//! `SegmentTimeline`: times that increase and lie within the Period.

use std::collections::BTreeSet;

use super::outline::{Outline, Period, Segments, Stated, Timeline};
use super::rule::{Report, Rule};
use super::scalar::{integer, milliseconds, signed};
use crate::dash::document::Element;

/// The largest difference between two times that counts as rounding.
const ROUNDED: u64 = 1;

/// The clause of a timeline.
const CLAUSE: &str = "ISO/IEC 23009-1 5.3.9.6";

pub(super) fn check(outline: &Outline<'_, '_>, report: &mut Report) {
    for (_, stated) in outline.segments() {
        if let Some(timeline) = stated.own().and_then(|own| own.timeline) {
            entries(timeline, report);
        }
    }
    // A timeline that applies to all Representations of a level is reported once.
    let mut told: BTreeSet<(usize, Option<u64>, u64)> = BTreeSet::new();
    for (period, set) in outline.sets() {
        for representation in &set.representations {
            let levels: [&[Segments<'_, '_>]; 3] =
                [&representation.segments, &set.segments, &period.segments];
            let Some(stated) = Stated::of(levels) else { continue };
            let Some(timeline) = stated.find(|segments| segments.timeline) else { continue };
            let offset = stated.find(|segments| segments.offset);
            if told.insert((timeline.element.id(), offset, stated.timescale())) {
                span(outline, period, &stated, timeline, report);
            }
        }
    }
}

/// An `S`.
struct Entry<'d, 'a> {
    element: Element<'d, 'a>,
    time: Option<u64>,
    duration: Option<u64>,
    repeats: i64,
}

impl<'d, 'a> Entry<'d, 'a> {
    fn of(element: Element<'d, 'a>) -> Self {
        let number = |name| element.value(name).and_then(|text| integer(text.trim_ascii()));
        let repeats = element.value("r").and_then(|text| signed(text.trim_ascii())).unwrap_or(0);
        Self { element, time: number("t"), duration: number("d"), repeats }
    }

    fn at(&self, name: &str) -> usize {
        self.element.attribute(name).map_or(self.element.tag().start, |attribute| attribute.at)
    }
}

fn entries(timeline: Timeline<'_, '_>, report: &mut Report) {
    let mut all = timeline.element.children_named("S").map(Entry::of).peekable();
    if all.peek().is_none() {
        report.add(Rule::TimelineEmpty, timeline.element.tag().start, || {
            "expected an `S`, found none".to_owned()
        });
    }
    // The start of the previous entry, and the required start of the next; `None`: unknown.
    let (mut before, mut next): (Option<u64>, Option<u64>) = (None, None);
    while let Some(entry) = all.next() {
        // Entries of a pattern have the pattern's durations (6th edition).
        if entry.element.attribute("p").is_some() {
            return;
        }
        if let (Some(time), Some(before)) = (entry.time, before) {
            follows(&entry, time, before, next, report);
        }
        match entry.duration {
            Some(0) => report.add_to(CLAUSE, Rule::SegmentDurationZero, entry.at("d"), || {
                "expected a duration, found 0".to_owned()
            }),
            None if entry.element.attribute("d").is_none() => {
                report.add_to(CLAUSE, Rule::AttributeMissing, entry.element.tag().start, || {
                    "expected `d` in `S`, found none".to_owned()
                });
            }
            _ => {}
        }
        if entry.repeats < -1 {
            report.add(Rule::RepeatNegative, entry.at("r"), || {
                format!("expected -1 or more, found {}", entry.repeats)
            });
        }
        if entry.repeats < 0 && all.peek().is_some_and(|after| after.time.is_none()) {
            report.add(Rule::RepeatOpen, entry.at("r"), || {
                "expected `t` in the `S` behind one that repeats up to it, found none".to_owned()
            });
        }
        let start = entry.time.or(next).or(if before.is_none() { Some(0) } else { None });
        before = start.or(before);
        let times = u64::try_from(entry.repeats).ok().map(|repeats| repeats.saturating_add(1));
        next = start
            .zip(entry.duration)
            .zip(times)
            .and_then(|((start, duration), times)| start.checked_add(duration.checked_mul(times)?));
    }
}

fn follows(entry: &Entry<'_, '_>, time: u64, before: u64, next: Option<u64>, report: &mut Report) {
    if time < before {
        report.add(Rule::TimelineBackwards, entry.at("t"), || {
            format!("expected a time behind {before}, where the `S` before starts, found {time}")
        });
        return;
    }
    let Some(next) = next else { return };
    let expected = || format!("expected {next}, where the `S` before ends, found {time}");
    if time.saturating_add(ROUNDED) < next {
        report.add(Rule::TimelineOverlap, entry.at("t"), expected);
    } else if time > next.saturating_add(ROUNDED) {
        report.add(Rule::TimelineGap, entry.at("t"), expected);
    }
}

/// Checks that a timeline covers its Period. A live timeline covers only the available part.
fn span(
    outline: &Outline<'_, '_>,
    period: &Period<'_, '_>,
    stated: &Stated<'_, '_, '_>,
    timeline: Timeline<'_, '_>,
    report: &mut Report,
) {
    let Some((first, end)) = timeline.span else { return };
    let at = timeline.element.tag().start;
    let offset = stated.find(|segments| segments.offset).unwrap_or(0);
    let timescale = stated.timescale();
    let is_before = first.saturating_add(timeline.longest) <= offset && offset > 0;
    let is_late = !outline.is_dynamic && first > offset.saturating_add(timeline.longest / 2);
    if is_before || is_late {
        report.add(Rule::TimelineStart, at, || {
            format!(
                "expected a first segment at {offset}, which is the start of the Period, found one at {first}"
            )
        });
    }
    if outline.is_dynamic {
        return;
    }
    if let Some((at, delta)) = stated.find(|segments| segments.ept_delta)
        && i128::from(first) - i128::from(offset) != i128::from(delta)
    {
        report.add(Rule::EptDelta, at, || {
            format!(
                "expected {}, where the first segment is, found {delta}",
                i128::from(first) - i128::from(offset)
            )
        });
    }
    let Some((end, length_ms)) = end.zip(period.length_ms()) else { return };
    let found_ms = milliseconds(end.saturating_sub(offset), timescale);
    if found_ms.abs_diff(length_ms) > milliseconds(timeline.longest, timescale).div_ceil(2) {
        report.add(Rule::TimelineLength, at, || {
            format!("expected {length_ms} ms, as long as the Period is, found {found_ms} ms")
        });
    }
}

#[cfg(test)]
pub(super) mod rows {
    use crate::dash::check::tests::{Row, set};

    macro_rules! timeline {
        ($attributes:literal, $inner:literal) => {
            set!(
                "",
                concat!(
                    "<SegmentTemplate media='$Time$' ",
                    $attributes,
                    "><SegmentTimeline>",
                    $inner,
                    "</SegmentTimeline></SegmentTemplate><Representation/>"
                )
            )
        };
    }

    pub(in crate::dash::check) const ROWS: &[Row] = &[
        ("timeline-empty", timeline!("", ""), timeline!("", "<S d='1'/>")),
        (
            "attribute-missing",
            timeline!("", "<S t='0'/>"),
            "<MPD minBufferTime='PT1S' profiles='a'><Period><SegmentTemplate><SegmentTimeline><S p='1'/></SegmentTimeline></SegmentTemplate></Period></MPD>",
        ),
        ("segment-duration-zero", timeline!("", "<S d='0'/>"), timeline!("", "<S d='1'/>")),
        (
            "timeline-backwards",
            timeline!("", "<S t='9' d='1'/><S t='8' d='1'/>"),
            timeline!("", "<S t='9' d='1'/><S t='10' d='1'/>"),
        ),
        (
            "timeline-overlap",
            timeline!("", "<S d='9' r='1'/><S t='16' d='1'/>"),
            timeline!("", "<S d='9' r='1'/><S t='17' d='1'/>"),
        ),
        (
            "timeline-gap",
            timeline!("", "<S d='9' r='1'/><S t='20' d='1'/>"),
            timeline!("", "<S d='9' r='1'/><S t='19' d='1'/>"),
        ),
        (
            "timeline-gap",
            timeline!("", "<S d='9'/><S d='9'/><S t='20' d='1'/>"),
            timeline!("", "<S d='9' r='-1'/><S t='20' d='1'/>"),
        ),
        (
            "repeat-open",
            timeline!("", "<S d='1' r='-1'/><S d='1'/>"),
            timeline!("", "<S d='1' r='-1'/><S t='5' d='1'/><S d='1' r='-1'/>"),
        ),
        ("repeat-negative", timeline!("", "<S d='1' r='-2'/>"), timeline!("", "<S d='1' r='-1'/>")),
        // The Period takes ten seconds.
        (
            "timeline-length",
            timeline!("timescale='10'", "<S d='20' r='3'/>"),
            timeline!("timescale='10'", "<S d='20' r='3'/><S d='10'/>"),
        ),
        ("timeline-length", timeline!("", "<S d='2' r='5'/>"), timeline!("", "<S d='2' r='-1'/>")),
        ("timeline-start", timeline!("", "<S t='2' d='2'/>"), timeline!("", "<S t='1' d='2'/>")),
        (
            "timeline-start",
            timeline!("presentationTimeOffset='2'", "<S t='0' d='2'/>"),
            timeline!("presentationTimeOffset='2'", "<S t='1' d='2'/>"),
        ),
        (
            "ept-delta",
            timeline!("eptDelta='1'", "<S d='1'/>"),
            timeline!("eptDelta='-1' presentationTimeOffset='1'", "<S d='2'/>"),
        ),
    ];
}
