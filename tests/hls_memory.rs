//! What the edits of a live playlist allocate: no more for many segments than for few.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;

use allocation_counter::{AllocationInfo, measure};
use stagedoor::catalog::Caps;
use stagedoor::hls::{Edits, Skip, compile};

fn live(segments: usize) -> String {
    let mut playlist =
        String::from("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n");
    for at in 0..segments {
        writeln!(playlist, "#EXT-X-PROGRAM-DATE-TIME:2026-11-01T10:00:00.000Z").unwrap();
        writeln!(playlist, "#EXTINF:4.00000,\nsegment_{at:06}.m4s").unwrap();
    }
    playlist
}

fn allocated(playlist: &str, rewind_s: Option<u32>, skip: Option<Skip>) -> AllocationInfo {
    let caps = Caps { rewind_s, ..Caps::default() };
    let edits = Edits { delta_updates: skip.is_some(), skip, ..Edits::within(&caps) };
    measure(|| drop(compile(playlist.as_bytes(), None, &edits).unwrap()))
}

#[test]
fn a_hundred_thousand_segments_allocate_no_more_often_than_a_hundred() {
    let (few, many) = (live(100), live(100_000));
    for (rewind_s, skip) in
        [(None, None), (Some(60), None), (None, Some(Skip::Segments)), (Some(200_000), Some(Skip::Segments))]
    {
        let (one, other) = (allocated(&few, rewind_s, skip), allocated(&many, rewind_s, skip));
        // The longer playlist's window begins elsewhere, and may need another tag or two at its beginning.
        assert!(other.count_total <= one.count_total + 8, "{rewind_s:?} {skip:?}: {one:?} {other:?}");
        // The buffer of the written playlist, and a copy of it when the unused rest is given back.
        let most = u64::try_from(many.len()).unwrap() * 9 / 8;
        assert!(other.bytes_max <= 2 * most, "{rewind_s:?} {skip:?}: {other:?} of {most}");
    }
}
