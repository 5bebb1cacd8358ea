//! The URIs of a line that players fetch: the line itself, or values of a tag's attributes.
//!
//! | attribute | tags |
//! | --- | --- |
//! | `URI` | KEY, SESSION-KEY, MAP, MEDIA, I-FRAME-STREAM-INF, PART, PRELOAD-HINT, RENDITION-REPORT, SESSION-DATA, IMAGE-STREAM-INF, and any tag that we do not know |
//! | `SERVER-URI` | CONTENT-STEERING |
//! | `X-ASSET-URI`, `X-ASSET-LIST`, `X-URI` | DATERANGE |
//! | any other whose name ends in `-URI` | any |
//! | (the whole value) | PREFETCH, TWITCH-PREFETCH |
//!
//! Players read broken lists in different ways: some look for `URI="` wherever it stands. So every one of these names has
//! to stand in front of a value that all readers find, or the tag is refused. A name within a value is harmless if all
//! readers agree where that value begins and ends.

use crate::hls::error::CompileError;
use crate::hls::read::attributes::{Attribute, attributes};
use crate::hls::read::line::{Line, TagLine};
use crate::hls::read::tag::Tag;
use crate::manifest::{Frame, Misplaced, Signing, Span, descending_path, is_local};
use crate::resource::{Listing, Reading};

/// A URI that is to carry the session, and the kind of file that players expect there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FetchedUri<'a> {
    pub(super) uri: Span<'a>,
    pub(super) reading: Option<Reading>,
    /// Players replace variables in it: it is the line, or in quotes.
    pub(super) takes_variables: bool,
}

/// The URIs of one line.
pub(super) enum Uris<'a> {
    Line(Option<FetchedUri<'a>>),
    Attributes(std::vec::IntoIter<FetchedUri<'a>>),
}

impl Uris<'_> {
    pub(super) const NONE: Self = Self::Line(None);
}

impl<'a> Iterator for Uris<'a> {
    type Item = FetchedUri<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Line(uri) => uri.take(),
            Self::Attributes(uris) => uris.next(),
        }
    }
}

/// Why a line cannot be written.
#[derive(Debug)]
pub(super) enum LineError {
    /// The session would not cover all of its URIs.
    Uncovered(&'static str),
    Misplaced(Misplaced),
}

impl From<&'static str> for LineError {
    fn from(why: &'static str) -> Self {
        Self::Uncovered(why)
    }
}

impl From<Misplaced> for LineError {
    fn from(error: Misplaced) -> Self {
        Self::Misplaced(error)
    }
}

/// How the URIs of a playlist are found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fetching<'f> {
    pub(super) frame: &'f Frame<'f>,
    /// The site passes on URIs without a host. This is worked out once, because the site's lists may be long.
    pub(super) passes_local: bool,
}

impl Fetching<'_> {
    /// The URI of a line without a tag. `is_playlist`: the URI leads to a variant's playlist.
    pub(super) fn of_line<'a>(&self, line: &Line<'a>, is_playlist: bool) -> Uris<'a> {
        let text = line.text.text();
        let is_signed = self.covers(text, is_playlist) && !(is_playlist && self.is_renewed_in_turn(text));
        let reading = is_playlist.then_some(Reading::Playlist);
        let found = FetchedUri { uri: line.text, reading, takes_variables: true };
        Uris::Line(is_signed.then_some(found))
    }

    /// The URIs of a tag. `line` is the one in which it stands.
    pub(super) fn of_tag<'a>(&self, tag: &TagLine<'a>, line: &Line<'a>) -> Result<Uris<'a>, LineError> {
        match (tag.known, tag.value) {
            // A duration and a title, which may hold anything; players look for no attribute there.
            (Some(Tag::Inf), Some(value)) => {
                let ends_here = line.end() == line.text.end();
                if is_duration(value.text(), ends_here) {
                    Ok(Uris::NONE)
                } else {
                    Err(BROKEN_DURATION.into())
                }
            }
            (Some(Tag::M3u), _) => Ok(Uris::NONE),
            // Segments that are still being made.
            (Some(Tag::Prefetch | Tag::TwitchPrefetch), Some(value)) => {
                let uri = value.trim_ascii();
                Ok(Uris::Line(Some(FetchedUri { uri, reading: None, takes_variables: false })))
            }
            _ if count_names(tag.text.text()) == 0 => Ok(Uris::NONE),
            (known, Some(list)) => self.of_list(known, tag, list),
            (_, None) => Err(BROKEN_LIST.into()),
        }
    }

    fn of_list<'a>(
        &self,
        known: Option<Tag>,
        tag: &TagLine<'a>,
        list: Span<'a>,
    ) -> Result<Uris<'a>, LineError> {
        let mut found = Vec::new();
        let mut end = 0;
        // How many names stand in the value before this attribute, if readers disagree about that value's end.
        let mut open = 0;
        let mut is_agreed = true;
        for attribute @ Attribute { name, value, at, quoted, exact, before, .. } in attributes(list.text()) {
            let is_uri = names_uri(name);
            // FFmpeg ends a value without quotes at white space, and removes backslashes from a value in quotes.
            let has_backslash = value.contains(&b'\\');
            let is_whole =
                exact && if quoted { !has_backslash } else { !value.iter().any(u8::is_ascii_whitespace) };
            if open + count_names(before) != usize::from(is_uri) || (is_uri && !is_whole) {
                return Err(BROKEN_LIST.into());
            }
            // In FFmpeg, a backslash escapes a quote. Other readers know no escapes, and no quotes except around a value.
            // Behind a backslash or a stray quote, text is in quotes for one reader and outside of them for another.
            is_agreed &= exact && !before.contains(&b'"') && !has_backslash;
            end = attribute.end;
            // If all readers agree where a value ends, a name within it is mere text.
            open = if is_agreed && is_whole { 0 } else { count_names(value) };
            let is_left = (known.is_some_and(of_playlists_alone) && self.is_renewed_in_turn(value))
                || self.is_pod(value);
            if is_uri && self.covers(value, known.is_some_and(of_playlists)) && !is_left {
                let at = list.start() + at;
                let reading = reading(known, name).filter(|_| !is_local(value));
                let uri = list.cut(at..at + value.len())?;
                found.push(FetchedUri { uri, reading, takes_variables: quoted });
            }
        }
        let rest = list.cut(list.start() + end..list.end())?;
        let front = tag.text.cut(tag.text.start()..list.start())?;
        if open + count_names(rest.text()) > 0 || count_names(front.text()) > 0 {
            return Err(BROKEN_LIST.into());
        }
        Ok(Uris::Attributes(found.into_iter()))
    }

    /// Whether the session has to cover a URI. Nothing is fetched from the media origin for a key, map or segment in the URI
    /// itself (`data:`) or at a licence server (`skd:`). A playlist in a `data:` URI has URIs that the edge would not read, so
    /// only a site that passes such URIs on gets it.
    fn covers(&self, uri: &[u8], is_playlist: bool) -> bool {
        !is_local(uri) || (is_playlist && !self.passes_local)
    }

    /// Whether a URI is the address of a break's pod and may keep the old token, which lists the pod until the session ends.
    /// hls.js drops a date range of which an attribute changes.
    fn is_pod(&self, uri: &[u8]) -> bool {
        self.frame.signing == Signing::Renewed
            && str::from_utf8(uri).is_ok_and(|uri| {
                let path = uri.split('?').next().unwrap_or(uri);
                descending_path(uri).is_some() && Listing::of_path(path).is_some()
            })
    }

    /// Whether a playlist's URI may keep the old token: the playlist is renewed itself when a player requests it with that
    /// token.
    fn is_renewed_in_turn(&self, uri: &[u8]) -> bool {
        self.frame.signing == Signing::Renewed
            && str::from_utf8(uri).is_ok_and(|uri| {
                let path = uri.split('?').next().unwrap_or(uri);
                descending_path(uri).is_some() && Reading::Playlist.marked(path, path).is_none()
            })
    }
}

/// Whether an `EXTINF` says a duration and a title, and nothing besides that a player might take for a URI.
///
/// ```text
/// value      = [ "-" ] *digit [ "." *digit ] *( 1*SP attribute ) *SP [ "," title ]
/// attribute  = 1*( ALPHA / digit / "-" / "_" ) "=" DQUOTE *( any but DQUOTE ) DQUOTE     ; of IPTV playlists
/// ```
///
/// hls.js (1.7) reads it by `#EXTINF:\s*(\d+(?:\.\d*)?|\.\d+)?(?:,(.*)\s+)?` and takes the rest of the line for the segment's
/// URI: all behind the duration where no comma follows it, and the end of a title where the playlist ends with it
/// (`ends_here`). Of an attribute it would make a relative URI, which the edge refuses.
fn is_duration(value: &[u8], ends_here: bool) -> bool {
    let value = value.trim_ascii_start();
    let value = value.strip_prefix(b"-").unwrap_or(value);
    let mut rest = without_leading(value, u8::is_ascii_digit);
    if let Some(fraction) = rest.strip_prefix(b".") {
        rest = without_leading(fraction, u8::is_ascii_digit);
    }
    loop {
        let next = rest.trim_ascii_start();
        match next {
            [] => return true,
            [b',', title @ ..] => return !ends_here || title.trim_ascii().is_empty(),
            _ if next.len() == rest.len() => return false,
            _ => {}
        }
        let behind =
            without_leading(next, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let quoted = behind.strip_prefix(b"=\"").filter(|_| behind.len() < next.len());
        let mut parts = quoted.into_iter().flat_map(|quoted| quoted.splitn(2, |byte| *byte == b'"'));
        let (Some(_), Some(more)) = (parts.next(), parts.next()) else { return false };
        rest = more;
    }
}

/// A text without its first bytes, as long as this is true for them.
fn without_leading(mut text: &[u8], leads: impl Fn(&u8) -> bool) -> &[u8] {
    while let Some((first, rest)) = text.split_first() {
        if !leads(first) {
            break;
        }
        text = rest;
    }
    text
}

const BROKEN_DURATION: &str =
    "an EXTINF with something besides a duration and a title, which players take for a URI";

const BROKEN_LIST: &str = "an attribute list that players read differently";

/// Whether the value of an attribute of this name is a URI.
fn names_uri(name: &[u8]) -> bool {
    name.strip_suffix(b"URI").is_some_and(|before| before.last().is_none_or(|byte| *byte == b'-'))
        || name == b"X-ASSET-LIST"
}

/// Whether a tag's URIs lead to playlists, or to other lists of URIs.
const fn of_playlists(tag: Tag) -> bool {
    of_playlists_alone(tag) || matches!(tag, Tag::ImageStreamInf | Tag::ContentSteering | Tag::DateRange)
}

/// Whether all URIs of a tag lead to playlists, which are renewed themselves when players request them.
const fn of_playlists_alone(tag: Tag) -> bool {
    matches!(tag, Tag::Media | Tag::IFrameStreamInf | Tag::RenditionReport)
}

/// The kind of file that players expect at an attribute's URI, where the file leads them further.
fn reading(tag: Option<Tag>, attribute: &[u8]) -> Option<Reading> {
    match (tag, attribute) {
        (Some(Tag::Media | Tag::IFrameStreamInf | Tag::ImageStreamInf | Tag::RenditionReport), b"URI")
        | (_, b"X-ASSET-URI") => Some(Reading::Playlist),
        (Some(Tag::ContentSteering), b"SERVER-URI") => Some(Reading::Steering),
        (_, b"X-ASSET-LIST") => Some(Reading::Assets),
        _ => None,
    }
}

/// How often `URI` or `ASSET-LIST`, in any case, stands before an equals sign, with or without white space between.
fn count_names(text: &[u8]) -> usize {
    let is_named = |equals: &usize| {
        let Some((mut name, _)) = text.split_at_checked(*equals) else { return false };
        // White space as JavaScript knows it: bytes beyond ASCII at the end of a name count as such.
        while let [front @ .., last] = name
            && !last.is_ascii_graphic()
        {
            name = front;
        }
        [&b"URI"[..], b"ASSET-LIST"].iter().any(|known| {
            let start = name.len().checked_sub(known.len());
            start.and_then(|start| name.get(start..)).is_some_and(|tail| tail.eq_ignore_ascii_case(known))
        })
    };
    memchr::memchr_iter(b'=', text).filter(is_named).count()
}

impl LineError {
    /// The error of the playlist. `uncovered` makes the error of a line whose URIs the session would not cover.
    pub(super) fn of_playlist(self, uncovered: impl FnOnce(&'static str) -> CompileError) -> CompileError {
        match self {
            Self::Uncovered(why) => uncovered(why),
            Self::Misplaced(error) => error.into(),
        }
    }
}
