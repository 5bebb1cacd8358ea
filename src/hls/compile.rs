//! From a playlist to its template: which lines are left out, which URIs are written anew.

use std::fmt;

use super::attributes::{attribute, attributes};
use super::lines::{Line, lines};
use super::place::{Frame, Place, PlaceError};
use super::template::Template;
use crate::catalog::Caps;

/// Why a playlist cannot be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompileError {
    /// The first line is not `#EXTM3U` ([RFC 8216 section 4.3.1.1]).
    ///
    /// [RFC 8216 section 4.3.1.1]: https://www.rfc-editor.org/rfc/rfc8216#section-4.3.1.1
    NotAPlaylist,
    /// A URI leads out of the title, holds a variable, or is not a URI, so that no session would cover it.
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

/// Compiles a playlist: leaves out the variants above the caps, and makes every URI carry the session.
///
/// Takes time linear in the playlist's length. Without an edit, the template is the playlist.
pub fn compile(playlist: &[u8], frame: &Frame<'_>, caps: &Caps) -> Result<Template, CompileError> {
    let mut lines = lines(playlist).enumerate().peekable();
    if lines.peek().is_none_or(|(_, line)| line.text != b"#EXTM3U") {
        return Err(CompileError::NotAPlaylist);
    }
    let mut template = Template::with_capacity(playlist.len() + playlist.len() / 8);
    let mut copied = 0;
    let mut variants = Variants::default();
    for (number, line) in lines {
        if variants.leave_out(&line, caps) {
            template.push(playlist.get(copied..line.start).unwrap_or_default());
            copied = line.end;
            continue;
        }
        for (at, uri) in uris(&line) {
            let place = frame.place(uri).map_err(|error| CompileError::Uncovered {
                line: number + 1,
                why: match error {
                    PlaceError::Unreadable => "not a URI",
                    PlaceError::Foreign => "a URI outside the title",
                    PlaceError::Variable => "a URI with a variable, which is not supported",
                },
                uri: quote(uri),
            })?;
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

/// The URIs of a line, with their offsets in the playlist: the line itself, or the values of a tag's attributes
/// that are URIs by their specification.
///
/// | attribute | tags |
/// | --- | --- |
/// | `URI` | KEY, SESSION-KEY, MAP, MEDIA, I-FRAME-STREAM-INF, PART, PRELOAD-HINT, RENDITION-REPORT, SESSION-DATA, IMAGE-STREAM-INF, and any tag that we do not know |
/// | `SERVER-URI` | CONTENT-STEERING |
/// | `X-ASSET-URI`, `X-ASSET-LIST` | DATERANGE |
fn uris<'a>(line: &Line<'a>) -> impl Iterator<Item = (usize, &'a [u8])> + use<'a> {
    let itself = line.is_uri().then_some((line.start, line.text));
    // #EXTINF has a duration and a title, which may hold anything.
    let colon =
        memchr::memchr(b':', line.text).filter(|_| line.is_tag() && !line.text.starts_with(b"#EXTINF"));
    let list = colon.and_then(|colon| Some((line.start + colon + 1, line.text.get(colon + 1..)?)));
    let in_attributes = list.into_iter().flat_map(|(start, list)| {
        attributes(list)
            .filter(|attribute| {
                matches!(attribute.name, b"URI" | b"SERVER-URI" | b"X-ASSET-URI" | b"X-ASSET-LIST")
            })
            .map(move |attribute| (start + attribute.at, attribute.value))
    });
    itself.into_iter().chain(in_attributes)
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
    fn leave_out(&mut self, line: &Line<'_>, caps: &Caps) -> bool {
        let Some(max_height) = caps.max_height else { return false };
        if let Some(list) = line.tag(b"#EXT-X-STREAM-INF") {
            self.uri_follows = height(list).is_some_and(|height| height > max_height);
            *if self.uri_follows { &mut self.left_out } else { &mut self.kept } += 1;
            return self.uri_follows;
        }
        if let Some(list) = line.tag(b"#EXT-X-I-FRAME-STREAM-INF") {
            return height(list).is_some_and(|height| height > max_height);
        }
        self.uri_follows && line.is_uri() && std::mem::take(&mut self.uri_follows)
    }
}

/// The height in a RESOLUTION attribute, `<width>x<height>` in pixels.
fn height(list: &[u8]) -> Option<u32> {
    let (_, height) = str::from_utf8(attribute(list, b"RESOLUTION")?).ok()?.trim().split_once(['x', 'X'])?;
    height.parse().ok()
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
        let template = compile(playlist.as_bytes(), &frame, &Caps { max_height })?;
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
    fn an_error_names_the_line_and_no_query() {
        let error =
            rewrite("#EXTM3U\n\nhttps://ads.example/a.ts?token=secret", Reach::Inherit, None).unwrap_err();
        assert_eq!(error.to_string(), "line 3: a URI outside the title: https://ads.example/a.ts");
        assert_eq!(rewrite("<html>", Reach::Inherit, None), Err(CompileError::NotAPlaylist));
        assert_eq!(rewrite("", Reach::Inherit, None), Err(CompileError::NotAPlaylist));
    }
}
