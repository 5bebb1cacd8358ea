//! Low latency: parts, hints, reports, delta updates, and what a server offers of them.

use std::collections::BTreeSet;

use super::entry::Entry;
use super::outline::Outline;
use super::rule::Rule;
use super::scalar;
use super::subject::{Check, Report};
use crate::hls::read::event::EventKind;
use crate::hls::read::tag::Tag;
use crate::manifest::quote;

/// How much of a part target duration may be missing without a finding: rounding may have taken it.
const ROUNDING_SECS: f64 = 0.000_5;

#[derive(Default)]
pub(super) struct LowLatency<'a> {
    told_part_inf: bool,
    /// A part that is too short if another one follows: where it stands, and its duration.
    short: Option<(usize, f64)>,
    /// The URI of the part before, in the same segment, if that part is a range of it.
    last: Option<&'a [u8]>,
    has_server_control: bool,
    hints: BTreeSet<&'a [u8]>,
}

impl<'a> Check<'a> for LowLatency<'a> {
    fn line(&mut self, entry: &Entry<'a, '_>, outline: &Outline, report: &mut Report) {
        if matches!(entry.event.kind, EventKind::Uri(_)) {
            // The last part of a segment may be as short as it is.
            self.short = None;
            self.last = None;
            return;
        }
        match entry.tag() {
            Some(Tag::Part) => self.part(entry, outline, report),
            Some(Tag::ServerControl) => {
                self.has_server_control = true;
                server_control(entry, outline, report);
            }
            Some(Tag::Skip) => skip(entry, outline, report),
            Some(Tag::PreloadHint) => self.preload_hint(entry, outline, report),
            Some(Tag::RenditionReport) => {
                if let Some(uri) = entry.value("URI").filter(|uri| is_absolute(uri)) {
                    report.add(Rule::ReportAbsolute, entry.at_value("URI"), || {
                        format!("expected a relative URI, found {}", quote(uri))
                    });
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, outline: &Outline, report: &mut Report) {
        if outline.has_part_inf && !self.has_server_control {
            report.add_to(Tag::ServerControl.clause(), Rule::AttributeMissing, 0, || {
                "expected `EXT-X-SERVER-CONTROL` with `PART-HOLD-BACK` beside `EXT-X-PART-INF`, found none".to_owned()
            });
        }
    }
}

impl<'a> LowLatency<'a> {
    fn part(&mut self, entry: &Entry<'a, '_>, outline: &Outline, report: &mut Report) {
        if !outline.has_part_inf && !std::mem::replace(&mut self.told_part_inf, true) {
            report
                .add(Rule::PartInfMissing, entry.at(), || "expected `EXT-X-PART-INF`, found none".to_owned());
        }
        let is_gap = entry.says("GAP", "YES");
        if let Some((at, found)) = self.short.take()
            && !is_gap
        {
            let least = outline.part_target_secs.unwrap_or_default() * 0.85;
            report.add(Rule::PartShort, at, || format!("expected {least} seconds or more, found {found}"));
        }
        let range = entry.value("BYTERANGE").and_then(scalar::range);
        let uri = entry.value("URI");
        if range.is_some_and(|(_, offset)| offset.is_none()) && self.last != uri {
            report.add_to(Tag::Part.clause(), Rule::ByteRangeStart, entry.at_value("BYTERANGE"), || {
                "expected an offset, or a range of the same resource before, found neither".to_owned()
            });
        }
        self.last = range.and(uri);
        let (Some(found), Some(target)) =
            (entry.value("DURATION").and_then(scalar::float), outline.part_target_secs)
        else {
            return;
        };
        if found > target + ROUNDING_SECS {
            report.add(Rule::PartLong, entry.at_value("DURATION"), || {
                format!("expected {target} seconds at most, found {found}")
            });
        } else if found < target * 0.85 - ROUNDING_SECS && !is_gap && !entry.says("INDEPENDENT", "YES") {
            self.short = Some((entry.at_value("DURATION"), found));
        }
    }

    fn preload_hint(&mut self, entry: &Entry<'a, '_>, outline: &Outline, report: &mut Report) {
        if outline.has_end_list {
            report.add(Rule::PreloadHintEnded, entry.at(), || {
                "expected no `EXT-X-PRELOAD-HINT` beside `EXT-X-ENDLIST`, found one".to_owned()
            });
        }
        let Some(kind) = entry.value("TYPE") else { return };
        if !self.hints.insert(kind) {
            report.add(Rule::PreloadHintRepeated, entry.at(), || {
                format!("expected one hint of the type {}, found another", quote(kind))
            });
        }
    }
}

fn server_control(entry: &Entry<'_, '_>, outline: &Outline, report: &mut Report) {
    let mut at_least = |rule, name: &str, times: f64, unit: Option<f64>, what: &str| {
        if let (Some(found), Some(unit)) = (entry.value(name).and_then(scalar::float), unit)
            && found + ROUNDING_SECS < times * unit
        {
            report.add(rule, entry.at_value(name), || {
                format!(
                    "expected `{name}` of {} or more, {times} times the {what}, found {found}",
                    times * unit
                )
            });
            return true;
        }
        false
    };
    let (target, part_target) = (outline.target_secs, outline.part_target_secs);
    at_least(Rule::HoldBackShort, "HOLD-BACK", 3.0, target, "target duration");
    at_least(Rule::HoldBackShort, "CAN-SKIP-UNTIL", 6.0, target, "target duration");
    if !at_least(Rule::HoldBackShort, "PART-HOLD-BACK", 2.0, part_target, "part target duration") {
        at_least(Rule::PartHoldBackNear, "PART-HOLD-BACK", 3.0, part_target, "part target duration");
    }
    let mut missing = |name: &str, beside: &str| {
        report.add_to(Tag::ServerControl.clause(), Rule::AttributeMissing, entry.at(), || {
            format!("expected `{name}` beside `{beside}`, found none")
        });
    };
    if outline.has_part_inf && !entry.has("PART-HOLD-BACK") {
        missing("PART-HOLD-BACK", "EXT-X-PART-INF");
    }
    if entry.has("CAN-SKIP-DATERANGES") && !entry.has("CAN-SKIP-UNTIL") {
        missing("CAN-SKIP-UNTIL", "CAN-SKIP-DATERANGES");
    }
}

fn skip(entry: &Entry<'_, '_>, outline: &Outline, report: &mut Report) {
    report.add(Rule::DeltaUpdate, entry.at(), || "expected a full playlist, found a delta update".to_owned());
    if !outline.can_skip {
        report.add(Rule::SkipUnoffered, entry.at(), || {
            "expected `CAN-SKIP-UNTIL` in `EXT-X-SERVER-CONTROL` beside `EXT-X-SKIP`, found none".to_owned()
        });
    }
}

/// Whether a URI begins with a scheme, or with a host.
pub(super) fn is_absolute(uri: &[u8]) -> bool {
    let scheme = uri.split(|byte| matches!(byte, b':' | b'/' | b'?' | b'#')).next().unwrap_or_default();
    let has_scheme = scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
        && uri.get(scheme.len()) == Some(&b':');
    has_scheme || uri.starts_with(b"//")
}

#[cfg(test)]
pub(super) mod rows {
    use crate::hls::check::tests::Row;

    pub(in crate::hls::check) const ROWS: &[Row] = &[
        (
            "part-inf-missing",
            "#EXTM3U\n#EXT-X-PART:DURATION=1,URI=\"a\"\n",
            "#EXTM3U\n#EXT-X-PART:DURATION=1,URI=\"a\"\n#EXT-X-PART-INF:PART-TARGET=1\n",
        ),
        (
            "part-long",
            "#EXTM3U\n#EXT-X-PART-INF:PART-TARGET=1\n#EXT-X-PART:DURATION=1.01,URI=\"a\"\n",
            "#EXTM3U\n#EXT-X-PART-INF:PART-TARGET=1\n#EXT-X-PART:DURATION=1,URI=\"a\"\n",
        ),
        (
            "part-short",
            "#EXTM3U\n#EXT-X-PART-INF:PART-TARGET=1\n#EXT-X-PART:DURATION=0.8,URI=\"a\"\n#EXT-X-PART:DURATION=1,URI=\"b\"\n",
            "#EXTM3U\n#EXT-X-PART-INF:PART-TARGET=1\n#EXT-X-PART:DURATION=0.85,URI=\"a\"\n#EXT-X-PART:DURATION=0.1,URI=\"b\"\n#EXTINF:1,\nc\n#EXT-X-PART:DURATION=0.1,URI=\"d\"\n",
        ),
        (
            "part-short",
            "#EXTM3U\n#EXT-X-PART-INF:PART-TARGET=1\n#EXT-X-PART:DURATION=0.8,URI=\"a\"\n#EXT-X-PART:DURATION=1,URI=\"b\"\n",
            "#EXTM3U\n#EXT-X-PART-INF:PART-TARGET=1\n#EXT-X-PART:DURATION=0.1,URI=\"a\",INDEPENDENT=YES\n#EXT-X-PART:DURATION=0.1,URI=\"b\",GAP=YES\n#EXT-X-PART:DURATION=0.1,URI=\"b\"\n#EXT-X-PART:DURATION=1,URI=\"c\",GAP=YES\n",
        ),
        (
            "byte-range-start",
            "#EXTM3U\n#EXT-X-PART:DURATION=1,URI=\"a\",BYTERANGE=\"1@0\"\n#EXTINF:1,\na\n#EXT-X-PART:DURATION=1,URI=\"a\",BYTERANGE=\"1\"\n",
            "#EXTM3U\n#EXT-X-PART:DURATION=1,URI=\"a\",BYTERANGE=\"1@0\"\n#EXT-X-PART:DURATION=1,URI=\"a\",BYTERANGE=\"1\"\n",
        ),
        (
            "hold-back-short",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-SERVER-CONTROL:HOLD-BACK=11.9\n",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-SERVER-CONTROL:HOLD-BACK=12\n",
        ),
        (
            "hold-back-short",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=23\n",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=24\n",
        ),
        (
            "hold-back-short",
            "#EXTM3U\n#EXT-X-PART-INF:PART-TARGET=1\n#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=1.9\n",
            "#EXTM3U\n#EXT-X-PART-INF:PART-TARGET=1\n#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=2\n",
        ),
        (
            "part-hold-back-near",
            "#EXTM3U\n#EXT-X-PART-INF:PART-TARGET=1\n#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=2.9\n",
            "#EXTM3U\n#EXT-X-PART-INF:PART-TARGET=1\n#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=3\n",
        ),
        (
            "attribute-missing",
            "#EXTM3U\n#EXT-X-PART-INF:PART-TARGET=1\n",
            "#EXTM3U\n#EXT-X-PART-INF:PART-TARGET=1\n#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=3\n",
        ),
        (
            "attribute-missing",
            "#EXTM3U\n#EXT-X-SERVER-CONTROL:CAN-SKIP-DATERANGES=YES\n",
            "#EXTM3U\n#EXT-X-SERVER-CONTROL:CAN-SKIP-DATERANGES=YES,CAN-SKIP-UNTIL=24\n",
        ),
        ("delta-update", "#EXTM3U\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n", "#EXTM3U\n#EXT-X-ENDLIST\n"),
        (
            "skip-unoffered",
            "#EXTM3U\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n",
            "#EXTM3U\n#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=24\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n",
        ),
        (
            "preload-hint-ended",
            "#EXTM3U\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"a\"\n#EXT-X-ENDLIST\n",
            "#EXTM3U\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"a\"\n",
        ),
        (
            "preload-hint-repeated",
            "#EXTM3U\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"a\"\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"b\"\n",
            "#EXTM3U\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"a\"\n#EXT-X-PRELOAD-HINT:TYPE=MAP,URI=\"b\"\n",
        ),
        (
            "report-absolute",
            "#EXTM3U\n#EXT-X-RENDITION-REPORT:URI=\"https://a.example/b.m3u8\"\n",
            "#EXTM3U\n#EXT-X-RENDITION-REPORT:URI=\"/a:b.m3u8\"\n",
        ),
    ];
}
