//! AdaptationSets: their content type, and the ranges that they declare for their Representations.

use super::outline::{Outline, Set};
use super::rule::{Report, Rule};
use super::scalar::{frame_rate, integer};
use crate::dash::document::Element;
use crate::manifest::quote;

pub(super) fn check(outline: &Outline<'_, '_>, report: &mut Report) {
    for (_, set) in outline.sets().filter(|(_, set)| !set.is_remote) {
        content_type(set, report);
        types(set, report);
        bounds(set, report);
        alignment(set, report);
    }
}

fn content_type(set: &Set<'_, '_>, report: &mut Report) {
    let first = set.representations.first();
    let is_told = set.content_type.is_some()
        || set.mime.is_some()
        || set.codecs.is_some()
        || first.is_some_and(|first| first.mime.is_some() || first.codecs.is_some())
        || set.element.children_named("ContentComponent").any(|one| one.attribute("contentType").is_some());
    if !is_told {
        report.add(Rule::KindUnknown, set.element.tag().start, || {
            "expected `contentType` or `mimeType`, found neither".to_owned()
        });
    }
}

fn types(set: &Set<'_, '_>, report: &mut Report) {
    let mut first = None;
    for representation in &set.representations {
        let Some(mime) = representation.mime.as_deref().or(set.mime.as_deref()) else {
            report.add(Rule::MimeMissing, representation.element.tag().start, || {
                "expected `mimeType` in the Representation or its AdaptationSet, found none".to_owned()
            });
            continue;
        };
        let first = *first.get_or_insert(mime);
        if mime != first {
            let own = representation.element.attribute("mimeType");
            let at = own.map_or(representation.element.tag().start, |own| own.at);
            report.add(Rule::MimeDiffers, at, || {
                format!(
                    "expected {}, as others of the AdaptationSet, found {}",
                    quote(first.as_bytes()),
                    quote(mime.as_bytes())
                )
            });
        }
    }
}

/// A bounded quantity: its attribute, the minimum and the maximum.
const BOUNDS: [(&str, &str, &str); 4] = [
    ("width", "minWidth", "maxWidth"),
    ("height", "minHeight", "maxHeight"),
    ("bandwidth", "minBandwidth", "maxBandwidth"),
    ("frameRate", "minFrameRate", "maxFrameRate"),
];

fn bounds(set: &Set<'_, '_>, report: &mut Report) {
    for (name, least, most) in BOUNDS {
        let (least, most) = (quantity(set.element, least), quantity(set.element, most));
        if least.is_none() && most.is_none() {
            continue;
        }
        for representation in &set.representations {
            let Some(found) = quantity(representation.element, name) else { continue };
            if least.is_some_and(|least| is_less(found, least))
                || most.is_some_and(|most| is_less(most, found))
            {
                let at = representation.element.attribute(name).map_or(0, |own| own.at);
                report.add(Rule::Bounds, at, || {
                    format!(
                        "expected `{name}` within what the AdaptationSet tells, found {}",
                        ratio_text(found)
                    )
                });
            }
        }
    }
}

/// A number, as a fraction.
fn quantity(element: Element<'_, '_>, name: &str) -> Option<(u64, u64)> {
    let text = element.value(name)?;
    let text = text.trim_ascii();
    frame_rate(text).or_else(|| Some((integer(text)?, 1)))
}

fn is_less((a, b): (u64, u64), (c, d): (u64, u64)) -> bool {
    u128::from(a) * u128::from(d) < u128::from(c) * u128::from(b)
}

fn ratio_text((whole, part): (u64, u64)) -> String {
    if part == 1 { whole.to_string() } else { format!("{whole}/{part}") }
}

fn alignment(set: &Set<'_, '_>, report: &mut Report) {
    let is_told = |name: &str| set.element.value(name).is_some_and(|text| !matches!(&*text, "false" | "0"));
    let is_stream = set
        .representations
        .first()
        .and_then(|first| first.mime.as_deref().or(set.mime.as_deref()))
        .is_some_and(|mime| mime.starts_with("video/") || mime.starts_with("audio/"));
    let is_aligned =
        ["segmentAlignment", "subsegmentAlignment", "bitstreamSwitching"].into_iter().any(is_told);
    if set.representations.len() > 1 && is_stream && !is_aligned {
        report.add(Rule::AlignmentMissing, set.element.tag().start, || {
            "expected `segmentAlignment` or `subsegmentAlignment`, found neither".to_owned()
        });
    }
}

#[cfg(test)]
pub(super) mod rows {
    use crate::dash::check::tests::{Row, period, set};

    pub(in crate::dash::check) const ROWS: &[Row] = &[
        ("kind-unknown", set!("", ""), set!("contentType='text'", "")),
        (
            "kind-unknown",
            period!("", "<AdaptationSet><Representation/></AdaptationSet>"),
            set!("", "<Representation mimeType='video/mp4'/>"),
        ),
        (
            "kind-unknown",
            set!("", "<ContentComponent/>"),
            set!("", "<ContentComponent contentType='audio'/>"),
        ),
        (
            "mime-missing",
            set!("contentType='video'", "<Representation/>"),
            set!("mimeType='video/mp4'", "<Representation/>"),
        ),
        (
            "mime-differs",
            set!("", "<Representation mimeType='video/mp4'/><Representation mimeType='video/webm'/>"),
            set!("mimeType='video/mp4'", "<Representation mimeType='video/mp4'/><Representation/>"),
        ),
        (
            "bounds",
            set!("maxWidth='640'", "<Representation width='641'/>"),
            set!("maxWidth='640'", "<Representation width='640'/>"),
        ),
        (
            "bounds",
            set!("minHeight='360'", "<Representation height='359'/>"),
            set!("minHeight='360'", "<Representation height='360'/>"),
        ),
        (
            "bounds",
            set!("maxBandwidth='1'", "<Representation bandwidth='2'/>"),
            set!("maxBandwidth='2'", "<Representation bandwidth='2'/>"),
        ),
        (
            "bounds",
            set!("maxFrameRate='30000/1001'", "<Representation frameRate='30'/>"),
            set!("maxFrameRate='30'", "<Representation frameRate='30000/1001'/>"),
        ),
        (
            "alignment-missing",
            set!("mimeType='video/mp4'", "<Representation/><Representation/>"),
            set!("mimeType='video/mp4' segmentAlignment='true'", "<Representation/><Representation/>"),
        ),
        (
            "alignment-missing",
            set!("mimeType='audio/mp4' segmentAlignment='false'", "<Representation/><Representation/>"),
            set!("mimeType='text/vtt'", "<Representation/><Representation/>"),
        ),
    ];
}
