//! The playlists of other projects: read and written, checked, and signed.
//!
//! `tests/fixtures/hls/README.md` says where they come from.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use stagedoor::ads::Plan;
use stagedoor::ads::address::Seal;
use stagedoor::catalog::{AdPolicy, Caps, ForeignPolicy, KeySet, SESSION_PARAMETER};
use stagedoor::hls::{Edits, Writer, check, compile, events};
use stagedoor::manifest::{FINDINGS_MAX, Frame, Severity, Signing};
use stagedoor::resource::{Reading, ResourcePath};
use url::Url;

const TOKEN: &str = "SeSsIoN";

/// Files that are refused with a session, and why. None of them is a playlist: they have only a URL, a backslash in the first
/// line, the text `0`, or nothing at all.
const REFUSED: &[(&str, &str)] = &[
    ("globocom-m3u8/test_host.m3u8", NO_PLAYLIST),
    ("globocom-m3u8/windows_playlist.m3u8", NO_PLAYLIST),
    ("gohlslib-fuzz/FuzzPlaylistUnmarshal/771e938e4458e983", NO_PLAYLIST),
    ("videojs-m3u8-parser/empty.m3u8", NO_PLAYLIST),
    (
        "videojs-m3u8-parser/extinf.m3u8",
        "line 9: an EXTINF with something besides a duration and a title, which players take for a URI: #EXTINF:;asljasdfii11)))00,",
    ),
];
const NO_PLAYLIST: &str = "expected #EXTM3U, or another tag, in front of anything else";

/// Every playlist, by its path below `tests/fixtures/hls`.
fn playlists() -> BTreeMap<String, Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hls");
    let mut folders = vec![root.clone()];
    let mut found = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            let bytes = fs::read(&path).unwrap();
            if name.ends_with(".m3u8") {
                found.insert(name, bytes);
            } else if let Some(text) = str::from_utf8(&bytes).unwrap().strip_prefix("go test fuzz v1\n") {
                found.insert(name, unquoted(text));
            }
        }
    }
    assert!(found.len() > 500, "{} playlists", found.len());
    found
}

/// The text of `string("...")`, as Go writes it.
fn unquoted(text: &str) -> Vec<u8> {
    let text = text.trim_end().strip_prefix("string(\"").and_then(|text| text.strip_suffix("\")")).unwrap();
    let mut bytes = Vec::new();
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        if sign != '\\' {
            bytes.extend_from_slice(sign.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        let escaped = signs.next().unwrap();
        let mut number = |digits| {
            let text: String = signs.by_ref().take(digits).collect();
            u32::from_str_radix(&text, 16).unwrap()
        };
        match escaped {
            'a' => bytes.push(7),
            'b' => bytes.push(8),
            'f' => bytes.push(12),
            'n' => bytes.push(b'\n'),
            'r' => bytes.push(b'\r'),
            't' => bytes.push(b'\t'),
            'v' => bytes.push(11),
            '"' | '\\' => bytes.push(escaped as u8),
            'x' => bytes.push(u8::try_from(number(2)).unwrap()),
            'u' => bytes
                .extend_from_slice(char::from_u32(number(4)).unwrap().encode_utf8(&mut [0; 4]).as_bytes()),
            'U' => bytes
                .extend_from_slice(char::from_u32(number(8)).unwrap().encode_utf8(&mut [0; 4]).as_bytes()),
            _ => panic!("\\{escaped}"),
        }
    }
    bytes
}

#[test]
fn what_is_read_is_written_back() {
    for (name, playlist) in playlists() {
        let mut writer = Writer::new(&playlist);
        let mut lines = Vec::new();
        for event in events(&playlist) {
            assert!(
                event
                    .attributes()
                    .all(|attribute| event.value().unwrap()[attribute.at..].starts_with(attribute.value))
            );
            writer.copy(&event);
            lines.extend_from_slice(&playlist[event.start..event.end]);
        }
        assert!(writer.finish() == playlist && lines == playlist, "{name}");
    }
}

#[test]
fn without_an_edit_a_playlist_comes_out_as_it_went_in() {
    for (name, playlist) in playlists() {
        let caps = Caps::default();
        match compile(&playlist, None, &Edits::within(&caps)) {
            Ok(template) => assert!(*template.render("") == playlist, "{name}"),
            // The command writes such a file back. The edge does not serve a file that is no playlist.
            Err(error) => assert!(REFUSED.contains(&(&name, &error.to_string())), "{name}: {error}"),
        }
    }
}

#[test]
fn every_playlist_is_checked() {
    let (mut right, mut wrong) = (0, 0);
    for (name, playlist) in playlists() {
        let findings = check(&playlist);
        assert!(findings.len() <= FINDINGS_MAX + 1, "{name}");
        assert!(findings.is_sorted_by_key(|finding| (finding.line, finding.column)), "{name}");
        let has_error = findings.iter().any(|finding| finding.severity == Severity::Error);
        *if has_error { &mut wrong } else { &mut right } += 1;
    }
    assert!(right > 325 && wrong > 175, "{right} without an error, {wrong} with one");
}

#[test]
fn what_is_wrong_is_found_by_its_code() {
    let all = playlists();
    for (name, code) in [
        ("globocom-m3u8/m3u8_rule_byte_range.invalid-version.m3u8", "version-low"),
        ("globocom-m3u8/m3u8_rule_floating_point.invalid-version.m3u8", "version-low"),
        ("globocom-m3u8/m3u8_rule_iv.invalid-version.m3u8", "version-low"),
        ("globocom-m3u8/playlist_with_negative_media_sequence.m3u8", "value-syntax"),
        ("globocom-m3u8/simple_playlist_commaless_extinf.m3u8", "extinf-comma"),
        ("globocom-m3u8/iptv_playlist_with_custom_tags.m3u8", "extinf-attributes"),
        ("globocom-m3u8/low_latency_delta_update_playlist.m3u8", "delta-update"),
        ("globocom-m3u8/bitrate_playlist.m3u8", "m3u-blank"),
        ("globocom-m3u8/map_uri_playlist.m3u8", "vod-unended"),
        ("globocom-m3u8/low_latency_with_preload_and_byteranges_playlist.m3u8", "map-missing"),
        ("globocom-m3u8/playlist_with_tag_media_ready.m3u8", "uri-syntax"),
        ("kuu-hls-parser/SCTE-35_07.m3u8", "m3u-misplaced"),
        // It is RFC 8216's own example: its sections lack a byte.
        ("globocom-m3u8/daterange_scte35_out_and_in_playlist.m3u8", "splice-section"),
        ("rutgersc-m3u8-rs/media-playlist-with-scte35.m3u8", "splice-section"),
        ("videojs-m3u8-parser/emptyTargetDuration.m3u8", "kinds-mixed"),
        ("videojs-m3u8-parser/negativeMediaSequence.m3u8", "value-syntax"),
        ("videojs-m3u8-parser/missingExtinf.m3u8", "extinf-missing"),
        ("videojs-m3u8-parser/missingSegmentDuration.m3u8", "extinf-missing"),
    ] {
        let Some(playlist) = all.get(name) else { panic!("there is no {name}") };
        let codes: Vec<_> = check(playlist).into_iter().map(|finding| finding.code).collect();
        assert!(codes.contains(&code), "{name}: {codes:?}");
    }
    // The specification's own examples have nothing that is wrong.
    for number in [1, 2, 3, 4, 5] {
        let (name, playlist) =
            all.iter().find(|(name, _)| name.contains(&format!("parser/8.{number}-"))).unwrap();
        assert_eq!(check(playlist), [], "{name}");
    }
}

/// The URIs that a plain search finds, without any of the code under test: lines that do not begin with `#`, and the values
/// of attributes that hold URIs, in lines that begin with `#EXT` and are no title.
fn scan(playlist: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for line in playlist.trim_start_matches('\u{feff}').split('\n').map(str::trim) {
        if line.is_empty() || line.starts_with("#EXTINF") || line.starts_with("#EXTM3U") {
            continue;
        }
        if !line.starts_with('#') {
            found.push(line);
        } else if line.starts_with("#EXT") {
            let mut rest = line;
            // `URI=` is the end of `X-ASSET-URI=` and of `SERVER-URI=` too. Some have no quotes.
            while let Some(at) = ["URI=", "X-ASSET-LIST="]
                .iter()
                .filter_map(|name| rest.find(name).map(|at| at + name.len()))
                .min()
            {
                let (uri, behind) = match rest[at..].strip_prefix('"') {
                    Some(quoted) => quoted.split_once('"').unwrap(),
                    None => rest[at..].split_once(',').unwrap_or((&rest[at..], "")),
                };
                found.push(uri);
                rest = behind;
            }
        }
    }
    found
}

/// Whether players do not fetch a URI from a server.
fn is_local(uri: &str) -> bool {
    ["data:", "skd:", "urn:"].iter().any(|scheme| uri.to_ascii_lowercase().starts_with(scheme))
}

#[test]
fn every_uri_is_signed_exactly_once() {
    let folder = Url::parse("https://media.example/vod/harbour/").unwrap();
    let resource = ResourcePath::parse("hls/master.m3u8").unwrap();
    let source = folder.join(resource.as_str()).unwrap();
    let foreign = ForeignPolicy::sign_all();
    let (mut signed, mut refused) = (0, BTreeMap::new());
    for (name, playlist) in playlists() {
        for signing in [Signing::Path, Signing::Query, Signing::Renewed] {
            let session = if signing == Signing::Renewed { OLD } else { "/" };
            let edge = format!("https://edge.example{session}harbour/hls/master.m3u8");
            let edge = Url::parse(&edge).unwrap();
            let frame = Frame {
                foreign: &foreign,
                ..Frame::new("https://watch.example", "harbour/", &folder, &resource, signing)
            };
            let caps = Caps::default();
            let template = match compile(&playlist, Some(&frame), &Edits::within(&caps)) {
                Ok(template) => template,
                Err(error) => {
                    refused.insert(name.clone(), error.to_string());
                    continue;
                }
            };
            let rendered = template.render(TOKEN);
            let (before, after) = (str::from_utf8(&playlist).unwrap(), str::from_utf8(&rendered).unwrap());
            // A steering server that is not the title's is left out.
            let is_left_out = |line: &&str| {
                line.contains("#EXT-X-CONTENT-STEERING") && !after.contains("#EXT-X-CONTENT-STEERING")
            };
            let before: Vec<_> = before.split('\n').filter(|line| !is_left_out(line)).collect();
            let before = before.join("\n");
            let (uris, written) = (scan(&before), scan(after));
            assert_eq!(uris.len(), written.len(), "{name}");
            let mut tokens = 0;
            for (uri, written) in uris.iter().zip(&written) {
                let told = format!("{name}, {signing:?}: {uri} became {written}");
                if is_local(uri) {
                    assert_eq!(uri, written, "{told}");
                    continue;
                }
                let wanted = source.join(uri).unwrap();
                let found = edge.join(written).unwrap();
                if signing == Signing::Renewed && uri == written && found.path().starts_with(OLD) {
                    assert!(PLAYLISTS.iter().any(|tag| before.contains(tag)), "{told}: it is no playlist");
                    continue;
                }
                tokens += 1;
                assert_eq!(found.as_str().matches(TOKEN).count(), 1, "{told}");
                // Without the session, it leads where it led before.
                assert_eq!(
                    unmarked(unsigned(&found, signing, &told)),
                    at_the_edge(&wanted, &folder),
                    "{told}"
                );
            }
            assert_eq!(after.matches(TOKEN).count(), tokens, "{name}");
            signed += tokens;
        }
    }
    assert!(signed > 20_000, "{signed} URIs");
    let expected: BTreeMap<String, String> =
        REFUSED.iter().map(|(name, why)| ((*name).to_owned(), (*why).to_owned())).collect();
    let told = |all: &BTreeMap<String, String>| -> String {
        all.iter().map(|(name, why)| format!("    ({name:?}, {why:?}),\n")).collect()
    };
    assert!(refused == expected, "refused are:\n{}expected are:\n{}", told(&refused), told(&expected));
}

/// An older token in the path of a playlist that is renewed.
const OLD: &str = "/~old/";

/// Tags with playlists, which are renewed in turn.
const PLAYLISTS: [&str; 4] =
    ["#EXT-X-STREAM-INF", "#EXT-X-MEDIA:", "#EXT-X-I-FRAME-STREAM-INF", "#EXT-X-RENDITION-REPORT"];

/// A URL without the mark of what it is read as.
fn unmarked(mut url: Url) -> Url {
    let unmarked = Reading::ALL.into_iter().find_map(|reading| url.path().strip_suffix(reading.mark()));
    if let Some(path) = unmarked.map(str::to_owned) {
        url.set_path(&path);
    }
    url
}

/// A URL without its session: in the path, or in the query.
fn unsigned(url: &Url, signing: Signing, told: &str) -> Url {
    let mut without = url.clone();
    let is_renewed = signing == Signing::Renewed && url.path().starts_with(OLD);
    if signing == Signing::Query || is_renewed {
        let path = url.path().strip_prefix(OLD).filter(|_| is_renewed);
        path.into_iter().for_each(|path| without.set_path(&format!("/{path}")));
        let pairs: Vec<_> = url.query().unwrap_or_default().split('&').collect();
        let others: Vec<_> =
            pairs.iter().filter(|pair| **pair != format!("{SESSION_PARAMETER}={TOKEN}")).copied().collect();
        assert_eq!(others.len() + 1, pairs.len(), "{told}");
        without.set_query(Some(others.join("&").as_str()).filter(|query| !query.is_empty()));
    } else {
        let path = url.path().strip_prefix(&format!("/~{TOKEN}/"));
        without.set_path(&format!("/{}", path.unwrap_or_else(|| panic!("{told}"))));
    }
    without
}

/// Where a URL of the media origin is at the edge; any other is where it is.
fn at_the_edge(url: &Url, folder: &Url) -> Url {
    let edge = url.as_str().replacen(folder.as_str(), "https://edge.example/harbour/", 1);
    Url::parse(&edge).unwrap()
}

/// With breaks, each playlist has all its lines, in their order, with ours between: interstitials of others stay.
#[test]
fn breaks_are_added_and_nothing_else_changes() {
    let key = serde_json::json!({ "kid": "a", "kty": "oct", "alg": "HS256", "k": "A".repeat(43) });
    let keys: KeySet = serde_json::from_value(serde_json::json!({ "issuer": "s", "keys": [key] })).unwrap();
    let policy: AdPolicy = serde_json::from_value(serde_json::json!({ "breaks": {
        "pre_roll": { "longest_s": 30 }, "mid_rolls": { "every_s": 10, "longest_s": 60 }, "post_roll": { "longest_s": 30 },
    } }))
    .unwrap();
    let (host, title) = ("watch.example.com".parse().unwrap(), "harbour".parse().unwrap());
    let plan = Plan::of(&policy, None, None, Seal { keys: &keys, host: &host, title: &title });
    let caps = Caps::default();
    let edits = Edits { ads: Some(&plan), ..Edits::within(&caps) };
    let mut with_breaks = BTreeMap::new();
    for (name, playlist) in playlists() {
        let Ok(template) = compile(&playlist, None, &edits) else { continue };
        let written = template.render("").into_owned();
        let mut rest = playlist.split_inclusive(|byte| *byte == b'\n').peekable();
        let mut added = 0;
        for line in written.split_inclusive(|byte| *byte == b'\n') {
            // Delta updates are the edge's where it has to see the whole playlist.
            let is_control = |line: &[u8]| line.starts_with(b"#EXT-X-SERVER-CONTROL");
            if rest.next_if(|next| *next == line || (is_control(next) && is_control(line))).is_some() {
                continue;
            }
            let is_ours = line.starts_with(b"#EXT-X-DATERANGE:ID=\"sd-")
                || line.starts_with(b"#EXT-X-PROGRAM-DATE-TIME:2000-01-01T00:00:00.000Z");
            assert!(is_ours, "{name}: {}", String::from_utf8_lossy(line));
            added += 1;
        }
        assert!(rest.next().is_none(), "{name}");
        if added > 0 {
            with_breaks.insert(name, added);
        }
    }
    assert!(with_breaks.len() > 100, "{} playlists have breaks", with_breaks.len());
    let of_hls_js: Vec<_> =
        with_breaks.iter().filter(|(name, _)| name.contains("hlsjs-interstitials/")).collect();
    assert_eq!(of_hls_js.len(), 11, "{of_hls_js:?}");
}
