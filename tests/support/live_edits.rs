//! Properties of the edits of live playlists that hold for every playlist.

use stagedoor::catalog::Caps;
use stagedoor::hls::{Edits, Skip, compile};

use super::naive_playlist::{Playlist, Segment};

/// The playlist for a viewer.
pub(crate) fn rewritten(playlist: &str, rewind_s: Option<u32>, skip: Option<Skip>) -> String {
    let caps = Caps { rewind_s, ..Caps::default() };
    let edits = Edits { delta_updates: true, skip, ..Edits::within(&caps) };
    let template = compile(playlist.as_bytes(), None, &edits).unwrap();
    String::from_utf8(template.render("").into_owned()).unwrap()
}

/// A rewind window leaves the smallest suffix that lasts long enough, with unchanged segments.
pub(crate) fn a_window_is_a_suffix(text: &str, rewind_s: u32) {
    let source = Playlist::read(text);
    let written = rewritten(text, Some(rewind_s), None);
    let found = Playlist::read(&written);
    if source.segments.is_empty() {
        assert_eq!(written, text);
        return;
    }
    assert_eq!(found.segments[0].number, found.first);
    assert_eq!(same_but_cues(&found.segments), same_but_cues(suffix(&source, &found)), "{text}\n{written}");
    cues(&found.segments, suffix(&source, &found));
    let held_ms = if text.contains("HOLD-BACK") { 14_000 } else { 0 };
    let least_ms = (u64::from(rewind_s) * 1000).max(12_000).max(held_ms);
    assert!(found.duration_ms() >= least_ms.min(source.duration_ms()), "too little remains:\n{written}");
    let more = found.duration_ms() - found.segments[0].duration_ms;
    assert!(found.segments.len() == source.segments.len() || more < least_ms, "too much remains:\n{written}");
    assert!(found.settings.contains_key("#EXT-X-MEDIA-SEQUENCE"));
    assert!(!found.settings.contains_key("#EXT-X-PLAYLIST-TYPE"));
    for daterange in &source.dateranges {
        assert!(
            found.dateranges.contains(daterange) || is_over(daterange, &found),
            "{daterange} is gone:\n{written}"
        );
    }
    assert!(found.dateranges.is_subset(&source.dateranges));
    assert_eq!(found.tail, source.tail);
    assert_eq!(
        rewritten(&written, Some(rewind_s), None),
        written,
        "not what it was, the second time:\n{text}"
    );
}

/// A delta update and an older copy make the new playlist.
pub(crate) fn a_delta_makes_the_new_one(before: &str, now: &str, rewind_s: Option<u32>, skip: Skip) {
    let before = Playlist::read(&rewritten(before, rewind_s, None));
    let whole = Playlist::read(&rewritten(now, rewind_s, None));
    let text = rewritten(now, rewind_s, Some(skip));
    let delta = Playlist::read(&text);
    assert_eq!(delta.dateranges, whole.dateranges);
    assert_eq!((delta.first, delta.discontinuity), (whole.first, whole.discontinuity));
    let Some(skipped) = delta.skipped else {
        assert_eq!(delta.segments, whole.segments);
        return;
    };
    assert!(skipped >= 1 && delta.duration_ms() >= 24_000, "{text}");
    assert!(delta.settings["#EXT-X-VERSION"].parse::<u8>().unwrap() >= 9);
    match delta.merged(&before) {
        Ok(merged) => {
            assert_eq!(same_but_cues(&merged.segments), same_but_cues(&whole.segments), "{now}\n{text}");
        }
        // A client that was away for so long requests the whole playlist.
        Err(missing) => {
            assert!(whole.duration_ms() - before_end(&before, &whole) > 24_000, "{missing}\n{text}");
        }
    }
    assert_eq!(rewritten(&text, rewind_s, Some(skip)), text);
}

/// The part of a playlist in an older copy.
fn before_end(before: &Playlist, whole: &Playlist) -> u64 {
    let last = before.segments.last().map_or(0, |segment| segment.number);
    let known = whole.segments.iter().filter(|segment| segment.number <= last);
    known.map(|segment| segment.duration_ms).sum()
}

fn suffix<'a>(source: &'a Playlist, found: &Playlist) -> &'a [Segment] {
    &source.segments[source.segments.len() - found.segments.len()..]
}

fn same_but_cues(segments: &[Segment]) -> Vec<Segment> {
    segments.iter().map(|segment| Segment { cue: None, ..segment.clone() }).collect()
}

fn cues(found: &[Segment], expected: &[Segment]) {
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found.cue, expected.cue, "segment {}", expected.number);
    }
}

fn is_over(daterange: &str, found: &Playlist) -> bool {
    let value = |name: &str| daterange.split(name).nth(1)?.trim_start_matches('"').split(['"', ',']).next();
    let date = |name: &str| value(name).map(|date| chrono::DateTime::parse_from_rfc3339(date).unwrap());
    let duration = value(",DURATION=").map(|seconds| seconds.parse::<f64>().unwrap());
    let by_duration = date("START-DATE=").zip(duration).map(|(start, seconds)| {
        #[expect(clippy::cast_possible_truncation, reason = "a few seconds")]
        let milliseconds = (seconds * 1000.0) as i64;
        start + chrono::TimeDelta::milliseconds(milliseconds)
    });
    let end = date("END-DATE=").or(by_duration);
    let earliest = found.segments.iter().filter_map(|segment| segment.date).min();
    found.segments[0].date.is_some() && end.zip(earliest).is_some_and(|(end, earliest)| end < earliest)
}
