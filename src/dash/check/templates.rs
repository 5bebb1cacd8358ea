//! Templates of URLs: their identifiers, and whether each segment gets a URL of its own.
//!
//! ISO/IEC 23009-1 section 5.3.9.4.4; the grammar is in `url_template.rs`.

use std::collections::BTreeMap;

use super::outline::{Addressing, Outline, Period, Segments, Stated};
use super::rule::{Report, Rule};
use super::scalar::milliseconds;
use crate::dash::digits::are_digits;
use crate::dash::document::Attribute;
use crate::manifest::quote;

/// The identifiers of a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parts {
    number: bool,
    time: bool,
    /// An identifier that differs between Representations.
    own: bool,
}

pub(super) fn check(outline: &Outline<'_, '_>, report: &mut Report) {
    for (_, stated) in outline.segments() {
        let Some(own) = stated.own().filter(|own| own.kind == Addressing::Template) else { continue };
        for name in ["media", "index", "initialization", "bitstreamSwitching"] {
            let Some(attribute) = own.element.attribute(name) else { continue };
            let parts = parts(&attribute, Some(report));
            if matches!(name, "initialization" | "bitstreamSwitching") && (parts.number || parts.time) {
                report.add(Rule::InitializationVaries, attribute.at, || {
                    format!(
                        "expected neither `$Number$` nor `$Time$`, found {}",
                        quote(attribute.raw.as_bytes())
                    )
                });
            }
            if parts.number && parts.time {
                report.add(Rule::TemplateBoth, attribute.at, || {
                    format!(
                        "expected one of `$Number$` and `$Time$`, found {}",
                        quote(attribute.raw.as_bytes())
                    )
                });
            }
        }
    }
    media(outline, report);
}

/// Checks media templates against the Representations that use them: a template for several Representations is reported
/// once.
fn media(outline: &Outline<'_, '_>, report: &mut Report) {
    let mut known: BTreeMap<usize, (Parts, bool)> = BTreeMap::new();
    for (period, set) in outline.sets() {
        for representation in &set.representations {
            let levels: [&[Segments<'_, '_>]; 3] =
                [&representation.segments, &set.segments, &period.segments];
            let Some(stated) = Stated::of(levels) else { continue };
            if stated.own().is_none_or(|own| own.kind != Addressing::Template) {
                continue;
            }
            let Some(media) = stated.find(|segments| segments.media) else { continue };
            if let Some((parts, is_told)) = known.get_mut(&media.at) {
                if !parts.own && !representation.has_base_url && !*is_told {
                    *is_told = true;
                    report.add(Rule::TemplateShared, media.at, || {
                        format!(
                            "expected `$RepresentationID$` or `$Bandwidth$`, found {}",
                            quote(media.raw.as_bytes())
                        )
                    });
                }
                continue;
            }
            let parts = parts(&media, None);
            known.insert(media.at, (parts, false));
            segments(period, &stated, &media, parts, report);
        }
    }
}

fn segments(
    period: &Period<'_, '_>,
    stated: &Stated<'_, '_, '_>,
    media: &Attribute<'_>,
    parts: Parts,
    report: &mut Report,
) {
    let timeline = stated.find(|segments| segments.timeline);
    let duration = stated.find(|segments| segments.duration);
    let varies = parts.number || parts.time;
    if varies && timeline.is_none() && duration.is_none() {
        report.add(Rule::SegmentDurationMissing, media.at, || {
            "expected `duration` or `SegmentTimeline`, found neither".to_owned()
        });
    } else if parts.time && timeline.is_none() {
        report.add(Rule::TimeWithoutTimeline, media.at, || {
            "expected `SegmentTimeline` for `$Time$`, found none".to_owned()
        });
    }
    let are_several = match (timeline, duration) {
        (Some(timeline), _) => timeline.count != Some(1),
        (None, Some(duration)) => {
            let one_ms = milliseconds(duration, stated.timescale());
            period.length_ms().is_none_or(|length_ms| length_ms > one_ms)
        }
        (None, None) => false,
    };
    if are_several && !varies {
        report.add(Rule::TemplateConstant, media.at, || {
            format!("expected `$Number$` or `$Time$`, found {}", quote(media.raw.as_bytes()))
        });
    }
}

/// Reads the identifiers of a template, and reports what is wrong with them.
fn parts(template: &Attribute<'_>, mut report: Option<&mut Report>) -> Parts {
    let mut parts = Parts::default();
    let mut rest = template.raw;
    let mut tell = |rule, from: &str, message: String| {
        if let Some(report) = &mut report {
            report.add(rule, template.at + template.raw.len() - from.len(), || message);
        }
    };
    while let Some(start) = rest.find('$') {
        let (_, from) = rest.split_at(start);
        let (_, inner) = from.split_at(1);
        let Some((name, behind)) = inner.split_once('$') else {
            tell(
                Rule::TemplateDollar,
                from,
                format!("expected another `$` behind {}", quote(from.as_bytes())),
            );
            break;
        };
        rest = behind;
        let (name, format) = name.split_at(name.find('%').unwrap_or(name.len()));
        match name {
            "" if format.is_empty() => continue,
            "RepresentationID" | "Bandwidth" => parts.own = true,
            "Number" => parts.number = true,
            "Time" => parts.time = true,
            // The number of a part; the segment has a number or a time besides.
            "SubNumber" => {}
            _ => {
                tell(
                    Rule::TemplateIdentifier,
                    from,
                    format!("expected an identifier, such as `$Number$`, found {}", quote(name.as_bytes())),
                );
                continue;
            }
        }
        if !format.is_empty() && (name == "RepresentationID" || !is_width(format)) {
            tell(
                Rule::TemplateWidth,
                from,
                format!(
                    "expected a width, such as `%05d`, behind `{name}`, found {}",
                    quote(format.as_bytes())
                ),
            );
        }
    }
    parts
}

fn is_width(format: &str) -> bool {
    let width = format.strip_prefix("%0").and_then(|format| format.strip_suffix('d'));
    width.is_some_and(are_digits)
}

#[cfg(test)]
pub(super) mod rows {
    use crate::dash::check::tests::{Row, period, set};

    macro_rules! media {
        ($media:literal) => {
            set!("", concat!("<SegmentTemplate duration='1' media='", $media, "'/><Representation id='a'/>"))
        };
    }

    pub(in crate::dash::check) const ROWS: &[Row] = &[
        ("template-identifier", media!("$number$"), media!("$Number$")),
        ("template-dollar", media!("$Number"), media!("$$$Number$")),
        ("template-width", media!("$Number%5d$"), media!("$Number%05d$")),
        (
            "template-width",
            media!("$RepresentationID%05d$$Number$"),
            media!("$RepresentationID$$Bandwidth%05d$$Number$"),
        ),
        ("template-both", media!("$Number$-$Time$"), media!("$Number$-$SubNumber$")),
        ("template-constant", media!("a.m4s"), media!("a-$Number$.m4s")),
        (
            "template-constant",
            set!(
                "",
                "<SegmentTemplate media='a'><SegmentTimeline><S d='1' r='1'/></SegmentTimeline></SegmentTemplate><Representation/>"
            ),
            set!(
                "",
                "<SegmentTemplate media='a'><SegmentTimeline><S d='1'/></SegmentTimeline></SegmentTemplate><Representation/>"
            ),
        ),
        (
            "initialization-varies",
            set!("", "<SegmentTemplate initialization='$Number$'/>"),
            set!("", "<SegmentTemplate initialization='$RepresentationID$-$Bandwidth$'/>"),
        ),
        (
            "time-without-timeline",
            media!("$Time$"),
            set!(
                "",
                "<SegmentTemplate media='$Time$'/><Representation><SegmentTemplate><SegmentTimeline><S d='1'/></SegmentTimeline></SegmentTemplate></Representation>"
            ),
        ),
        (
            "segment-duration-missing",
            set!("", "<SegmentTemplate media='$Number$'/><Representation/>"),
            period!(
                "",
                "<SegmentTemplate duration='1'/><AdaptationSet><SegmentTemplate media='$Number$'/><Representation/></AdaptationSet>"
            ),
        ),
        (
            "template-shared",
            set!(
                "",
                "<SegmentTemplate duration='1' media='$Number$'/><Representation id='a'/><Representation id='b'/>"
            ),
            set!(
                "",
                "<SegmentTemplate duration='1' media='$Number$'/><Representation/><Representation><BaseURL>b/</BaseURL></Representation>"
            ),
        ),
        (
            "template-shared",
            set!(
                "",
                "<SegmentTemplate duration='1' media='$Number$'/><Representation id='a'/><Representation id='b'/>"
            ),
            set!(
                "",
                "<SegmentTemplate duration='1' media='$Bandwidth$-$Number$'/><Representation/><Representation/>"
            ),
        ),
    ];
}
