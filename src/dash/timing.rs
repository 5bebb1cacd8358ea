//! The times of an MPD: whether it changes, and how often.
//!
//! | from | |
//! | --- | --- |
//! | `MPD@type` | `static`, the default: the MPD no longer changes, unless it has a `minimumUpdatePeriod` |
//! | `MPD@minimumUpdatePeriod` | how often it may change; `PT0S` states nothing |
//! | `MPD@maxSegmentDuration`, else `@duration` and `S@d` | how often there is a new segment |
//!
//! ISO/IEC 23009-1 section 5.3.1.2. One pass over the tags, which ends at the first tag if that states everything. An
//! unreadable value counts as missing. A patch states no times.

use std::borrow::Cow;

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::duration::milliseconds;
use crate::manifest::{LONGEST_MS, Timing};

/// Reads the times of an MPD.
pub(crate) fn timing(mpd: &[u8]) -> Timing {
    let mut timing = Timing::default();
    let Ok(text) = str::from_utf8(mpd) else { return timing };
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    // Ticks have the timescale of the last template or list that was opened.
    let (mut period_ms, mut segment_ms, mut timescale) = (None, None, 1);
    let mut is_begun = false;
    while let Ok(event) = reader.read_event() {
        let tag = match &event {
            Event::Start(tag) | Event::Empty(tag) => tag,
            Event::Eof => break,
            _ => continue,
        };
        match tag.local_name().as_ref() {
            "MPD" if !is_begun => {
                period_ms = duration(tag, "minimumUpdatePeriod");
                timing.ended =
                    attribute_value(tag, "type").is_none_or(|kind| kind != "dynamic") && period_ms.is_none();
                segment_ms = duration(tag, "maxSegmentDuration");
                if timing.ended || segment_ms.is_some() {
                    break;
                }
            }
            _ if !is_begun => break,
            "SegmentTemplate" | "SegmentList" => {
                timescale = number(tag, "timescale").filter(|timescale| *timescale > 0).unwrap_or(1);
                segment_ms = segment_ms.max(ticks_ms(number(tag, "duration"), timescale));
            }
            "S" => segment_ms = segment_ms.max(ticks_ms(number(tag, "d"), timescale)),
            _ => {}
        }
        is_begun = true;
    }
    let least_ms = [period_ms, segment_ms].into_iter().flatten().filter(|ms| *ms > 0).min();
    timing.target_ms = least_ms.map(|ms| u32::try_from(ms).unwrap_or(LONGEST_MS).min(LONGEST_MS));
    timing
}

fn attribute_value<'t>(tag: &'t BytesStart<'_>, name: &str) -> Option<Cow<'t, str>> {
    let mut attributes = tag.attributes();
    let mut readable = attributes.with_checks(false).flatten();
    readable.find(|attribute| attribute.key.0 == name).map(|attribute| attribute.value)
}

fn duration(tag: &BytesStart<'_>, name: &str) -> Option<u64> {
    attribute_value(tag, name).and_then(|text| milliseconds(&text))
}

fn number(tag: &BytesStart<'_>, name: &str) -> Option<u64> {
    attribute_value(tag, name)?.trim().parse().ok()
}

fn ticks_ms(ticks: Option<u64>, timescale: u64) -> Option<u64> {
    ticks.map(|ticks| ticks.saturating_mul(1000).div_ceil(timescale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mpds_tell_how_they_change() {
        let over = Timing { ended: true, ..Timing::default() };
        let live = |target_ms| Timing { target_ms, ..Timing::default() };
        let dynamic = |attributes: &str, inner: &str| {
            format!("<?xml version=\"1.0\"?><!-- c --><d:MPD type='dynamic'{attributes}>{inner}</d:MPD>")
        };
        let (two_s, four_s) = (" minimumUpdatePeriod=\"PT2S\"", " maxSegmentDuration='PT4S'");
        let timeline = "<SegmentTemplate timescale=\"1000\"><SegmentTimeline><S d=\"4000\" r=\"9\"/><S d='5001'/></SegmentTimeline></SegmentTemplate>";
        let list = "<SegmentList duration='6'/>";
        for (mpd, expected) in [
            ("<MPD/>".to_owned(), over),
            (
                "<MPD type=\"static\" maxSegmentDuration=\"PT4S\"/>".to_owned(),
                Timing { target_ms: Some(4_000), ..over },
            ),
            ("<MPD type=\"static\" minimumUpdatePeriod=\"PT30S\"/>".to_owned(), live(Some(30_000))),
            (dynamic("", ""), live(None)),
            (dynamic(two_s, ""), live(Some(2_000))),
            (dynamic(four_s, timeline), live(Some(4_000))),
            (dynamic(&format!("{two_s}{four_s}"), ""), live(Some(2_000))),
            (dynamic(" minimumUpdatePeriod=\"PT0S\"", list), live(Some(6_000))),
            (dynamic("", &format!("{timeline}{list}")), live(Some(6_000))),
            (dynamic("", timeline), live(Some(5_001))),
            (dynamic(" minimumUpdatePeriod=\"PT10S\"", timeline), live(Some(5_001))),
            (
                dynamic(" minimumUpdatePeriod=\"soon\"", "<SegmentTemplate timescale='0' duration='x'/>"),
                live(None),
            ),
            (dynamic(" minimumUpdatePeriod=\"P9Y\"", ""), live(Some(LONGEST_MS))),
            ("<MPD type='dynamic' minimumUpdatePeriod='PT2S'><Period>".to_owned(), live(Some(2_000))),
            (
                "<MPD type='dynamic'><SegmentList duration='6'/></Period><SegmentList duration='9'/>"
                    .to_owned(),
                live(Some(6_000)),
            ),
            ("<Patch><add sel='x'><S d='9'/></add></Patch>".to_owned(), live(None)),
            ("<MPD".to_owned(), live(None)),
        ] {
            assert_eq!(timing(mpd.as_bytes()), expected, "{mpd}");
        }
    }
}
