//! Manifests that cause as much work as their bytes allow: each multiplies two things that its author chooses.
//!
//! `tests/manifest_cost.rs` counts what they allocate, `benches/cost.rs` measures them up to the greatest length that is read.

use std::fmt::Write;

use stagedoor::ads::Plan;
use stagedoor::ads::address::Seal;
use stagedoor::catalog::{
    AdPolicy, Caps, ExistingSteering, ForeignPolicy, Host, KeySet, PathwayId, Start, TitleId,
};
use stagedoor::manifest::{Frame, Query, Signing, Steering, Template};
use stagedoor::resource::ResourcePath;
use stagedoor::{dash, hls};
use url::Url;

/// A shape of manifest, and its request.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) format: Format,
    signing: Signing,
    /// The limits of the viewer, as JSON.
    caps: &'static str,
    /// Whether every other edit of a manifest is requested.
    is_edited: bool,
    /// Whether the site sells breaks.
    has_breaks: bool,
    /// The greatest length in bytes that is served, if another limit than the length applies: of elements, of definitions, of
    /// resolved, read or written bytes.
    pub(crate) longest: usize,
    before: fn() -> String,
    each: fn(&mut String, usize),
    after: fn() -> String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Mpd,
    Patch,
    Playlist,
}

impl Shape {
    /// A manifest of about this many bytes.
    pub(crate) fn manifest(&self, bytes: usize) -> String {
        let after = (self.after)();
        let mut manifest = (self.before)();
        let mut number = 0;
        while manifest.len() + after.len() < bytes {
            (self.each)(&mut manifest, number);
            number += 1;
        }
        manifest + &after
    }

    /// Compiles a manifest.
    pub(crate) fn compile(&self, manifest: &str) -> Result<Template, String> {
        with_plan(|plan| self.compile_with(manifest, self.has_breaks.then_some(plan)))
    }

    fn compile_with(&self, manifest: &str, ads: Option<&Plan<'_>>) -> Result<Template, String> {
        let folder = Url::parse("https://media.example/vod/h/").unwrap();
        let resource = ResourcePath::parse("dash/live.mpd").unwrap();
        let foreign: ForeignPolicy = serde_json::from_str(r#"{"pass":["*"]}"#).unwrap();
        let frame = Frame {
            query: Query::new("q=1234567890123456789012345678901234567890"),
            foreign: &foreign,
            ..Frame::new("https://watch.example", "harbour/", &folder, &resource, self.signing)
        };
        let caps: Caps = serde_json::from_str(self.caps).unwrap();
        let ids: Vec<PathwayId> = (0..32).map(|number| format!("p{number}").parse().unwrap()).collect();
        let steering = Steering {
            server_uri: "_stagedoor/steering.json",
            order: ids.iter().collect(),
            clones: &[],
            existing: ExistingSteering::Replace,
        };
        let steering = self.is_edited.then_some(&steering);
        if self.format == Format::Playlist {
            let start = Start { max_height: Some(480), max_bitrate_kbps: Some(1_000) };
            let edits = hls::Edits {
                steering,
                start: self.is_edited.then_some(start),
                define: self.is_edited,
                delta_updates: self.is_edited,
                skip: self.is_edited.then_some(hls::Skip::Dateranges),
                ads,
                ..hls::Edits::within(&caps)
            };
            return hls::compile(manifest.as_bytes(), Some(&frame), &edits)
                .map_err(|error| error.to_string());
        }
        let update_within_s = self.is_edited.then_some(30);
        let edits = dash::Edits { steering, update_within_s, ads, ..dash::Edits::within(&caps) };
        let compile = if self.format == Format::Patch { dash::compile_patch } else { dash::compile };
        compile(manifest.as_bytes(), Some(&frame), &edits).map_err(|error| error.to_string())
    }
}

/// Passes on the plan of a title whose media marks its breaks.
pub(crate) fn with_plan<T>(take: impl FnOnce(&Plan<'_>) -> T) -> T {
    let secret = "A".repeat(43);
    let keys = format!(r#"{{"issuer":"s","keys":[{{"kid":"a","kty":"oct","alg":"HS256","k":"{secret}"}}]}}"#);
    let keys: KeySet = serde_json::from_str(&keys).unwrap();
    let (host, title): (Host, TitleId) = ("watch.example".parse().unwrap(), "harbour".parse().unwrap());
    take(&Plan::of(&AdPolicy::default(), None, None, Seal { keys: &keys, host: &host, title: &title }))
}

const NO_LIMITS: &str = "{}";
const ALL_LIMITS: &str = r#"{"max_height":720,"max_bitrate_kbps":3000,"hdr":false,"codecs":["avc1","mp4a","wvtt"],
    "max_frame_rate":30,"hdcp":"TYPE-0","audio":["en","fr","de","es","it","pt","ar","ja"],"subtitles":["en","fr","de"],"rewind_s":600}"#;

/// Every shape.
pub(crate) const SHAPES: &[Shape] = &[
    Shape {
        name: "marks of breaks, below 32 base URLs",
        has_breaks: true,
        longest: READ_TWICE,
        before: || {
            mpd(BASES, "<Period start=\"PT0S\"><EventStream schemeIdUri=\"urn:scte:scte35:2014:xml+bin\">")
        },
        each: |text, at| {
            let time = at * 20;
            put(
                text,
                format_args!(
                    "<Event presentationTime=\"{time}\" id=\"{at}\"><Binary>/DAhAAAAAAAAAP/wEAUAAALRf+9//gAaF7DAAAAAAAA+MhNj</Binary></Event>\n"
                ),
            );
        },
        after: || "</EventStream></Period></MPD>".to_owned(),
        ..MPD
    },
    Shape {
        name: "ad tags that name a member of their cue again and again",
        has_breaks: true,
        before: || mpd(NO_BASES, &format!("{CUE}GOOG{{&quot;adTagUri&quot;:&quot;https://a.example/")),
        each: |text, _| text.push_str("[a]"),
        after: || {
            format!(
                "&quot;,&quot;a&quot;:&quot;{}&quot;}}{CUE_END}</EventStream></Period></MPD>",
                "x".repeat(2_000)
            )
        },
        longest: READ_TWICE,
        ..MPD
    },
    Shape {
        name: "cues with ad tags",
        has_breaks: true,
        before: || mpd(NO_BASES, CUES),
        each: |text, at| {
            put(
                text,
                format_args!(
                    "{}GOOG{{&quot;adTagUri&quot;:&quot;https://a.example/{}&quot;,&quot;a&quot;:&quot;&lt;&lt;&quot;}}{CUE_END}\n",
                    CUE.replace("'4'", &format!("'{}'", at * 20)).strip_prefix(CUES).unwrap(),
                    "[a]".repeat(60)
                ),
            );
        },
        after: || "</EventStream></Period></MPD>".to_owned(),
        longest: READ_TWICE,
        ..MPD
    },
    Shape {
        name: "marks of breaks, none of which ends",
        has_breaks: true,
        longest: MARKS,
        before: || LIVE.to_owned(),
        each: |text, at| put(text, format_args!("#EXT-X-CUE-OUT\n#EXTINF:4,\n{at}.m4s\n")),
        ..PLAYLIST
    },
    Shape {
        name: "date ranges of breaks, with cues",
        has_breaks: true,
        longest: MARKS,
        before: || LIVE.to_owned(),
        each: |text, at| {
            put(
                text,
                format_args!(
                    "#EXT-X-DATERANGE:ID=\"{at}\",START-DATE=\"2026-11-{:02}T{:02}:{:02}:00Z\",SCTE35-OUT=0xfc302100000000000000fff01005000002d17fef7ffe001a17b0c0000000000000dca8a52\n#EXTINF:4,\n{at}\n",
                    1 + at / 1_440 % 28,
                    at / 60 % 24,
                    at % 60
                ),
            );
        },
        caps: r#"{"rewind_s":60}"#,
        ..PLAYLIST
    },
    Shape {
        name: "marks of breaks of a film",
        has_breaks: true,
        longest: MARKS,
        before: || "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n".to_owned(),
        each: |text, at| put(text, format_args!("#EXT-X-CUE-OUT:3\n#EXTINF:4,\n{at}.m4s\n")),
        after: || "#EXT-X-ENDLIST\n".to_owned(),
        ..PLAYLIST
    },
    Shape {
        name: "Representations below 32 base URLs",
        before: || mpd(BASES, SET),
        each: representation,
        after: set_end,
        ..MPD
    },
    Shape {
        name: "Representations with base URLs of their own, below 32",
        before: || mpd(BASES, SET),
        each: |text, at| {
            put(
                text,
                format_args!("<Representation id=\"{at}\"><BaseURL>./{at}/</BaseURL></Representation>\n"),
            );
        },
        after: set_end,
        ..MPD
    },
    Shape {
        name: "long base URLs, and base URLs below them",
        before: || mpd(LONG_BASES, SET),
        each: |text, at| {
            put(
                text,
                format_args!("<Representation id=\"{at}\"><BaseURL>./{at}/</BaseURL></Representation>\n"),
            );
        },
        after: set_end,
        ..MPD
    },
    Shape {
        name: "AdaptationSets that mix their own base URLs with 32",
        before: || mpd(BASES, "<Period>"),
        each: |text, at| {
            put(
                text,
                format_args!(
                    "<AdaptationSet><Representation id=\"{at}\"><BaseURL/></Representation><Representation/></AdaptationSet>\n"
                ),
            );
        },
        after: || "</Period></MPD>".to_owned(),
        ..MPD
    },
    Shape {
        name: "SegmentURLs that are followed from 32 base URLs",
        before: || mpd(BASES, LIST),
        each: |text, at| put(text, format_args!("<SegmentURL media=\"./{at}.m4s\"/>\n")),
        after: list_end,
        ..MPD
    },
    Shape {
        name: "SegmentURLs as absolute paths",
        before: || mpd(NO_BASES, LIST),
        each: |text, at| {
            put(text, format_args!("<SegmentURL media=\"/vod/h/dash/video/segment_{at:06}.m4s\"/>\n"));
        },
        after: list_end,
        ..MPD
    },
    Shape {
        name: "SegmentURLs, signed by query",
        signing: Signing::Query,
        longest: 24 * TOKENS,
        before: || mpd(NO_BASES, LIST),
        each: |text, at| put(text, format_args!("<SegmentURL media=\"{at}\"/>")),
        after: list_end,
        ..MPD
    },
    Shape {
        name: "SegmentURLs as absolute paths, signed by query",
        signing: Signing::Query,
        before: || mpd(NO_BASES, LIST),
        each: |text, at| {
            put(text, format_args!("<SegmentURL media=\"/vod/h/dash/video/segment_{at:06}.m4s\"/>\n"));
        },
        after: list_end,
        ..MPD
    },
    Shape {
        name: "templates and ids that are not plain",
        longest: 30 * RESOLVED,
        before: || {
            mpd(
                BASES,
                "<Period><AdaptationSet><SegmentTemplate media=\"$RepresentationID$/$Number$\" initialization=\"$RepresentationID$/i\"/>",
            )
        },
        each: |text, at| put(text, format_args!("<Representation id=\"a b{at}\"/>\n")),
        after: set_end,
        ..MPD
    },
    Shape {
        name: "templates with many identifiers",
        before: || mpd(NO_BASES, "<Period>"),
        each: |text, at| {
            put(
                text,
                format_args!(
                    "<AdaptationSet><SegmentTemplate media=\"../{at}/{}\"/></AdaptationSet>\n",
                    "$Time$$$".repeat(40)
                ),
            );
        },
        after: || "</Period></MPD>".to_owned(),
        ..MPD
    },
    Shape {
        name: "levels within one another with templates for the same ids",
        before: || {
            mpd(NO_BASES, &"<Period><SegmentTemplate media=\"$RepresentationID$/$Number$\"/>".repeat(50))
        },
        each: representation,
        after: || "</Period>".repeat(50) + "</MPD>",
        ..MPD
    },
    Shape {
        name: "events that present other MPDs",
        before: || mpd(BASES, "<Period><EventStream>"),
        each: |text, at| put(text, format_args!("<Event><InsertPresentation uri=\"./{at}.mpd\"/></Event>\n")),
        after: || "</EventStream></Period></MPD>".to_owned(),
        ..MPD
    },
    Shape {
        name: "clocks of one UTCTiming",
        longest: 2 * RESOLVED,
        before: || mpd(NO_BASES, "<UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-iso:2014\" value=\""),
        each: |text, _| text.push_str("a "),
        after: || "\"/></MPD>".to_owned(),
        ..MPD
    },
    Shape {
        name: "elements",
        longest: 4 * 250_000,
        before: || mpd(NO_BASES, "<Period>"),
        each: |text, _| text.push_str("<a/>"),
        after: || "</Period></MPD>".to_owned(),
        ..MPD
    },
    Shape {
        name: "attributes",
        before: || mpd(NO_BASES, "<Period>"),
        each: |text, _| {
            text.push_str("<AdaptationSet");
            (0..120).for_each(|number| put(text, format_args!(" a{number}=''")));
            text.push_str("/>\n");
        },
        after: || "</Period></MPD>".to_owned(),
        ..MPD
    },
    Shape {
        name: "comments",
        before: || mpd(NO_BASES, "<Period/>"),
        each: |text, _| text.push_str("<!---->"),
        after: || "</MPD>".to_owned(),
        ..MPD
    },
    Shape {
        name: "references",
        before: || mpd(NO_BASES, "<Title>"),
        each: |text, _| text.push_str("&amp;"),
        after: || "</Title></MPD>".to_owned(),
        ..MPD
    },
    Shape {
        name: "entries of a timeline",
        before: || mpd(NO_BASES, TIMELINE),
        each: |text, _| text.push_str("<S d=\"180180\" r=\"99\"/>\n"),
        after: || {
            "</SegmentTimeline></SegmentTemplate><Representation id=\"1\"/></AdaptationSet></Period></MPD>"
                .to_owned()
        },
        is_edited: true,
        caps: r#"{"rewind_s":60}"#,
        ..MPD
    },
    Shape {
        name: "what stands for nothing",
        before: || mpd(NO_BASES, "<Period/>"),
        each: |text, _| text.push_str("<Period x:href='urn:mpeg:dash:resolve-to-zero:2013'/>\n"),
        after: || "</MPD>".to_owned(),
        ..MPD
    },
    Shape {
        name: "Representations, all limits",
        before: || mpd(NO_BASES, VIDEO),
        each: limited,
        after: set_end,
        ..LIMITED
    },
    Shape {
        name: "AdaptationSets, all limits",
        before: || mpd(NO_BASES, "<Period>"),
        each: adaptation_set,
        after: || "</Period></MPD>".to_owned(),
        ..LIMITED
    },
    Shape {
        name: "Periods, all limits",
        before: || mpd(NO_BASES, ""),
        each: |text, at| {
            text.push_str("<Period>");
            limited_sets(text, at);
            text.push_str("</Period>\n");
        },
        after: || "</MPD>".to_owned(),
        ..LIMITED
    },
    Shape {
        name: "Representations that depend on one another",
        before: || mpd(NO_BASES, VIDEO),
        each: |text, at| {
            put(
                text,
                format_args!(
                    "<Representation id='{at}' height='1080' dependencyId='{} {} {}'/>\n",
                    at + 1,
                    at / 2,
                    at.saturating_sub(1)
                ),
            );
        },
        after: || format!("<Representation id='x' height='90'/>{}", set_end()),
        ..LIMITED
    },
    Shape {
        name: "sets that are named by sets",
        before: || mpd(NO_BASES, "<Period>"),
        each: |text, at| {
            put(
                text,
                format_args!(
                    "<AdaptationSet id='{at}' contentType='video'><SupplementalProperty schemeIdUri='urn:mpeg:dash:adaptation-set-switching:2016' value='{},{},{}'/><Representation id='{at}' height='{}' associationId='{} {}'/></AdaptationSet>\n",
                    at + 1,
                    at / 2,
                    at / 3,
                    90 + at % 2_000,
                    at / 2,
                    at + 1
                ),
            );
        },
        after: || "</Period></MPD>".to_owned(),
        ..LIMITED
    },
    Shape {
        name: "one list of ids of many Representations",
        before: || {
            let list: String = (0..2_000).map(|at| format!("{at} ")).collect();
            mpd(
                NO_BASES,
                &format!(
                    "<Period><Subset contains='{list}'/><Preselection preselectionComponents='{list}'/><AdaptationSet contentType='video' id='0'>"
                ),
            )
        },
        each: |text, at| {
            put(text, format_args!("<Representation id='{at}' height='{}'/>\n", 90 + at % 2_000));
        },
        after: set_end,
        ..LIMITED
    },
    Shape {
        name: "ContentProtection by reference",
        before: || mpd(NO_BASES, "<Period>"),
        each: |text, at| {
            put(
                text,
                format_args!(
                    "<AdaptationSet contentType='video' id='{at}'><ContentProtection schemeIdUri='a' refId='{at}'/><ContentProtection ref='{}'/><Representation height='{}'/></AdaptationSet>\n",
                    at / 2,
                    90 + at % 2_000
                ),
            );
        },
        after: || "</Period></MPD>".to_owned(),
        ..LIMITED
    },
    Shape {
        name: "captions and properties",
        before: || mpd(NO_BASES, VIDEO),
        each: |text, at| {
            put(
                text,
                format_args!(
                    "<Accessibility schemeIdUri='urn:scte:dash:cc:cea-608:2015' value='CC1=en;CC3=fr'/><EssentialProperty schemeIdUri='{at}' value='1'/>\n"
                ),
            );
        },
        after: || format!("<Representation height='90'/>{}", set_end()),
        ..LIMITED
    },
    Shape {
        name: "base URLs of pathways",
        before: || mpd(NO_BASES, ""),
        each: |text, at| {
            put(
                text,
                format_args!(
                    "<Period><BaseURL serviceLocation='p1'>{at}/</BaseURL><BaseURL serviceLocation='p0'>/vod/h/{at}/</BaseURL></Period>\n"
                ),
            );
        },
        after: || "</MPD>".to_owned(),
        is_edited: true,
        ..MPD
    },
    Shape {
        name: "operations of a patch",
        format: Format::Patch,
        before: || "<Patch>".to_owned(),
        each: |text, at| put(text, format_args!("<add sel='/MPD/Period[{at}]/@a'>x</add>\n")),
        after: || "</Patch>".to_owned(),
        ..MPD
    },
    Shape {
        name: "long selectors of a patch",
        format: Format::Patch,
        before: || "<Patch>".to_owned(),
        each: |text, _| {
            put(text, format_args!("<remove sel='{}'/>\n", "/Period[@id=\"1\"][2][3]".repeat(1_000)));
        },
        after: || "</Patch>".to_owned(),
        ..MPD
    },
    Shape {
        name: "what a patch adds",
        format: Format::Patch,
        before: || {
            "<Patch><add sel='/MPD'><Period><AdaptationSet><SegmentTemplate media='$RepresentationID$'/>"
                .to_owned()
        },
        each: |text, at| {
            put(text, format_args!("<Representation id='{at}'><BaseURL>v/</BaseURL></Representation>\n"));
        },
        after: || "</AdaptationSet></Period></add></Patch>".to_owned(),
        ..MPD
    },
    Shape {
        name: "variables at each URI",
        before: || format!("#EXTM3U\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"{}\"\n", "a/".repeat(4_000)),
        each: |text, at| put(text, format_args!("#EXTINF:4,\n{{$a}}{at}\n")),
        ..PLAYLIST
    },
    Shape {
        name: "short variables, many at each URI",
        before: || "#EXTM3U\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"a\"\n".to_owned(),
        each: |text, at| put(text, format_args!("{}{at}\n", "{$a}".repeat(500))),
        ..PLAYLIST
    },
    Shape {
        name: "definitions",
        longest: 100 * 10_000,
        before: || "#EXTM3U\n".to_owned(),
        each: |text, at| {
            put(
                text,
                format_args!(
                    "#EXT-X-DEFINE:NAME=\"v{at}\",VALUE=\"{at}\"\n#EXT-X-DEFINE:QUERYPARAM=\"q{at}\"\n{{$v{at}}}/a\n"
                ),
            );
        },
        ..PLAYLIST
    },
    Shape {
        name: "URIs of one sign",
        longest: 2 * TOKENS,
        before: || "#EXTM3U\n".to_owned(),
        each: |text, _| text.push_str("a\n"),
        ..PLAYLIST
    },
    Shape {
        name: "URIs of one sign, signed by query",
        signing: Signing::Query,
        longest: 2 * TOKENS,
        before: || "#EXTM3U\n".to_owned(),
        each: |text, _| text.push_str("a\n"),
        ..PLAYLIST
    },
    Shape {
        name: "segments",
        before: || LIVE.to_owned(),
        each: |text, at| put(text, format_args!("#EXTINF:4.00000,\nsegment_{at:06}.m4s\n")),
        caps: r#"{"rewind_s":600}"#,
        is_edited: true,
        ..PLAYLIST
    },
    Shape {
        name: "URIs that climb",
        longest: 8 * TOKENS,
        before: || "#EXTM3U\n".to_owned(),
        each: |text, at| put(text, format_args!("./{at}\n")),
        ..PLAYLIST
    },
    Shape {
        name: "URIs that climb, below a session",
        signing: Signing::Inherited,
        before: || "#EXTM3U\n".to_owned(),
        each: |text, at| put(text, format_args!("./{at}\n")),
        ..PLAYLIST
    },
    Shape {
        name: "URIs that climb, with an older session",
        signing: Signing::Renewed,
        longest: 8 * TOKENS,
        before: || "#EXTM3U\n".to_owned(),
        each: |text, at| put(text, format_args!("./{at}\n")),
        ..PLAYLIST
    },
    Shape {
        name: "URIs of foreign hosts",
        before: || "#EXTM3U\n".to_owned(),
        each: |text, at| put(text, format_args!("//a/{at}\n")),
        ..PLAYLIST
    },
    Shape {
        name: "long URIs",
        before: || "#EXTM3U\n".to_owned(),
        each: |text, at| put(text, format_args!("./{at}{}\n", "/a%20b".repeat(140))),
        ..PLAYLIST
    },
    Shape {
        name: "tags with attributes that hold no URI",
        before: || "#EXTM3U\n".to_owned(),
        each: |text, _| put(text, format_args!("#EXT-X-A:{}\n", "A=1,".repeat(10_000))),
        ..PLAYLIST
    },
    Shape {
        name: "tags with URIs in attributes",
        longest: 8 * TOKENS,
        before: || "#EXTM3U\n".to_owned(),
        each: |text, _| put(text, format_args!("#EXT-X-A:{}\n", "URI=\"a\",".repeat(5_000))),
        ..PLAYLIST
    },
    Shape {
        name: "equals signs behind white space",
        before: || "#EXTM3U\n".to_owned(),
        each: |text, _| put(text, format_args!("#EXT-X-A:{}\n", "\u{a0} =".repeat(10_000))),
        ..PLAYLIST
    },
    Shape {
        name: "keys in force at each segment",
        before: || LIVE.to_owned(),
        each: |text, at| {
            put(
                text,
                format_args!("#EXT-X-KEY:METHOD=AES-128,URI=\"k\",KEYFORMAT=\"{at}\"\n#EXTINF:4,\n{at}\n"),
            );
        },
        caps: r#"{"rewind_s":60}"#,
        is_edited: true,
        ..PLAYLIST
    },
    Shape {
        name: "date ranges",
        before: || LIVE.to_owned(),
        each: |text, at| {
            put(
                text,
                format_args!(
                    "#EXT-X-DATERANGE:ID=\"{at}\",START-DATE=\"2026-11-01T10:00:00Z\",DURATION=9\n#EXTINF:4,\n{at}\n"
                ),
            );
        },
        caps: r#"{"rewind_s":60}"#,
        is_edited: true,
        ..PLAYLIST
    },
    Shape {
        name: "date ranges of one id",
        before: || LIVE.to_owned(),
        each: |text, at| {
            put(
                text,
                format_args!(
                    "#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-11-01T10:00:00Z\",X-A{at}=9\n#EXTINF:4,\n{at}\n"
                ),
            );
        },
        caps: r#"{"rewind_s":60}"#,
        is_edited: true,
        ..PLAYLIST
    },
    Shape {
        name: "variants, all limits",
        before: || MASTER.to_owned(),
        each: |text, at| variant(text, at, at % 7),
        ..PLAYLISTS_LIMITED
    },
    Shape {
        name: "variants and groups, all limits",
        before: || MASTER.to_owned(),
        each: |text, at| {
            rendition(text, at, at);
            variant(text, at, at);
        },
        ..PLAYLISTS_LIMITED
    },
    Shape {
        name: "renditions of one group, all limits",
        before: || MASTER.to_owned(),
        each: |text, at| rendition(text, at, 0),
        after: || {
            let mut text = String::new();
            variant(&mut text, 0, 0);
            text
        },
        ..PLAYLISTS_LIMITED
    },
    Shape {
        name: "variants of pathways",
        longest: MULTIVARIANT,
        before: || MASTER.to_owned(),
        each: |text, at| {
            put(text, format_args!("#EXT-X-STREAM-INF:BANDWIDTH=1,PATHWAY-ID=\"p{}\"\n{at}.m3u8\n", at % 40));
        },
        is_edited: true,
        ..PLAYLIST
    },
    Shape {
        name: "variants of many codecs",
        before: || MASTER.to_owned(),
        each: |text, at| {
            put(
                text,
                format_args!(
                    "#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"{}\"\n{at}.m3u8\n",
                    "avc1.1,".repeat(1_000)
                ),
            );
        },
        ..PLAYLISTS_LIMITED
    },
];

const MPD: Shape = Shape {
    name: "",
    format: Format::Mpd,
    signing: Signing::Inherited,
    caps: NO_LIMITS,
    is_edited: false,
    has_breaks: false,
    longest: usize::MAX,
    before: String::new,
    each: |_, _| {},
    after: String::new,
};
const LIMITED: Shape = Shape { caps: ALL_LIMITS, is_edited: true, longest: READ_TWICE, ..MPD };
const PLAYLIST: Shape = Shape { format: Format::Playlist, signing: Signing::Path, ..MPD };
const PLAYLISTS_LIMITED: Shape =
    Shape { caps: ALL_LIMITS, is_edited: true, longest: MULTIVARIANT, ..PLAYLIST };

/// An MPD with one edit is read twice, out of 6 MiB in all. The other edits of these shapes may change nothing.
const READ_TWICE: usize = 3 * 1024 * 1024;
const MULTIVARIANT: usize = 4 * 1024 * 1024;
/// As many bytes as the marks of a playlist that are read take at most. Behind them, a segment takes what it takes with any edit.
const MARKS: usize = 4_000 * 256;
/// This many URIs with a token are 32 MiB.
const TOKENS: usize = 300_000;
/// The greatest number of resolved URIs. Each counts 64 bytes or more.
const RESOLVED: usize = 190_000;

const NO_BASES: &str = "";
const BASES: &str = "bases";
const LONG_BASES: &str = "long bases";
const SET: &str = "<Period><AdaptationSet>";
const VIDEO: &str = "<Period><AdaptationSet id='0' contentType='video' codecs='avc1.64'>";
const LIST: &str = "<Period><AdaptationSet><Representation><SegmentList>";
const TIMELINE: &str =
    "<Period><AdaptationSet><SegmentTemplate timescale=\"90000\" media=\"$Time$\"><SegmentTimeline>";
const CUES: &str = "<Period start='PT0S'><EventStream schemeIdUri='urn:scte:scte35:2013:xml'>";
/// A cue up to its UPID.
const CUE: &str = "<Period start='PT0S'><EventStream schemeIdUri='urn:scte:scte35:2013:xml'><Event presentationTime='4'><SpliceInfoSection><TimeSignal/><SegmentationDescriptor segmentationEventId='7' segmentationTypeId='52' segmentationDuration='900000'><SegmentationUpid segmentationUpidType='12' segmentationUpidFormat='text'>";
const CUE_END: &str = "</SegmentationUpid></SegmentationDescriptor></SpliceInfoSection></Event>";
const LIVE: &str = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PROGRAM-DATE-TIME:2026-11-01T10:00:00.000Z\n";
const MASTER: &str = "#EXTM3U\n";

fn mpd(bases: &str, then: &str) -> String {
    let folder = if bases == LONG_BASES { "a/".repeat(500) } else { String::new() };
    let bases: String = if bases.is_empty() {
        String::new()
    } else {
        (0..32).map(|at| format!("<BaseURL>d{at}/{folder}</BaseURL>")).collect()
    };
    format!(
        "<MPD type=\"dynamic\" timeShiftBufferDepth=\"PT9H\" xmlns:x=\"http://www.w3.org/1999/xlink\">{bases}{then}"
    )
}

fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).unwrap();
}

fn representation(text: &mut String, at: usize) {
    put(text, format_args!("<Representation id=\"{at}\"/>\n"));
}

fn set_end() -> String {
    "</AdaptationSet></Period></MPD>".to_owned()
}

fn list_end() -> String {
    "</SegmentList></Representation></AdaptationSet></Period></MPD>".to_owned()
}

fn limited(text: &mut String, at: usize) {
    put(
        text,
        format_args!(
            "<Representation id='{at}' height='{}' bandwidth='9' frameRate='25' codecs='avc1.64'/>\n",
            90 + at % 2_000
        ),
    );
}

fn adaptation_set(text: &mut String, at: usize) {
    let language = ["en", "fr", "zh", "de-AT"].get(at % 4).unwrap();
    put(
        text,
        format_args!(
            "<AdaptationSet id='{at}' contentType='audio' lang='{language}'><Representation id='{at}' bandwidth='9'/></AdaptationSet>\n"
        ),
    );
}

fn limited_sets(text: &mut String, at: usize) {
    text.push_str("<AdaptationSet contentType='video'>");
    limited(text, 0);
    limited(text, at);
    text.push_str("</AdaptationSet>");
    adaptation_set(text, 0);
    adaptation_set(text, at);
}

fn variant(text: &mut String, at: usize, group: usize) {
    put(
        text,
        format_args!(
            "#EXT-X-STREAM-INF:BANDWIDTH=9,RESOLUTION=640x{},CODECS=\"avc1.1,mp4a.1\",AUDIO=\"g{group}\",SUBTITLES=\"g{group}\"\n{at}.m3u8\n",
            90 + at % 2_000
        ),
    );
}

fn rendition(text: &mut String, at: usize, group: usize) {
    let language = ["en", "fr", "zh", "de-AT"].get(at % 4).unwrap();
    put(
        text,
        format_args!(
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g{group}\",NAME=\"{at}\",LANGUAGE=\"{language}\",URI=\"{at}.m3u8\"\n"
        ),
    );
}
