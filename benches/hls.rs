//! `make bench`, the playlists: reading and writing beside three other crates, and a viewer's copy beside a copy of
//! memory. See README.md.
//!
//! Every side has to find the same URIs before anything is measured.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark fails by panicking")]

#[path = "support/measure.rs"]
mod measure;

use std::fmt::Write as _;
use std::hint::black_box;

use measure::{ROUNDS, least, patience, peak, ratio};
use quick_m3u8::config::ParsingOptions;
use quick_m3u8::tag::{KnownTag, hls};
use quick_m3u8::{HlsLine, Reader};
use stagedoor::ads::Plan;
use stagedoor::ads::address::Seal;
use stagedoor::catalog::{AdPolicy, Caps, KeySet, KvDocument};
use stagedoor::hls::{Edits, EventKind, Tag, Writer, compile, events};
use stagedoor::manifest::{Frame, Signing, Template};
use stagedoor::resource::ResourcePath;
use url::Url;

const SIZES: [usize; 5] = [10, 100, 1_000, 10_000, 100_000];
/// A session token has so many bytes.
const TOKEN: &str = match str::from_utf8(&[b'S'; 100]) {
    Ok(token) => token,
    Err(_) => panic!(),
};

fn main() {
    let patience = patience();
    if std::env::var_os("ONLY_BREAKS").is_some() {
        return breaks(patience);
    }
    let kinds: [(&str, Make); 3] = [("plain", plain), ("rich", rich), ("multivariant", multivariant)];
    let mut cases = Vec::new();
    for (name, make) in kinds {
        let sizes = if name == "multivariant" { &[10, 100][..] } else { &SIZES };
        cases.extend(sizes.iter().map(|size| (name, *size, make(*size))));
    }
    println!(
        "Reading and writing; how many times as long as ours each takes: median (least to greatest of {ROUNDS} rounds)\n"
    );
    println!("| playlist | segments | m3u8-rs | hls_m3u8 | quick-m3u8, lazy | quick-m3u8, every value |");
    println!("|---|--:|--:|--:|--:|--:|");
    for (name, size, playlist) in &cases {
        // The reader that asks for every value is compared with ours that turns the values into numbers and dates.
        let sides: [(&str, Side, Side); 4] = [
            ("m3u8-rs", m3u8_rs, ours),
            ("hls_m3u8", hls_m3u8, ours),
            ("quick-m3u8", quick_m3u8, ours),
            ("quick-m3u8", quick_m3u8_values, ours_values),
        ];
        let mut row = format!("| {name} | {size} |");
        for (side, theirs, ours) in sides {
            agree(side, &theirs(playlist), playlist);
            assert_eq!(ours(playlist), playlist.as_bytes());
            let ratio = ratio(patience, || theirs(playlist), || ours(playlist));
            write!(row, " {ratio} |").unwrap();
        }
        println!("{row}");
    }
    println!("\nA viewer's copy, and how it grows\n");
    println!(
        "| playlist | segments | compile, to reading and writing | render, to a copy of its bytes | reading and writing, of a segment, to {} | bytes of memory for a byte read: read and write, compile, template | render's peak, to its size |",
        SIZES[2]
    );
    println!("|---|--:|--:|--:|--:|--:|--:|");
    let mut references = std::collections::BTreeMap::new();
    for (name, size, playlist) in cases.iter().filter(|case| case.1 == SIZES[2] || case.0 == "multivariant") {
        references.entry(*name).or_insert_with(|| (least(patience, || ours(playlist)), *size));
    }
    // A viewer's copy of the longest rich playlist would exceed the limit on written playlists.
    for (name, size, playlist) in cases.iter().filter(|case| (case.0, case.1) != ("rich", SIZES[4])) {
        let template = compiled(playlist);
        let rendered = template.render(TOKEN).into_owned();
        assert_eq!(
            rendered.windows(TOKEN.len()).filter(|part| *part == TOKEN.as_bytes()).count(),
            template_uris(playlist)
        );
        let compile = ratio(patience, || compiled(playlist), || ours(playlist));
        let render = ratio(patience, || template.render(TOKEN), || rendered.clone());
        let (reference, of) = references[name];
        let growth = least(patience, || ours(playlist)) / *size as f64 / (reference / of as f64);
        let memory = |peak: usize| peak as f64 / playlist.len() as f64;
        println!(
            "| {name} | {size} | {compile} | {render} | {growth:.2} | {:.2}, {:.2}, {:.2} | {:.2} |",
            memory(peak(|| ours(playlist))),
            memory(peak(|| compiled(playlist))),
            memory(template.size_bytes()),
            peak(|| template.render(TOKEN)) as f64 / rendered.len() as f64,
        );
    }
    breaks(patience);
}

/// What breaks cost: a compilation with them to the same without. The playlist on demand has the breaks of a policy, the live one
/// those of its marks.
fn breaks(patience: std::time::Duration) {
    let json = format!(
        r#"{{"issuer":"s","keys":[{{"kid":"a","kty":"oct","alg":"HS256","k":"{}"}}]}}"#,
        "AA".repeat(22)
    );
    let keys = KeySet::read(json.as_bytes()).unwrap().0;
    let (host, title) = ("watch.example.com".parse().unwrap(), "harbour".parse().unwrap());
    let policy: AdPolicy = serde_json::from_str(
        r#"{"breaks":{"pre_roll":{"longest_s":30},"mid_rolls":{"every_s":600,"longest_s":120},"post_roll":{"longest_s":30}}}"#,
    )
    .unwrap();
    let plan = Plan::of(&policy, None, None, Seal { keys: &keys, host: &host, title: &title });
    println!("\nInterstitials: with them, to the same without\n");
    println!("| playlist | segments | breaks | compile | a viewer's copy | bytes |");
    println!("|---|--:|--:|--:|--:|--:|");
    let kinds: [(&str, Make); 3] = [("plain, on demand", plain), ("live", live), ("rich, live", rich)];
    for (name, make) in kinds {
        // Live windows have dozens of segments, films and rewind windows hundreds.
        for size in [30, 100, 450, 1_000, 10_000] {
            let playlist = make(size);
            let with = || compiled_with(&playlist, Signing::Inherited, Some(&plan));
            let without = || compiled_with(&playlist, Signing::Inherited, None);
            let (written, plain) = (with().render("").len(), without().render("").len());
            let told =
                String::from_utf8_lossy(&with().render("")).matches("com.apple.hls.interstitial").count();
            let compile = ratio(patience, with, without);
            let (with, without) = (with(), without());
            let copy = ratio(patience, || with.render(TOKEN), || without.render(TOKEN));
            let bytes = written as f64 / plain as f64;
            println!("| {name} | {size} | {told} | {compile} | {copy} | {bytes:.3} |");
        }
    }
}

/// Makes a playlist of so many segments or variants.
type Make = fn(usize) -> String;

/// Reads a playlist and writes it.
type Side = fn(&str) -> Vec<u8>;

/// Every event, and of every tag's attribute list the names and values.
fn ours(playlist: &str) -> Vec<u8> {
    let mut writer = Writer::new(playlist.as_bytes());
    for event in events(playlist.as_bytes()) {
        for attribute in event.attributes() {
            black_box(attribute);
        }
        writer.copy(&event);
    }
    writer.finish()
}

/// The same, with durations and dates as numbers.
fn ours_values(playlist: &str) -> Vec<u8> {
    let number = |value: &[u8]| {
        black_box(str::from_utf8(value).ok().and_then(|text| text.parse::<f64>().ok()));
    };
    let date = |value: &[u8]| {
        black_box(
            str::from_utf8(value).ok().and_then(|text| chrono::DateTime::parse_from_rfc3339(text).ok()),
        );
    };
    let mut writer = Writer::new(playlist.as_bytes());
    for event in events(playlist.as_bytes()) {
        match event.kind {
            EventKind::Tag { known: Some(Tag::Inf), value: Some(value), .. } => {
                number(value.split(|byte| *byte == b',').next().unwrap_or_default());
            }
            EventKind::Tag { known: Some(Tag::ProgramDateTime), value: Some(value), .. } => date(value),
            EventKind::Tag { known: Some(_), .. } => {
                for attribute in event.attributes() {
                    match attribute.name {
                        b"DURATION" | b"BANDWIDTH" | b"AVERAGE-BANDWIDTH" | b"FRAME-RATE" => {
                            number(attribute.value);
                        }
                        b"START-DATE" => date(attribute.value),
                        b"RESOLUTION" => attribute.value.split(|byte| *byte == b'x').for_each(number),
                        _ => {
                            black_box(attribute);
                        }
                    }
                }
            }
            _ => {
                black_box(event);
            }
        }
        writer.copy(&event);
    }
    writer.finish()
}

fn m3u8_rs(playlist: &str) -> Vec<u8> {
    let mut written = Vec::new();
    m3u8_rs::parse_playlist_res(playlist.as_bytes()).unwrap().write_to(&mut written).unwrap();
    written
}

fn hls_m3u8(playlist: &str) -> Vec<u8> {
    if playlist.contains("#EXT-X-STREAM-INF") {
        hls_m3u8::MasterPlaylist::try_from(playlist).unwrap().to_string().into_bytes()
    } else {
        hls_m3u8::MediaPlaylist::try_from(playlist).unwrap().to_string().into_bytes()
    }
}

fn quick_m3u8(playlist: &str) -> Vec<u8> {
    let mut reader = Reader::from_str(playlist, ParsingOptions::default());
    let mut writer = quick_m3u8::Writer::new(Vec::new());
    while let Some(line) = reader.read_line().unwrap() {
        writer.write_line(line).unwrap();
    }
    writer.into_inner()
}

/// The reader that is asked for every value that the playlists here have.
fn quick_m3u8_values(playlist: &str) -> Vec<u8> {
    let mut reader = Reader::from_str(playlist, ParsingOptions::default());
    let mut writer = quick_m3u8::Writer::new(Vec::new());
    while let Some(line) = reader.read_line().unwrap() {
        if let HlsLine::KnownTag(KnownTag::Hls(tag)) = &line {
            match tag {
                hls::Tag::Inf(tag) => touch((tag.duration(), tag.title())),
                hls::Tag::Key(tag) => touch((tag.method(), tag.uri(), tag.iv())),
                hls::Tag::Part(tag) => touch((tag.uri(), tag.duration(), tag.independent())),
                hls::Tag::ProgramDateTime(tag) => touch(tag.program_date_time()),
                hls::Tag::Daterange(tag) => {
                    touch((tag.id(), tag.class(), tag.start_date(), tag.duration(), tag.scte35_out()));
                }
                hls::Tag::Media(tag) => {
                    touch((tag.media_type(), tag.group_id(), tag.name(), tag.uri(), tag.language()));
                    touch((tag.default(), tag.autoselect()));
                }
                hls::Tag::StreamInf(tag) => {
                    touch((tag.bandwidth(), tag.average_bandwidth(), tag.codecs(), tag.resolution()));
                    touch((tag.frame_rate(), tag.audio(), tag.subtitles()));
                }
                hls::Tag::IFrameStreamInf(tag) => {
                    touch((tag.bandwidth(), tag.codecs(), tag.resolution(), tag.uri()));
                }
                _ => touch(tag),
            }
        }
        writer.write_line(line).unwrap();
    }
    writer.into_inner()
}

/// Has the compiler make a value that nothing uses.
fn touch<A>(value: A) {
    black_box(value);
}

fn compiled(playlist: &str) -> Template {
    compiled_with(playlist, Signing::Path, None)
}

fn compiled_with(playlist: &str, signing: Signing, ads: Option<&Plan<'_>>) -> Template {
    thread_local! {
        static FOLDER: Url = Url::parse("https://media.example/vod/harbour/").unwrap();
        static RESOURCE: ResourcePath = ResourcePath::parse("hls/index.m3u8").unwrap();
    }
    FOLDER.with(|folder| {
        RESOURCE.with(|resource| {
            let frame = Frame::new("https://watch.example", "harbour/", folder, resource, signing);
            let caps = Caps::default();
            let mut edits = Edits { ads, ..Edits::within(&caps) };
            edits.bounds.playlist_bytes = usize::MAX;
            compile(playlist.as_bytes(), Some(&frame), &edits).unwrap()
        })
    })
}

/// How many URIs have to carry the session.
fn template_uris(playlist: &str) -> usize {
    playlist.matches("URI=\"").count() + uris(playlist).len()
}

/// The lines that are URIs.
fn uris(playlist: &str) -> Vec<&str> {
    playlist.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// What a side wrote has the same URIs in the same order.
fn agree(side: &str, written: &[u8], playlist: &str) {
    assert!(uris(str::from_utf8(written).unwrap()) == uris(playlist), "{side} writes other URIs");
}

fn plain(segments: usize) -> String {
    let mut playlist =
        String::from("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n");
    for segment in 0..segments {
        write!(playlist, "#EXTINF:4.000,\nvideo/1080/segment_{segment:06}.ts\n").unwrap();
    }
    playlist + "#EXT-X-ENDLIST\n"
}

/// A live window with a break of a minute in every ten.
fn live(segments: usize) -> String {
    let mut playlist = String::from(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n\
         #EXT-X-PROGRAM-DATE-TIME:2026-12-01T12:00:00.000Z\n",
    );
    for segment in 0..segments {
        match segment % 150 {
            10 => playlist += "#EXT-X-CUE-OUT:60\n",
            25 => playlist += "#EXT-X-CUE-IN\n",
            _ => {}
        }
        write!(playlist, "#EXTINF:4.000,\nvideo/1080/segment_{segment:06}.ts\n").unwrap();
    }
    playlist
}

fn rich(segments: usize) -> String {
    let mut playlist = String::from(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n\
         #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=6.0\n#EXT-X-PART-INF:PART-TARGET=2.0\n",
    );
    for segment in 0..segments {
        let (hour, minute, second) = (segment / 900 % 24, segment / 15 % 60, segment % 15 * 4);
        let date = format!("2026-01-{:02}T{hour:02}:{minute:02}:{second:02}.000Z", segment / 21_600 % 28 + 1);
        if segment % 10 == 0 {
            write!(
                playlist,
                "#EXT-X-KEY:METHOD=AES-128,URI=\"keys/{segment}.key\",IV=0x000000000000000000000000{segment:08X}\n\
                 #EXT-X-DATERANGE:ID=\"break-{segment}\",CLASS=\"ad\",START-DATE=\"{date}\",DURATION=12.0,\
                 SCTE35-OUT=0xFC302000000000000000FFF00F05000003E87FFFFE001B7740FE00000000\n",
            )
            .unwrap();
        }
        write!(
            playlist,
            "#EXT-X-PROGRAM-DATE-TIME:{date}\n\
             #EXT-X-PART:DURATION=2.0,INDEPENDENT=YES,URI=\"video/1080/part_{segment:06}_0.mp4\"\n\
             #EXT-X-PART:DURATION=2.0,URI=\"video/1080/part_{segment:06}_1.mp4\"\n\
             #EXTINF:4.000,\nvideo/1080/segment_{segment:06}.mp4\n",
        )
        .unwrap();
    }
    playlist
}

fn multivariant(variants: usize) -> String {
    let mut playlist = String::from("#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    for (language, name, default) in
        [("en", "English", "YES"), ("ar", "Arabic", "NO"), ("fr", "French", "NO")]
    {
        write!(
            playlist,
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"aac\",NAME=\"{name}\",LANGUAGE=\"{language}\",DEFAULT={default},\
             AUTOSELECT=YES,URI=\"audio/{language}/index.m3u8\"\n\
             #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"subs\",NAME=\"{name}\",LANGUAGE=\"{language}\",DEFAULT={default},\
             AUTOSELECT=YES,URI=\"subtitles/{language}/index.m3u8\"\n",
        )
        .unwrap();
    }
    for variant in 0..variants {
        let (rate, height) = (400_000 + variant * 50_000, 180 + variant * 20);
        write!(
            playlist,
            "#EXT-X-STREAM-INF:BANDWIDTH={rate},AVERAGE-BANDWIDTH={rate},CODECS=\"avc1.64001f,mp4a.40.2\",\
             RESOLUTION={}x{height},FRAME-RATE=25.000,AUDIO=\"aac\",SUBTITLES=\"subs\"\nvideo/{variant}/index.m3u8\n\
             #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH={rate},CODECS=\"avc1.64001f\",RESOLUTION={}x{height},\
             URI=\"video/{variant}/iframes.m3u8\"\n",
            height * 16 / 9,
            height * 16 / 9,
        )
        .unwrap();
    }
    playlist
}
