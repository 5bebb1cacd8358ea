//! Resources of titles: their paths and their kinds.

mod advertising;

use std::fmt;

pub use advertising::{AD_FOLDER, AdAddress, BREAK_FOLDER, Listing};

use crate::catalog::TitleId;
use crate::denial::{Denial, Reason};

/// A request for a resource of a title.
#[derive(Clone, Debug)]
pub struct MediaRequest {
    /// The title.
    pub title: TitleId,
    /// The resource.
    pub resource: ResourcePath,
    /// Its kind.
    pub kind: ResourceKind,
    /// The file of a creative that it is; `None`: it is the title's own.
    pub ad: Option<AdFile>,
}

/// A file of a creative that fills a slot of a break.
#[derive(Clone, Debug)]
pub struct AdFile {
    /// The break, slot and creative.
    pub address: AdAddress,
    /// The folder of the creative, below the title: `hls/_stagedoor/ad/mid-1/0/plum/`.
    pub folder: String,
    /// The path below that folder, which is also its path below the creative's folder at the media origin.
    pub path: ResourcePath,
}

impl AdFile {
    /// The ad's file that a resource is. `None`: the resource is the title's own.
    fn of(resource: &ResourcePath) -> Result<Option<Self>, Denial> {
        let path = resource.as_str();
        match (advertising::folders(path), resource.kind()) {
            (0, _) | (1, ResourceKind::Break(_)) => return Ok(None),
            (1, _) => {}
            // A creative has no breaks, and a break has no folder.
            _ => return Err(Denial::unknown_path()),
        }
        let (address, rest) = AdAddress::of_path(path).ok_or_else(Denial::unknown_path)?;
        let folder = path.strip_suffix(rest).unwrap_or_default();
        Ok(Some(Self { address, folder: folder.to_owned(), path: ResourcePath::parse(rest)? }))
    }
}

impl MediaRequest {
    /// Reads the path of an entry, `/{title}/{resource}`, without a token.
    pub fn at_entry(path: &str) -> Result<Self, Denial> {
        Self::parse(path.strip_prefix('/').unwrap_or(path))
    }

    pub(crate) fn parse(path: &str) -> Result<Self, Denial> {
        let (title, resource) = path.split_once('/').ok_or_else(Denial::unknown_path)?;
        let title = title.parse().map_err(|_| Denial::unknown_path())?;
        let resource = ResourcePath::parse(resource)?;
        Ok(Self { title, kind: resource.kind(), ad: AdFile::of(&resource)?, resource })
    }

    /// The path of its file below the folder at the media origin: the title's folder, or the creative's.
    pub fn file(&self) -> &ResourcePath {
        self.ad.as_ref().map_or(&self.resource, |ad| &ad.path)
    }
}

/// Kinds of resource, told apart by their file extension; some are the edge's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResourceKind {
    /// An HLS playlist: `.m3u8`, `.m3u`.
    Playlist,
    /// A DASH manifest: `.mpd`.
    Mpd,
    /// A DASH patch: `.mpp`.
    Patch,
    /// The steering manifest of a session, which the edge writes: [`STEERING_RESOURCE`].
    Steering,
    /// The time, which the edge answers itself: [`TIME_RESOURCE`].
    Time,
    /// The pod of a break, which the edge decides and lists: [`Listing`].
    Break(Listing),
    /// The list of assets of an interstitial: [`Reading::Assets`].
    Assets,
    /// A steering manifest of the media origin's own: [`Reading::Steering`].
    OriginSteering,
    /// Anything else: segments, keys, subtitles, pictures.
    Segment,
}

/// The format in which a file of the media origin is read, because a manifest leads players to it in this role.
/// Whatever the file's name, the edge has to read it as players do.
///
/// Where the name does not show the format, the edge appends a mark, `ads.json` becomes `ads.json.sd-assets`, and asks
/// the media origin for the file without the mark. So relative URIs in the file still resolve as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reading {
    /// An HLS playlist.
    Playlist,
    /// An MPD.
    Mpd,
    /// The list of assets of an interstitial.
    Assets,
    /// A steering manifest.
    Steering,
}

impl Reading {
    /// Every reading.
    pub const ALL: [Self; 4] = [Self::Playlist, Self::Mpd, Self::Assets, Self::Steering];

    /// The kind of resource.
    pub const fn kind(self) -> ResourceKind {
        match self {
            Self::Playlist => ResourceKind::Playlist,
            Self::Mpd => ResourceKind::Mpd,
            Self::Assets => ResourceKind::Assets,
            Self::Steering => ResourceKind::OriginSteering,
        }
    }

    /// The mark behind the name of a file.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Playlist => ".sd-m3u8",
            Self::Mpd => ".sd-mpd",
            Self::Assets => ".sd-assets",
            Self::Steering => ".sd-steering",
        }
    }

    /// Whether a file of this path is read in this format anyway: by its name, or since the edge writes it itself.
    fn is_of(self, resource: &ResourcePath) -> bool {
        let kind = resource.kind();
        let written = match self {
            Self::Assets => ResourceKind::Break(Listing::Assets),
            Self::Mpd => ResourceKind::Break(Listing::Mpd),
            Self::Steering => ResourceKind::Steering,
            Self::Playlist => self.kind(),
        };
        kind == self.kind() || kind == written
    }

    /// The mark behind a path's last name, if it has one.
    fn of_path(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reading| path.ends_with(reading.mark()))
    }

    /// The URI of a resource of a title, with the mark behind its path; `None`: it needs no mark.
    pub(crate) fn marked(self, uri: &str, resource: &str) -> Option<String> {
        let is_read = ResourcePath::parse(resource).is_ok_and(|resource| self.is_of(&resource));
        let (path, behind) = uri.split_at(uri.find(['?', '#']).unwrap_or(uri.len()));
        (!is_read).then(|| [path, self.mark(), behind].concat())
    }
}

impl ResourceKind {
    /// The kind of a resource by its name.
    fn of_name(path: &str) -> Self {
        for (own, kind) in [(STEERING_RESOURCE, Self::Steering), (TIME_RESOURCE, Self::Time)] {
            let folder = path.strip_suffix(own);
            if folder.is_some_and(|folder| folder.is_empty() || folder.ends_with('/')) {
                return kind;
            }
        }
        if let Some((listing, _)) = Listing::of_path(path) {
            return Self::Break(listing);
        }
        let extension =
            path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, extension)| extension);
        match extension {
            Some(e) if e.eq_ignore_ascii_case("m3u8") || e.eq_ignore_ascii_case("m3u") => Self::Playlist,
            Some(e) if e.eq_ignore_ascii_case("mpd") => Self::Mpd,
            Some(e) if e.eq_ignore_ascii_case("mpp") => Self::Patch,
            _ => Self::Segment,
        }
    }

    /// Its name in cache keys.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Playlist => "playlist",
            Self::Mpd => "mpd",
            Self::Patch => "patch",
            Self::Steering => "steering",
            Self::Time => "time",
            Self::Break(Listing::Assets) => "break-assets",
            Self::Break(Listing::Mpd) => "break-mpd",
            Self::Assets => "assets",
            Self::OriginSteering => "origin-steering",
            Self::Segment => "segment",
        }
    }

    /// Whether players request it under one URL for as long as they play, so that it has to be served after their token
    /// has expired. A list of assets of the media origin is requested once, by a URL out of a renewed playlist.
    pub const fn is_asked_again(self) -> bool {
        match self {
            Self::Playlist
            | Self::Mpd
            | Self::Patch
            | Self::Steering
            | Self::Time
            | Self::Break(_)
            | Self::OriginSteering => true,
            Self::Assets | Self::Segment => false,
        }
    }

    /// The media type of resources of this kind that the edge writes.
    pub const fn media_type(self) -> &'static str {
        match self {
            // ISO/IEC 23009-1, annex C.
            Self::Mpd | Self::Break(Listing::Mpd) => "application/dash+xml",
            Self::Patch => "application/dash-patch+xml",
            // RFC 8216 section 4.
            Self::Playlist => "application/vnd.apple.mpegurl",
            // draft-pantos-content-steering-05 section 11.1.
            Self::Steering | Self::OriginSteering => "application/vnd.apple.steering-list",
            Self::Assets | Self::Break(Listing::Assets) => "application/json",
            Self::Time => "text/plain; charset=utf-8",
            Self::Segment => "application/octet-stream",
        }
    }
}

/// The longest path below a title, in bytes: strangers choose it, and the edge remembers it. Packagers write paths of a
/// tenth of that.
pub const LONGEST_RESOURCE: usize = 1_024;

/// A path below a title's folder, in one canonical spelling, of [`LONGEST_RESOURCE`] bytes at most.
///
/// Non-empty segments between single slashes. No segment is `.` or `..` to any reader, in any encoding, encoded once or
/// several times, with path parameters (`..;x`) or without. There is no backslash, encoded slash or control character,
/// nor a sequence that decodes to one. Percent-encoding is normalised as in [RFC 3986 section 6.2.2]: hexadecimal
/// digits in capitals, unreserved characters unencoded. So one resource has one cache key.
///
/// The mark of a [`Reading`] is not part of the path at the media origin. All this also holds for the path without the
/// mark, and the edge's own resources have no mark.
///
/// [RFC 3986 section 6.2.2]: https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ResourcePath {
    /// The path, with its mark.
    path: String,
    /// The format that the mark asks for.
    reading: Option<Reading>,
}

impl ResourcePath {
    /// Reads a path as it stands in a URL, without a leading slash.
    pub fn parse(raw: &str) -> Result<Self, Denial> {
        if raw.len() > LONGEST_RESOURCE {
            let found = raw.len();
            let detail = format!("expected {LONGEST_RESOURCE} bytes at most below the title, found {found}");
            return Err(Denial::new(Reason::PathTooLong, detail));
        }
        let invalid = |detail| Denial::new(Reason::PathInvalid, detail);
        let path = canonical(raw)
            .map(|path| Self { reading: Reading::of_path(&path), path })
            .filter(|path| is_plain_path(&path.path) && is_plain_path(path.at_origin()))
            .ok_or_else(|| invalid("expected a path of plain segments below the title"))?;
        if path.reading.is_some()
            && matches!(
                path.kind_by_name(),
                ResourceKind::Steering | ResourceKind::Time | ResourceKind::Break(_)
            )
        {
            return Err(invalid("expected no mark behind the name of what the edge writes itself"));
        }
        Ok(path)
    }

    /// The canonical path.
    pub fn as_str(&self) -> &str {
        &self.path
    }

    /// The folder that the resource lies in: empty, or ending in `/`.
    pub fn folder(&self) -> &str {
        self.path.rfind('/').and_then(|slash| self.path.get(..=slash)).unwrap_or_default()
    }

    /// The path at the media origin, without the mark of a [`Reading`].
    pub fn at_origin(&self) -> &str {
        let mark = self.reading.map_or("", Reading::mark);
        self.path.strip_suffix(mark).unwrap_or(&self.path)
    }

    /// Its kind.
    pub fn kind(&self) -> ResourceKind {
        self.reading.map_or_else(|| self.kind_by_name(), Reading::kind)
    }

    /// Its kind without the mark.
    pub fn kind_by_name(&self) -> ResourceKind {
        ResourceKind::of_name(self.at_origin())
    }
}

impl fmt::Display for ResourcePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

/// The steering manifest, available in every folder of a title, so that a session for one folder reaches it. A file of
/// the media origin with this name is not served.
pub const STEERING_RESOURCE: &str = "_stagedoor/steering.json";

/// The time, available in every folder of a title. A file of the media origin with this name is not served.
pub const TIME_RESOURCE: &str = "_stagedoor/time";

/// Normalises percent-encoding; `None` if a byte, plain or encoded, is not allowed in a path.
fn canonical(raw: &str) -> Option<String> {
    let mut path = String::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let byte = match (first, tail) {
            (b'%', [high, low, tail @ ..]) => {
                rest = tail;
                let byte = u8::try_from(hex(*high)? * 16 + hex(*low)?).ok()?;
                if !is_unreserved(byte) {
                    if byte < 0x20 || byte == 0x7f || matches!(byte, b'/' | b'\\') {
                        return None;
                    }
                    path.push('%');
                    path.push(char::from(*high).to_ascii_uppercase());
                    path.push(char::from(*low).to_ascii_uppercase());
                    continue;
                }
                byte
            }
            (b'%' | b'\\' | b'?' | b'#' | 0..=0x20 | 0x7f.., _) => return None,
            (byte, _) => *byte,
        };
        path.push(char::from(byte));
    }
    Some(path)
}

/// Whether every segment of a path names something below the one before it to every reader: some media origins decode a
/// path twice, and others cut path parameters (`;`) off.
pub(crate) fn is_plain_path(path: &str) -> bool {
    path.split('/').all(is_plain_segment)
}

fn is_plain_segment(segment: &str) -> bool {
    if !segment.contains(['%', ';']) {
        return !matches!(segment, "" | "." | "..");
    }
    let mut segment = segment.as_bytes().to_vec();
    for _ in 0..=DECODINGS_MAX {
        let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
        let leads_out = matches!(name, b"" | b"." | b"..")
            || segment.iter().any(|byte| matches!(byte, b'/' | b'\\' | 0..=0x1f | 0x7f))
            // Overlong UTF-8 sequences of the same characters, which old readers accept.
            || segment.windows(2).any(|pair| matches!(pair, [0xc0, 0xae | 0xaf] | [0xc1, 0x9c]));
        if leads_out {
            return false;
        }
        let decoded: Vec<u8> = percent_encoding::percent_decode(&segment).collect();
        if decoded == segment {
            return true;
        }
        segment = decoded;
    }
    false
}

/// The most layers of percent-encoding that are decoded; a path with more layers, which no reader decodes, is refused.
const DECODINGS_MAX: usize = 4;

fn hex(digit: u8) -> Option<u32> {
    char::from(digit).to_digit(16)
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn media(path: &str) -> Result<MediaRequest, Denial> {
        MediaRequest::at_entry(path.strip_prefix("/~abc").unwrap_or(path))
    }

    /// The checks apply to the path that the media origin receives.
    #[test]
    fn a_mark_takes_no_check_off_the_name_before_it() {
        for reading in Reading::ALL {
            for name in [
                "",
                "a/",
                ".",
                "..",
                "a/.",
                "a/..",
                "%252e%252e",
                "a/%252e%252e",
                "%25252e%25252e",
                "a/..;x",
                ";x",
                "a/;x",
            ] {
                let path = format!("/~abc/h/{name}{}", reading.mark());
                assert_eq!(media(&path).unwrap_err().reason, Reason::PathInvalid, "{path}");
            }
            for own in [STEERING_RESOURCE, TIME_RESOURCE, "_stagedoor/%74ime"] {
                for folder in ["", "a/b/"] {
                    let path = format!("/~abc/h/{folder}{own}{}", reading.mark());
                    assert_eq!(media(&path).unwrap_err().reason, Reason::PathInvalid, "{path}");
                }
            }
            for name in ["a", "...", "a/...", "a..", "a.m3u8", "x_stagedoor/time", "a.sd-mpd"] {
                let resource = media(&format!("/~abc/h/{name}{}", reading.mark())).unwrap().resource;
                assert_eq!((resource.at_origin(), resource.kind()), (name, reading.kind()));
            }
        }
    }

    #[test]
    fn one_spelling_for_one_resource() {
        assert_eq!(media("/h/%61%2d%c3%a9%20b.ts").unwrap().resource.as_str(), "a-%C3%A9%20b.ts");
    }

    #[test]
    fn a_percent_sign_and_path_parameters_are_no_way_out() {
        for well in [
            "/h/100%25.ts",
            "/h/a%2520b.ts",
            "/h/a;v=1/b.ts",
            "/h/...;x",
            "/h/a..;b",
            "/h/%C3%A9.ts",
            "/h/%E0.ts",
            "/h/a%253Fb",
        ] {
            assert!(media(well).is_ok(), "{well}");
        }
    }

    proptest! {
        /// No reader that decodes a path once more, as often as it likes, and takes path parameters off, leaves the title.
        #[test]
        fn no_reader_leaves_the_title(
            path in "(%25|%2e|%2f|%3b|%5c|\\.|;|/|a|2|5|e|f){1,16}(\\.sd-m3u8|\\.sd-mpd|\\.sd-assets|\\.sd-steering){0,2}",
            strips in any::<bool>(),
        ) {
            let Ok(found) = ResourcePath::parse(&path) else { return Ok(()) };
            let mut read = found.at_origin().to_owned();
            for _ in 0..6 {
                let segments: Vec<_> = read
                    .split('/')
                    .map(|segment| if strips { segment.split(';').next().unwrap() } else { segment })
                    .collect();
                prop_assert!(segments.iter().all(|segment| !matches!(*segment, "" | "." | "..")), "{} {}", path, read);
                prop_assert!(!read.contains('\\'));
                prop_assert_eq!(segments.len(), found.as_str().split('/').count());
                read = percent_encoding::percent_decode_str(&read).decode_utf8_lossy().into_owned();
            }
        }
    }
}
