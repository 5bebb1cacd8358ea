//! Properties of any Multivariant Playlist, whatever the limits.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::limits::{Stream, beyond};
use super::testing::edited;
use super::value::Value;
use crate::catalog::{Caps, Start};
use crate::hls::CompileError;
use crate::hls::read::attributes::{attribute, attributes};
use crate::hls::read::variables::Variables;
use crate::hls::read::work;

const LANGUAGES: [&str; 4] = ["en", "en-GB", "fr", ""];

/// A playlist in which groups of one type are alike, as the specification wants it; of three heights, two ranges, two
/// groups of sound, one of subtitles and one of captions.
fn masters() -> impl Strategy<Value = String> {
    let member = (0..LANGUAGES.len(), any::<bool>(), any::<bool>());
    let members = || prop::collection::vec(member.clone(), 0..4);
    let variant = (0..3_usize, 0..2_usize, 0..3_usize, any::<bool>(), any::<bool>(), 1..9_u32, 0..2_usize);
    let variants = prop::collection::vec(variant, 1..8);
    (members(), members(), members(), variants, any::<bool>()).prop_map(
        |(audio, subtitles, captions, variants, behind)| {
            let mut renditions = String::new();
            let mut write = |kind: &str, groups: &[&str], members: &[(usize, bool, bool)]| {
                for group in groups {
                    let mut has_default = false;
                    for (number, (language, default, special)) in members.iter().enumerate() {
                        let language = LANGUAGES[*language];
                        let mut line = format!("#EXT-X-MEDIA:TYPE={kind},GROUP-ID=\"{group}\",NAME=\"{number}\"");
                        if !language.is_empty() {
                            write!(line, ",LANGUAGE=\"{language}\"").unwrap();
                        }
                        if *default && !has_default {
                            has_default = true;
                            line.push_str(",DEFAULT=YES,AUTOSELECT=YES");
                        } else if *special {
                            line.push_str(if kind == "SUBTITLES" { ",FORCED=YES" } else { ",AUTOSELECT=NO" });
                        }
                        writeln!(renditions, "{line},X=\"{group}\"").unwrap();
                    }
                }
            };
            write("AUDIO", &["a", "b"], &audio);
            write("SUBTITLES", &["s"], &subtitles);
            write("CLOSED-CAPTIONS", &["c"], &captions);
            let mut streams = String::new();
            for (number, (size, range, sound, texts, captioned, mbits, pathway)) in variants.iter().enumerate() {
                let (width, height) = [(640, 360), (1280, 720), (1080, 1920)][*size];
                let range = ["SDR", "PQ"][*range];
                let pathway = ["A", "B"][*pathway];
                let mut list = format!(
                    "BANDWIDTH={mbits}000000,RESOLUTION={width}x{height},VIDEO-RANGE={range},PATHWAY-ID=\"{pathway}\""
                );
                if *sound > 0 && !audio.is_empty() {
                    write!(list, ",AUDIO=\"{}\"", ["a", "b"][sound - 1]).unwrap();
                }
                if *texts && !subtitles.is_empty() {
                    list.push_str(",SUBTITLES=\"s\"");
                }
                if *captioned && !captions.is_empty() {
                    list.push_str(",CLOSED-CAPTIONS=\"c\"");
                }
                writeln!(streams, "#EXT-X-STREAM-INF:{list}\n{number}").unwrap();
                writeln!(
                    streams,
                    "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=9,RESOLUTION={width}x{height},VIDEO-RANGE={range},URI=\"i{number}\""
                )
                .unwrap();
            }
            let steering = "#EXT-X-CONTENT-STEERING:SERVER-URI=\"s\",PATHWAY-ID=\"A\"\n";
            if behind {
                ["#EXTM3U\n", steering, &streams, &renditions].concat()
            } else {
                ["#EXTM3U\n", steering, &renditions, &streams].concat()
            }
        },
    )
}

fn limits() -> impl Strategy<Value = Json> {
    let languages = || {
        prop::option::of(prop::collection::vec(prop::sample::select(vec!["en", "en-gb", "fr", "ar"]), 0..3))
    };
    let height = prop::option::of(prop::sample::select(vec![240, 360, 720, 1080]));
    (height, prop::option::of(1..9_u32), any::<Option<bool>>(), languages(), languages()).prop_map(
        |(height, mbits, hdr, audio, subtitles)| {
            let mut caps = json!({ "max_height": height, "max_bitrate_kbps": mbits.map(|mbits| mbits * 1000),
                "hdr": hdr, "audio": audio, "subtitles": subtitles });
            caps.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            caps
        },
    )
}

/// The lists of the tags of a name.
fn lists<'p>(playlist: &'p str, tag: &str) -> Vec<&'p [u8]> {
    let lines = playlist.lines().filter_map(|line| line.strip_prefix(tag)?.strip_prefix(':'));
    lines.map(str::as_bytes).collect()
}

fn uris(playlist: &str) -> Vec<&str> {
    playlist.lines().filter(|line| !line.starts_with('#')).collect()
}

proptest! {
    #[test]
    fn what_is_left_is_a_playlist_within_the_limits(master in masters(), caps in limits(), start: Option<u16>) {
        let start = start.map(|kbps| Start { max_bitrate_kbps: Some(kbps.into()), max_height: None });
        let found = match edited(&master, &caps, start) {
            Ok(found) => found,
            Err(error) => {
                prop_assert!(matches!(error, CompileError::NoVariant { .. }), "{error}");
                prop_assert_ne!(caps, json!({}));
                return Ok(());
            }
        };
        let caps: Caps = serde_json::from_value(caps).unwrap();
        prop_assert!(!uris(&found).is_empty());

        let mut groups = BTreeMap::<_, (usize, usize)>::new();
        for list in lists(&found, "#EXT-X-MEDIA") {
            let says = |name: &[u8]| attribute(list, name);
            let (kind, group) = (says(b"TYPE").unwrap(), says(b"GROUP-ID").unwrap());
            let (members, defaults) = groups.entry((kind, group)).or_default();
            *members += 1;
            if says(b"DEFAULT") == Some(b"YES") {
                *defaults += 1;
                prop_assert_eq!(says(b"AUTOSELECT"), Some(&b"YES"[..]));
                prop_assert!(says(b"FORCED") != Some(b"YES"));
            }
            let allowed = if kind == b"AUDIO" { &caps.audio } else { &caps.subtitles };
            if let (Some(allowed), Some(language)) = (allowed, says(b"LANGUAGE")) {
                let language = str::from_utf8(language).unwrap().to_lowercase();
                let is_in = |range: &String| language == *range || language.starts_with(&format!("{range}-"));
                prop_assert!(allowed.iter().any(is_in), "{}", language);
            }
        }
        prop_assert!(groups.values().all(|(_, defaults)| *defaults <= 1));

        let mut heights = BTreeSet::new();
        let mut pathways = BTreeSet::new();
        for (tag, is_variant) in [("#EXT-X-STREAM-INF", true), ("#EXT-X-I-FRAME-STREAM-INF", false)] {
            for list in lists(&found, tag) {
                for attribute in attributes(list) {
                    let value = Value::of(&attribute, &Variables::default());
                    prop_assert_eq!(beyond(&caps, Stream::Played, attribute.name, &value), None);
                }
                for kind in [&b"AUDIO"[..], b"SUBTITLES", b"CLOSED-CAPTIONS"] {
                    let named = attribute(list, kind);
                    prop_assert!(named.is_none_or(|named| groups.contains_key(&(kind, named))));
                }
                let height = attribute(list, b"RESOLUTION").unwrap();
                if is_variant {
                    heights.insert(height);
                    pathways.insert(attribute(list, b"PATHWAY-ID").unwrap());
                } else {
                    prop_assert!(heights.contains(height), "I-frames of no variant");
                }
            }
        }
        let had_a = lists(&master, "#EXT-X-STREAM-INF").iter().any(|list| attribute(list, b"PATHWAY-ID") == Some(b"A"));
        for list in lists(&found, "#EXT-X-CONTENT-STEERING") {
            prop_assert!(!had_a || pathways.contains(attribute(list, b"PATHWAY-ID").unwrap()));
        }
    }

    #[test]
    fn without_edits_nothing_changes(master in masters()) {
        prop_assert_eq!(edited(&master, &json!({}), None), Ok(master.clone()));
        prop_assert_eq!(edited(&master, &json!({ "max_streams": 1 }), None), Ok(master.clone()));
        let wide = json!({ "max_height": 1080, "max_bitrate_kbps": 9000, "hdr": true, "audio": ["en", "fr"],
            "subtitles": ["fr", "en"], "hdcp": "NONE", "max_frame_rate": 1, "codecs": [], "allowed_cpc": {} });
        prop_assert_eq!(edited(&master, &wide, None), Ok(master.clone()));
    }

    #[test]
    fn narrower_limits_add_nothing(master in masters(), one in limits(), other in limits()) {
        let read = |caps: &Json| serde_json::from_value::<Caps>(caps.clone()).unwrap();
        let both = serde_json::to_value(read(&one).narrow(&read(&other))).unwrap();
        let Ok(narrow) = edited(&master, &both, None) else { return Ok(()) };
        let wide = edited(&master, &one, None);
        prop_assert!(wide.is_ok(), "{} has variants, and {} has none", both, one);
        let wide = wide.unwrap();
        let wide: BTreeSet<_> = uris(&wide).into_iter().collect();
        prop_assert!(uris(&narrow).iter().all(|uri| wide.contains(uri)));
    }

    #[test]
    fn a_start_only_moves_one_variant(master in masters(), caps in limits(), kbps in 0..10_000_u32) {
        let start = Start { max_bitrate_kbps: Some(kbps), max_height: None };
        let (Ok(plain), Ok(started)) = (edited(&master, &caps, None), edited(&master, &caps, Some(start))) else {
            return Ok(());
        };
        let (plain, started) = (uris(&plain), uris(&started));
        let first = started[0];
        let rest: Vec<_> = plain.iter().filter(|uri| **uri != first).copied().collect();
        prop_assert_eq!(&started[1..], rest);
    }

    #[test]
    fn any_lines_are_read(
        lines in prop::collection::vec("(#EXT-X-(MEDIA|STREAM-INF|CONTENT-STEERING|DEFINE):)?((TYPE|AUDIO|GROUP-ID|LANGUAGE|DEFAULT|PATHWAY-ID|NAME)=?[ \",{$}=]{0,3}(AUDIO|YES|fr|a)?\"?,?){0,6}", 0..9),
        kbps: Option<u8>,
    ) {
        let start = kbps.map(|kbps| Start { max_bitrate_kbps: Some(kbps.into()), max_height: None });
        let playlist = format!("#EXTM3U\n{}", lines.join("\n"));
        let _ = edited(&playlist, &json!({ "audio": ["en"], "codecs": [], "max_height": 1 }), start);
    }
}

/// Four times as many variants and renditions, each of a group of its own, have four times as many lines and attributes read;
/// nested scans would read sixteen times as many. `benches/cost.rs` measures the time.
#[test]
fn what_is_read_is_linear() {
    let master = |count: usize| {
        let mut playlist =
            String::from("#EXTM3U\n#EXT-X-CONTENT-STEERING:SERVER-URI=\"s\",PATHWAY-ID=\"p0\"\n");
        for number in 0..count {
            writeln!(
                playlist,
                "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a{number}\",NAME=\"fr\",LANGUAGE=\"fr\",DEFAULT=YES,URI=\"f{number}\"\n\
                 #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a{number}\",NAME=\"en\",LANGUAGE=\"en\",URI=\"e{number}\"\n\
                 #EXT-X-STREAM-INF:BANDWIDTH={number}000,RESOLUTION={number}x{number},AUDIO=\"a{number}\",PATHWAY-ID=\"p{number}\"\n{number}\n\
                 #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,RESOLUTION={number}x{number},URI=\"i{number}\""
            )
            .unwrap();
        }
        playlist
    };
    let caps = json!({ "max_bitrate_kbps": 15_000, "audio": ["en"], "max_height": 15_000 });
    let start = Some(Start { max_bitrate_kbps: Some(3_000), max_height: None });
    let read = |count: usize| {
        let playlist = master(count);
        let (read, edited) = work::of(|| edited(&playlist, &caps, start).unwrap());
        assert!(edited.contains("NAME=\"en\""));
        read
    };
    let (few, many) = (read(500), read(2_000));
    // Three attributes and a line at least of each of four tags, and the line of a URI.
    assert!(few > 500 * 17, "500: {few}");
    assert!(many < few * 4 + few / 8, "500: {few}; 2,000: {many}");
}
