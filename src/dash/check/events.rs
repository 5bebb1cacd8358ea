//! Events: their times and their messages.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;

use super::outline::{Outline, Period};
use super::rule::{Report, Rule};
use super::scalar::{integer, milliseconds};
use crate::dash::document::Element;
use crate::manifest::quote;

const CALLBACK: &str = "urn:mpeg:dash:event:callback:2015";
const ALTERNATIVE: &str = "urn:mpeg:dash:event:alternativeMPD:";

/// The clause of an event stream.
const CLAUSE: &str = "ISO/IEC 23009-1 5.10.2";

/// Base64, with its padding or without.
pub(super) const BASE64: base64::engine::GeneralPurpose = base64::engine::GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    base64::engine::GeneralPurposeConfig::new()
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

pub(super) fn check(outline: &Outline<'_, '_>, report: &mut Report) {
    let streams = |name: &str| matches!(name, "EventStream" | "InbandEventStream");
    for stream in outline.mpd.descendants().filter(|element| streams(element.name())) {
        if let Some(timescale) = stream.attribute("timescale")
            && quantity(stream, "timescale") == Some(0)
        {
            report.add_to(CLAUSE, Rule::TimescaleZero, timescale.at, || {
                "expected units in a second, found 0".to_owned()
            });
        }
    }
    for period in &outline.periods {
        for stream in period.element.children_named("EventStream") {
            self::stream(period, stream, report);
        }
    }
}

fn stream(period: &Period<'_, '_>, stream: Element<'_, '_>, report: &mut Report) {
    let scheme = stream.value("schemeIdUri").unwrap_or_default();
    let timescale = quantity(stream, "timescale").filter(|timescale| *timescale > 0).unwrap_or(1);
    let offset = quantity(stream, "presentationTimeOffset").unwrap_or(0);
    let mut times: BTreeMap<u64, u64> = BTreeMap::new();
    for event in stream.children_named("Event") {
        let time = quantity(event, "presentationTime").unwrap_or(0);
        let at = |name| event.attribute(name).map_or(event.tag().start, |attribute| attribute.at);
        let start_ms = milliseconds(time.saturating_sub(offset), timescale);
        if let Some(length_ms) = period.length_ms().filter(|length_ms| start_ms > *length_ms) {
            report.add(Rule::EventLate, at("presentationTime"), || {
                format!(
                    "expected an event within the {length_ms} ms of its Period, found one at {start_ms} ms"
                )
            });
        }
        if let Some(id) = quantity(event, "id")
            && *times.entry(id).or_insert(time) != time
        {
            report.add(Rule::EventIdRepeated, at("id"), || format!("expected another id, found {id} again"));
        }
        contents(&scheme, event, report);
    }
}

fn contents(scheme: &str, event: Element<'_, '_>, report: &mut Report) {
    let said = message(event);
    if event.value("contentEncoding").is_some_and(|encoding| encoding == "base64")
        && let Some(said) = said.as_deref().filter(|said| decoded(said).is_none())
    {
        report.add(Rule::EventEncoding, event.tag().start, || {
            format!("expected base64, found {}", quote(said.trim_ascii().as_bytes()))
        });
    }
    let is_empty = if scheme == CALLBACK {
        said.is_none_or(|said| said.trim_ascii().is_empty())
    } else {
        scheme.starts_with(ALTERNATIVE)
            && !event
                .children()
                .any(|child| matches!(child.name(), "InsertPresentation" | "ReplacePresentation"))
    };
    if is_empty {
        report.add(Rule::EventEmpty, event.tag().start, || {
            "expected what players are to ask for, found nothing".to_owned()
        });
    }
}

/// The text of an event; `None`: it contains elements.
pub(super) fn message<'a>(event: Element<'_, 'a>) -> Option<Cow<'a, str>> {
    event.value("messageData").or_else(|| event.content())
}

/// Decodes base64, ignoring white space.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|sign| !sign.is_ascii_whitespace()).collect();
    BASE64.decode(text).ok()
}

fn quantity(element: Element<'_, '_>, name: &str) -> Option<u64> {
    element.value(name).and_then(|text| integer(text.trim_ascii()))
}

#[cfg(test)]
pub(super) mod rows {
    use crate::dash::check::tests::{Row, period};

    macro_rules! stream {
        ($attributes:literal, $inner:literal) => {
            period!("duration='PT10S'", concat!("<EventStream ", $attributes, ">", $inner, "</EventStream>"))
        };
    }

    pub(in crate::dash::check) const ROWS: &[Row] = &[
        ("timescale-zero", stream!("timescale='0'", ""), stream!("timescale='1'", "")),
        (
            "event-late",
            stream!("", "<Event presentationTime='11'/>"),
            stream!("presentationTimeOffset='1'", "<Event presentationTime='11'/>"),
        ),
        (
            "event-late",
            stream!("timescale='10'", "<Event presentationTime='101'/>"),
            stream!("timescale='10'", "<Event presentationTime='100'/>"),
        ),
        (
            "event-id-repeated",
            stream!("", "<Event id='1'/><Event id='1' presentationTime='1'/>"),
            stream!("", "<Event id='1'/><Event id='1'/><Event id='2' presentationTime='1'/>"),
        ),
        (
            "event-encoding",
            stream!("", "<Event contentEncoding='base64'>!</Event>"),
            stream!("", "<Event contentEncoding='base64'> AA== </Event>"),
        ),
        (
            "event-empty",
            stream!("schemeIdUri='urn:mpeg:dash:event:callback:2015'", "<Event/>"),
            stream!("schemeIdUri='urn:mpeg:dash:event:callback:2015'", "<Event>https://a.example/</Event>"),
        ),
        (
            "event-empty",
            stream!("schemeIdUri='urn:mpeg:dash:event:alternativeMPD:insert:2025'", "<Event>a</Event>"),
            stream!(
                "schemeIdUri='urn:mpeg:dash:event:alternativeMPD:insert:2025'",
                "<Event><InsertPresentation uri='a'/></Event>"
            ),
        ),
    ];
}
