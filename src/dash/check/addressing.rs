//! Segment addressing: one kind for each level, and plausible numbers.

use std::collections::BTreeSet;

use super::outline::{Addressing, Outline, Period, Segments, Stated};
use super::rule::{Report, Rule};
use super::scalar::milliseconds;
use crate::dash::document::Element;

pub(super) fn check(outline: &Outline<'_, '_>, report: &mut Report) {
    for period in &outline.periods {
        mixed(&period.segments, report);
        for set in &period.sets {
            mixed(&set.segments, report);
            for representation in &set.representations {
                mixed(&representation.segments, report);
            }
        }
    }
    let mut lists: Vec<(&Period<'_, '_>, Stated<'_, '_, '_>)> = Vec::new();
    for (period, stated) in outline.segments() {
        if let Some(own) = stated.own() {
            numbers(own, report);
            if own.kind == Addressing::List && own.urls > 0 {
                lists.push((period, stated));
            }
        }
    }
    for (period, stated) in lists {
        list(outline, period, stated, report);
    }
    missing(outline, report);
}

fn mixed(level: &[Segments<'_, '_>], report: &mut Report) {
    if let Some(second) = level.get(1) {
        report.add(Rule::AddressingMixed, second.element.tag().start, || {
            format!(
                "expected one of `SegmentBase`, `SegmentList` and `SegmentTemplate`, found `{}` as well",
                second.element.name()
            )
        });
    }
}

fn numbers(own: &Segments<'_, '_>, report: &mut Report) {
    let at = |name| own.element.attribute(name).map_or(own.element.tag().start, |attribute| attribute.at);
    if own.timescale == Some(0) {
        report.add(Rule::TimescaleZero, at("timescale"), || "expected units in a second, found 0".to_owned());
    }
    if own.duration == Some(0) {
        report.add(Rule::SegmentDurationZero, at("duration"), || "expected a duration, found 0".to_owned());
    }
    if own.duration.is_some() && own.timeline.is_some() {
        report.add(Rule::SegmentDurationTwice, at("duration"), || {
            "expected one of `duration` and `SegmentTimeline`, found both".to_owned()
        });
    }
    let first = own.start_number.unwrap_or(1);
    if let Some(last) = own.end_number.filter(|last| *last < first) {
        report.add(Rule::NumberOrder, at("endNumber"), || format!("expected {first} or more, found {last}"));
    }
}

/// A list has to be as long as its Period, within one segment. A live list may be shorter.
fn list(outline: &Outline<'_, '_>, period: &Period<'_, '_>, stated: Stated<'_, '_, '_>, report: &mut Report) {
    let Some(own) = stated.own() else { return };
    for url in own.element.children_named("SegmentURL") {
        if url.attribute("media").is_none() && url.attribute("mediaRange").is_none() {
            report.add(Rule::SegmentUrlEmpty, url.tag().start, || {
                "expected `media` or `mediaRange`, found neither".to_owned()
            });
        }
    }
    let at = own.element.tag().start;
    if let Some(timeline) = stated.find(|segments| segments.timeline) {
        if let Some(count) = timeline.count.filter(|count| *count != own.urls) {
            report.add(Rule::ListLength, at, || {
                format!("expected {count} segments, as the `SegmentTimeline` has, found {}", own.urls)
            });
        }
        return;
    }
    if outline.is_dynamic {
        return;
    }
    let Some((duration, length_ms)) = stated.longest().zip(period.length_ms()) else { return };
    let one_ms = milliseconds(duration, stated.timescale());
    let all_ms = milliseconds(duration.saturating_mul(own.urls), stated.timescale());
    if all_ms.abs_diff(length_ms) > one_ms && one_ms > 0 {
        report.add(Rule::ListLength, at, || {
            format!(
                "expected {length_ms} ms, as long as the Period is, found {all_ms} ms in {} segments",
                own.urls
            )
        });
    }
}

fn missing(outline: &Outline<'_, '_>, report: &mut Report) {
    // A value that applies to all Representations of a level is reported once.
    let mut told: BTreeSet<usize> = BTreeSet::new();
    for (period, set) in outline.sets() {
        for representation in &set.representations {
            let at = representation.element.tag().start;
            let levels: [&[Segments<'_, '_>]; 3] =
                [&representation.segments, &set.segments, &period.segments];
            let Some(stated) = Stated::of(levels) else {
                let has_url = representation.has_base_url
                    || set.has_base_url
                    || period.has_base_url
                    || outline.has_base_url;
                if !has_url {
                    report.add(Rule::AddressingMissing, at, || {
                        "expected `SegmentTemplate`, `SegmentList`, `SegmentBase` or `BaseURL`, found none".to_owned()
                    });
                }
                continue;
            };
            let Some(own) = stated.own().filter(|own| told.insert(own.element.id())) else { continue };
            let place: Element<'_, '_> = own.element;
            if own.kind == Addressing::Template && stated.find(|segments| segments.media).is_none() {
                report
                    .add(Rule::MediaMissing, place.tag().start, || "expected `media`, found none".to_owned());
            }
            let urls = stated.find(|segments| Some(segments.urls).filter(|urls| *urls > 0)).unwrap_or(0);
            if own.kind == Addressing::List && urls > 1 && stated.longest().is_none() {
                report.add(Rule::SegmentDurationMissing, place.tag().start, || {
                    "expected `duration` or `SegmentTimeline`, found neither".to_owned()
                });
            }
        }
    }
}

#[cfg(test)]
pub(super) mod rows {
    use crate::dash::check::tests::{Row, mpd, period, representation, set};

    pub(in crate::dash::check) const ROWS: &[Row] = &[
        (
            "addressing-mixed",
            set!("", "<SegmentList/><SegmentTemplate/>"),
            representation!("", "<SegmentBase/>"),
        ),
        (
            "addressing-missing",
            set!("", "<Representation/>"),
            set!("", "<Representation><BaseURL>a.mp4</BaseURL></Representation>"),
        ),
        (
            "addressing-missing",
            set!("", "<Representation/>"),
            set!("", "<SegmentTemplate media='$Number$'/><Representation/>"),
        ),
        (
            "timescale-zero",
            set!("", "<SegmentTemplate timescale='0'/>"),
            set!("", "<SegmentTemplate timescale='1'/>"),
        ),
        (
            "segment-duration-zero",
            set!("", "<SegmentTemplate duration='0'/>"),
            set!("", "<SegmentTemplate duration='1'/>"),
        ),
        (
            "segment-duration-twice",
            set!("", "<SegmentTemplate duration='1'><SegmentTimeline/></SegmentTemplate>"),
            set!("", "<SegmentTemplate><SegmentTimeline/></SegmentTemplate>"),
        ),
        (
            "segment-duration-missing",
            representation!("", "<SegmentList><SegmentURL media='a'/><SegmentURL media='b'/></SegmentList>"),
            representation!("", "<SegmentList><SegmentURL media='a'/></SegmentList>"),
        ),
        (
            "number-order",
            set!("", "<SegmentTemplate endNumber='0'/>"),
            set!("", "<SegmentTemplate startNumber='0' endNumber='0'/>"),
        ),
        (
            "media-missing",
            representation!("", "<SegmentTemplate/>"),
            period!(
                "",
                "<SegmentTemplate media='$Time$'/><AdaptationSet><SegmentTemplate/><Representation><SegmentTemplate/></Representation></AdaptationSet>"
            ),
        ),
        (
            "segment-url-empty",
            representation!("", "<SegmentList><SegmentURL/></SegmentList>"),
            representation!("", "<SegmentList><SegmentURL mediaRange='0-1'/></SegmentList>"),
        ),
        (
            "list-length",
            mpd!(
                "",
                "<Period duration='PT9S'><SegmentList duration='4'><SegmentURL media='a'/></SegmentList></Period>"
            ),
            mpd!(
                "",
                "<Period duration='PT9S'><SegmentList duration='4'><SegmentURL media='a'/><SegmentURL media='b'/></SegmentList></Period>"
            ),
        ),
        (
            "list-length",
            period!(
                "",
                "<SegmentList><SegmentTimeline><S d='1' r='1'/></SegmentTimeline><SegmentURL media='a'/></SegmentList>"
            ),
            period!(
                "",
                "<SegmentList><SegmentTimeline><S d='1' r='1'/></SegmentTimeline><SegmentURL media='a'/><SegmentURL media='b'/></SegmentList>"
            ),
        ),
    ];
}
