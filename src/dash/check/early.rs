//! Low latency: segments that are available before they are complete, and the target latency of a service.

use std::collections::BTreeSet;

use super::outline::{Outline, Stated};
use super::rule::{Report, Rule};
use super::scalar::{integer, milliseconds, number};
use crate::dash::document::Element;

pub(super) fn check(outline: &Outline<'_, '_>, report: &mut Report) {
    for (_, stated) in outline.segments() {
        segments(&stated, report);
    }
    let mut references: BTreeSet<u64> = BTreeSet::new();
    let mut services = Vec::new();
    for element in outline.mpd.descendants() {
        match element.name() {
            "BaseURL" => infinite(element, report),
            "ProducerReferenceTime" => references.extend(quantity(element, "id")),
            "ServiceDescription" => services.push(element),
            _ => {}
        }
    }
    for service in services {
        service.children_named("Latency").for_each(|latency| self::latency(latency, &references, report));
        service.children_named("PlaybackRate").for_each(|rate| self::rate(rate, report));
    }
}

fn segments(stated: &Stated<'_, '_, '_>, report: &mut Report) {
    let Some(own) = stated.own() else { return };
    infinite(own.element, report);
    let Some(offset) = own.element.attribute("availabilityTimeOffset") else { return };
    let Some(seconds) =
        number(offset.value().trim_ascii()).filter(|seconds| seconds.is_finite() && *seconds > 0.0)
    else {
        return;
    };
    let complete = stated.find(|segments| segments.are_complete);
    if complete.is_none() {
        report.add(Rule::OffsetComplete, offset.at, || {
            "expected `availabilityTimeComplete` beside `availabilityTimeOffset`, found none".to_owned()
        });
    }
    let is_incomplete = complete == Some(false);
    let longest_ms = stated.longest().map(|ticks| milliseconds(ticks, stated.timescale()));
    if let Some(longest_ms) =
        longest_ms.filter(|longest_ms| is_incomplete && seconds * 1000.0 >= *longest_ms as f64)
    {
        report.add(Rule::OffsetLong, offset.at, || {
            format!("expected less than {longest_ms} ms, which is a segment, found {seconds} s")
        });
    }
}

fn infinite(element: Element<'_, '_>, report: &mut Report) {
    if let Some(offset) =
        element.attribute("availabilityTimeOffset").filter(|offset| offset.raw.trim_ascii() == "INF")
    {
        report.add(Rule::OffsetInfinite, offset.at, || "expected a number of seconds, found INF".to_owned());
    }
}

fn latency(latency: Element<'_, '_>, references: &BTreeSet<u64>, report: &mut Report) {
    let found = ["min", "target", "max"].map(|name| quantity(latency, name));
    if !found.into_iter().flatten().is_sorted() {
        report.add(Rule::LatencyOrder, latency.tag().start, || {
            let told: Vec<_> =
                found.into_iter().flatten().map(|milliseconds| milliseconds.to_string()).collect();
            format!(
                "expected the minimum, the target and the maximum in this order, found {}",
                told.join(", ")
            )
        });
    }
    if let Some(reference) = latency.attribute("referenceId")
        && let Some(id) = quantity(latency, "referenceId").filter(|id| !references.contains(id))
    {
        report.add(Rule::ReferenceUnknown, reference.at, || {
            format!("expected the id of a `ProducerReferenceTime`, found {id}")
        });
    }
}

fn rate(rate: Element<'_, '_>, report: &mut Report) {
    let of = |name| rate.value(name).and_then(|text| number(text.trim_ascii()));
    if of("min").is_some_and(|least| least > 1.0) || of("max").is_some_and(|most| most < 1.0) {
        report.add(Rule::RateOrder, rate.tag().start, || {
            "expected a minimum of 1 at most and a maximum of 1 at least, found others".to_owned()
        });
    }
}

fn quantity(element: Element<'_, '_>, name: &str) -> Option<u64> {
    element.value(name).and_then(|text| integer(text.trim_ascii()))
}

#[cfg(test)]
pub(super) mod rows {
    use crate::dash::check::tests::{Row, mpd, period, set};

    macro_rules! service {
        ($inner:literal) => {
            mpd!("", concat!("<ServiceDescription>", $inner, "</ServiceDescription>"))
        };
    }

    pub(in crate::dash::check) const ROWS: &[Row] = &[
        (
            "offset-complete",
            set!("", "<SegmentTemplate availabilityTimeOffset='1.5'/>"),
            set!("", "<SegmentTemplate availabilityTimeOffset='1.5' availabilityTimeComplete='false'/>"),
        ),
        (
            "offset-complete",
            set!("", "<SegmentTemplate availabilityTimeOffset='1.5'/>"),
            period!(
                "",
                "<SegmentTemplate availabilityTimeComplete='false'/><AdaptationSet><SegmentTemplate availabilityTimeOffset='1.5'/></AdaptationSet>"
            ),
        ),
        (
            "offset-long",
            set!(
                "",
                "<SegmentTemplate duration='2' availabilityTimeOffset='2' availabilityTimeComplete='false'/>"
            ),
            set!(
                "",
                "<SegmentTemplate duration='2' availabilityTimeOffset='1.9' availabilityTimeComplete='false'/>"
            ),
        ),
        (
            "offset-infinite",
            set!("", "<SegmentTemplate availabilityTimeOffset='INF'/>"),
            set!("", "<SegmentTemplate availabilityTimeOffset='3600'/>"),
        ),
        (
            "offset-infinite",
            set!("", "<BaseURL availabilityTimeOffset='INF'>a/</BaseURL>"),
            set!("", "<BaseURL>a/</BaseURL>"),
        ),
        (
            "latency-order",
            service!("<Latency min='2' target='1'/>"),
            service!("<Latency min='1' target='1' max='2'/>"),
        ),
        ("latency-order", service!("<Latency min='3' max='2'/>"), service!("<Latency max='2'/>")),
        (
            "rate-order",
            service!("<PlaybackRate min='1.1' max='1.2'/>"),
            service!("<PlaybackRate min='0.9' max='1.1'/>"),
        ),
        (
            "reference-unknown",
            service!("<Latency referenceId='1'/>"),
            mpd!(
                "",
                "<ServiceDescription><Latency referenceId='1'/></ServiceDescription><Period><AdaptationSet><ProducerReferenceTime id='1'/></AdaptationSet></Period>"
            ),
        ),
    ];
}
