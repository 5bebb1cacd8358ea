//! Makes every URI of a playlist carry the session.

use super::define;
use super::place::{Place, PlaceError, Resolver};
use super::shape::{Change, Piece};
use crate::catalog::ExistingSteering;
use crate::catalog::SESSION_PARAMETER;
use crate::hls::edits::Edits;
use crate::hls::error::CompileError;
use crate::hls::read::attributes::attributes;
use crate::hls::read::line::{Kind, Line, is_header, lines, lines_between};
use crate::hls::read::variables::Variables;
use crate::manifest::{Frame, MOST_RESOLVED, MOST_WRITTEN, Signing, TOKEN_BYTES, Template, is_local, plain};
use crate::resource::Reading;

/// Writes the pieces of a playlist into a template.
pub(in crate::hls) fn write(
    playlist: &[u8],
    shape: &[Piece],
    frame: Option<&Frame<'_>>,
    edits: &Edits<'_>,
) -> Result<Template, CompileError> {
    let resolver = frame.map(Resolver::new);
    let mut signer = Signer {
        resolver: resolver.as_ref(),
        below: frame.map(|frame| ["/", frame.root, frame.resource.folder()].concat()).unwrap_or_default(),
        line_bytes: edits.bounds.line_bytes,
        takes_variables: true,
        variables: Variables::default(),
        playlist_follows: false,
        passes_local: frame.is_some_and(|frame| frame.foreign.passes(None)),
        keeps_steering: edits.steering.is_some_and(|steering| steering.existing == ExistingSteering::Keep),
        template: Template::with_capacity(playlist.len() + playlist.len() / 8),
    };
    for piece in shape {
        match piece {
            Piece::Lines(range) => signer.lines(playlist, range.start, range.end, &[])?,
            Piece::Changed(range, changes) => signer.lines(playlist, range.start, range.end, changes)?,
            Piece::Text(text) => signer.lines(text.as_bytes(), 0, text.len(), &[])?,
        }
    }
    let defined = edits.define && signer.takes_variables;
    Ok(if defined { define::defined(signer.template) } else { signer.template }.finished())
}

struct Signer<'a, 'f> {
    /// `None`: URIs stay as they are.
    resolver: Option<&'f Resolver<'f>>,
    /// The folder of the playlist at the edge, behind the session: `/harbour/hls/`.
    below: String,
    line_bytes: usize,
    /// Whether each token so far stands where players put variables in: in a line that is a URI, or in quotes.
    takes_variables: bool,
    variables: Variables<'a>,
    /// The site passes on whatever has no host: worked out once, of lists that may be long.
    passes_local: bool,
    /// The site trusts the steering servers that its playlists name.
    keeps_steering: bool,
    /// The next URI is that of a variant's playlist.
    playlist_follows: bool,
    template: Template,
}

impl<'a> Signer<'a, '_> {
    /// Writes the lines from one offset of a text to another.
    fn lines(
        &mut self,
        text: &'a [u8],
        from: usize,
        to: usize,
        changes: &[Change],
    ) -> Result<(), CompileError> {
        let mut copied = from;
        let mut changes = changes.iter().peekable();
        for line in lines_between(text, from, to) {
            let number = || lines(text.get(..line.start).unwrap_or_default()).count() + 1;
            let found = line.end - line.start;
            if found > self.line_bytes {
                return Err(CompileError::LineTooLong { line: number(), limit: self.line_bytes, found });
            }
            let uncovered =
                |why, uri: &[u8]| CompileError::Uncovered { line: number(), why, uri: quote(uri) };
            let Some(resolver) = self.resolver else { continue };
            let frame = resolver.frame;
            let written = self.template.size_rendered(TOKEN_BYTES);
            if written > MOST_WRITTEN {
                return Err(CompileError::TooLong { limit: MOST_WRITTEN, found: written });
            }
            if self.is_left_out(&line, resolver) {
                while let Some(change) = changes.next_if(|change| change.at.start < line.start) {
                    copied = self.change(text, copied, change);
                }
                self.template.push(text.get(copied..line.start).unwrap_or_default());
                while changes.next_if(|change| change.at.start < line.end).is_some() {}
                copied = line.end;
                continue;
            }
            for Found { at, uri, reading } in
                self.uris(&line, frame).map_err(|why| uncovered(why, line.text))?
            {
                while let Some(change) = changes.next_if(|change| change.at.start < at) {
                    copied = self.change(text, copied, change);
                }
                let place = match reading {
                    Some(reading) => resolver.place_to_read(uri, &self.variables, reading),
                    None => resolver.place(uri, &self.variables),
                };
                let place = place.map_err(|error| match error {
                    PlaceError::Exhausted => CompileError::TooMuch {
                        line: number(),
                        limit: MOST_RESOLVED,
                        found: resolver.spent(),
                    },
                    error => uncovered(why(error), uri),
                });
                match place? {
                    Place::AsIs => {}
                    place => {
                        self.template.push(text.get(copied..at).unwrap_or_default());
                        self.takes_variables &= at == line.text_start || text.get(at - 1) == Some(&b'"');
                        self.place(&place, uri);
                        copied = at + uri.len();
                    }
                }
            }
        }
        for change in changes {
            copied = self.change(text, copied, change);
        }
        self.template.push(text.get(copied..to).unwrap_or_default());
        Ok(())
    }

    /// Whether a line announces a steering server outside the title, which nobody reads: it could send players, and the token
    /// in their URIs, to any host. A site that trusts it keeps it.
    fn is_left_out(&self, line: &Line<'_>, resolver: &Resolver<'_>) -> bool {
        let Kind::Tag(_, tag) = line.kind() else { return false };
        let Some(list) = tag.strip_prefix(b"#EXT-X-CONTENT-STEERING:").filter(|_| !self.keeps_steering)
        else {
            return false;
        };
        attributes(list)
            .filter(|attribute| attribute.name == b"SERVER-URI")
            .any(|attribute| resolver.leads_out(attribute.value, &self.variables))
    }

    /// Writes a change and what stands before it; returns where the source goes on.
    fn change(&mut self, text: &[u8], copied: usize, change: &Change) -> usize {
        self.template.push(text.get(copied..change.at.start).unwrap_or_default());
        self.template.push(change.with.as_bytes());
        change.at.end
    }

    fn place(&mut self, place: &Place, uri: &[u8]) {
        match place {
            Place::AsIs => self.template.push(uri),
            Place::Below => {
                self.template.push(b"/~");
                self.template.push_hole();
                self.template.push(self.below.as_bytes());
                self.template.push(uri);
            }
            Place::With(mark) => {
                self.template.push(uri);
                self.template.push(mark.encode_utf8(&mut [0; 4]).as_bytes());
                self.template.push(SESSION_PARAMETER.as_bytes());
                self.template.push(b"=");
                self.template.push_hole();
            }
            Place::Signed(before, after) => {
                self.template.push(before.as_bytes());
                self.template.push_hole();
                self.template.push(after.as_bytes());
            }
            Place::Unsigned(text) => self.template.push(text.as_bytes()),
        }
    }

    /// The URIs of a line that a player fetches, with their offsets in the text: the line itself, or the values of a
    /// tag's attributes that are URIs by their specification.
    ///
    /// | attribute | tags |
    /// | --- | --- |
    /// | `URI` | KEY, SESSION-KEY, MAP, MEDIA, I-FRAME-STREAM-INF, PART, PRELOAD-HINT, RENDITION-REPORT, SESSION-DATA, IMAGE-STREAM-INF, and any tag that we do not know |
    /// | `SERVER-URI` | CONTENT-STEERING |
    /// | `X-ASSET-URI`, `X-ASSET-LIST`, `X-URI` | DATERANGE |
    /// | any other whose name ends in `-URI` | any |
    /// | (the whole value) | PREFETCH, TWITCH-PREFETCH |
    ///
    /// Players read broken lists each in their own way: some look for `URI="` wherever it stands. So a tag in which one
    /// of these names stands anywhere but in front of a value that every reader finds is refused, within a value only
    /// behind a list on whose quotes they are agreed.
    fn uris(&mut self, line: &Line<'a>, frame: &Frame<'_>) -> Result<Uris<'a>, &'static str> {
        let (start, tag) = match line.kind() {
            Kind::Blank => return Ok(Uris::NONE),
            Kind::Ambiguous => return Err("a line that players read differently"),
            Kind::Uri => {
                let is_playlist = std::mem::take(&mut self.playlist_follows);
                let is_signed = is_fetched(line.text, is_playlist, self.passes_local)
                    && !(is_playlist && stays(line.text, frame));
                let reading = is_playlist.then_some(Reading::Playlist);
                let found = Found { at: line.text_start, uri: line.text, reading };
                return Ok(Uris::Line(is_signed.then_some(found)));
            }
            Kind::Tag(at, tag) => (line.text_start + at, tag),
        };
        // A duration and a title, which may hold anything; players look for no attribute there.
        if let Some(value) = tag.strip_prefix(b"#EXTINF:") {
            let ends_here = line.end == line.text_start + line.text.len();
            return if is_duration(value, ends_here) { Ok(Uris::NONE) } else { Err(BROKEN_DURATION) };
        }
        if is_header(tag) {
            return Ok(Uris::NONE);
        }
        self.playlist_follows |= tag.starts_with(b"#EXT-X-STREAM-INF:");
        if let Some(list) = tag.strip_prefix(b"#EXT-X-DEFINE:") {
            self.variables.define(list, frame.query, frame.credentials)?;
        }
        if let Some(at) = PREFETCHED.iter().find(|name| tag.starts_with(name)).map(|name| name.len()) {
            let uri = tag.get(at..).unwrap_or_default();
            let trimmed = uri.trim_ascii_start();
            let at = start + tag.len() - trimmed.len();
            return Ok(Uris::Line(Some(Found { at, uri: trimmed, reading: None })));
        }
        if count_names(tag) == 0 {
            return Ok(Uris::NONE);
        }
        let list_at = memchr::memchr(b':', tag).map_or(tag.len(), |colon| colon + 1);
        let list = tag.get(list_at..).unwrap_or_default();
        let names = |tags: &[&[u8]]| tags.iter().any(|name| tag.starts_with(name));
        let (names_playlist, is_renewed_in_turn) = (names(&PLAYLISTS), names(&RENEWED_IN_TURN));
        let mut found = Vec::new();
        let (mut seen, mut end) = (0, 0);
        let mut is_agreed = true;
        for attribute in attributes(list) {
            let before = list.get(seen..attribute.at).unwrap_or_default();
            let is_uri = names_uri(attribute.name);
            // FFmpeg ends a value without quotes at white space, and takes a backslash out of one in quotes.
            let has_backslash = attribute.value.contains(&b'\\');
            let is_whole = attribute.exact
                && if attribute.quoted {
                    !has_backslash
                } else {
                    !attribute.value.iter().any(u8::is_ascii_whitespace)
                };
            if count_names(before) != usize::from(is_uri) || (is_uri && !is_whole) {
                return Err(BROKEN_LIST);
            }
            // In FFmpeg's quotes, a backslash takes a quote its meaning; others know no quotes but those around values. Behind
            // one of these, what is inside of quotes to one reader is outside to another.
            let opening = attribute.at - usize::from(attribute.quoted);
            let between = list.get(end..opening).unwrap_or_default();
            is_agreed &= attribute.exact && !between.contains(&b'"') && !has_backslash;
            end = attribute.end();
            // Within a value of which all readers know where it ends, a name is no name.
            seen = attribute.at + if is_agreed && is_whole { attribute.value.len() } else { 0 };
            let is_left = is_renewed_in_turn && stays(attribute.value, frame);
            if is_uri && is_fetched(attribute.value, names_playlist, self.passes_local) && !is_left {
                let reading = reading(tag, attribute.name).filter(|_| !is_local(attribute.value));
                found.push(Found { at: start + list_at + attribute.at, uri: attribute.value, reading });
            }
        }
        if count_names(list.get(seen..).unwrap_or_default()) > 0
            || count_names(tag.get(..list_at).unwrap_or_default()) > 0
        {
            return Err(BROKEN_LIST);
        }
        Ok(Uris::Attributes(found.into_iter()))
    }
}

/// Whether a URI is one that the session has to cover. Keys, maps and segments in the URI itself (`data:`) or with a
/// licence server (`skd:`) are not; a playlist in a `data:` URI would hold URIs that nobody has looked at.
fn is_fetched(uri: &[u8], is_playlist: bool, passes_local: bool) -> bool {
    !is_local(uri) || (is_playlist && !passes_local)
}

/// Whether the URI of a playlist leads to one that is renewed in turn when it is asked for with the token that it has.
fn stays(uri: &[u8], frame: &Frame<'_>) -> bool {
    frame.signing == Signing::Renewed
        && str::from_utf8(uri).is_ok_and(|uri| {
            let path = uri.split('?').next().unwrap_or_default();
            plain(uri).is_some() && Reading::Playlist.marked(path, path).is_none()
        })
}

/// Whether an `EXTINF` says a duration and a title, and nothing besides that a player might take for a URI.
///
/// ```text
/// value      = [ "-" ] *digit [ "." *digit ] *( 1*SP attribute ) *SP [ "," title ]
/// attribute  = 1*( ALPHA / digit / "-" / "_" ) "=" DQUOTE *( any but DQUOTE ) DQUOTE     ; of IPTV playlists
/// ```
///
/// hls.js (1.7) finds it by `#EXTINF:\s*(\d+(?:\.\d*)?|\.\d+)?(?:,(.*)\s+)?` and takes what is left of the line for the segment's
/// URI: all behind the duration where no comma follows it, and the end of a title where the playlist ends with it
/// (`ends_here`). Of an attribute it would make a relative URI, which the edge refuses.
fn is_duration(value: &[u8], ends_here: bool) -> bool {
    let value = value.trim_ascii_start();
    let value = value.strip_prefix(b"-").unwrap_or(value);
    let behind_digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut rest = value.get(behind_digits(value)..).unwrap_or_default();
    if let Some(fraction) = rest.strip_prefix(b".") {
        rest = fraction.get(behind_digits(fraction)..).unwrap_or_default();
    }
    loop {
        let next = rest.trim_ascii_start();
        match next {
            [] => return true,
            [b',', title @ ..] => return !ends_here || title.trim_ascii().is_empty(),
            _ if next.len() == rest.len() => return false,
            _ => {}
        }
        let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let name = next.iter().take_while(is_name).count();
        let quoted = next.get(name..).and_then(|behind| behind.strip_prefix(b"=\"")).filter(|_| name > 0);
        let Some((quoted, end)) = quoted.and_then(|quoted| Some((quoted, memchr::memchr(b'"', quoted)?)))
        else {
            return false;
        };
        rest = quoted.get(end + 1..).unwrap_or_default();
    }
}

const BROKEN_DURATION: &str =
    "an EXTINF with something besides a duration and a title, which players take for a URI";

const BROKEN_LIST: &str = "an attribute list that players read differently";

/// Tags whose value is a URI: segments that are still being made.
const PREFETCHED: [&[u8]; 2] = [b"#EXT-X-PREFETCH:", b"#EXT-X-TWITCH-PREFETCH:"];

/// Whether the value of an attribute of this name is a URI.
fn names_uri(name: &[u8]) -> bool {
    name.strip_suffix(b"URI").is_some_and(|before| before.last().is_none_or(|byte| *byte == b'-'))
        || name == b"X-ASSET-LIST"
}

/// Tags whose URIs are those of playlists, or of other lists of URIs.
const PLAYLISTS: [&[u8]; 6] = [
    b"#EXT-X-MEDIA:",
    b"#EXT-X-I-FRAME-STREAM-INF:",
    b"#EXT-X-IMAGE-STREAM-INF:",
    b"#EXT-X-RENDITION-REPORT:",
    b"#EXT-X-CONTENT-STEERING:",
    b"#EXT-X-DATERANGE:",
];

/// Of these, tags whose URIs are those of playlists alone.
const RENEWED_IN_TURN: [&[u8]; 3] =
    [b"#EXT-X-MEDIA:", b"#EXT-X-I-FRAME-STREAM-INF:", b"#EXT-X-RENDITION-REPORT:"];

/// What players read the file of an attribute's URI as, where that leads them further.
fn reading(tag: &[u8], attribute: &[u8]) -> Option<Reading> {
    const OF_PLAYLISTS: [&[u8]; 4] = [
        b"#EXT-X-MEDIA:",
        b"#EXT-X-I-FRAME-STREAM-INF:",
        b"#EXT-X-IMAGE-STREAM-INF:",
        b"#EXT-X-RENDITION-REPORT:",
    ];
    match attribute {
        b"URI" if OF_PLAYLISTS.iter().any(|name| tag.starts_with(name)) => Some(Reading::Playlist),
        b"SERVER-URI" if tag.starts_with(b"#EXT-X-CONTENT-STEERING:") => Some(Reading::Steering),
        b"X-ASSET-URI" => Some(Reading::Playlist),
        b"X-ASSET-LIST" => Some(Reading::Assets),
        _ => None,
    }
}

/// A URI, its offset in the text, and what players read its file as.
struct Found<'a> {
    at: usize,
    uri: &'a [u8],
    reading: Option<Reading>,
}

/// The URIs of one line.
enum Uris<'a> {
    Line(Option<Found<'a>>),
    Attributes(std::vec::IntoIter<Found<'a>>),
}

impl Uris<'_> {
    const NONE: Self = Self::Line(None);
}

impl<'a> Iterator for Uris<'a> {
    type Item = Found<'a>;

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

pub(in crate::hls) const fn why(error: PlaceError) -> &'static str {
    match error {
        PlaceError::Unreadable => "not a URI",
        PlaceError::Foreign => "a URI outside the title",
        PlaceError::Variable => "a URI whose host or path depends on a variable of unknown value",
        PlaceError::Credential => "a URI with a variable whose value may be a credential of the viewer",
        PlaceError::Spelling => "a URI in a spelling that the edge does not serve",
        PlaceError::Exhausted => "a URI beyond those that are resolved of one playlist",
        PlaceError::Session => {
            "a URI with a session of its own, whose path depends on a variable of unknown value"
        }
    }
}

fn quote(uri: &[u8]) -> String {
    let path = uri.split(|byte| *byte == b'?').next().unwrap_or_default();
    String::from_utf8_lossy(path).chars().take(120).collect()
}
