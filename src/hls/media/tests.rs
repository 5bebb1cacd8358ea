//! Tables of playlists, before and after their edits. `tests/hls_live.rs` tries random playlists.

use crate::catalog::Caps;
use crate::hls::{Edits, Skip, compile};

fn rewritten(playlist: &str, rewind_s: Option<u32>, delta_updates: bool, skip: Option<Skip>) -> String {
    let caps = Caps { rewind_s, ..Caps::default() };
    let edits = Edits { delta_updates, skip, ..Edits::within(&caps) };
    let template = compile(playlist.as_bytes(), None, &edits).unwrap();
    String::from_utf8(template.render("").into_owned()).unwrap()
}

fn window(playlist: &str) -> String {
    rewritten(playlist, Some(12), false, None)
}

/// So many segments of four seconds, each with its number for a name.
fn segments(numbers: std::ops::Range<u32>) -> String {
    numbers.map(|number| format!("#EXTINF:4,\n{number}\n")).collect()
}

const HEAD: &str = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n";

#[test]
fn what_applies_to_the_rest_is_said_again() {
    const IDENTITY: &str = "#EXT-X-KEY:METHOD=AES-128,URI=\"i\"\n";
    const OTHER: &str = "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"o\",KEYFORMAT=\"o\"\n";
    const NONE: &str = "#EXT-X-KEY:METHOD=NONE\n";
    const MAP: &str = "#EXT-X-MAP:URI=\"m\"\n";
    let join = |parts: &[&str]| parts.concat();
    for (name, gone, next, expected) in [
        ("a key and a map", join(&[IDENTITY, MAP]), String::new(), join(&[IDENTITY, MAP])),
        ("a map read without a key", join(&[MAP, IDENTITY]), String::new(), join(&[MAP, IDENTITY])),
        ("keys of two formats", join(&[OTHER, IDENTITY]), String::new(), join(&[OTHER, IDENTITY])),
        ("no keys any more", join(&[OTHER, IDENTITY, NONE]), String::new(), String::new()),
        (
            "a map read with keys that have ended",
            join(&[OTHER, MAP, NONE, IDENTITY]),
            String::new(),
            join(&[OTHER, MAP, NONE, IDENTITY]),
        ),
        (
            "the last of a format",
            join(&[IDENTITY, "#EXT-X-KEY:METHOD=AES-128,URI=\"j\"\n"]),
            String::new(),
            "#EXT-X-KEY:METHOD=AES-128,URI=\"j\"\n".to_owned(),
        ),
        (
            "a format that the next one has itself",
            join(&[OTHER, IDENTITY]),
            OTHER.to_owned(),
            join(&[IDENTITY, OTHER]),
        ),
        ("keys that the next one ends", join(&[OTHER, IDENTITY]), NONE.to_owned(), NONE.to_owned()),
        (
            "a map of its own",
            join(&[IDENTITY, MAP]),
            "#EXT-X-MAP:URI=\"n\"\n".to_owned(),
            join(&[IDENTITY, "#EXT-X-MAP:URI=\"n\"\n"]),
        ),
        (
            "a key behind a map of its own",
            IDENTITY.to_owned(),
            join(&["#EXT-X-MAP:URI=\"n\"\n", "#EXT-X-KEY:METHOD=AES-128,URI=\"j\"\n"]),
            join(&[IDENTITY, "#EXT-X-MAP:URI=\"n\"\n", "#EXT-X-KEY:METHOD=AES-128,URI=\"j\"\n"]),
        ),
        (
            "a bit rate",
            "#EXT-X-BITRATE:1\n#EXT-X-BITRATE:2\n".to_owned(),
            String::new(),
            "#EXT-X-BITRATE:2\n".to_owned(),
        ),
        (
            "tags of a single segment",
            "#EXT-X-GAP\n#EXT-X-PART:DURATION=4,URI=\"p\"\n#EXT-X-OTHER\n# x\n\
             #EXT-X-TILES:RESOLUTION=64x36,LAYOUT=2x1,DURATION=2\n"
                .to_owned(),
            String::new(),
            String::new(),
        ),
        (
            "a date with its offset",
            "#EXT-X-PROGRAM-DATE-TIME:2026-11-01T23:59:58.500+0400\n".to_owned(),
            String::new(),
            "#EXT-X-PROGRAM-DATE-TIME:2026-11-02T00:00:02.500+0400\n".to_owned(),
        ),
        (
            "a date of its own",
            "#EXT-X-PROGRAM-DATE-TIME:2026-11-01T00:00:00Z\n".to_owned(),
            "#EXT-X-PROGRAM-DATE-TIME:2026-11-03T00:00:00Z\n".to_owned(),
            "#EXT-X-PROGRAM-DATE-TIME:2026-11-03T00:00:00Z\n".to_owned(),
        ),
        (
            "a break",
            "#EXT-OATCLS-SCTE35:/DA\n#EXT-X-CUE-OUT:30\n".to_owned(),
            String::new(),
            "#EXT-X-CUE-OUT-CONT:4/30\n".to_owned(),
        ),
        (
            "a break that ends",
            "#EXT-X-CUE-OUT:30\n".to_owned(),
            "#EXT-X-CUE-IN\n".to_owned(),
            "#EXT-X-CUE-IN\n".to_owned(),
        ),
        (
            "a variable",
            "#EXT-X-BITRATE:1\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"\n".to_owned(),
            String::new(),
            "#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"\n#EXT-X-BITRATE:1\n".to_owned(),
        ),
        (
            "a date range without an end",
            "#EXT-X-BITRATE:1\n#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-11-01T00:00:00Z\"\n".to_owned(),
            String::new(),
            "#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-11-01T00:00:00Z\"\n#EXT-X-BITRATE:1\n".to_owned(),
        ),
    ] {
        let playlist = [HEAD, &gone, &segments(0..1), &next, &segments(1..4)].concat();
        let expected = [HEAD, "#EXT-X-MEDIA-SEQUENCE:1\n", &expected, &segments(1..4)].concat();
        assert_eq!(window(&playlist), expected, "{name}");
    }
}

#[test]
fn tags_of_the_playlist_follow() {
    for (name, before, after) in [
        (
            "numbers",
            "#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-DISCONTINUITY-SEQUENCE:3\n",
            "#EXT-X-MEDIA-SEQUENCE:9\n#EXT-X-DISCONTINUITY-SEQUENCE:4\n",
        ),
        (
            "the greatest",
            "#EXT-X-MEDIA-SEQUENCE:18446744073709551614\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n",
            "#EXT-X-MEDIA-SEQUENCE:18446744073709551615\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n",
        ),
        ("none", "", "#EXT-X-MEDIA-SEQUENCE:2\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n"),
        (
            "EVENT",
            "#EXT-X-PLAYLIST-TYPE:EVENT\n",
            "#EXT-X-MEDIA-SEQUENCE:2\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n",
        ),
        (
            "a start in the window",
            "#EXT-X-START:TIME-OFFSET=9.5,PRECISE=YES\n",
            "#EXT-X-START:TIME-OFFSET=1.5,PRECISE=YES\n#EXT-X-MEDIA-SEQUENCE:2\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n",
        ),
        (
            "a start before it",
            "#EXT-X-START:TIME-OFFSET=5\n",
            "#EXT-X-START:TIME-OFFSET=0\n#EXT-X-MEDIA-SEQUENCE:2\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n",
        ),
        (
            "a start from the end",
            "#EXT-X-START:TIME-OFFSET=-5\n",
            "#EXT-X-START:TIME-OFFSET=-5\n#EXT-X-MEDIA-SEQUENCE:2\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n",
        ),
    ] {
        let playlist = [
            HEAD,
            before,
            &segments(0..1),
            "#EXT-X-DISCONTINUITY\n",
            &segments(1..2),
            "#EXT-X-DISCONTINUITY\n",
            &segments(2..5),
        ]
        .concat();
        let expected = [HEAD, after, "#EXT-X-DISCONTINUITY\n", &segments(2..5)].concat();
        assert_eq!(window(&playlist), expected, "{name}");
    }
}

#[test]
fn what_remains_is_the_least_that_is_long_enough() {
    let first = |head: &str, rewind_s: u32| {
        let playlist = [HEAD, head, &segments(0..20)].concat();
        let found = rewritten(&playlist, Some(rewind_s), false, None);
        found.lines().find_map(|line| line.parse::<u32>().ok()).unwrap()
    };
    for (name, head, rewind_s, expected) in [
        ("whole segments", "", 40, 10),
        ("a part of one more", "", 41, 9),
        ("three target durations", "", 0, 17),
        ("the hold-back", "#EXT-X-SERVER-CONTROL:HOLD-BACK=24.5\n", 0, 13),
        ("the hold-back of parts", "#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=16\n", 0, 16),
        ("no Skip Boundary", "#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=36\n", 0, 17),
        ("no more than there is", "", 100, 0),
        ("a Target Duration of nothing", "#EXT-X-TARGETDURATION:0\n", 0, 19),
    ] {
        assert_eq!(first(head, rewind_s), expected, "{name}");
    }
    // Parts behind the last segment do not count, and stay.
    let parts = "#EXT-X-PART:DURATION=2,URI=\"p\"\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"q\"\n";
    let playlist = [HEAD, "#EXT-X-MEDIA-SEQUENCE:0\n", &segments(0..4), parts].concat();
    let expected = [HEAD, "#EXT-X-MEDIA-SEQUENCE:1\n", &segments(1..4), parts].concat();
    assert_eq!(window(&playlist), expected);
}

#[test]
fn a_sub_range_that_continued_gets_its_offset() {
    let playlist = [
        HEAD,
        "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-I-FRAMES-ONLY\n",
        "#EXTINF:4,\n#EXT-X-BYTERANGE:10@5\na\n#EXTINF:4,\n#EXT-X-BYTERANGE:20\na\n",
        "#EXTINF:4,\n#EXT-X-BYTERANGE:30 \r\na\n#EXTINF:4,\n#EXT-X-BYTERANGE:40\na\n#EXTINF:4,\nb\n",
    ]
    .concat();
    let expected = [
        HEAD,
        "#EXT-X-MEDIA-SEQUENCE:2\n#EXT-X-I-FRAMES-ONLY\n",
        "#EXTINF:4,\n#EXT-X-BYTERANGE:30@35 \r\na\n#EXTINF:4,\n#EXT-X-BYTERANGE:40\na\n#EXTINF:4,\nb\n",
    ]
    .concat();
    assert_eq!(window(&playlist), expected);
}

#[test]
fn a_part_that_continued_gets_its_offset() {
    const PART: &str = "#EXT-X-PART:DURATION=2,";
    let part = |rest: &str| [PART, rest, "\n"].concat();
    let number = "#EXT-X-MEDIA-SEQUENCE:0\n";
    for (name, gone, next, expected) in [
        (
            "a length",
            "BYTERANGE=\"10@5\",URI=\"a\"",
            "BYTERANGE=\"20\",URI=\"a\"",
            "BYTERANGE=\"20@15\",URI=\"a\"",
        ),
        (
            "another order",
            "URI=\"a\",BYTERANGE=\"10@5\"",
            "URI=\"a\",BYTERANGE=\"20\"",
            "URI=\"a\",BYTERANGE=\"20@15\"",
        ),
        (
            "an offset of its own",
            "URI=\"a\",BYTERANGE=\"10@5\"",
            "URI=\"a\",BYTERANGE=\"20@0\"",
            "URI=\"a\",BYTERANGE=\"20@0\"",
        ),
        (
            "another URI",
            "URI=\"a\",BYTERANGE=\"10@5\"",
            "URI=\"b\",BYTERANGE=\"20\"",
            "URI=\"b\",BYTERANGE=\"20\"",
        ),
        ("a whole file", "URI=\"a\",BYTERANGE=\"10@5\"", "URI=\"a\"", "URI=\"a\""),
        ("behind a whole file", "URI=\"a\"", "URI=\"a\",BYTERANGE=\"20\"", "URI=\"a\",BYTERANGE=\"20\""),
    ] {
        let again = part(next);
        let playlist = [HEAD, number, &part(gone), &segments(0..1), &again, &again, &segments(1..4)].concat();
        let expected = [HEAD, "#EXT-X-MEDIA-SEQUENCE:1\n", &part(expected), &again, &segments(1..4)].concat();
        assert_eq!(window(&playlist), expected, "{name}");
        // A segment without parts in between changes nothing.
        let playlist = [HEAD, number, &part(gone), &segments(0..2), &again, &segments(2..4)].concat();
        let found = window(&playlist);
        assert_eq!(found.lines().find(|line| line.starts_with(PART)), expected.lines().nth(3), "{name}");
    }
    // The lengths of several removed parts add up. So do the lengths of parts that a client has.
    let gone = [part("URI=\"a\",BYTERANGE=\"10@5\""), part("URI=\"a\",BYTERANGE=\"20\"")].concat();
    let next = part("URI=\"a\",BYTERANGE=\"30\"");
    let playlist = [HEAD, &gone, &segments(0..1), &next, &segments(1..7)].concat();
    let found = rewritten(&playlist, None, true, Some(Skip::Segments));
    assert!(
        found.contains("SKIPPED-SEGMENTS=1\n#EXT-X-PART:DURATION=2,URI=\"a\",BYTERANGE=\"30@35\"\n"),
        "{found}"
    );
}

#[test]
fn date_ranges_that_are_over_leave_wherever_they_stand() {
    let range = |id: &str, more: &str| {
        format!("#EXT-X-DATERANGE:ID=\"{id}\",START-DATE=\"2026-11-01T00:00:00Z\"{more}\n")
    };
    let over = range("over", ",DURATION=3.9");
    let touches = range("touches", ",DURATION=4");
    let date = "#EXT-X-PROGRAM-DATE-TIME:2026-11-01T00:00:00Z\n";
    let dated = "#EXT-X-PROGRAM-DATE-TIME:2026-11-01T00:00:04.000Z\n";
    let number = "#EXT-X-MEDIA-SEQUENCE:0\n";
    let playlist =
        [HEAD, number, &over, date, &touches, &segments(0..1), &over, &segments(1..4), &over].concat();
    let expected = [HEAD, "#EXT-X-MEDIA-SEQUENCE:1\n", &touches, dated, &segments(1..4)].concat();
    assert_eq!(window(&playlist), expected);
    for more in [
        // A range may end where the next one of its class begins, and only ranges that would leave may tell which one.
        range("next", ",CLASS=\"c\",END-ON-NEXT=YES"),
        // It goes on.
        "#EXT-X-DATERANGE:ID=\"over\",DURATION=4\n".to_owned(),
        // The recording of an earlier day is played.
        "#EXT-X-PROGRAM-DATE-TIME:2026-10-01T00:00:00Z\n".to_owned(),
        "#EXT-X-PROGRAM-DATE-TIME:?\n".to_owned(),
    ] {
        assert!(window(&[playlist.as_str(), &more].concat()).contains(&over), "{more}");
    }
    // All tags of a range that is over leave.
    let more = "#EXT-X-DATERANGE:ID=\"over\",X-A=1\n";
    assert_eq!(window(&[playlist.as_str(), more].concat()), expected);
    let out = range("over", ",SCTE35-OUT=0xFC");
    let end = "#EXT-X-DATERANGE:ID=\"over\",END-DATE=\"2026-11-01T00:00:03.9Z\",SCTE35-IN=0xFC\n";
    let told_twice = [HEAD, number, date, &out, &touches, &segments(0..1), end, &segments(1..4)].concat();
    assert_eq!(window(&told_twice), expected);
    // Without a date, nobody knows whether the range is over.
    assert!(window(&playlist.replace(date, "")).contains(&over));
}

#[test]
fn what_is_not_live_stays() {
    let live = [HEAD, &segments(0..20)].concat();
    for more in [
        "#EXT-X-PLAYLIST-TYPE:VOD\n",
        "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-ENDLIST\n",
        "#EXT-X-SKIP:SKIPPED-SEGMENTS=9\n",
        "a\rb\n",
    ] {
        let playlist = [live.as_str(), more].concat();
        assert_eq!(rewritten(&playlist, Some(0), true, Some(Skip::Segments)), playlist, "{more:?}");
    }
    let master = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n";
    assert_eq!(window(master), master);
}

/// 6.2.2: "A Media Playlist's Media Sequence Number MUST NOT decrease".
#[test]
fn a_window_stays_when_the_stream_ends() {
    const END: &str = "#EXT-X-ENDLIST\n";
    let live = [HEAD, "#EXT-X-PLAYLIST-TYPE:EVENT\n", &segments(0..20)].concat();
    let ended = [live.as_str(), END].concat();
    assert_eq!(window(&ended), [&window(&live), END].concat());
    // It may stand anywhere.
    for head in [[HEAD, END].concat(), [HEAD, &segments(0..1), END].concat()] {
        let rest = if head.contains("EXTINF") { segments(1..9) } else { segments(0..9) };
        let found = window(&[head, rest].concat());
        assert_eq!(found.replace(END, ""), window(&[HEAD, &segments(0..9)].concat()), "{found}");
        assert!(found.contains(END), "{found}");
    }
    // A playlist that has ended gets no delta updates.
    assert_eq!(rewritten(&ended, None, true, Some(Skip::Segments)), ended);
    assert_eq!(
        rewritten(&ended, Some(60), true, Some(Skip::Segments)),
        rewritten(&ended, Some(60), false, None)
    );
    let offered = ended.replace(HEAD, &[HEAD, "#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=24\n"].concat());
    let found = rewritten(&offered, Some(60), true, Some(Skip::Segments));
    assert!(found.contains("#EXT-X-MEDIA-SEQUENCE:5\n") && !found.contains("SKIP:"), "{found}");
}

#[test]
fn delta_updates_are_offered_and_made() {
    const CONTROL: &str = "#EXT-X-SERVER-CONTROL";
    let offer = "CAN-SKIP-UNTIL=24";
    for (name, head, whole, version) in [
        ("nothing said", String::new(), format!("{CONTROL}:{offer}\n"), "#EXT-X-VERSION:9\n"),
        (
            "others said",
            format!("{CONTROL}:HOLD-BACK=12\n"),
            format!("{CONTROL}:HOLD-BACK=12,{offer}\n"),
            "#EXT-X-VERSION:9\n",
        ),
        ("an empty list", format!("{CONTROL}:\n"), format!("{CONTROL}:{offer}\n"), "#EXT-X-VERSION:9\n"),
        ("no list", format!("{CONTROL}\n"), format!("{CONTROL}:{offer}\n"), "#EXT-X-VERSION:9\n"),
    ] {
        let playlist = [HEAD, &head, &segments(0..9)].concat();
        assert_eq!(
            rewritten(&playlist, None, true, None),
            [HEAD, &whole, &segments(0..9)].concat(),
            "{name}"
        );
        let found = rewritten(&playlist, None, true, Some(Skip::Segments));
        let (before, behind) = if head.is_empty() { (version, "") } else { ("", version) };
        let skip = "#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n";
        assert_eq!(found, [HEAD, before, &whole, behind, skip, &segments(3..9)].concat(), "{name}");
    }
    // A sufficient version stays. A lower version is raised in its line.
    for (version, expected) in
        [("#EXT-X-VERSION:3\n", "#EXT-X-VERSION:9\n"), ("#EXT-X-VERSION:12\n", "#EXT-X-VERSION:12\n")]
    {
        let playlist = [HEAD, version, &segments(0..9)].concat();
        assert!(rewritten(&playlist, None, true, Some(Skip::Dateranges)).contains(expected));
        assert!(rewritten(&playlist, None, true, None).contains(version));
    }
}

#[test]
fn a_delta_update_leaves_no_date_range_out() {
    let range = "#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-11-01T00:00:00Z\",DURATION=1\n";
    let date = "#EXT-X-PROGRAM-DATE-TIME:2026-11-01T00:00:00Z\n";
    let control = "#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=24\n";
    let playlist = [HEAD, date, &segments(0..1), range, &segments(1..9)].concat();
    let skip = "#EXT-X-SKIP:SKIPPED-SEGMENTS=3,RECENTLY-REMOVED-DATERANGES=\"\"\n";
    let expected = [HEAD, "#EXT-X-VERSION:9\n", control, range, skip, &segments(3..9)].concat();
    assert_eq!(rewritten(&playlist, None, true, Some(Skip::Dateranges)), expected);
}

#[test]
fn where_the_media_origin_offers_them_nothing_changes_without_a_window() {
    let control = "#EXT-X-SERVER-CONTROL:CAN-SKIP-DATERANGES=YES,CAN-SKIP-UNTIL=24\n";
    let number = "#EXT-X-MEDIA-SEQUENCE:0\n";
    let playlist = [HEAD, number, control, &segments(0..20)].concat();
    assert_eq!(rewritten(&playlist, None, true, Some(Skip::Segments)), playlist);
    // If a window applies, the media origin is asked for whole playlists, and the edge skips by the origin's boundary.
    let control = "#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=24\n";
    let head = [HEAD, "#EXT-X-MEDIA-SEQUENCE:11\n", control].concat();
    assert_eq!(rewritten(&playlist, Some(36), false, None), [&head, &*segments(11..20)].concat());
    let expected = [&head, "#EXT-X-VERSION:9\n#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n", &segments(14..20)].concat();
    assert_eq!(rewritten(&playlist, Some(36), false, Some(Skip::Segments)), expected);
    for (list, left) in [
        ("CAN-SKIP-UNTIL=24,CAN-SKIP-DATERANGES=YES,HOLD-BACK=12", "CAN-SKIP-UNTIL=24,HOLD-BACK=12"),
        ("CAN-SKIP-UNTIL=24,CAN-SKIP-DATERANGES=YES", "CAN-SKIP-UNTIL=24"),
    ] {
        let playlist = playlist.replace("CAN-SKIP-DATERANGES=YES,CAN-SKIP-UNTIL=24", list);
        assert!(window(&playlist).contains(&format!("CONTROL:{left}\n")), "{list}");
    }
}

#[test]
fn what_takes_directives_is_not_offered_where_they_stop() {
    let stopped = |list: &str, rewind_s, delta_updates, skip| {
        let playlist = [HEAD, "#EXT-X-SERVER-CONTROL:", list, "\n", &segments(0..9)].concat();
        let caps = Caps { rewind_s, ..Caps::default() };
        let edits = Edits { delta_updates, skip, directives_stop: true, ..Edits::within(&caps) };
        let template = compile(playlist.as_bytes(), None, &edits).unwrap();
        String::from_utf8(template.render("").into_owned()).unwrap()
    };
    for (list, delta_updates, expected) in [
        ("CAN-BLOCK-RELOAD=YES", false, None),
        ("CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=24,CAN-SKIP-DATERANGES=YES", false, None),
        ("CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5", false, Some("PART-HOLD-BACK=1.5")),
        ("HOLD-BACK=12,CAN-BLOCK-RELOAD=YES", false, Some("HOLD-BACK=12")),
        (
            "CAN-SKIP-UNTIL=24,HOLD-BACK=12,CAN-SKIP-DATERANGES=YES,CAN-BLOCK-RELOAD=YES,X=\"a,b\"",
            false,
            Some("HOLD-BACK=12,X=\"a,b\""),
        ),
        ("HOLD-BACK=12 , CAN-BLOCK-RELOAD=YES , X=1", false, Some("HOLD-BACK=12 , X=1")),
        ("HOLD-BACK=12", false, Some("HOLD-BACK=12")),
        ("CAN-BLOCK-RELOAD=YES", true, Some("CAN-SKIP-UNTIL=24")),
        ("CAN-BLOCK-RELOAD=YES,HOLD-BACK=12", true, Some("HOLD-BACK=12,CAN-SKIP-UNTIL=24")),
        ("CAN-SKIP-UNTIL=30,CAN-BLOCK-RELOAD=YES,CAN-SKIP-DATERANGES=YES", true, Some("CAN-SKIP-UNTIL=30")),
    ] {
        let control = expected.map_or_else(String::new, |list| format!("#EXT-X-SERVER-CONTROL:{list}\n"));
        let expected = [HEAD, &control, &segments(0..9)].concat();
        assert_eq!(stopped(list, None, delta_updates, None), expected, "{list}");
    }
    // The edge makes the delta update, by the boundary of the media origin.
    let found = stopped("CAN-SKIP-UNTIL=28", None, true, Some(Skip::Segments));
    assert!(
        found.contains("CONTROL:CAN-SKIP-UNTIL=28\n") && found.contains("SKIPPED-SEGMENTS=2\n"),
        "{found}"
    );
    // The same holds under a window.
    let found = stopped("CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=24", Some(32), false, Some(Skip::Segments));
    assert!(
        found.contains("CONTROL:CAN-SKIP-UNTIL=24\n") && found.contains("SKIPPED-SEGMENTS=2\n"),
        "{found}"
    );
}

#[test]
fn a_window_shorter_than_the_skip_boundary_leaves_nothing_to_skip() {
    let playlist = [HEAD, &segments(0..20)].concat();
    let whole = rewritten(&playlist, Some(20), true, None);
    assert_eq!(rewritten(&playlist, Some(20), true, Some(Skip::Segments)), whole);
    assert!(!whole.contains("SKIP:") && whole.contains("CAN-SKIP-UNTIL=24"));
}

#[test]
fn odd_playlists_are_taken() {
    for (name, playlist, expected) in [
        (
            "no header, and no end of the last line",
            "#EXTINF:4,\na\n#EXT-X-TARGETDURATION:4\n#EXTINF:12,\nb",
            "#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-TARGETDURATION:4\n#EXTINF:12,\nb",
        ),
        (
            "a byte order mark and CR LF",
            "\u{feff}#EXTM3U\r\n#EXT-X-TARGETDURATION:4\r\n#EXT-X-MEDIA-SEQUENCE: 5 \r\n#EXTINF:4,\r\na\r\n#EXTINF:12,\r\nb\r\n",
            "\u{feff}#EXTM3U\r\n#EXT-X-TARGETDURATION:4\r\n#EXT-X-MEDIA-SEQUENCE:6 \r\n#EXTINF:12,\r\nb\r\n",
        ),
        (
            "a number that is none",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:x\n#EXTINF:4,\na\n#EXTINF:12,\nb\n",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:1\n#EXTINF:12,\nb\n",
        ),
        (
            "URIs without a duration",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\na\nb\n#EXTINF:12,\nc\n",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:2\n#EXTINF:12,\nc\n",
        ),
        (
            "two sub-ranges for one segment",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-BYTERANGE:9@1\n#EXTINF:4,\na\n\
             #EXT-X-BYTERANGE:1\n#EXT-X-BYTERANGE:2\n#EXTINF:12,\na\n",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:1\n\
             #EXT-X-BYTERANGE:1\n#EXT-X-BYTERANGE:2@10\n#EXTINF:12,\na\n",
        ),
    ] {
        assert_eq!(window(playlist), expected, "{name}");
    }
}
