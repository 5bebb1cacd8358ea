//! Live playlists: the rewind window and delta updates, against a model of what a client reads.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "support/live_edits.rs"]
mod live_edits;
#[path = "support/naive_playlist.rs"]
mod naive_playlist;

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use stagedoor::hls::{Skip, check};
use stagedoor::manifest::Severity;

use live_edits::{a_delta_makes_the_new_one, a_window_is_a_suffix, rewritten};
use naive_playlist::{Playlist, Segment, playlist};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_window(settings: u8, bytes in vec(any::<u8>(), 0..120), rewind_s in 0_u32..120, has_ended: bool) {
        let end = if has_ended { "#EXT-X-ENDLIST\n" } else { "" };
        a_window_is_a_suffix(&(playlist(settings, &bytes) + end), rewind_s);
    }

    #[test]
    fn no_error(
        settings: u8,
        bytes in vec(any::<u8>(), 0..160),
        rewind_s in proptest::option::of(0_u32..120),
        skips: bool,
        has_ended: bool,
    ) {
        let end = if has_ended { "#EXT-X-ENDLIST\n" } else { "" };
        let skip = skips.then_some(Skip::Segments);
        no_error_is_added(&(playlist(settings, &bytes) + end), rewind_s, skip);
    }

    #[test]
    fn a_delta(
        settings: u8,
        bytes in vec(any::<u8>(), 1..160),
        new in 0_usize..40,
        rewind_s in proptest::option::of(0_u32..120),
        dateranges: bool,
    ) {
        let skip = if dateranges { Skip::Dateranges } else { Skip::Segments };
        let before = &bytes[..bytes.len().saturating_sub(new)];
        a_delta_makes_the_new_one(&playlist(settings, before), &playlist(settings, &bytes), rewind_s, skip);
    }
}

#[test]
fn the_properties_meet_what_they_are_about() {
    let bytes: Vec<u8> = (0..=255).cycle().map(|byte: u8| byte.wrapping_mul(37)).take(400).collect();
    let source = playlist(0, &bytes);
    let all = Playlist::read(&source);
    let windows: Vec<_> =
        (20..120).map(|rewind_s| Playlist::read(&rewritten(&source, Some(rewind_s), None))).collect();
    assert!(windows.iter().all(|found| found.first > 100 && found.discontinuity > 3));
    assert!(windows.iter().all(|found| found.dateranges.len() < all.dateranges.len()));
    let meets = |what: fn(&Segment) -> bool| windows.iter().any(|found| what(&found.segments[0]));
    assert!(meets(|first| first.keys.len() > 1) && meets(|first| first.keys.is_empty()));
    assert!(meets(|first| first.map.as_ref().is_some_and(|(_, keys)| *keys != first.keys)));
    assert!(meets(|first| first.bitrate.is_some()) && meets(|first| first.date.is_some()));
    assert!(
        meets(|first| first.cue.is_some_and(|(elapsed, _)| elapsed > 0))
            && meets(|first| first.range.is_some())
    );
    let delta = Playlist::read(&rewritten(&source, Some(60), Some(Skip::Segments)));
    assert!(delta.skipped > Some(3));
}

/// 6.2.4: "Matching content in Variant Streams and Renditions MUST have matching Discontinuity Sequence Numbers".
#[test]
fn renditions_of_other_segment_durations_agree_on_discontinuities() {
    // A programme of 24 s, and then another, for ten minutes: in segments of 4 s, and of 6 s.
    let stream = |length: u64| {
        let mut text = format!("#EXTM3U\n#EXT-X-TARGETDURATION:{length}\n");
        for at in (0..600).step_by(usize::try_from(length).unwrap()) {
            if at % 24 == 0 {
                text += "#EXT-X-DISCONTINUITY\n";
            }
            text += &format!("#EXTINF:{length},\n{at}.ts\n");
        }
        text
    };
    for rewind_s in 0..120 {
        for length in [4, 6] {
            for segment in Playlist::read(&rewritten(&stream(length), Some(rewind_s), None)).segments {
                let at: u64 = segment.uri.trim_end_matches(".ts").parse().unwrap();
                assert_eq!(segment.discontinuity, at / 24 + 1, "{} of {length} s, {rewind_s} s", segment.uri);
                assert_eq!(segment.number, at / length, "{} of {length} s, {rewind_s} s", segment.uri);
            }
        }
    }
}

/// The written playlist violates no rule of the specification that the original does not violate.
fn no_error_is_added(text: &str, rewind_s: Option<u32>, skip: Option<Skip>) {
    let errors = |text: &str| -> BTreeSet<&'static str> {
        let found = check(text.as_bytes()).into_iter();
        found.filter(|finding| finding.severity == Severity::Error).map(|finding| finding.code).collect()
    };
    let written = rewritten(text, rewind_s, skip);
    let added: Vec<_> = errors(&written).difference(&errors(text)).copied().collect();
    assert!(added.is_empty(), "{added:?}\n{text}\n{written}");
}
