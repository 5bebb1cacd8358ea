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
}

impl Frame<'_> {
    /// Finds out how to write a URI. `data:`, `skd:` and `urn:` URIs are not fetched through the edge.
    pub(super) fn place(&self, uri: &[u8]) -> Result<Place, PlaceError> {
        let uri = str::from_utf8(uri).map_err(|_| PlaceError::Unreadable)?;
        if is_plain(uri) {
            return Ok(match self.reach {
                Reach::Inherit => Place::AsIs,
                Reach::Prefix => Place::BelowRoot([self.resource.folder(), uri].concat()),
            });
        }
        if ["data:", "skd:", "urn:"].iter().any(|scheme| starts_with_ignore_case(uri, scheme)) {
            return Ok(Place::AsIs);
        }
        if uri.contains("{$") {
            return Err(PlaceError::Variable);
        }
        let manifest = self.folder.join(self.resource.as_str()).map_err(|_| PlaceError::Unreadable)?;
        let url = manifest.join(uri).map_err(|_| PlaceError::Unreadable)?;
        let same_origin =
            url.origin() == self.folder.origin() && url.username().is_empty() && url.password().is_none();
        let below =
            url.path().strip_prefix(self.folder.path()).filter(|path| same_origin && !path.is_empty());
        let below = below.ok_or(PlaceError::Foreign)?;
        // An encoded dot segment or slash might lead out again at the media origin.
        ResourcePath::parse(below).map_err(|_| PlaceError::Foreign)?;
        let relative =
            self.reach == Reach::Inherit && !uri.starts_with(['/', '\\']) && Url::parse(uri).is_err();
        Ok(if relative {
            Place::AsIs
        } else {
            Place::BelowRoot(match url.query() {
                Some(query) => format!("{below}?{query}"),
                None => below.to_owned(),
            })
        })
    }
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

fn starts_with_ignore_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
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
        for uri in ["a.ts", "v/1/a.ts", "./a.ts", "../a.ts", "a.ts?x=1", "a b.ts", "a:b/../c"] {
            let expected = if uri.starts_with("a:") { Err(PlaceError::Foreign) } else { Ok(Place::AsIs) };
            assert_eq!(place(Reach::Inherit, uri), expected, "{uri}");
        }
        for uri in [
            "/vod/harbour/a.ts",
            "https://media.example/vod/harbour/a.ts",
            "//media.example/vod/harbour/a.ts",
            "\\vod\\harbour\\a.ts",
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
                "..%2f..%2fother/a.ts",
                "%2e%2e/%2e%2e/other/a.ts",
                "a/%5c../x.ts",
                "/vod/harbour/",
                "javascript:alert(1)",
                "blob:https://media.example/1",
            ] {
                assert_eq!(place(reach, uri), Err(PlaceError::Foreign), "{uri}");
            }
            assert_eq!(place(reach, "{$base}/a.ts"), Err(PlaceError::Variable));
            for uri in ["data:text/plain;base64,AA==", "skd://key", "SKD://key", "urn:uuid:1"] {
                assert_eq!(place(reach, uri), Ok(Place::AsIs), "{uri}");
            }
        }
    }
}
