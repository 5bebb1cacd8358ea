//! The marks of an MPD that concern breaks: event streams of SCTE 35 (SCTE 214-1 section 6.7).
//!
//! | scheme | message |
//! | --- | --- |
//! | `urn:scte:scte35:2013:xml` | `SpliceInfoSection` as elements |
//! | `urn:scte:scte35:2014:xml+bin` | `Signal` with `Binary`: a section in base64 |
//! | `urn:scte:scte35:2013:bin`, `urn:scte:scte35:2014:bin` | a section in base64, as text or `messageData` |
//!
//! An event's time is the time of its splice, whatever `pts_time` its message states. Messages in segments (`emsg`) are in
//! [`inband`](super::inband).

use std::borrow::Cow;
use std::time::Duration;

use super::splice;
use super::times::{Period, Times, number, of_ticks};
use crate::ads::signals::{Cue, Signal};
use crate::dash::document::Element;
use crate::scte35::{self, Section};

pub(super) const SCHEMES: &str = "urn:scte:scte35:";

/// Whether a stream of events has messages of SCTE 35.
pub(super) fn is_scte35(scheme: &str) -> bool {
    scheme.starts_with(SCHEMES)
}

/// The signals of an MPD. Takes time linear in its length.
pub(super) fn of(times: &Times<'_, '_>) -> Vec<Signal> {
    let mut signals = Vec::new();
    for period in &times.periods {
        for stream in period.element.children_named("EventStream") {
            if stream.value("schemeIdUri").is_some_and(|scheme| is_scte35(&scheme)) {
                signals.extend(of_stream(times, period, stream));
            }
        }
    }
    signals
}

fn of_stream<'d, 'a>(
    times: &Times<'d, 'a>,
    period: &Period<'d, 'a>,
    stream: Element<'d, 'a>,
) -> impl Iterator<Item = Signal> {
    let timescale = number(stream, "timescale").unwrap_or(1);
    let offset = number(stream, "presentationTimeOffset").unwrap_or(0);
    stream.children_named("Event").filter_map(move |event| {
        let section = Box::new(message(event)?);
        let ticks = number(event, "presentationTime").unwrap_or(0).saturating_sub(offset);
        let at = period.start.saturating_add(of_ticks(ticks, timescale));
        let planned = number(event, "duration").map(|ticks| of_ticks(ticks, timescale));
        let planned = planned.filter(|planned| *planned > Duration::ZERO);
        Some(Signal {
            at: times.moment(at),
            id: event.value("id").map(Cow::into_owned),
            cue: Cue::Section { section, planned },
        })
    })
}

/// The message of an event.
fn message(event: Element<'_, '_>) -> Option<Section> {
    of_elements(event).or_else(|| match event.value("messageData") {
        Some(data) => decoded(&data),
        None => decoded(&event.content()?),
    })
}

/// The message in elements: `Binary`, or else `SpliceInfoSection`.
pub(super) fn of_elements(root: Element<'_, '_>) -> Option<Section> {
    let find = |name| std::iter::once(root).chain(root.descendants()).find(|element| element.name() == name);
    match find("Binary") {
        Some(binary) => decoded(&binary.content()?),
        None => splice::section(find("SpliceInfoSection")?),
    }
}

pub(super) fn decoded(text: &str) -> Option<Section> {
    scte35::decode(&scte35::bytes(text).ok()?).ok()
}

#[cfg(test)]
mod tests;
