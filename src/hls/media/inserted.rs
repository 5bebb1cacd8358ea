//! Tests that segments of a second playlist, under a frame of their own, can stand between the segments of a playlist, and
//! that the window and the delta update then work on all of them.

use std::cell::Cell;

use url::Url;

use super::playlist::MediaPlaylist;
use super::shape::edited;
use super::timeline::Timeline;
use crate::catalog::Caps;
use crate::hls::edits::{Edits, Skip};
use crate::hls::error::CompileError;
use crate::hls::write::shape::Source;
use crate::hls::write::sign;
use crate::manifest::{Frame, Signing, Span};
use crate::resource::ResourcePath;

#[allow(dead_code, reason = "written for tests/hls_live.rs, which looks at more of it")]
#[path = "../../../tests/support/naive_playlist.rs"]
mod naive_playlist;

use naive_playlist::Playlist;

/// Segments of four seconds, encrypted and dated.
fn content(segments: u32) -> String {
    let mut text = String::from(
        "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n\
         #EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXT-X-MAP:URI=\"i.mp4\"\n\
         #EXT-X-PROGRAM-DATE-TIME:2026-11-01T10:00:00.000Z\n",
    );
    for number in 0..segments {
        text += &format!("#EXTINF:4,\n{number}.mp4\n");
    }
    text
}

/// Three segments of another playlist: clear, with a map and a tag of its own playlist.
const SPOT: &str = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-MAP:URI=\"spot.mp4\"\n\
    #EXTINF:4,\n#EXT-X-BYTERANGE:10@0\nspot.mp4\n#EXTINF:4,\n#EXT-X-BYTERANGE:20\nspot.mp4\n\
    #EXT-X-MEDIA-SEQUENCE:3\n#EXTINF:2,\ntail.mp4\n#EXT-X-ENDLIST\n";

/// Puts a playlist behind so many segments of another, as a break does.
fn put_in<'a>(mut timeline: Timeline<'a>, segments: u64, other: &MediaPlaylist<'a>) -> Timeline<'a> {
    let taken = Cell::new(0);
    let mut behind = timeline.clone();
    behind.take_while(|_| taken.replace(taken.get() + 1) < segments).unwrap();
    let mut between = other.timeline();
    let first_behind = &mut behind.stretches[0];
    timeline.stretches.last_mut().unwrap().end = first_behind.start.at;
    first_behind.is_apart = true;
    between.stretches[0].is_apart = true;
    timeline.stretches.extend(between.stretches);
    timeline.stretches.extend(behind.stretches);
    timeline.duration += other.duration;
    timeline
}

/// The playlist that a viewer gets, with the spot behind so many segments.
fn written(
    playlist: &str,
    spot: &str,
    at: u64,
    signing: Signing,
    (rewind_s, skip): (Option<u32>, Option<Skip>),
) -> Result<String, CompileError> {
    let folder = Url::parse("https://media.example/vod/harbour/").unwrap();
    let spots = Url::parse("https://spots.example/12/").unwrap();
    let resource = ResourcePath::parse("hls/720p/index.m3u8").unwrap();
    let frame = Frame::new("https://watch.example", "harbour/", &folder, &resource, signing);
    let spot_resource = ResourcePath::parse("v/index.m3u8").unwrap();
    let spot_frame =
        Frame { folder: &spots, root: "_stagedoor/spots/12/", resource: &spot_resource, ..frame };
    let own = MediaPlaylist::read(Source::own(playlist.as_bytes(), Some(&frame))).unwrap();
    let inserted = Source { text: Span::whole(spot.as_bytes()), frame: Some(&spot_frame), is_inserted: true };
    let inserted = MediaPlaylist::read(inserted).unwrap();
    let timeline = put_in(own.timeline(), at, &inserted);
    let caps = Caps { rewind_s, ..Caps::default() };
    let edits = Edits { delta_updates: skip.is_some(), skip, ..Edits::within(&caps) };
    let shape = edited(&own, timeline, &edits)?.unwrap();
    let template = sign::write(&shape, Some(&frame), &edits)?;
    Ok(String::from_utf8(template.render("S").into_owned()).unwrap())
}

#[test]
fn segments_of_another_playlist_stand_in_between_under_their_own_frame() {
    let told = |signing, own: &str, beside: &str, query: &str| {
        let found = written(&content(4), SPOT, 2, signing, (None, None)).unwrap();
        let expected = format!(
            "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n\
             #EXT-X-KEY:METHOD=AES-128,URI=\"{own}k{query}\"\n#EXT-X-MAP:URI=\"{own}i.mp4{query}\"\n\
             #EXT-X-PROGRAM-DATE-TIME:2026-11-01T10:00:00.000Z\n\
             #EXTINF:4,\n{own}0.mp4{query}\n#EXTINF:4,\n{own}1.mp4{query}\n\
             #EXT-X-DISCONTINUITY\n#EXT-X-KEY:METHOD=NONE\n\
             #EXT-X-MAP:URI=\"{beside}spot.mp4{query}\"\n\
             #EXTINF:4,\n#EXT-X-BYTERANGE:10@0\n{beside}spot.mp4{query}\n\
             #EXTINF:4,\n#EXT-X-BYTERANGE:20\n{beside}spot.mp4{query}\n\
             #EXTINF:2,\n{beside}tail.mp4{query}\n\
             #EXT-X-DISCONTINUITY\n#EXT-X-KEY:METHOD=AES-128,URI=\"{own}k{query}\"\n\
             #EXT-X-MAP:URI=\"{own}i.mp4{query}\"\n#EXT-X-PROGRAM-DATE-TIME:2026-11-01T10:00:08.000Z\n\
             #EXTINF:4,\n{own}2.mp4{query}\n#EXTINF:4,\n{own}3.mp4{query}\n"
        );
        assert_eq!(found, expected, "{signing:?}");
    };
    // Below a session, the bytes are the same for everybody: the way to the other folder is a relative one.
    let beside = "../../../_stagedoor/spots/12/v/";
    told(Signing::Inherited, "", beside, "");
    told(Signing::Query, "", beside, "?sd_session=S");
    told(Signing::Renewed, "", beside, "?sd_session=S");
    told(Signing::Path, "/~S/harbour/hls/720p/", "/~S/_stagedoor/spots/12/v/", "");
}

#[test]
fn a_window_and_a_delta_update_work_on_both_playlists() {
    let told = |rewind_s, skip| {
        Playlist::read(&written(&content(30), SPOT, 20, Signing::Inherited, (rewind_s, skip)).unwrap())
    };
    let whole = told(Some(1_000), None);
    assert_eq!((whole.segments.len(), whole.first), (33, 7));
    assert_eq!((whole.segments[20].discontinuity, whole.segments[23].discontinuity), (1, 2));
    let mut cut_within = 0;
    for rewind_s in 12..130 {
        let window = told(Some(rewind_s), None);
        let suffix = &whole.segments[whole.segments.len() - window.segments.len()..];
        // Each segment has the number, keys, map and sub-range that it has in the whole playlist.
        for (found, expected) in window.segments.iter().zip(suffix) {
            let found = naive_playlist::Segment { date: expected.date, ..found.clone() };
            assert_eq!(&found, expected, "{rewind_s} s");
        }
        let least_ms = u64::from(rewind_s) * 1000;
        assert!(window.duration_ms() >= least_ms.min(whole.duration_ms()), "{rewind_s} s");
        assert!(window.duration_ms() - window.segments[0].duration_ms < least_ms, "{rewind_s} s");
        cut_within += u32::from(window.segments[0].uri.starts_with("../"));
        // With the segments that a client has, a delta update makes the same playlist.
        let delta = told(Some(rewind_s), Some(Skip::Segments));
        assert_eq!((delta.first, delta.discontinuity), (window.first, window.discontinuity));
        if delta.skipped.is_some() {
            let merged = delta.merged(&window).unwrap();
            for (found, expected) in merged.segments.iter().zip(&window.segments) {
                let found = naive_playlist::Segment { date: expected.date, ..found.clone() };
                assert_eq!(&found, expected, "{rewind_s} s");
            }
            assert_eq!(merged.segments.len(), window.segments.len());
        }
    }
    assert!(cut_within > 3, "{cut_within} windows begin within the break");
}

#[test]
fn what_another_playlist_says_depends_on_nothing_of_the_one_around_it() {
    let spot = SPOT.replace("tail.mp4", "{$name}.mp4");
    let playlist = content(4).replace("#EXT-X-VERSION:6\n", "#EXT-X-DEFINE:NAME=\"name\",VALUE=\"x\"\n");
    let found = written(&playlist, &spot, 2, Signing::Inherited, (None, None));
    assert!(matches!(found, Err(CompileError::Uncovered { line: 13, .. })), "{found:?}");
    // A URI that the session cannot cover is refused there too.
    let spot = SPOT.replace("tail.mp4", "https://elsewhere.example/tail.mp4");
    let found = written(&content(4), &spot, 2, Signing::Inherited, (None, None));
    assert!(matches!(found, Err(CompileError::Uncovered { .. })), "{found:?}");
    // A path that climbs leads to a place below the session.
    let spot = SPOT.replace("tail.mp4", "../tail.mp4");
    let found = written(&content(4), &spot, 2, Signing::Inherited, (None, None)).unwrap();
    assert!(found.contains("\n/~S/_stagedoor/spots/12/tail.mp4\n"), "{found}");
}
