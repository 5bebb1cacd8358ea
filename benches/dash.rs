//! `make bench`, the MPDs: reading and writing beside two other crates, and a viewer's copy beside a copy of memory. See
//! README.md.
//!
//! Before anything is measured, every side has to write an MPD of the same meaning.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark fails by panicking")]

#[path = "support/measure.rs"]
mod measure;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;

use measure::{ROUNDS, least, patience, peak, ratio};
use quick_xml::events::Event;
use stagedoor::catalog::{Caps, ForeignPolicy};
use stagedoor::dash::{Edits, compile};
use stagedoor::manifest::{Frame, Query, Signing, Template};
use stagedoor::resource::ResourcePath;
use stagedoor::token::Credentials;
use url::Url;

const SEGMENTS: [usize; 5] = [10, 100, 1_000, 10_000, 100_000];
/// 100,000 listed URIs take 7.5 MB, more than the longest MPD that is read.
const LISTED: [usize; 4] = [10, 100, 1_000, 10_000];
const PERIODS: [usize; 4] = [1, 10, 100, 1_000];
/// The segments of each period.
const SEGMENTS_OF_PERIOD: usize = 10;
/// The sizes that growth is measured against: the fixed cost of an MPD no longer matters there.
const REFERENCE: [(&str, usize); 3] = [("timeline", 1_000), ("list", 1_000), ("periods", 10)];
/// A text as long as a session token.
const TOKEN: &str = match str::from_utf8(&[b'S'; 100]) {
    Ok(token) => token,
    Err(_) => panic!(),
};

fn main() {
    let patience = patience();
    let mut cases = Vec::new();
    for size in SEGMENTS {
        cases.push(("timeline", size, timeline(size)));
    }
    for size in LISTED {
        cases.push(("list", size, list(size)));
    }
    for size in PERIODS {
        cases.push(("periods", size, periods(size)));
    }
    println!(
        "Reading and writing; how many times as long as ours each takes: median (least to greatest of {ROUNDS} rounds)\n"
    );
    println!("| MPD | segments or periods | dash-mpd-core | dash-mpd-core, to ours that signs | quick-xml |");
    println!("|---|--:|--:|--:|--:|");
    for (name, size, mpd) in &cases {
        assert_eq!(ours(mpd), mpd.as_bytes());
        assert_eq!(quick_xml(mpd), mpd.as_bytes());
        // dash-mpd-core adds declarations of namespaces.
        let structs = |mpd| dash_mpd_core::parse(mpd).unwrap().periods;
        assert!(structs(&dash_mpd(mpd)) == structs(mpd), "dash-mpd-core writes another MPD");
        println!(
            "| {name} | {size} | {} | {} | {} |",
            ratio(patience, || dash_mpd(mpd), || ours(mpd)),
            ratio(patience, || dash_mpd(mpd), || signed(mpd).render(TOKEN).into_owned()),
            ratio(patience, || quick_xml(mpd), || ours(mpd)),
        );
    }
    println!("\nA viewer's copy, and how it grows\n");
    println!(
        "| MPD | segments or periods | compile, to reading and writing | render, to a copy of its bytes | time of a segment or period, to that of {} | bytes of memory for a byte read: read and write, compile, template | render's peak, to its size |",
        REFERENCE.map(|(name, size)| format!("{size} ({name})")).join(", ")
    );
    println!("|---|--:|--:|--:|--:|--:|--:|");
    let references: BTreeMap<_, _> = REFERENCE
        .into_iter()
        .map(|reference| {
            let (_, size, mpd) = cases.iter().find(|(name, size, _)| (*name, *size) == reference).unwrap();
            (reference.0, least(patience, || signed(mpd)) / *size as f64)
        })
        .collect();
    for (name, size, mpd) in &cases {
        let template = signed(mpd);
        let rendered = template.render(TOKEN).into_owned();
        // Relative URIs inherit the session from one BaseURL; Location has the URL of the next MPD.
        assert_eq!(tokens(&rendered), 2);
        let compile = ratio(patience, || signed(mpd), || ours(mpd));
        let render = ratio(patience, || template.render(TOKEN), || rendered.clone());
        let growth = least(patience, || signed(mpd)) / *size as f64 / references[name];
        let memory = |peak: usize| peak as f64 / mpd.len() as f64;
        println!(
            "| {name} | {size} | {compile} | {render} | {growth:.2} | {:.2}, {:.2}, {:.2} | {:.2} |",
            memory(peak(|| ours(mpd))),
            memory(peak(|| signed(mpd))),
            memory(template.size_bytes()),
            peak(|| template.render(TOKEN)) as f64 / rendered.len() as f64,
        );
    }
}

/// Reads an MPD and writes it unchanged.
fn ours(mpd: &str) -> Vec<u8> {
    let caps = Caps::default();
    compile(mpd.as_bytes(), None, &within(&caps)).unwrap().render("").into_owned()
}

/// Signs every URI, as at the entry.
fn signed(mpd: &str) -> Template {
    thread_local! {
        static FOLDER: Url = Url::parse("https://media.example/vod/harbour/").unwrap();
        static RESOURCE: ResourcePath = ResourcePath::parse("dash/index.mpd").unwrap();
    }
    FOLDER.with(|folder| {
        RESOURCE.with(|resource| {
            let frame = Frame {
                folder,
                root: "harbour/",
                resource,
                query: Query::new(""),
                signing: Signing::Path,
                foreign: &ForeignPolicy::REFUSE,
                authority: "https://watch.example",
                credentials: Credentials::SESSION,
            };
            let caps = Caps::default();
            compile(mpd.as_bytes(), Some(&frame), &within(&caps)).unwrap()
        })
    })
}

fn within(caps: &Caps) -> Edits<'_> {
    Edits { max_bytes: usize::MAX, ..Edits::within(caps) }
}

/// Parses into the structs of dash-mpd-core and writes them.
fn dash_mpd(mpd: &str) -> String {
    dash_mpd_core::parse(mpd).unwrap().to_string()
}

/// Events, and of each element the names and values of its attributes.
fn quick_xml(mpd: &str) -> Vec<u8> {
    let mut reader = quick_xml::Reader::from_str(mpd);
    let mut writer = quick_xml::Writer::new(Vec::new());
    loop {
        let event = reader.read_event().unwrap();
        match &event {
            Event::Start(tag) | Event::Empty(tag) => {
                for attribute in tag.attributes() {
                    black_box(attribute.unwrap());
                }
            }
            Event::Eof => return writer.into_inner(),
            _ => {}
        }
        writer.write_event(event).unwrap();
    }
}

fn tokens(rendered: &[u8]) -> usize {
    rendered.windows(TOKEN.len()).filter(|part| *part == TOKEN.as_bytes()).count()
}

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"dynamic\" profiles=\"urn:mpeg:dash:profile:isoff-live:2011\" \
    availabilityStartTime=\"2026-01-01T00:00:00Z\" publishTime=\"2026-02-01T00:00:00Z\" minimumUpdatePeriod=\"PT2S\" \
    timeShiftBufferDepth=\"PT2H\" minBufferTime=\"PT4S\">\n";

/// One period with a timeline of so many segments, an entry for each.
fn timeline(segments: usize) -> String {
    format!("{HEAD}{}</MPD>\n", period(0, segments, &pictures(&template(90_000, segments))))
}

/// One period with a list of so many segments, whose URIs are absolute paths.
fn list(segments: usize) -> String {
    let mut list = String::from("        <SegmentList timescale=\"90000\" duration=\"360000\">\n");
    for segment in 0..segments {
        writeln!(list, "          <SegmentURL media=\"/vod/harbour/dash/video/segment_{segment:06}.m4s\"/>")
            .unwrap();
    }
    format!("{HEAD}{}</MPD>\n", period(0, segments, &pictures(&(list + "        </SegmentList>\n"))))
}

/// Periods one behind the other, each with pictures and sound.
fn periods(count: usize) -> String {
    let mut mpd = HEAD.to_owned();
    for at in 0..count {
        let pictures = pictures(&template(90_000, SEGMENTS_OF_PERIOD));
        let sound = sound(&template(48_000, SEGMENTS_OF_PERIOD));
        mpd += &period(
            at,
            SEGMENTS_OF_PERIOD,
            &format!("    <BaseURL>period-{at}/</BaseURL>\n{pictures}{sound}"),
        );
    }
    mpd + "</MPD>\n"
}

fn period(at: usize, segments: usize, content: &str) -> String {
    format!("  <Period id=\"p{at}\" start=\"PT{}S\">\n{content}  </Period>\n", at * segments * 4)
}

/// Segments are of unequal lengths, as sound has them: no two in a row make one entry.
fn template(timescale: usize, segments: usize) -> String {
    let mut template = format!(
        "        <SegmentTemplate timescale=\"{timescale}\" initialization=\"$RepresentationID$/init.mp4\" \
         media=\"$RepresentationID$/$Time$.m4s\">\n          <SegmentTimeline>\n"
    );
    for segment in 0..segments {
        let from = if segment == 0 { " t=\"0\"" } else { "" };
        let duration = timescale * 4 + if segment % 2 == 0 { 512 } else { 0 };
        writeln!(template, "            <S{from} d=\"{duration}\"/>").unwrap();
    }
    template + "          </SegmentTimeline>\n        </SegmentTemplate>\n"
}

fn pictures(segments: &str) -> String {
    let mut set = format!(
        "    <AdaptationSet contentType=\"video\" mimeType=\"video/mp4\" segmentAlignment=\"true\">\n{segments}"
    );
    for height in [144, 240, 360, 480, 720, 1080, 1440, 2160] {
        writeln!(
            set,
            "      <Representation id=\"video-{height}\" bandwidth=\"{}\" width=\"{}\" height=\"{height}\" codecs=\"avc1.640028\"/>",
            height * 4_000,
            height * 16 / 9,
        )
        .unwrap();
    }
    set + "    </AdaptationSet>\n"
}

fn sound(segments: &str) -> String {
    format!(
        "    <AdaptationSet contentType=\"audio\" mimeType=\"audio/mp4\" lang=\"en\" segmentAlignment=\"true\">\n{segments}      \
         <Representation id=\"audio-en\" bandwidth=\"96000\" audioSamplingRate=\"48000\" codecs=\"mp4a.40.2\"/>\n    \
         </AdaptationSet>\n"
    )
}
