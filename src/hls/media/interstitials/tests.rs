use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::json;
use url::Url;

use crate::ads::Plan;
use crate::ads::address::{Listing, Seal};
use crate::catalog::{AdPolicy, Caps, KeySet, KvDocument, PlaylistBounds};
use crate::hls::edits::{Edits, Skip};
use crate::hls::read::attributes::attributes;
use crate::hls::{EventKind, Tag, check, compile, events};
use crate::manifest::{Frame, Signing};
use crate::resource::ResourcePath;

const HEAD: &str = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n";
const DATE: &str = "#EXT-X-PROGRAM-DATE-TIME:2026-12-01T12:00:00.000Z\n";

fn keys() -> KeySet {
    let json = format!(
        r#"{{"issuer":"s","keys":[{{"kid":"a","kty":"oct","alg":"HS256","k":"{}"}}]}}"#,
        "AA".repeat(22)
    );
    KeySet::read(json.as_bytes()).unwrap().0
}

/// The playlist that a viewer gets under a policy.
fn written(playlist: &str, policy: &serde_json::Value, rewind_s: Option<u32>, skip: Option<Skip>) -> String {
    let (keys, host, title) = (keys(), "watch.example.com".parse().unwrap(), "harbour".parse().unwrap());
    let policy: AdPolicy = serde_json::from_value(policy.clone()).unwrap();
    let plan = Plan::of(&policy, None, None, Seal { keys: &keys, host: &host, title: &title });
    let caps = Caps { rewind_s, ..Caps::default() };
    let edits = Edits { ads: Some(&plan), delta_updates: skip.is_some(), skip, ..Edits::within(&caps) };
    let template = compile(playlist.as_bytes(), None, &edits).unwrap();
    let text = String::from_utf8(template.render("").into_owned()).unwrap();
    // Nothing that we write about breaks is against a rule.
    let is_ours = |line: usize| text.lines().nth(line - 1).is_some_and(|line| line.contains("ID=\"sd-"));
    let findings: Vec<_> = check(text.as_bytes()).into_iter().filter(|found| is_ours(found.line)).collect();
    assert!(findings.is_empty(), "{findings:?} in {text}");
    text
}

/// Segments of four seconds with marks in front of some.
fn segments(range: std::ops::Range<u32>, marks: &[(u32, &str)]) -> String {
    let mut text = String::new();
    for number in range {
        for (_, mark) in marks.iter().filter(|(at, _)| *at == number) {
            text += mark;
            text.push('\n');
        }
        writeln!(text, "#EXTINF:4,\n{number}.m4s").unwrap();
    }
    text
}

/// The attributes of each date range of ours, by ID.
fn ranges(playlist: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for event in events(playlist.as_bytes()) {
        let EventKind::Tag { known: Some(Tag::DateRange), value: Some(list), .. } = event.kind else {
            continue;
        };
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let list: BTreeMap<_, _> =
            attributes(list).map(|found| (text(found.name), text(found.value))).collect();
        if list["ID"].starts_with("sd-") {
            assert!(found.insert(list["ID"].clone(), list).is_none(), "{playlist}");
        }
    }
    found
}

fn ids(playlist: &str) -> Vec<String> {
    ranges(playlist).into_keys().collect()
}

fn lines_of_ours(playlist: &str) -> Vec<&str> {
    playlist.lines().filter(|line| line.contains("ID=\"sd-")).collect()
}

#[test]
fn on_demand_the_breaks_of_the_policy_are_inserted() {
    let policy = json!({
        "breaks": {
            "pre_roll": { "longest_s": 15 },
            "mid_rolls": { "every_s": 30, "longest_s": 60, "not_last_s": 20 },
            "post_roll": { "longest_s": 10 },
        },
        "insertion": {
            "restrict": ["jump", "skip"], "occupies_range": true, "primary_style": true, "preload_s": 40,
            "skip": { "offset_s": 5, "duration_s": 10, "label": "skip-ad" },
        },
    });
    let playlist = [HEAD, "#EXT-X-PLAYLIST-TYPE:VOD\n", &segments(0..25, &[]), "#EXT-X-ENDLIST\n"].concat();
    let found = written(&playlist, &policy, None, None);
    let told = ranges(&found);
    let ours: Vec<_> = told.keys().map(String::as_str).collect();
    let expected =
        ["sd-mid-30000", "sd-mid-30000-preload", "sd-mid-60000", "sd-mid-60000-preload", "sd-post", "sd-pre"];
    assert_eq!(ours, expected);
    let mid = &told["sd-mid-60000"];
    let list = mid["X-ASSET-LIST"].clone();
    for (name, expected) in [
        ("CLASS", "com.apple.hls.interstitial"),
        ("START-DATE", "2000-01-01T00:01:00.000Z"),
        ("CUE", "ONCE"),
        ("PLANNED-DURATION", "60"),
        ("X-RESUME-OFFSET", "0"),
        ("X-RESTRICT", "SKIP,JUMP"),
        ("X-SKIP-CONTROL-OFFSET", "5"),
        ("X-SKIP-CONTROL-DURATION", "10"),
        ("X-SKIP-CONTROL-LABEL-ID", "skip-ad"),
        ("X-CONTENT-MAY-VARY", "YES"),
        ("X-TIMELINE-OCCUPIES", "RANGE"),
        ("X-TIMELINE-STYLE", "PRIMARY"),
    ] {
        assert_eq!(mid[name], expected, "{name}");
    }
    assert!(!mid.contains_key("X-SNAP") && !mid.contains_key("X-PLAYOUT-LIMIT"));
    let (path, query) = list.split_once('?').unwrap();
    assert_eq!(query, "_HLS_interstitial_id=sd-mid-60000");
    let (listing, sealed) = Listing::of_path(path).unwrap();
    assert_eq!(listing, Listing::Assets);
    let (keys, host, title) = (keys(), "watch.example.com".parse().unwrap(), "harbour".parse().unwrap());
    let opening = Seal { keys: &keys, host: &host, title: &title }.open(sealed).unwrap();
    assert_eq!(opening.id.as_str(), "mid-60000");
    // Preloading begins 40 seconds ahead, or with the content.
    let preload = &told["sd-mid-60000-preload"];
    assert_eq!((&*preload["START-DATE"], &*preload["DURATION"]), ("2000-01-01T00:00:20.000Z", "40"));
    assert_eq!((&preload["X-URI"], &*preload["X-TARGET-ID"]), (&list, "sd-mid-60000"));
    assert_eq!(told["sd-mid-30000-preload"]["DURATION"], "30");
    assert_eq!((&*told["sd-pre"]["CUE"], &*told["sd-post"]["CUE"]), ("PRE,ONCE", "POST,ONCE"));
    let starts = |id: &str| told[id]["START-DATE"].clone();
    let latest = told
        .keys()
        .filter(|id| id.starts_with("sd-mid-") && !id.ends_with("-preload"))
        .map(|id| starts(id))
        .max();
    assert_eq!((starts("sd-pre"), Some(starts("sd-post"))), ("2000-01-01T00:00:00.000Z".to_owned(), latest));
    // The dates of the playlist begin with the first segment.
    assert!(
        found.contains("\n#EXT-X-PROGRAM-DATE-TIME:2000-01-01T00:00:00.000Z\n#EXTINF:4,\n0.m4s\n"),
        "{found}"
    );
    // All other lines stay.
    let rest: String = found
        .lines()
        .filter(|line| !line.contains("ID=\"sd-") && !line.contains("PROGRAM-DATE-TIME"))
        .flat_map(|line| [line, "\n"])
        .collect();
    assert_eq!(rest, playlist);
}

#[test]
fn dates_of_the_playlist_count_across_jumps() {
    let policy = json!({ "breaks": { "mid_rolls": { "at_s": [10, 30], "longest_s": 60 } } });
    let jump = "#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2020-01-01T00:00:00Z";
    let playlist =
        [HEAD, "#EXT-X-KEY:METHOD=NONE\n", DATE, &segments(0..20, &[(5, jump)]), "#EXT-X-ENDLIST\n"].concat();
    let found = written(&playlist, &policy, None, None);
    let told = ranges(&found);
    assert_eq!(told["sd-mid-10000"]["START-DATE"], "2026-12-01T12:00:10.000Z");
    assert_eq!(told["sd-mid-30000"]["START-DATE"], "2020-01-01T00:00:10.000Z");
    assert_eq!(found.matches("PROGRAM-DATE-TIME").count(), 2);
}

#[test]
fn marks_on_demand_replace_content_if_they_have_a_length() {
    let policy = json!({});
    let marks =
        [(3, "#EXT-X-CUE-OUT:8"), (5, "#EXT-X-CUE-IN"), (10, "#EXT-X-CUE-OUT:0"), (15, "#EXT-X-CUE-OUT")];
    let playlist = [HEAD, DATE, &segments(0..25, &marks), "#EXT-X-ENDLIST\n"].concat();
    let told: Vec<_> = ranges(&written(&playlist, &policy, None, None)).into_values().collect();
    assert_eq!(told.len(), 3, "{told:?}");
    let of = |at: &str| told.iter().find(|range| range["START-DATE"] == at).unwrap();
    let replaced = of("2026-12-01T12:00:12.000Z");
    assert_eq!(
        (&*replaced["X-SNAP"], &*replaced["PLANNED-DURATION"], &*replaced["DURATION"]),
        ("OUT,IN", "8", "8")
    );
    assert!(!replaced.contains_key("X-RESUME-OFFSET") && !replaced.contains_key("CUE"));
    for inserted in [of("2026-12-01T12:00:40.000Z"), of("2026-12-01T12:01:00.000Z")] {
        assert_eq!((&*inserted["X-RESUME-OFFSET"], &*inserted["CUE"]), ("0", "ONCE"));
        assert!(!inserted.contains_key("PLANNED-DURATION") && !inserted.contains_key("DURATION"));
    }
}

#[test]
fn a_length_of_0_is_a_length_that_is_not_known_yet() {
    let told = |range: std::ops::Range<u32>, end: &str| {
        let cont: Vec<_> = (4..8).map(|at| format!("#EXT-X-CUE-OUT-CONT:{}/0", (at - 3) * 4)).collect();
        let mut marks = vec![(3, "#EXT-X-CUE-OUT:0"), (8, "#EXT-X-CUE-IN")];
        marks.extend((4..8).zip(&cont).map(|(at, mark)| (at, mark.as_str())));
        let playlist = [HEAD, DATE, &segments(range, &marks), end].concat();
        ranges(&written(&playlist, &json!({}), None, None)).into_values().next().unwrap()
    };
    let [open, closed, on_demand] = [told(0..6, ""), told(0..9, ""), told(0..9, "#EXT-X-ENDLIST\n")];
    for found in [&open, &closed, &on_demand] {
        assert!(!found.contains_key("PLANNED-DURATION"), "{found:?}");
        assert_eq!(found["X-SNAP"], "OUT,IN");
    }
    assert!(!open.contains_key("DURATION"));
    assert!(open.iter().all(|(name, value)| closed[name] == *value), "{open:?} {closed:?}");
    for found in [&closed, &on_demand] {
        assert_eq!((&*found["DURATION"], &*found["X-PLAYOUT-LIMIT"]), ("20", "20"));
    }
    // Closed at once, it is a point for insertion, which there is on demand alone.
    let marks = [(3, "#EXT-X-CUE-OUT:0"), (3, "#EXT-X-CUE-IN")];
    let point = [HEAD, DATE, &segments(0..9, &marks)].concat();
    assert_eq!(ids(&written(&point, &json!({}), None, None)), [""; 0]);
    let point = [&point, "#EXT-X-ENDLIST\n"].concat();
    let found = ranges(&written(&point, &json!({}), None, None)).into_values().next().unwrap();
    assert_eq!((&*found["X-RESUME-OFFSET"], &*found["CUE"]), ("0", "ONCE"));
}

#[test]
fn a_date_range_on_demand_is_found_at_its_time() {
    let range = r#"#EXT-X-DATERANGE:ID="7",START-DATE="2026-12-01T16:00:20.040+04:00",PLANNED-DURATION=12,SCTE35-OUT=0xFC"#;
    let playlist = [HEAD, range, "\n", DATE, &segments(0..25, &[]), "#EXT-X-ENDLIST\n"].concat();
    let found = written(&playlist, &json!({}), None, None);
    let told = ranges(&found);
    let ours = told.values().next().unwrap();
    assert_eq!((&*ours["START-DATE"], &*ours["PLANNED-DURATION"]), ("2026-12-01T12:00:20.040Z", "12"));
    assert!(found.contains(range));
}

#[test]
fn nothing_is_said_where_players_could_not_map_dates() {
    let policy = json!({ "breaks": { "pre_roll": { "longest_s": 15 }, "mid_rolls": { "at_s": [10], "longest_s": 60 } } });
    let live = [HEAD, &segments(0..9, &[(3, "#EXT-X-CUE-OUT:8")])].concat();
    let subtitles = [HEAD, "#EXTINF:40,\nall.vtt?x=1\n#EXT-X-ENDLIST\n"].concat();
    let images = [HEAD, "#EXT-X-IMAGES-ONLY\n", &segments(0..9, &[]), "#EXT-X-ENDLIST\n"].concat();
    let multivariant = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n".to_owned();
    let delta = [HEAD, DATE, "#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n", &segments(3..9, &[])].concat();
    for playlist in [live, subtitles, images, multivariant, delta] {
        assert_eq!(written(&playlist, &policy, None, None), playlist);
    }
    // With dates, subtitles have the same ranges as the pictures.
    let video = [HEAD, DATE, &segments(0..10, &[]), "#EXT-X-ENDLIST\n"].concat();
    let subtitles = [HEAD, DATE, "#EXTINF:40,\nall.vtt\n#EXT-X-ENDLIST\n"].concat();
    let [video, subtitles] = [video, subtitles].map(|playlist| written(&playlist, &policy, None, None));
    assert_eq!(lines_of_ours(&video), lines_of_ours(&subtitles));
    assert_eq!(lines_of_ours(&video).len(), 2);
}

/// A live stream with marks, of which a client sees a window.
fn window(from: u32, to: u32, marks: &[(u32, &str)]) -> String {
    let minutes = |secs: u32| format!("{:02}:{:02}", secs / 60, secs % 60);
    let date = format!("#EXT-X-PROGRAM-DATE-TIME:2026-12-01T12:{}.000Z\n", minutes(from * 4));
    [HEAD, &format!("#EXT-X-MEDIA-SEQUENCE:{from}\n"), &date, &segments(from..to, marks)].concat()
}

#[test]
fn in_live_attributes_are_added_and_never_changed() {
    let policy = json!({ "breaks": { "pre_roll": { "longest_s": 15 } }, "insertion": { "preload_s": 8 } });
    // The break is planned for 40 seconds, and ends after 16.
    let marks = [(12, "#EXT-X-CUE-OUT:40"), (16, "#EXT-X-CUE-IN")];
    let mut before: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut seen = Vec::new();
    for to in 8..40 {
        let from = to.max(10) - 10;
        let told = ranges(&written(&window(from, to, &marks), &policy, None, None));
        for (id, attributes) in &told {
            for (name, value) in before.get(id).into_iter().flatten() {
                assert_eq!(attributes.get(name), Some(value), "{id} {name} at {to}");
            }
        }
        let at = "2026-12-01T12:00:48.000Z";
        let found = told.values().find(|range| range["START-DATE"] == at);
        if let Some(found) = found {
            assert!(!found.contains_key("X-RESUME-OFFSET") && !found.contains_key("CUE"));
            assert_eq!((&*found["PLANNED-DURATION"], &*found["X-SNAP"]), ("40", "OUT,IN"));
        }
        seen.push(found.map(|found| found.get("X-PLAYOUT-LIMIT").cloned()));
        assert_eq!(told["sd-pre"]["START-DATE"], "1970-01-01T00:00:00.000Z");
        assert!(!told["sd-pre"].contains_key("PLANNED-DURATION"));
        before = told;
    }
    // Not there yet; open; ended early; over, so that it left with its segments.
    let open = seen.iter().filter(|found| **found == Some(None)).count();
    let ended = seen.iter().filter(|found| **found == Some(Some("16".to_owned()))).count();
    assert_eq!((open, ended), (4, 6), "{seen:?}");
}

#[test]
fn a_break_whose_beginning_has_left_the_window_goes_on_if_its_marks_agree() {
    let marks = |elapsed: fn(u32) -> String| -> Vec<(u32, String)> {
        let out = std::iter::once((5, "#EXT-X-CUE-OUT:40".to_owned()));
        let within = (6..15).map(|at| (at, elapsed((at - 5) * 4)));
        out.chain(within).chain([(15, "#EXT-X-CUE-IN".to_owned())]).collect()
    };
    let told = |from: u32, marks: &[(u32, String)]| {
        let marks: Vec<_> = marks.iter().map(|(at, mark)| (*at, mark.as_str())).collect();
        let found = written(&window(from, from + 8, &marks), &json!({}), None, None);
        ranges(&found).into_values().map(|range| range["START-DATE"].clone()).collect::<Vec<_>>()
    };
    let at = "2026-12-01T12:00:20.000Z".to_owned();
    let exact = marks(|secs| format!("#EXT-X-CUE-OUT-CONT:{secs}.000/40"));
    for from in 0..13 {
        assert_eq!(told(from, &exact), Vec::from_iter((from < 13).then(|| at.clone())), "{from}");
    }
    // Numbers that do not grow with the segments tell nothing about the beginning.
    let inexact = marks(|secs| format!("#EXT-X-CUE-OUT-CONT:{}/40", secs / 10 * 10));
    for from in 6..13 {
        assert_eq!(told(from, &inexact), Vec::<String>::new(), "{from}");
    }
}

#[test]
fn a_rewind_window_and_a_delta_update_have_the_same_breaks() {
    let range = r#"#EXT-X-DATERANGE:ID="1",START-DATE="2026-12-01T12:01:00.000Z",PLANNED-DURATION=30,SCTE35-OUT=0xFC"#;
    let control = "#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=24,CAN-SKIP-DATERANGES=YES\n";
    let marks = [(1, "#EXT-X-CUE-OUT:4"), (2, "#EXT-X-CUE-IN"), (16, "#EXT-X-CUE-OUT:30"), (40, range)];
    let playlist = window(0, 40, &marks).replacen(HEAD, &[HEAD, control].concat(), 1);
    let whole = written(&playlist, &json!({}), None, None);
    let clamped = written(&playlist, &json!({}), Some(70), None);
    let delta = written(&playlist, &json!({}), None, Some(Skip::Dateranges));
    let both = written(&playlist, &json!({}), Some(70), Some(Skip::Segments));
    assert!(!whole.contains("CAN-SKIP-DATERANGES"), "{whole}");
    assert!(delta.contains("#EXT-X-SKIP:") && both.contains("#EXT-X-SKIP:"));
    assert_eq!(lines_of_ours(&whole), lines_of_ours(&delta));
    assert_eq!(lines_of_ours(&clamped), lines_of_ours(&both));
    // A break that is over before the window begins has left it.
    assert_eq!((ids(&whole).len(), ids(&clamped).len()), (2, 1));
    assert!(ids(&whole).contains(&ids(&clamped)[0]));
}

/// The address of a list is not marked as a file of the media origin's would be, and carries the session as other URIs do.
#[test]
fn addresses_of_pods_carry_the_session() {
    let (keys, host, title) = (keys(), "watch.example.com".parse().unwrap(), "harbour".parse().unwrap());
    let policy = AdPolicy::default();
    let plan = Plan::of(&policy, None, None, Seal { keys: &keys, host: &host, title: &title });
    let folder = Url::parse("https://media.example/vod/harbour/").unwrap();
    let resource = ResourcePath::parse("hls/720p/index.m3u8").unwrap();
    let playlist = window(0, 9, &[(3, "#EXT-X-CUE-OUT:8")]);
    for (signing, before, after) in [
        (Signing::Inherited, "", ""),
        (Signing::Path, "/~S/harbour/hls/720p/", ""),
        (Signing::Query, "", "&sd_session=S"),
    ] {
        let frame = Frame::new("https://watch.example.com", "harbour/", &folder, &resource, signing);
        let caps = Caps::default();
        let edits = Edits { ads: Some(&plan), ..Edits::within(&caps) };
        let template = compile(playlist.as_bytes(), Some(&frame), &edits).unwrap();
        let found = String::from_utf8(template.render("S").into_owned()).unwrap();
        let told = ranges(&found);
        let (id, range) = told.first_key_value().unwrap();
        let list = range["X-ASSET-LIST"].strip_prefix(before).unwrap().strip_suffix(after).unwrap();
        let (path, query) = list.split_once('?').unwrap();
        assert_eq!(query, format!("_HLS_interstitial_id={id}"));
        assert!(Listing::of_path(path).is_some() && path.starts_with("_stagedoor/break/"), "{path}");
        assert_eq!(template.is_shared(), signing == Signing::Inherited);
    }
}

#[test]
fn a_line_longer_than_the_site_allows_is_left_out() {
    let (keys, host, title) = (keys(), "watch.example.com".parse().unwrap(), "harbour".parse().unwrap());
    let policy = AdPolicy::default();
    let plan = Plan::of(&policy, None, None, Seal { keys: &keys, host: &host, title: &title });
    let caps = Caps::default();
    let playlist = window(0, 9, &[(3, "#EXT-X-CUE-OUT:8")]);
    for (line_bytes, expected) in [(100, 0), (4_096, 1)] {
        let bounds = PlaylistBounds { line_bytes, ..PlaylistBounds::default() };
        let edits = Edits { ads: Some(&plan), bounds, ..Edits::within(&caps) };
        let template = compile(playlist.as_bytes(), None, &edits).unwrap();
        let found = String::from_utf8(template.render("").into_owned()).unwrap();
        assert_eq!(ids(&found).len(), expected, "{line_bytes}");
    }
}

#[test]
fn the_media_origins_own_interstitials_stay() {
    let own = r#"#EXT-X-DATERANGE:ID="own",CLASS="com.apple.hls.interstitial",START-DATE="2026-12-01T12:00:08Z",DURATION=15,X-ASSET-LIST="own.json",SCTE35-OUT=0xFC"#;
    let playlist = [HEAD, DATE, own, "\n", &segments(0..9, &[])].concat();
    assert_eq!(written(&playlist, &json!({}), None, None), playlist);
}

/// A title's marks, as a packager writes them in front of segments.
fn marks() -> impl Strategy<Value = Vec<(u32, u32, u8)>> {
    // The segment and the length of each break, and how it is marked.
    proptest::collection::vec((1u32..8, 1u32..6, 0u8..5), 0..5)
}

/// A rendition whose segments are so many milliseconds longer or shorter than four seconds, in turns.
fn rendition(marks: &[(u32, u32, u8)], jitter_ms: i32, first: u32, segments: u32, is_live: bool) -> String {
    let mut text = [HEAD, &format!("#EXT-X-MEDIA-SEQUENCE:{first}\n")].concat();
    let mut at_ms = i64::from(first) * 4_000 + 20;
    let mut lines: BTreeMap<u32, String> = BTreeMap::new();
    let mut next = 0;
    for (number, (gap, length, kind)) in marks.iter().enumerate() {
        let out = next + gap;
        next = out + length;
        let seconds = length * 4;
        let date = |segment: u32| {
            let secs = segment * 4;
            format!("2026-12-01T12:{:02}:{:02}.020Z", secs / 60, secs % 60)
        };
        let (open, close) = match kind {
            0 => (format!("#EXT-X-CUE-OUT:{seconds}.0"), "#EXT-X-CUE-IN".to_owned()),
            1 => (format!("#EXT-X-CUE-OUT:DURATION={seconds}"), String::new()),
            2 => ("#EXT-X-CUE-OUT".to_owned(), "#EXT-X-CUE-IN".to_owned()),
            3 => (format!("#EXT-X-CUE:TYPE=\"SpliceOut\",DURATION={seconds}"), String::new()),
            _ => (
                format!(
                    "#EXT-X-DATERANGE:ID=\"r{number}\",START-DATE=\"{}\",PLANNED-DURATION={seconds},SCTE35-OUT=0xFC",
                    date(out)
                ),
                format!("#EXT-X-DATERANGE:ID=\"r{number}\",END-DATE=\"{}\",SCTE35-IN=0xFC", date(next)),
            ),
        };
        lines.entry(out).or_default().push_str(&(open + "\n"));
        lines.entry(next).or_default().push_str(&(close + "\n"));
    }
    for number in first..first + segments {
        let end_ms =
            i64::from(number + 1) * 4_000 + 20 + i64::from(if number % 2 == 0 { jitter_ms } else { 0 });
        if number == first {
            let (secs, millis) = (at_ms / 1_000, at_ms % 1_000);
            writeln!(
                text,
                "#EXT-X-PROGRAM-DATE-TIME:2026-12-01T12:{:02}:{:02}.{millis:03}Z",
                secs / 60,
                secs % 60
            )
            .unwrap();
        }
        text += lines.get(&number).map_or("", String::as_str);
        let lasts = end_ms - at_ms;
        writeln!(text, "#EXTINF:{}.{:03},\n{number}.m4s", lasts / 1_000, lasts % 1_000).unwrap();
        at_ms = end_ms;
    }
    if !is_live {
        text += "#EXT-X-ENDLIST\n";
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every rendition has the same lines, however its own segments are cut.
    #[test]
    fn all_renditions_have_the_same_ranges(marks in marks(), jitter_ms in -22i32..22, first in 0u32..9, is_live: bool) {
        let policy = json!({ "breaks": {
            "pre_roll": { "longest_s": 15 }, "mid_rolls": { "every_s": 25, "longest_s": 60 }, "post_roll": { "longest_s": 9 },
        } });
        let first = if is_live { first } else { 0 };
        let video = written(&rendition(&marks, 0, first, 40, is_live), &policy, None, None);
        let audio = written(&rendition(&marks, jitter_ms, first, 40, is_live), &policy, None, None);
        prop_assert_eq!(lines_of_ours(&video), lines_of_ours(&audio));
    }
}
