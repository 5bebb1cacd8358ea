//! The MPD as a whole: its type, its times and its updates.

use super::outline::{Outline, time};
use super::rule::{Report, Rule};
use super::scalar::{date, milliseconds};

/// Attributes of live streams only.
const LIVE_ONLY: [&str; 3] = ["minimumUpdatePeriod", "timeShiftBufferDepth", "suggestedPresentationDelay"];

/// How much longer than the declared maximum a segment may be: packagers round.
const ROUNDED_MS: u64 = 500;

pub(super) fn check(outline: &Outline<'_, '_>, report: &mut Report) {
    let mpd = outline.mpd;
    let at = mpd.tag().start;
    if outline.is_dynamic {
        dynamic(outline, report);
    } else {
        for attribute in LIVE_ONLY.iter().filter_map(|name| mpd.attribute(name)) {
            report.add(Rule::LiveOnly, attribute.at, || {
                format!("expected `{}` in a dynamic MPD, found it in a static one", attribute.name)
            });
        }
        let is_told = outline.duration_ms.is_some()
            || outline.periods.last().is_none_or(|last| last.is_remote || last.end_ms.is_some())
            || mpd.value("type").is_some_and(|kind| kind == "list");
        if !is_told {
            report.add(Rule::DurationMissing, at, || {
                "expected `mediaPresentationDuration`, or `duration` of the last Period, found neither"
                    .to_owned()
            });
        }
    }
    let instant = |name| mpd.value(name).and_then(|text| date(text.trim_ascii()));
    if let (Some(start), Some(end)) = (instant("availabilityStartTime"), instant("availabilityEndTime"))
        && end.unix_ms < start.unix_ms
    {
        let at = mpd.attribute("availabilityEndTime").map_or(at, |attribute| attribute.at);
        report.add(Rule::EndBeforeStart, at, || {
            "expected an end behind the start, found one before it".to_owned()
        });
    }
    if let Some(patch) = mpd.child("PatchLocation") {
        for name in ["id", "publishTime"].into_iter().filter(|name| mpd.attribute(name).is_none()) {
            report.add(Rule::PatchIdentity, patch.tag().start, || {
                format!("expected `{name}` of the MPD, which a patch names, found none")
            });
        }
        if !outline.is_dynamic {
            report.add(Rule::PatchStatic, patch.tag().start, || {
                "expected `PatchLocation` in a dynamic MPD, found it in a static one".to_owned()
            });
        }
    }
    segments(outline, report);
}

fn dynamic(outline: &Outline<'_, '_>, report: &mut Report) {
    let mpd = outline.mpd;
    for (name, rule) in [
        ("availabilityStartTime", Rule::StartTimeMissing),
        ("publishTime", Rule::PublishTimeMissing),
        ("minimumUpdatePeriod", Rule::UpdateMissing),
    ] {
        if mpd.attribute(name).is_none() {
            report.add(rule, mpd.tag().start, || format!("expected `{name}` in a dynamic MPD, found none"));
        }
    }
    if mpd.child("UTCTiming").is_none() {
        report.add(Rule::ClockMissing, mpd.tag().start, || {
            "expected `UTCTiming` in a dynamic MPD, found none".to_owned()
        });
    }
    let delay = mpd.attribute("suggestedPresentationDelay");
    if let (Some(delay), Some(delay_ms), Some(window_ms)) =
        (delay, time(mpd, "suggestedPresentationDelay"), time(mpd, "timeShiftBufferDepth"))
        && delay_ms > window_ms
    {
        report.add(Rule::DelayLong, delay.at, || {
            format!("expected {window_ms} ms at most, which is the window, found {delay_ms} ms")
        });
    }
}

fn segments(outline: &Outline<'_, '_>, report: &mut Report) {
    let Some(most_ms) = time(outline.mpd, "maxSegmentDuration") else { return };
    for (_, stated) in outline.segments() {
        let Some(own) = stated.own() else { continue };
        let longest = own.timeline.map(|timeline| timeline.longest).or(own.duration);
        let longest_ms = longest.map_or(0, |ticks| milliseconds(ticks, stated.timescale()));
        if longest_ms > most_ms.saturating_add(ROUNDED_MS) {
            report.add(Rule::SegmentLong, own.element.tag().start, || {
                format!("expected segments of {most_ms} ms at most, found one of {longest_ms} ms")
            });
        }
    }
}

#[cfg(test)]
pub(super) mod rows {
    use crate::dash::check::tests::{Row, live, mpd, period};

    pub(in crate::dash::check) const ROWS: &[Row] = &[
        (
            "start-time-missing",
            "<MPD type='dynamic'/>",
            "<MPD type='dynamic' availabilityStartTime='2026-01-01T00:00:00Z'/>",
        ),
        (
            "publish-time-missing",
            "<MPD type='dynamic'/>",
            "<MPD type='dynamic' publishTime='2026-01-01T00:00:00Z'/>",
        ),
        ("update-missing", "<MPD type='dynamic'/>", "<MPD type='dynamic' minimumUpdatePeriod='PT2S'/>"),
        ("update-missing", "<MPD type='dynamic'/>", "<MPD type='static'/>"),
        (
            "clock-missing",
            live!("", ""),
            live!(
                "",
                "<UTCTiming schemeIdUri='urn:mpeg:dash:utc:direct:2014' value='2026-01-01T00:00:00Z'/>"
            ),
        ),
        (
            "end-before-start",
            live!("availabilityEndTime='2025-01-01T00:00:00Z'", ""),
            live!("availabilityEndTime='2027-01-01T00:00:00Z'", ""),
        ),
        ("duration-missing", "<MPD><Period/></MPD>", "<MPD><Period duration='PT1S'/></MPD>"),
        (
            "duration-missing",
            "<MPD><Period duration='PT1S'/><Period/></MPD>",
            "<MPD mediaPresentationDuration='PT9S'><Period/></MPD>",
        ),
        ("live-only", mpd!("minimumUpdatePeriod='PT2S'", ""), live!("", "")),
        ("live-only", mpd!("timeShiftBufferDepth='PT2S'", ""), live!("timeShiftBufferDepth='PT2S'", "")),
        (
            "delay-long",
            live!("suggestedPresentationDelay='PT31S' timeShiftBufferDepth='PT30S'", ""),
            live!("suggestedPresentationDelay='PT30S' timeShiftBufferDepth='PT30S'", ""),
        ),
        (
            "segment-long",
            "<MPD maxSegmentDuration='PT2S'><Period><SegmentTemplate timescale='10' duration='26'/></Period></MPD>",
            "<MPD maxSegmentDuration='PT2S'><Period><SegmentTemplate timescale='10' duration='25'/></Period></MPD>",
        ),
        (
            "segment-long",
            "<MPD maxSegmentDuration='PT2S'><Period><SegmentTemplate><SegmentTimeline><S d='2'/><S d='3'/></SegmentTimeline></SegmentTemplate></Period></MPD>",
            period!(
                "",
                "<SegmentTemplate><SegmentTimeline><S d='2'/><S d='3'/></SegmentTimeline></SegmentTemplate>"
            ),
        ),
        (
            "patch-identity",
            live!("", "<PatchLocation>a</PatchLocation>"),
            live!("id='a'", "<PatchLocation>a</PatchLocation>"),
        ),
        (
            "patch-static",
            mpd!("", "<PatchLocation>a</PatchLocation>"),
            live!("", "<PatchLocation>a</PatchLocation>"),
        ),
    ];
}
