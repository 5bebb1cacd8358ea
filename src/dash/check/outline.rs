//! The levels of an MPD: its Periods with their times, their AdaptationSets and Representations, and the elements that
//! address their segments.
//!
//! Values that several rules need are read once for each level, so that no level is read again for each of its
//! children.

use std::borrow::Cow;

use super::scalar::{integer, signed};
use crate::dash::document::{Attribute, Element};
use crate::dash::duration;

pub(super) struct Outline<'d, 'a> {
    pub(super) mpd: Element<'d, 'a>,
    pub(super) is_dynamic: bool,
    /// `mediaPresentationDuration`.
    pub(super) duration_ms: Option<u64>,
    pub(super) has_base_url: bool,
    pub(super) periods: Vec<Period<'d, 'a>>,
}

pub(super) struct Period<'d, 'a> {
    pub(super) element: Element<'d, 'a>,
    /// It is remote: it has an `xlink:href`.
    pub(super) is_remote: bool,
    pub(super) start_ms: Option<u64>,
    /// `duration`.
    pub(super) duration_ms: Option<u64>,
    /// Its end, if the MPD states it.
    pub(super) end_ms: Option<u64>,
    pub(super) has_base_url: bool,
    pub(super) segments: Vec<Segments<'d, 'a>>,
    pub(super) sets: Vec<Set<'d, 'a>>,
}

pub(super) struct Set<'d, 'a> {
    pub(super) element: Element<'d, 'a>,
    pub(super) is_remote: bool,
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) mime: Option<Cow<'a, str>>,
    pub(super) codecs: Option<Cow<'a, str>>,
    pub(super) content_type: Option<Cow<'a, str>>,
    pub(super) has_channels: bool,
    pub(super) has_sampling_rate: bool,
    pub(super) has_base_url: bool,
    pub(super) segments: Vec<Segments<'d, 'a>>,
    pub(super) representations: Vec<Representation<'d, 'a>>,
}

pub(super) struct Representation<'d, 'a> {
    pub(super) element: Element<'d, 'a>,
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) mime: Option<Cow<'a, str>>,
    pub(super) codecs: Option<Cow<'a, str>>,
    pub(super) has_base_url: bool,
    pub(super) segments: Vec<Segments<'d, 'a>>,
}

/// A kind of addressing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Addressing {
    Base,
    List,
    Template,
}

/// The segment addressing of one element.
pub(super) struct Segments<'d, 'a> {
    pub(super) element: Element<'d, 'a>,
    pub(super) kind: Addressing,
    pub(super) timescale: Option<u64>,
    pub(super) duration: Option<u64>,
    pub(super) offset: Option<u64>,
    pub(super) start_number: Option<u64>,
    pub(super) end_number: Option<u64>,
    /// `eptDelta`, and its offset.
    pub(super) ept_delta: Option<(usize, i64)>,
    /// `availabilityTimeComplete`.
    pub(super) are_complete: Option<bool>,
    pub(super) media: Option<Attribute<'a>>,
    pub(super) timeline: Option<Timeline<'d, 'a>>,
    /// How many `SegmentURL` there are.
    pub(super) urls: u64,
}

/// A `SegmentTimeline`.
#[derive(Clone, Copy)]
pub(super) struct Timeline<'d, 'a> {
    pub(super) element: Element<'d, 'a>,
    /// The number of segments; `None`: they repeat until the end of the Period.
    pub(super) count: Option<u64>,
    pub(super) longest: u64,
    /// The start of the first segment and the end of the last one, if the timeline states them.
    pub(super) span: Option<(u64, Option<u64>)>,
}

impl<'d, 'a> Outline<'d, 'a> {
    pub(super) fn of(mpd: Element<'d, 'a>) -> Self {
        let is_dynamic = mpd.value("type").is_some_and(|kind| kind == "dynamic");
        let duration_ms = time(mpd, "mediaPresentationDuration");
        let mut periods: Vec<Period<'d, 'a>> = Vec::new();
        for element in mpd.children_named("Period") {
            let start_ms = time(element, "start").or_else(|| match periods.last() {
                Some(before) => before
                    .start_ms
                    .zip(before.duration_ms)
                    .map(|(start, length)| start.saturating_add(length)),
                None => (!is_dynamic).then_some(0),
            });
            if let Some(before) = periods.last_mut().filter(|before| before.end_ms.is_none()) {
                before.end_ms = start_ms;
            }
            let period = Period::of(element, start_ms);
            periods.push(period);
        }
        if let Some(last) = periods.last_mut().filter(|last| last.end_ms.is_none()) {
            last.end_ms =
                duration_ms.filter(|end_ms| last.start_ms.is_some_and(|start_ms| start_ms <= *end_ms));
        }
        Self { mpd, is_dynamic, duration_ms, has_base_url: mpd.child("BaseURL").is_some(), periods }
    }

    /// Every AdaptationSet, with its Period.
    pub(super) fn sets(&self) -> impl Iterator<Item = (&Period<'d, 'a>, &Set<'d, 'a>)> {
        self.periods.iter().flat_map(|period| period.sets.iter().map(move |set| (period, set)))
    }

    /// Every element with segment addressing, with its Period and the levels that it inherits from.
    pub(super) fn segments(&self) -> Vec<(&Period<'d, 'a>, Stated<'_, 'd, 'a>)> {
        let mut all = Vec::new();
        for period in &self.periods {
            all.extend(period.segments.iter().map(|own| (period, Stated([Some(own), None, None]))));
            for set in &period.sets {
                let above = |own: &Segments<'d, 'a>| of_kind(&period.segments, own.kind);
                all.extend(set.segments.iter().map(|own| (period, Stated([Some(own), above(own), None]))));
                for representation in &set.representations {
                    all.extend(representation.segments.iter().map(|own| {
                        (period, Stated([Some(own), of_kind(&set.segments, own.kind), above(own)]))
                    }));
                }
            }
        }
        all
    }
}

impl<'d, 'a> Period<'d, 'a> {
    fn of(element: Element<'d, 'a>, start_ms: Option<u64>) -> Self {
        let duration_ms = time(element, "duration");
        Self {
            element,
            is_remote: is_remote(element),
            start_ms,
            duration_ms,
            end_ms: start_ms.zip(duration_ms).map(|(start, length)| start.saturating_add(length)),
            has_base_url: element.child("BaseURL").is_some(),
            segments: segments(element),
            sets: element.children_named("AdaptationSet").map(Set::of).collect(),
        }
    }

    /// Its duration, if the MPD states it.
    pub(super) fn length_ms(&self) -> Option<u64> {
        self.duration_ms.or_else(|| self.end_ms?.checked_sub(self.start_ms?))
    }
}

impl<'d, 'a> Set<'d, 'a> {
    fn of(element: Element<'d, 'a>) -> Self {
        Self {
            element,
            is_remote: is_remote(element),
            id: element.value("id"),
            mime: element.value("mimeType"),
            codecs: element.value("codecs"),
            content_type: element.value("contentType"),
            has_channels: element.child("AudioChannelConfiguration").is_some(),
            has_sampling_rate: element.attribute("audioSamplingRate").is_some(),
            has_base_url: element.child("BaseURL").is_some(),
            segments: segments(element),
            representations: element.children_named("Representation").map(Representation::of).collect(),
        }
    }
}

impl<'d, 'a> Representation<'d, 'a> {
    fn of(element: Element<'d, 'a>) -> Self {
        Self {
            element,
            id: element.value("id"),
            mime: element.value("mimeType"),
            codecs: element.value("codecs"),
            has_base_url: element.child("BaseURL").is_some(),
            segments: segments(element),
        }
    }
}

/// Segment addressing, from the level itself upwards.
#[derive(Clone, Copy)]
pub(super) struct Stated<'s, 'd, 'a>([Option<&'s Segments<'d, 'a>>; 3]);

impl<'s, 'd, 'a> Stated<'s, 'd, 'a> {
    /// The segment addressing of a Representation: the nearest element, and elements of the same kind above it.
    pub(super) fn of(levels: [&'s [Segments<'d, 'a>]; 3]) -> Option<Self> {
        let kind = levels.iter().find_map(|level| level.first())?.kind;
        Some(Self(levels.map(|level| of_kind(level, kind))))
    }

    /// The nearest element.
    pub(super) fn own(&self) -> Option<&'s Segments<'d, 'a>> {
        self.0.into_iter().flatten().next()
    }

    pub(super) fn find<T>(&self, tells: impl FnMut(&'s Segments<'d, 'a>) -> Option<T>) -> Option<T> {
        self.0.into_iter().flatten().find_map(tells)
    }

    pub(super) fn timescale(&self) -> u64 {
        self.find(|segments| segments.timescale).filter(|timescale| *timescale > 0).unwrap_or(1)
    }

    /// The longest segment, in ticks.
    pub(super) fn longest(&self) -> Option<u64> {
        self.find(|segments| segments.timeline.map(|timeline| timeline.longest))
            .or_else(|| self.find(|segments| segments.duration))
    }
}

fn of_kind<'s, 'd, 'a>(level: &'s [Segments<'d, 'a>], kind: Addressing) -> Option<&'s Segments<'d, 'a>> {
    level.iter().find(|segments| segments.kind == kind)
}

fn segments<'d, 'a>(level: Element<'d, 'a>) -> Vec<Segments<'d, 'a>> {
    let kind = |element: Element<'d, 'a>| match element.name() {
        "SegmentBase" => Some(Addressing::Base),
        "SegmentList" => Some(Addressing::List),
        "SegmentTemplate" => Some(Addressing::Template),
        _ => None,
    };
    let mut all: Vec<Segments<'d, 'a>> = Vec::new();
    for (element, kind) in level.children().filter_map(|child| kind(child).map(|kind| (child, kind))) {
        // A repeated element is reported by another rule.
        if all.iter().all(|before| before.kind != kind) {
            all.push(Segments::of(element, kind));
        }
    }
    all
}

impl<'d, 'a> Segments<'d, 'a> {
    fn of(element: Element<'d, 'a>, kind: Addressing) -> Self {
        let number = |name| element.value(name).and_then(|text| integer(text.trim_ascii()));
        Self {
            element,
            kind,
            timescale: number("timescale"),
            duration: number("duration"),
            offset: number("presentationTimeOffset"),
            start_number: number("startNumber"),
            end_number: number("endNumber"),
            ept_delta: element
                .attribute("eptDelta")
                .and_then(|delta| Some((delta.at, signed(delta.value().trim_ascii())?))),
            are_complete: element
                .value("availabilityTimeComplete")
                .map(|complete| !matches!(complete.trim_ascii(), "false" | "0")),
            media: element.attribute("media"),
            timeline: element.child("SegmentTimeline").map(Timeline::of),
            urls: element.children_named("SegmentURL").fold(0, |count, _| count + 1),
        }
    }
}

impl<'d, 'a> Timeline<'d, 'a> {
    fn of(element: Element<'d, 'a>) -> Self {
        let (mut count, mut longest, mut span) = (Some(0_u64), 0, None);
        for s in element.children_named("S") {
            let number = |name| s.value(name).map(|text| integer(text.trim_ascii()));
            let repeats = number("r").unwrap_or(Some(0));
            count =
                count.zip(repeats).map(|(count, repeats)| count.saturating_add(repeats).saturating_add(1));
            let duration = number("d").flatten().unwrap_or(0);
            longest = longest.max(duration);
            let start = number("t").flatten().or(span.map_or(Some(0), |(_, end)| end));
            let end = start.zip(repeats).map(|(start, repeats)| {
                start.saturating_add(duration.saturating_mul(repeats.saturating_add(1)))
            });
            span = Some((span.map_or(start.unwrap_or(0), |(first, _)| first), end));
        }
        Self { element, count, longest, span }
    }
}

/// Whether an element is remote.
pub(super) fn is_remote(element: Element<'_, '_>) -> bool {
    element.attributes().any(|attribute| attribute.is_remote())
}

/// A duration, in milliseconds.
pub(super) fn time(element: Element<'_, '_>, name: &str) -> Option<u64> {
    element.value(name).and_then(|text| duration::milliseconds(&text))
}
