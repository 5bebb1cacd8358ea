//! Ranges of dates: `EXT-X-DATERANGE`, interstitials ([Appendix D][d]) and preloading ([Appendix F][f]).
//!
//! [d]: https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#appendix-D
//! [f]: https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#appendix-F

use std::collections::BTreeMap;

use super::entry::Entry;
use super::low_latency::is_absolute;
use super::outline::Outline;
use super::rule::Rule;
use super::scalar;
use super::subject::{Check, Report};
use crate::hls::read::tag::Tag;
use crate::hls::read::variables::OPEN;
use crate::manifest::quote;

#[derive(Default)]
pub(super) struct DateRanges<'a> {
    told_clock: bool,
    /// What the tags of each range said so far.
    ranges: BTreeMap<&'a [u8], BTreeMap<&'a [u8], &'a [u8]>>,
}

impl<'a> Check<'a> for DateRanges<'a> {
    fn line(&mut self, entry: &Entry<'a, '_>, outline: &Outline, report: &mut Report) {
        if !entry.is(Tag::DateRange) {
            return;
        }
        // A delta update leaves out segments with their dates, and what earlier tags of a range said.
        let is_whole = !outline.has_skip;
        if is_whole && !outline.has_clock && !std::mem::replace(&mut self.told_clock, true) {
            report.add(Rule::DateRangeClock, entry.at(), || {
                "expected `EXT-X-PROGRAM-DATE-TIME` beside `EXT-X-DATERANGE`, found none".to_owned()
            });
        }
        let Some(id) = entry.value("ID") else { return };
        let range = self.ranges.entry(id).or_default();
        for attribute in entry.attributes {
            let before = *range.entry(attribute.name).or_insert(attribute.value);
            if before != attribute.value {
                let at = entry.event.value_at() + attribute.at;
                report.add(Rule::DateRangeChanged, at, || {
                    format!("expected {} as before, found {}", quote(before), quote(attribute.value))
                });
            }
        }
        let whole = |name: &str| range.get(name.as_bytes()).copied();
        if is_whole && whole("START-DATE").is_none() {
            missing("START-DATE", entry, report);
        }
        ends(&whole, entry, report);
        end_on_next(&whole, is_whole, entry, report);
        if let Some(cue) = entry.value("CUE") {
            let has = |word: &[u8]| cue.split(|byte| *byte == b',').any(|found| found == word);
            if has(b"PRE") && has(b"POST") {
                report.add(Rule::CueBoth, entry.at_value("CUE"), || {
                    format!("expected PRE or POST, found {}", quote(cue))
                });
            }
        }
        match whole("CLASS") {
            Some(b"com.apple.hls.interstitial") => interstitial(&whole, is_whole, entry, report),
            Some(b"com.apple.hls.preload") => preload(&whole, is_whole, entry, report),
            class if is_whole || class.is_some() => without_class(class, entry, report),
            _ => {}
        }
    }
}

/// What all tags of a range together say under a name.
type Whole<'f, 'a> = &'f dyn Fn(&str) -> Option<&'a [u8]>;

fn missing(name: &str, entry: &Entry<'_, '_>, report: &mut Report) {
    report.add_to(Tag::DateRange.clause(), Rule::AttributeMissing, entry.at(), || {
        format!("expected `{name}`, found none")
    });
}

fn forbidden(name: &str, entry: &Entry<'_, '_>, report: &mut Report) {
    report.add_to(Tag::DateRange.clause(), Rule::AttributeForbidden, entry.at_value(name), || {
        format!("expected no `{name}` in a range for preloading, found one")
    });
}

fn ends(whole: Whole<'_, '_>, entry: &Entry<'_, '_>, report: &mut Report) {
    let date = |name| whole(name).and_then(scalar::date).map(|instant| instant.unix_ms);
    let (Some(start_ms), Some(end_ms)) = (date("START-DATE"), date("END-DATE")) else { return };
    let length_ms = end_ms.saturating_sub(start_ms);
    if length_ms < 0 {
        report.add(Rule::DateRangeEnd, entry.at_value("END-DATE"), || {
            "expected an `END-DATE` not before `START-DATE`, found an earlier one".to_owned()
        });
    } else if let Some(secs) = whole("DURATION").and_then(scalar::float) {
        // Dates have milliseconds, and durations may have more.
        #[expect(clippy::cast_precision_loss, reason = "no date is 2^53 milliseconds from another")]
        let differ = (length_ms as f64 - secs * 1000.0).abs() > 1.0;
        if differ {
            report.add(Rule::DateRangeEnd, entry.at_value("END-DATE"), || {
                format!("expected `END-DATE` {secs} seconds behind `START-DATE`, found {length_ms} ms")
            });
        }
    }
}

fn end_on_next(whole: Whole<'_, '_>, is_whole: bool, entry: &Entry<'_, '_>, report: &mut Report) {
    if whole("END-ON-NEXT") != Some(b"YES") {
        return;
    }
    if is_whole && whole("CLASS").is_none() {
        report.add(Rule::EndOnNext, entry.at(), || {
            "expected `CLASS` beside `END-ON-NEXT`, found none".to_owned()
        });
    }
    for name in ["DURATION", "END-DATE"].into_iter().filter(|name| whole(name).is_some()) {
        report.add(Rule::EndOnNext, entry.at_value(name), || {
            format!("expected no `{name}` beside `END-ON-NEXT`, found one")
        });
    }
}

fn interstitial(whole: Whole<'_, '_>, is_whole: bool, entry: &Entry<'_, '_>, report: &mut Report) {
    let found = match (whole("X-ASSET-URI"), whole("X-ASSET-LIST")) {
        (Some(_), Some(_)) => Some("both"),
        (None, None) if is_whole => Some("neither"),
        _ => None,
    };
    if let Some(found) = found {
        report.add(Rule::InterstitialAsset, entry.at(), || {
            format!("expected one of `X-ASSET-URI` and `X-ASSET-LIST`, found {found}")
        });
    }
    if let Some(uri) =
        entry.value("X-ASSET-URI").filter(|uri| !is_absolute(uri) && !uri.starts_with(OPEN.as_bytes()))
    {
        report.add(Rule::InterstitialRelative, entry.at_value("X-ASSET-URI"), || {
            format!("expected an absolute URI, found {}", quote(uri))
        });
    }
    for (name, words) in [
        ("X-CONTENT-MAY-VARY", ["YES", "NO"]),
        ("X-TIMELINE-OCCUPIES", ["POINT", "RANGE"]),
        ("X-TIMELINE-STYLE", ["HIGHLIGHT", "PRIMARY"]),
    ] {
        if let Some(value) = entry.value(name)
            && !words.iter().any(|word| word.as_bytes() == value)
        {
            report.add(Rule::InterstitialWord, entry.at_value(name), || {
                format!("expected {} in quotes, found {}", words.join(" or "), quote(value))
            });
        }
    }
}

fn without_class(class: Option<&[u8]>, entry: &Entry<'_, '_>, report: &mut Report) {
    let Some(name) = ["X-ASSET-URI", "X-ASSET-LIST"].into_iter().find(|name| entry.has(name)) else { return };
    report.add(Rule::InterstitialClass, entry.at(), || {
        let found = class.map_or_else(|| "none".to_owned(), quote);
        format!("expected `CLASS=\"com.apple.hls.interstitial\"` beside `{name}`, found {found}")
    });
}

fn preload(whole: Whole<'_, '_>, is_whole: bool, entry: &Entry<'_, '_>, report: &mut Report) {
    if is_whole {
        let required = ["X-URI", "X-TARGET-ID", "X-TARGET-CLASS"];
        for name in required.into_iter().filter(|name| whole(name).is_none()) {
            missing(name, entry, report);
        }
        if whole("DURATION").is_none() && whole("END-DATE").is_none() {
            missing("DURATION` or `END-DATE", entry, report);
        }
    }
    for name in ["CUE", "END-ON-NEXT"].into_iter().filter(|name| entry.has(name)) {
        forbidden(name, entry, report);
    }
}

#[cfg(test)]
pub(super) mod rows {
    use crate::hls::check::tests::Row;

    pub(in crate::hls::check) const ROWS: &[Row] = &[
        (
            "daterange-clock",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-01-01T00:00:00Z\"\n",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-01-01T00:00:00Z\"\n#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\n",
        ),
        (
            "daterange-clock",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-01-01T00:00:00Z\"\n#EXTINF:4,\na\n",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-01-01T00:00:00Z\"\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXTINF:4,\na\n",
        ),
        (
            "attribute-missing",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",CLASS=\"b\"\n",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-01-01T00:00:00Z\"\n#EXT-X-DATERANGE:ID=\"a\",CLASS=\"b\"\n",
        ),
        (
            "daterange-clock",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",DURATION=1\n",
            "#EXTM3U\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXT-X-DATERANGE:ID=\"a\",DURATION=1\n",
        ),
        (
            "attribute-missing",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",DURATION=1\n",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",DURATION=1\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n",
        ),
        (
            "attribute-missing",
            "#EXTM3U\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXT-X-DATERANGE:DURATION=1\n",
            "#EXTM3U\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.apple.hls.preload\"\n",
        ),
        (
            "end-on-next",
            "#EXTM3U\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXT-X-DATERANGE:ID=\"a\",END-ON-NEXT=YES,DURATION=1\n",
            "#EXTM3U\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXT-X-DATERANGE:ID=\"a\",END-ON-NEXT=YES\n",
        ),
        (
            "interstitial-asset",
            "#EXTM3U\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.apple.hls.interstitial\",X-ASSET-URI=\"https://a.example/\",X-ASSET-LIST=\"b\"\n",
            "#EXTM3U\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.apple.hls.interstitial\"\n",
        ),
        (
            "daterange-end",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-01-01T00:00:01Z\",END-DATE=\"2026-01-01T00:00:00Z\"\n",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-01-01T00:00:00Z\",END-DATE=\"2026-01-01T00:00:00Z\"\n",
        ),
        (
            "daterange-end",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-01-01T00:00:00Z\",END-DATE=\"2026-01-01T00:00:02Z\",DURATION=1\n",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-01-01T00:00:00Z\",DURATION=2.0004\n#EXT-X-DATERANGE:ID=\"a\",END-DATE=\"2026-01-01T01:00:02+01:00\"\n",
        ),
        (
            "daterange-changed",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",DURATION=1\n#EXT-X-DATERANGE:ID=\"a\",DURATION=2\n",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",DURATION=1\n#EXT-X-DATERANGE:ID=\"b\",DURATION=2\n",
        ),
        (
            "end-on-next",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",END-ON-NEXT=YES\n",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",END-ON-NEXT=YES,CLASS=\"b\"\n",
        ),
        (
            "end-on-next",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",END-ON-NEXT=YES,CLASS=\"b\",DURATION=1\n",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",END-ON-NEXT=YES,CLASS=\"b\",PLANNED-DURATION=1\n",
        ),
        (
            "cue-both",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",CUE=\"PRE,POST\"\n",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",CUE=\"PRE,ONCE\"\n",
        ),
        (
            "interstitial-asset",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.apple.hls.interstitial\"\n",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.apple.hls.interstitial\",X-ASSET-LIST=\"b\"\n",
        ),
        (
            "interstitial-asset",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.apple.hls.interstitial\",X-ASSET-URI=\"https://a.example/\",X-ASSET-LIST=\"b\"\n",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",CLASS=\"b\",X-ASSET-URI=\"b\",X-ASSET-LIST=\"b\"\n",
        ),
        (
            "interstitial-class",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.apple.hls.interstitials\",X-ASSET-LIST=\"b\"\n",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.apple.hls.interstitial\",DURATION=1\n#EXT-X-DATERANGE:ID=\"a\",X-ASSET-LIST=\"b\"\n",
        ),
        (
            "interstitial-class",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",X-ASSET-URI=\"https://a.example/\"\n",
            "#EXTM3U\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXT-X-DATERANGE:ID=\"a\",X-ASSET-URI=\"https://a.example/\"\n",
        ),
        (
            "interstitial-relative",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.apple.hls.interstitial\",X-ASSET-URI=\"b\"\n",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.apple.hls.interstitial\",X-ASSET-URI=\"https://a.example/\"\n",
        ),
        (
            "interstitial-word",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.apple.hls.interstitial\",X-TIMELINE-STYLE=\"b\"\n",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.apple.hls.interstitial\",X-TIMELINE-STYLE=\"PRIMARY\"\n",
        ),
        (
            "attribute-missing",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-01-01T00:00:00Z\",CLASS=\"com.apple.hls.preload\",DURATION=1,X-TARGET-ID=\"b\",X-TARGET-CLASS=\"c\"\n",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-01-01T00:00:00Z\",CLASS=\"com.apple.hls.preload\",DURATION=1,X-TARGET-ID=\"b\",X-TARGET-CLASS=\"c\",X-URI=\"d\"\n",
        ),
        (
            "attribute-missing",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-01-01T00:00:00Z\",CLASS=\"com.apple.hls.preload\",X-TARGET-ID=\"b\",X-TARGET-CLASS=\"c\",X-URI=\"d\"\n",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-01-01T00:00:00Z\"\n",
        ),
        (
            "attribute-forbidden",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.apple.hls.preload\",CUE=\"PRE\"\n",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",CLASS=\"b\",CUE=\"PRE\"\n",
        ),
    ];
}
