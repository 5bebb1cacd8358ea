//! From a playlist to its template: which lines are left out, which URIs are written anew.

use std::fmt;
use std::ops::Range;

use super::attributes::attributes;
use super::limits::Limits;
use super::lines::{Kind, Line, lines};
use super::place::{Frame, Place, PlaceError, is_local};
use super::template::Template;
use crate::catalog::Caps;

/// Why a playlist cannot be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompileError {
    /// The first line is not `#EXTM3U` ([RFC 8216 section 4.3.1.1]).
    ///
    /// [RFC 8216 section 4.3.1.1]: https://www.rfc-editor.org/rfc/rfc8216#section-4.3.1.1
    NotAPlaylist,
    /// A URI leads out of the title, holds a variable, or is not a URI, or players do not agree where it stands: so
    /// no session would cover it.
    Uncovered {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with the URI.
        why: &'static str,
        /// The URI without its query, shortened.
        uri: String,
    },
    /// No variant stream is within the limits.
    NoVariant,
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAPlaylist => f.write_str("expected #EXTM3U in the first line"),
            Self::Uncovered { line, why, uri } => write!(f, "line {line}: {why}: {uri}"),
            Self::NoVariant => f.write_str("no variant stream is within the limits"),
        }
    }
}

/// Compiles a playlist: leaves out what is not within the caps, and makes every URI carry the session.
///
/// Takes time linear in the playlist's length. Without an edit, the template is the playlist.
pub fn compile(playlist: &[u8], frame: &Frame<'_>, caps: &Caps) -> Result<Template, CompileError> {
    let mut lines = lines(playlist).enumerate().peekable();
    if lines.peek().is_none_or(|(_, line)| line.text != b"#EXTM3U") {
        return Err(CompileError::NotAPlaylist);
    }
    let limits = Limits::new(caps, super::lines::lines(playlist));
    let mut template = Template::with_capacity(playlist.len() + playlist.len() / 8);
    let mut copied = 0;
    let mut variants = Variants::default();
    for (number, line) in lines {
        let kind = line.kind();
        if variants.leave_out(kind, &limits) {
            template.push(playlist.get(copied..line.start).unwrap_or_default());
            copied = line.end;
            continue;
        }
        if let Some(span) = dangling(&line, kind, &limits) {
            template.push(playlist.get(copied..span.start).unwrap_or_default());
            copied = span.end;
        }
        let uncovered = |why, uri: &[u8]| CompileError::Uncovered { line: number + 1, why, uri: quote(uri) };
        let uris = uris(&line, kind).map_err(|why| uncovered(why, line.text))?;
        for (at, uri) in uris {
            let place = frame.place(uri).map_err(|error| uncovered(why(error), uri))?;
            if let Place::BelowRoot(path) = place {
                template.push(playlist.get(copied..at).unwrap_or_default());
                template.push_hole();
                template.push(path.as_bytes());
                copied = at + uri.len();
            }
        }
    }
    if variants.left_out > 0 && variants.kept == 0 {
        return Err(CompileError::NoVariant);
    }
    template.push(playlist.get(copied..).unwrap_or_default());
    Ok(template)
}

const fn why(error: PlaceError) -> &'static str {
    match error {
        PlaceError::Unreadable => "not a URI",
        PlaceError::Foreign => "a URI outside the title",
        PlaceError::Variable => "a URI with a variable, which is not supported",
        PlaceError::Spelling => "a URI in a spelling that the edge does not serve",
    }
}

/// The URIs of a line that a player fetches, with their offsets in the playlist: the line itself, or the values of a
/// tag's attributes that are URIs by their specification.
///
/// | attribute | tags |
/// | --- | --- |
/// | `URI` | KEY, SESSION-KEY, MAP, MEDIA, I-FRAME-STREAM-INF, PART, PRELOAD-HINT, RENDITION-REPORT, SESSION-DATA, IMAGE-STREAM-INF, and any tag that we do not know |
/// | `SERVER-URI` | CONTENT-STEERING |
/// | `X-ASSET-URI`, `X-ASSET-LIST` | DATERANGE |
///
/// Players read broken lists each in their own way: some look for `URI="` wherever it stands. So a tag in which one of
/// these names stands anywhere but in front of a value that every reader finds is refused.
fn uris<'a>(line: &Line<'a>, kind: Kind<'a>) -> Result<Uris<'a>, &'static str> {
    let (start, tag) = match kind {
        Kind::Blank => return Ok(Uris::Line(None)),
        Kind::Ambiguous => return Err("a line that players read differently"),
        Kind::Uri => return Ok(Uris::Line(Some((line.text_start, line.text)))),
        Kind::Tag(at, tag) => (line.text_start + at, tag),
    };
    // A duration and a title, which may hold anything; players look for no attribute there.
    if tag.starts_with(b"#EXTINF") || count_names(tag) == 0 {
        return Ok(Uris::Line(None));
    }
    let list_at = memchr::memchr(b':', tag).map_or(tag.len(), |colon| colon + 1);
    let list = tag.get(list_at..).unwrap_or_default();
    let keeps_local = [&b"#EXT-X-KEY:"[..], b"#EXT-X-SESSION-KEY:", b"#EXT-X-SESSION-DATA:"]
        .iter()
        .any(|name| tag.starts_with(name));
    let mut found = Vec::new();
    let mut seen = 0;
    for attribute in attributes(list) {
        let before = list.get(seen..attribute.at).unwrap_or_default();
        let is_uri = matches!(attribute.name, b"URI" | b"SERVER-URI" | b"X-ASSET-URI" | b"X-ASSET-LIST");
        if count_names(before) != usize::from(is_uri) || (is_uri && !attribute.exact) {
            return Err(BROKEN_LIST);
        }
        // Within a value that ended as it should, a name is no name.
        seen = attribute.at + if attribute.exact { attribute.value.len() } else { 0 };
        if is_uri && !(keeps_local && is_local(attribute.value)) {
            found.push((start + list_at + attribute.at, attribute.value));
        }
    }
    if count_names(list.get(seen..).unwrap_or_default()) > 0
        || count_names(tag.get(..list_at).unwrap_or_default()) > 0
    {
        return Err(BROKEN_LIST);
    }
    Ok(Uris::Attributes(found.into_iter()))
}

const BROKEN_LIST: &str = "an attribute list that players read differently";

/// The URIs of one line.
enum Uris<'a> {
    Line(Option<(usize, &'a [u8])>),
    Attributes(std::vec::IntoIter<(usize, &'a [u8])>),
}

impl<'a> Iterator for Uris<'a> {
    type Item = (usize, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Line(uri) => uri.take(),
            Self::Attributes(uris) => uris.next(),
        }
    }
}

/// How often `URI` or `ASSET-LIST`, in any case, stands before an equals sign, with or without white space between.
fn count_names(text: &[u8]) -> usize {
    memchr::memchr_iter(b'=', text)
        .filter(|equals| {
            let before = text.get(..*equals).unwrap_or_default();
            // White space as JavaScript knows it: what is not ASCII at the end of a name counts as such.
            let end = before.iter().rposition(u8::is_ascii_graphic).map_or(0, |last| last + 1);
            let name = before.get(..end).unwrap_or_default();
            [&b"URI"[..], b"ASSET-LIST"].iter().any(|known| {
                name.len()
                    .checked_sub(known.len())
                    .and_then(|at| name.get(at..))
                    .is_some_and(|tail| tail.eq_ignore_ascii_case(known))
            })
        })
        .count()
}

/// Follows the variant streams of a Multivariant Playlist.
#[derive(Default)]
struct Variants {
    kept: usize,
    left_out: usize,
    /// The tag of a variant was left out, and its URI line is still to come.
    uri_follows: bool,
}

impl Variants {
    /// Whether a line is left out: a variant's tag, and the URI that belongs to it ([RFC 8216 section 4.3.4.2]).
    /// Comments and blank lines between the two stay.
    ///
    /// [RFC 8216 section 4.3.4.2]: https://www.rfc-editor.org/rfc/rfc8216#section-4.3.4.2
    fn leave_out(&mut self, kind: Kind<'_>, limits: &Limits<'_>) -> bool {
        match kind {
            Kind::Uri => std::mem::take(&mut self.uri_follows),
            Kind::Tag(_, tag) => {
                if let Some(list) = tag.strip_prefix(b"#EXT-X-STREAM-INF:") {
                    self.uri_follows = !limits.variant(list);
                    *if self.uri_follows { &mut self.left_out } else { &mut self.kept } += 1;
                    self.uri_follows
                } else if let Some(list) = tag.strip_prefix(b"#EXT-X-MEDIA:") {
                    !limits.rendition(list)
                } else {
                    let list = tag.strip_prefix(b"#EXT-X-I-FRAME-STREAM-INF:");
                    list.is_some_and(|list| !limits.picture(list))
                }
            }
            Kind::Blank | Kind::Ambiguous => false,
        }
    }
}

/// Where in the playlist a variant names a group of subtitles that was left out.
fn dangling(line: &Line<'_>, kind: Kind<'_>, limits: &Limits<'_>) -> Option<Range<usize>> {
    const VARIANT: &[u8] = b"#EXT-X-STREAM-INF:";
    let Kind::Tag(at, tag) = kind else { return None };
    let span = limits.dangling(tag.strip_prefix(VARIANT)?)?;
    let start = line.text_start + at + VARIANT.len();
    Some(start + span.start..start + span.end)
}

fn quote(uri: &[u8]) -> String {
    let path = uri.split(|byte| *byte == b'?').next().unwrap_or_default();
    String::from_utf8_lossy(path).chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::hls::Reach;
    use crate::route::ResourcePath;

    fn rewrite(playlist: &str, reach: Reach, max_height: Option<u32>) -> Result<String, CompileError> {
        let folder = Url::parse("https://media.example/vod/harbour/").unwrap();
        let resource = ResourcePath::parse("hls/master.m3u8").unwrap();
        let frame = Frame { folder: &folder, resource: &resource, reach };
        let template = compile(playlist.as_bytes(), &frame, &Caps { max_height, ..Caps::default() })?;
        Ok(String::from_utf8(template.render("/~S/harbour/").into_owned()).unwrap())
    }

    const MASTER: &str = "#EXTM3U\r\n\
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"English, UK\",URI=\"audio/en.m3u8\"\r\n\
        #EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=640x360,AUDIO=\"a\"\r\n\
        video/360.m3u8\r\n\
        #EXT-X-STREAM-INF:BANDWIDTH=2,RESOLUTION=1920x1080,AUDIO=\"a\"\r\n\
        # a comment between\r\n\
        video/1080.m3u8\r\n\
        #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=3,RESOLUTION=1920x1080,URI=\"video/iframes.m3u8\"\r\n";

    #[test]
    fn at_the_entry_every_uri_carries_the_session() {
        let expected =
            MASTER.replace("audio/", "/~S/harbour/hls/audio/").replace("video/", "/~S/harbour/hls/video/");
        assert_eq!(rewrite(MASTER, Reach::Prefix, None).unwrap(), expected);
    }

    #[test]
    fn below_a_session_a_relative_playlist_is_untouched_and_shared() {
        assert_eq!(rewrite(MASTER, Reach::Inherit, None).unwrap(), MASTER);
    }

    #[test]
    fn variants_above_the_cap_are_left_out_with_their_uri() {
        let expected = "#EXTM3U\r\n\
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"English, UK\",URI=\"audio/en.m3u8\"\r\n\
            #EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=640x360,AUDIO=\"a\"\r\n\
            video/360.m3u8\r\n\
            # a comment between\r\n";
        assert_eq!(rewrite(MASTER, Reach::Inherit, Some(360)).unwrap(), expected);
        assert_eq!(rewrite(MASTER, Reach::Inherit, Some(359)), Err(CompileError::NoVariant));
        assert_eq!(rewrite(MASTER, Reach::Inherit, Some(1080)).unwrap(), MASTER);
    }

    #[test]
    fn every_place_where_a_uri_can_stand() {
        let places = [
            "@",
            "#EXT-X-KEY:METHOD=AES-128,URI=\"@\",IV=0x1",
            "#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI=\"@\"",
            "#EXT-X-MAP:URI=\"@\",BYTERANGE=\"1@0\"",
            "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",URI=\"@\"",
            "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI=\"@\"",
            "#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,URI=\"@\"",
            "#EXT-X-PART:DURATION=1,URI=\"@\"",
            "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"@\"",
            "#EXT-X-RENDITION-REPORT:URI=\"@\",LAST-MSN=1",
            "#EXT-X-SESSION-DATA:DATA-ID=\"a\",URI=\"@\"",
            "#EXT-X-CONTENT-STEERING:SERVER-URI=\"@\",PATHWAY-ID=\"a\"",
            "#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.apple.hls.interstitial\",X-ASSET-URI=\"@\"",
            "#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.apple.hls.interstitial\",X-ASSET-LIST=\"@\"",
            "#EXT-X-SOMETHING-NEW:URI=\"@\"",
            "#EXT-X-MAP:URI=@",
        ];
        for place in places {
            let playlist = format!("#EXTM3U\n{place}\n")
                .replace("@\"", "a.x\"")
                .replace("=@", "=a.x")
                .replace("\n@\n", "\na.x\n");
            let expected = playlist.replace("a.x", "/~S/harbour/hls/a.x");
            assert_ne!(playlist, expected, "{place} has no URI");
            assert_eq!(rewrite(&playlist, Reach::Prefix, None).unwrap(), expected, "{place}");
            let foreign = playlist.replace("a.x", "https://ads.example/a.x");
            for reach in [Reach::Prefix, Reach::Inherit] {
                assert!(
                    matches!(rewrite(&foreign, reach, None), Err(CompileError::Uncovered { line: 2, .. })),
                    "{place} lets a foreign URI through"
                );
            }
        }
    }

    #[test]
    fn what_is_no_uri_stays() {
        let playlist = "#EXTM3U\n# URI=\"a\"\n#EXTINF:4,URI=\"a\"\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://k\",KEYFORMAT=\"a\"\n";
        assert_eq!(rewrite(playlist, Reach::Prefix, None).unwrap(), playlist);
    }

    #[test]
    fn what_players_read_differently_is_refused() {
        for line in [
            "#EXTINF:4,t\rhttps://evil.example/a.ts",
            "# a\rhttps://evil.example/a.ts",
            "#EXTINF:4,t\u{2028}https://evil.example/a.ts",
            "##EXT-X-MEDIA:TYPE=AUDIO,URI=\"https://evil.example/a.m3u8\"",
            "# #EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"https://evil.example/k\"",
            " #EXT-X-KEY:METHOD=AES-128,URI=\"https://evil.example/k\"",
            "#EXTM3U#EXT-X-KEY:METHOD=AES-128,URI=\"https://evil.example/k\"",
            "#EXT-X-MEDIA:NAME=\"English,URI=https://evil.example/a.m3u8",
            "#EXT-X-MEDIA:NAME=\"English,URI=\"https://evil.example/a.m3u8\"",
            "#EXT-X-MAP:BYTERANGE=\"1@0,URI=https://evil.example/k",
            "#EXT-X-KEY:METHOD=AES-128,\u{a0}URI=\"https://evil.example/k\"",
            "#EXT-X-KEY:METHOD=AES-128,uri=\"https://evil.example/k\"",
            "#EXT-X-KEY:METHOD=AES-128,URI =x\"https://evil.example/k\"",
            "#EXT-X-KEY:METHOD=AES-128,XURI=\"https://evil.example/k\"",
            "#EXT-X-KEY:METHOD=AES-128,URI=\"a\"URI=\"https://evil.example/k\"",
            "#EXT-X-KEY:URI=\"a\",NAME=\"URI=\"https://evil.example/k\"",
            "#EXT-X-DATERANGE:x-asset-list=\"https://evil.example/k\"",
            "#EXT-X-KEYURI=\"https://evil.example/k\"",
            "#EXT-X-MEDIA:TYPE=AUDIO,URI=\"data:application/vnd.apple.mpegurl,x\"",
            "#EXT-X-CONTENT-STEERING:SERVER-URI=\"data:application/json,{}\"",
        ] {
            for reach in [Reach::Prefix, Reach::Inherit] {
                let found = rewrite(&format!("#EXTM3U\n{line}\n"), reach, None);
                assert!(matches!(found, Err(CompileError::Uncovered { line: 2, .. })), "{line:?}: {found:?}");
            }
        }
    }

    #[test]
    fn a_value_may_name_uris() {
        let playlist = "#EXTM3U\n#EXT-X-SESSION-DATA:DATA-ID=\"a\",VALUE=\"b?uri=c\",X=URI=d\n#EXT-X-KEY:METHOD=AES-128,URI=\"k?uri=a&URI=b\",IV=0x1\n#EXTINF:4,URI=\nseg?uri=x\n";
        let expected = playlist.replace("k?", "/~S/harbour/hls/k?").replace("seg?", "/~S/harbour/hls/seg?");
        assert_eq!(rewrite(playlist, Reach::Prefix, None).unwrap(), expected);
        assert_eq!(rewrite(playlist, Reach::Inherit, None).unwrap(), playlist);
    }

    #[test]
    fn a_variant_behind_a_comment_sign_is_capped_too() {
        let playlist =
            "#EXTM3U\n#EXT-X-STREAM-INF:RESOLUTION=640x360\na\n##EXT-X-STREAM-INF:RESOLUTION=1920x1080\nb\n";
        let expected = "#EXTM3U\n#EXT-X-STREAM-INF:RESOLUTION=640x360\na\n";
        assert_eq!(rewrite(playlist, Reach::Inherit, Some(360)).unwrap(), expected);
    }

    #[test]
    fn an_error_names_the_line_and_no_query() {
        let error =
            rewrite("#EXTM3U\n\nhttps://ads.example/a.ts?token=secret", Reach::Inherit, None).unwrap_err();
        assert_eq!(error.to_string(), "line 3: a URI outside the title: https://ads.example/a.ts");
        assert_eq!(rewrite("<html>", Reach::Inherit, None), Err(CompileError::NotAPlaylist));
        assert_eq!(rewrite("", Reach::Inherit, None), Err(CompileError::NotAPlaylist));
    }
}
