//! How far viewers of a live stream may rewind: `timeShiftBufferDepth`.
//!
//! ISO/IEC 23009-1 section 5.3.1.2: players do not request segments older than this; without it, viewers may rewind to
//! the beginning. Segments stay listed, so that the next version of the MPD and its patches still fit.

use super::change::Changes;
use super::document::{Document, Element};
use super::duration::{milliseconds, of_seconds};
use super::edits::Edits;
use super::error::CompileError;

const DEPTH: &str = "timeShiftBufferDepth";

/// The least window that players need, as a multiple of the longest segment.
const LEAST_SEGMENTS: u64 = 3;

/// The segment duration that is assumed where the MPD states none, in milliseconds.
const UNKNOWN_SEGMENT_MS: u64 = 10_000;

/// Narrows the window of a live stream to the seconds that the rights allow.
pub(super) fn narrow(document: &Document<'_>, edits: &Edits<'_>) -> Result<Changes, CompileError> {
    let mut changes = Changes::default();
    let mpd = document.root();
    let is_dynamic = mpd.value("type").is_some_and(|kind| kind == "dynamic");
    let Some(rewind_s) = edits.caps.rewind_s.filter(|_| is_dynamic) else { return Ok(changes) };
    let least_s = (LEAST_SEGMENTS * longest_segment_ms(mpd)).div_ceil(1000);
    let depth_s = u64::from(rewind_s).max(least_s);
    // Players differ in how they read an unreadable depth.
    let told_ms = mpd.value(DEPTH).and_then(|depth| milliseconds(&depth));
    if told_ms.is_none_or(|told_ms| told_ms > depth_s * 1000) {
        let (range, text) = mpd.with_attribute(DEPTH, &of_seconds(depth_s));
        changes.replace(range, text);
    }
    Ok(changes)
}

/// The longest segment that the MPD states, in milliseconds.
fn longest_segment_ms(mpd: Element<'_, '_>) -> u64 {
    let told = mpd.value("maxSegmentDuration").and_then(|text| milliseconds(&text));
    let found = || {
        let templates =
            mpd.descendants().filter(|one| matches!(one.name(), "SegmentTemplate" | "SegmentList"));
        templates.flat_map(longest_of).max()
    };
    told.or_else(found).filter(|longest_ms| *longest_ms > 0).unwrap_or(UNKNOWN_SEGMENT_MS)
}

fn longest_of(segments: Element<'_, '_>) -> Option<u64> {
    let number =
        |text: Option<_>| text.and_then(|text: std::borrow::Cow<'_, str>| text.trim().parse::<u64>().ok());
    let timescale = number(segments.value("timescale")).filter(|timescale| *timescale > 0).unwrap_or(1);
    let timeline = segments.child("SegmentTimeline");
    let listed = timeline.into_iter().flat_map(|timeline| timeline.children_named("S"));
    let longest = listed.filter_map(|s| number(s.value("d"))).max();
    longest.or_else(|| number(segments.value("duration"))).map(|ticks| ticks.saturating_mul(1000) / timescale)
}

#[cfg(test)]
mod tests {
    use crate::catalog::Caps;
    use crate::dash::{Edits, compile};

    #[test]
    fn a_window_is_narrowed_and_never_widened() {
        let mpd =
            |attributes: &str, inner: &str| format!("<d:MPD{attributes} type=\"dynamic\">{inner}</d:MPD>");
        let template = "<Period><AdaptationSet><SegmentTemplate timescale=\"1000\"><SegmentTimeline><S d=\"4000\" r=\"9\"/><S d=\"5001\"/></SegmentTimeline></SegmentTemplate></AdaptationSet></Period>";
        let depth = |seconds: u32| format!(" timeShiftBufferDepth=\"PT{seconds}S\"");
        let long = |attributes: &str| format!("{attributes} maxSegmentDuration=\"PT2S\"");
        for (before, rewind_s, after) in [
            (mpd(&long(&depth(3600)), ""), 60, mpd(&long(&depth(60)), "")),
            (mpd(&long(&depth(60)), ""), 3600, mpd(&long(&depth(60)), "")),
            (mpd(&long(""), ""), 60, mpd(&(depth(60) + &long("")), "")),
            (mpd(&long(&depth(60)), ""), 0, mpd(&long(&depth(6)), "")),
            (mpd(&depth(60), ""), 0, mpd(&depth(30), "")),
            (mpd(&depth(60), template), 0, mpd(&depth(16), template)),
            (mpd(" timeShiftBufferDepth='x'", ""), 60, mpd(" timeShiftBufferDepth='PT60S'", "")),
            ("<MPD type=\"static\"/>".to_owned(), 60, "<MPD type=\"static\"/>".to_owned()),
        ] {
            let caps = Caps { rewind_s: Some(rewind_s), ..Caps::default() };
            let template = compile(before.as_bytes(), None, &Edits::within(&caps)).unwrap();
            assert_eq!(str::from_utf8(&template.render("")).unwrap(), after, "{before}");
        }
    }
}
