//! Where a URI of a playlist leads, and how it is to be written.

use url::Url;

use crate::route::ResourcePath;

/// The place of a playlist: what its URIs are resolved against.
#[derive(Clone, Debug)]
pub struct Frame<'a> {
    /// The title's folder at the media origin.
    pub folder: &'a Url,
    /// The playlist's path below that folder.
    pub resource: &'a ResourcePath,
    /// Whether relative URIs already carry the session.
    pub reach: Reach,
}

/// Whether a relative URI of the playlist inherits the session from the playlist's own URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The playlist is served below a session prefix: relative URIs stay as they are.
    Inherit,
    /// The playlist is served at the entry: every URI is written with the session prefix.
    Prefix,
}

/// How a URI is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// As it stands.
    AsIs,
    /// Below the session's root, as this path and query.
    BelowRoot(String),
}

/// Why a URI cannot be written so that the session covers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PlaceError {
    /// It is not a URI.
    Unreadable,
    /// It leads out of the title's folder.
    Foreign,
    /// It holds a variable (EXT-X-DEFINE), which might expand to anything.
    Variable,
    /// Its path has a spelling that the edge does not serve: an empty segment, an encoded slash, a stray `%`.
    Spelling,
}

impl Frame<'_> {
    /// Finds out how to write a URI, which players resolve after taking control characters and spaces off its ends.
    pub(super) fn place(&self, uri: &[u8]) -> Result<Place, PlaceError> {
        let uri = str::from_utf8(uri).map_err(|_| PlaceError::Unreadable)?;
        if is_plain(uri) {
            return Ok(match self.reach {
                Reach::Inherit => Place::AsIs,
                Reach::Prefix => Place::BelowRoot([self.resource.folder(), uri].concat()),
            });
        }
        if uri.contains("{$") {
            return Err(PlaceError::Variable);
        }
        let below = below(self.folder, self.resource, uri)?;
        // A title's folder at the media origin may have another name and depth than its root at the edge, so that
        // a URI that climbs can lead to different places.
        let inherits = self.reach == Reach::Inherit
            && Url::parse(EDGE_ROOT)
                .is_ok_and(|root| self::below(&root, self.resource, uri).as_ref() == Ok(&below));
        Ok(if inherits { Place::AsIs } else { Place::BelowRoot(below) })
    }
}

/// What a title's root at the edge looks like: a host, a session, a title.
const EDGE_ROOT: &str = "https://edge.invalid/~session/title/";

/// The path and query of a URI below a title's folder, as resolved from a resource in it.
fn below(folder: &Url, resource: &ResourcePath, uri: &str) -> Result<String, PlaceError> {
    let manifest = folder.join(resource.as_str()).map_err(|_| PlaceError::Unreadable)?;
    let url = manifest.join(uri).map_err(|_| PlaceError::Unreadable)?;
    let same_origin =
        url.origin() == folder.origin() && url.username().is_empty() && url.password().is_none();
    let path = url.path().strip_prefix(folder.path()).filter(|path| same_origin && !path.is_empty());
    let path = path.ok_or(PlaceError::Foreign)?;
    // An encoded dot segment or slash might lead out again at the media origin.
    ResourcePath::parse(path).map_err(|_| PlaceError::Spelling)?;
    Ok(match url.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    })
}

/// Whether a URI is one that a player does not fetch from a server: `data:`, `skd:` or `urn:`.
pub(super) fn is_local(uri: &[u8]) -> bool {
    [&b"data:"[..], b"skd:", b"urn:"]
        .iter()
        .any(|scheme| uri.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

/// Whether a URI is a relative path downwards in the plainest of spellings, so that it need not be resolved.
fn is_plain(uri: &str) -> bool {
    let mut segment_len = 0;
    let plain = uri.bytes().all(|byte| match byte {
        b'/' => std::mem::take(&mut segment_len) > 0,
        // A segment of dots would lead upwards.
        b'.' => segment_len > 0,
        _ => {
            segment_len += 1;
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
        }
    });
    plain && segment_len > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(reach: Reach, uri: &str) -> Result<Place, PlaceError> {
        let folder = Url::parse("https://media.example/vod/harbour/").unwrap();
        let resource = ResourcePath::parse("hls/index.m3u8").unwrap();
        Frame { folder: &folder, resource: &resource, reach }.place(uri.as_bytes())
    }

    #[test]
    fn at_the_entry_everything_goes_below_the_root() {
        for (uri, path) in [
            ("a.m3u8", "hls/a.m3u8"),
            ("v/1/a.m3u8", "hls/v/1/a.m3u8"),
            ("./a.ts", "hls/a.ts"),
            ("../a.ts", "a.ts"),
            ("a b.ts", "hls/a%20b.ts"),
            ("a.ts?x=1&y={}", "hls/a.ts?x=1&y={}"),
            ("/vod/harbour/a.ts", "a.ts"),
            ("//media.example/vod/harbour/a.ts", "a.ts"),
            ("https://media.example/vod/harbour/a.ts?b", "a.ts?b"),
            ("HTTPS://MEDIA.example:443/vod/harbour/a.ts", "a.ts"),
            (".a.ts", "hls/.a.ts"),
        ] {
            assert_eq!(place(Reach::Prefix, uri), Ok(Place::BelowRoot(path.to_owned())), "{uri}");
        }
    }

    #[test]
    fn below_a_session_relative_uris_stay() {
        for uri in ["a.ts", "v/1/a.ts", "./a.ts", "../a.ts", "a.ts?x=1", "a b.ts", "?x=1", " a.ts"] {
            assert_eq!(place(Reach::Inherit, uri), Ok(Place::AsIs), "{uri}");
        }
        for uri in [
            "/vod/harbour/a.ts",
            "https://media.example/vod/harbour/a.ts",
            "//media.example/vod/harbour/a.ts",
            "\\vod\\harbour\\a.ts",
            " //media.example/vod/harbour/a.ts",
            "\t/vod/harbour/a.ts",
            "../../harbour/a.ts",
            "/\t/media.example/vod/harbour/a.ts",
        ] {
            assert_eq!(place(Reach::Inherit, uri), Ok(Place::BelowRoot("a.ts".to_owned())), "{uri}");
        }
    }

    #[test]
    fn what_leads_out_is_foreign() {
        for reach in [Reach::Inherit, Reach::Prefix] {
            for uri in [
                "https://ads.example/a.ts",
                "http://media.example/vod/harbour/a.ts",
                "https://media.example:444/vod/harbour/a.ts",
                "https://u:p@media.example/vod/harbour/a.ts",
                "//ads.example/a.ts",
                "/vod/other/a.ts",
                "../../other/a.ts",
                "%2e%2e/%2e%2e/other/a.ts",
                "/vod/harbour/",
                "javascript:alert(1)",
                "blob:https://media.example/1",
            ] {
                assert_eq!(place(reach, uri), Err(PlaceError::Foreign), "{uri}");
            }
            assert_eq!(place(reach, "{$base}/a.ts"), Err(PlaceError::Variable));
            for uri in ["..%2f..%2fother/a.ts", "a/%5c../x.ts", "v//a.ts", "100%.ts"] {
                assert_eq!(place(reach, uri), Err(PlaceError::Spelling), "{uri}");
            }
            for uri in ["data:text/plain;base64,AA==", "skd://key", "SKD://key", "urn:uuid:1"] {
                assert_eq!(place(reach, uri), Err(PlaceError::Foreign), "{uri}");
                assert!(is_local(uri.as_bytes()), "{uri}");
            }
        }
    }
}
