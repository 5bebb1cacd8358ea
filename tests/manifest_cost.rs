//! The memory for compiling a manifest is in proportion to its bytes, and at most 64 MiB for the longest, whatever it contains.
//! `benches/cost.rs` measures the time of the same shapes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/adversarial.rs"]
mod adversarial;

use adversarial::{Format, SHAPES, Shape};
use allocation_counter::measure;
use stagedoor::catalog::{Caps, PlaylistPolicy};
use stagedoor::dash::{self, CompileError, Edits};
use stagedoor::hls;
use stagedoor::manifest::{Frame, Signing};
use stagedoor::resource::ResourcePath;
use url::Url;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
/// The greatest memory for a manifest of any length.
const MOST_BYTES: usize = 64 * MIB;

/// The peak memory of a shape, and its length; `None` if a manifest of that length is refused.
fn held(shape: &Shape, bytes: usize) -> Option<(usize, usize)> {
    let manifest = shape.manifest(bytes);
    let mut is_served = false;
    let info = measure(|| is_served = shape.compile(&manifest).is_ok());
    is_served.then(|| (usize::try_from(info.bytes_max).unwrap(), manifest.len()))
}

/// The longest manifest takes at most 64 MiB, extrapolated from the memory for each further byte. Shapes with a lower limit are
/// measured at that limit.
#[test]
fn memory_is_in_proportion_to_the_bytes() {
    let policy = PlaylistPolicy::default();
    for shape in SHAPES {
        // A whole number of doublings between the two lengths, because buffers grow by doubling.
        let (Some((few, short)), Some((many, long))) = (held(shape, 16 * KIB), held(shape, 64 * KIB)) else {
            continue;
        };
        let for_each = many.saturating_sub(few) as f64 / (long - short) as f64;
        let longest = policy.longest_bytes(shape.format != Format::Playlist).min(shape.longest);
        let most = for_each * longest as f64;
        assert!(
            most <= MOST_BYTES as f64,
            "{}: {for_each:.2} bytes for each, {most:.0} for {longest}",
            shape.name
        );
    }
}

/// A short manifest of each shape is served: no shape is refused in itself.
#[test]
fn short_ones_are_served() {
    for shape in SHAPES {
        let manifest = shape.manifest(4 * KIB);
        let served = shape.compile(&manifest);
        assert!(served.is_ok(), "{}: {:?}", shape.name, served.err());
    }
}

/// An edit that changes nothing does not cause another reading of the MPD.
#[test]
fn an_mpd_is_read_anew_for_each_edit_that_changes_it_within_a_limit() {
    let mpd = |bytes: usize| {
        let comment = "x".repeat(bytes);
        format!(
            "<MPD type=\"dynamic\" timeShiftBufferDepth=\"PT9H\"><!-- {comment} --><Period start=\"PT0S\"><AdaptationSet contentType=\"video\"><Representation height=\"1080\"/><Representation height=\"90\"/></AdaptationSet></Period></MPD>"
        )
    };
    let compile = |bytes: usize, caps: &str| {
        let caps: Caps = serde_json::from_str(caps).unwrap();
        let edits = Edits { update_within_s: Some(30), ..Edits::within(&caps) };
        dash::compile(mpd(bytes).as_bytes(), None, &edits).map(drop)
    };
    // One edit leaves a Representation out, and the other two are made together.
    let (narrow, wide) = (r#"{"rewind_s":60,"max_height":720}"#, r#"{"rewind_s":60,"max_height":2160}"#);
    assert_eq!(compile(15 * MIB / 8, narrow), Ok(()));
    let refused = compile(5 * MIB / 2, narrow);
    assert!(
        matches!(refused, Err(CompileError::ReadTooOften { limit, .. }) if limit == 6 * MIB),
        "{refused:?}"
    );
    assert_eq!(compile(5 * MIB / 2, wide), Ok(()));
    let refused = compile(4 * MIB, wide);
    assert!(matches!(refused, Err(CompileError::TooLong { limit, .. }) if limit == 4 * MIB), "{refused:?}");
}

/// Announcing breaks may take another reading, and adds elements and URIs.
#[test]
fn an_mpd_that_plays_without_breaks_plays_with_them() {
    let with_breaks = |mpd: &str, caps: &Caps| {
        let found = adversarial::with_plan(|plan| {
            let edits = Edits { ads: Some(plan), update_within_s: Some(30), ..Edits::within(caps) };
            dash::compile(mpd.as_bytes(), None, &edits)
        });
        String::from_utf8(found.unwrap().render("").into_owned()).unwrap().contains("ReplacePresentation")
    };
    let mark = "<EventStream schemeIdUri='urn:scte:scte35:2013:xml'><Event presentationTime='4' duration='9'><SpliceInfoSection><SpliceInsert spliceEventId='7' outOfNetworkIndicator='true'/></SpliceInfoSection></Event></EventStream>";
    let mpd = |between: &str| {
        format!(
            "<MPD type='dynamic' availabilityStartTime='2026-01-01T00:00:00Z' timeShiftBufferDepth='PT9H'><Period start='PT0S'>{mark}<AdaptationSet>{between}</AdaptationSet></Period></MPD>"
        )
    };
    let comment = |bytes: usize| mpd(&format!("<!-- {} -->", "x".repeat(bytes)));
    let (none, narrow) = (Caps::default(), Caps { rewind_s: Some(60), ..Caps::default() });
    // With a shorter window and a shorter period, it is read again once for all three.
    assert!(with_breaks(&comment(5 * MIB / 2), &none));
    assert!(with_breaks(&comment(5 * MIB / 2), &narrow));
    let short = comment(7 * MIB / 2).replacen("<MPD", "<MPD minimumUpdatePeriod='PT2S'", 1);
    assert!(!with_breaks(&short, &none));
    // The most elements of an MPD: three are the mark's, and two are around those between.
    let elements =
        |count: usize| mpd(&"<a/>".repeat(count)).replacen("<MPD", "<MPD minimumUpdatePeriod='PT2S'", 1);
    assert!(with_breaks(&elements(249_900), &none));
    assert!(!with_breaks(&elements(249_992), &none));
}

/// Announcing breaks adds URIs, each of which takes a token: all that is written is 32 MiB at most.
#[test]
fn a_playlist_that_plays_without_breaks_plays_with_them() {
    let (folder, resource) =
        (Url::parse("https://media.example/vod/h/").unwrap(), ResourcePath::parse("v/a.m3u8").unwrap());
    let frame = Frame::new("https://watch.example", "harbour/", &folder, &resource, Signing::Path);
    let compile = |segments: usize, has_breaks: bool| {
        let playlist = format!(
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PROGRAM-DATE-TIME:2026-11-01T10:00:00.000Z\n#EXT-X-CUE-OUT:30\n{}",
            "#EXTINF:4,\na\n".repeat(segments)
        );
        adversarial::with_plan(|plan| {
            let caps = Caps::default();
            let edits = hls::Edits { ads: has_breaks.then_some(plan), ..hls::Edits::within(&caps) };
            let compiled = hls::compile(playlist.as_bytes(), Some(&frame), &edits).unwrap();
            String::from_utf8(compiled.render("t".repeat(100).as_str()).into_owned()).unwrap()
        })
    };
    let (short, longer) = (compile(1, false).len(), compile(2, false).len());
    let most = (32 * MIB - short) / (longer - short);
    let has_breaks = |playlist: &str| playlist.contains("com.apple.hls.interstitial");
    assert!(has_breaks(&compile(most - 1_000, true)));
    assert!(!has_breaks(&compile(most, true)));
}

/// A playlist without edits may be as long as any.
#[test]
fn a_multivariant_playlist_that_is_edited_has_a_limit_of_its_own() {
    let playlist =
        format!("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n#{}\n", "x\n#".repeat(3 * MIB / 2));
    let compile = |caps: &Caps| hls::compile(playlist.as_bytes(), None, &hls::Edits::within(caps)).map(drop);
    assert_eq!(compile(&Caps::default()), Ok(()));
    let refused = compile(&Caps { max_height: Some(720), ..Caps::default() });
    assert!(
        matches!(refused, Err(hls::CompileError::TooLong { limit, .. }) if limit == 4 * MIB),
        "{refused:?}"
    );
}

/// URIs whose form does not tell their target are resolved, each against the playlist's own URL.
#[test]
fn a_playlist_has_as_many_uris_to_be_resolved_as_are_counted() {
    let climbing = SHAPES.iter().filter(|shape| shape.name.starts_with("URIs that climb"));
    for shape in climbing {
        assert!(shape.compile(&shape.manifest(512 * KIB)).is_ok(), "{}", shape.name);
        let refused = shape.compile(&shape.manifest(2 * MIB)).err().unwrap_or_default();
        assert!(refused.contains(": expected 12582912 bytes of URIs to be resolved at most"), "{refused}");
    }
}

/// Finding the segments whose messages are read takes memory in proportion to the MPD, and at most 64 URLs, whatever templates ask for.
#[test]
fn segments_with_messages_are_found_at_a_bounded_cost() {
    let stream = "<InbandEventStream schemeIdUri='urn:scte:scte35:2013:bin'/>";
    let live = |inside: &str| {
        format!("<MPD type='dynamic' availabilityStartTime='2026-01-01T00:00:00Z'>{inside}</MPD>")
    };
    let period = |template: &str, id: &str| {
        format!(
            "<Period start='PT0S'><AdaptationSet>{stream}{template}<Representation id='{id}' bandwidth='1'/></AdaptationSet></Period>"
        )
    };
    let template = |media: &str, entries: &str| {
        format!(
            "<SegmentTemplate media='{media}'><SegmentTimeline>{entries}</SegmentTimeline></SegmentTemplate>"
        )
    };
    let (url, folder) = ("https://media.example/vod/h/live.mpd", "https://media.example/vod/h/");
    let (url, folder) = (Url::parse(url).unwrap(), Url::parse(folder).unwrap());
    let cost = |mpd: &str| {
        let mut found = 0;
        let info = measure(|| found = dash::unread_segments(mpd.as_bytes(), &url, &folder, 1 << 41).len());
        (found, usize::try_from(info.bytes_total).unwrap())
    };
    let identifiers = |count: usize| template(&"$RepresentationID$".repeat(count), "<S d='1' r='99'/>");
    let timeline = template("a/$Time$.m4s", &"<S d='1'/>".repeat(26_000));
    let (short, periods) =
        (template("a/$Time$.m4s", &"<S d='1'/>".repeat(100)), period("", "a").repeat(1_500));
    for (name, mpd, expected) in [
        ("a long template and a long id", live(&period(&identifiers(13_900), &"a".repeat(200_000))), 0),
        ("a template that asks for more than a URL", live(&period(&identifiers(400), &"a".repeat(8_000))), 0),
        ("a timeline outside the Periods", live(&format!("{timeline}{periods}")), 0),
        ("timelines of many Periods", live(&period(&short, "a").repeat(300)), 8),
    ] {
        assert!(mpd.len() <= 512 * KIB, "{name}: {}", mpd.len());
        let (found, total) = cost(&mpd);
        assert_eq!(found, expected, "{name}");
        assert!(total <= 8 * mpd.len() + 2 * MIB, "{name}: {total} bytes for {}", mpd.len());
    }
}
