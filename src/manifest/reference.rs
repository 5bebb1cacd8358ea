//! URI references: properties of the text alone, and of the resolved URL.

use url::{Position, Url};

use crate::catalog::SESSION_PARAMETER;
use crate::route::without_session;

/// The path and query of a URL below a folder.
pub(crate) fn below<'u>(folder: &Url, url: &'u Url) -> Option<&'u str> {
    let same_origin =
        url.origin() == folder.origin() && url.username().is_empty() && url.password().is_none();
    let path = url.path().strip_prefix(folder.path()).filter(|path| same_origin && !path.is_empty())?;
    url[Position::BeforePath..Position::AfterQuery].get(url.path().len() - path.len()..)
}

/// The query of a URL, from its `?`, with the session's parameter at the end in place of any other.
pub(crate) fn with_parameter(url: &Url) -> String {
    let others = url.query().map(without_session).unwrap_or_default();
    let mark = if others.is_empty() { "" } else { "&" };
    format!("?{others}{mark}{SESSION_PARAMETER}=")
}

/// Whether the query of a URL has a parameter that the edge reads as the session.
///
/// The edge prefers such a parameter to the session in the path: segments would go to a session that the manifest
/// names.
pub(crate) fn names_session(url: &Url) -> bool {
    url.query().is_some_and(|query| without_session(query) != query)
}

/// Whether a text, inserted into a URI, would add a parameter that the edge reads as the session.
pub(crate) fn holds_session(text: &str) -> bool {
    // Players remove these characters from URIs.
    let text: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\t' | b'\r' | b'\n')).collect();
    let mut parts = text.split(|byte| matches!(byte, b'?' | b'&' | b'#'));
    parts.any(|part| {
        url::form_urlencoded::parse(part).next().is_some_and(|(name, _)| name == SESSION_PARAMETER)
    })
}

/// Whether a player fetches a URI from no server: `data:`, `skd:` or `urn:`.
pub(crate) fn is_local(uri: &[u8]) -> bool {
    [&b"data:"[..], b"skd:", b"urn:"]
        .iter()
        .any(|scheme| uri.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

/// Whether every player reads a URI as relative: some read any scheme as the start of an absolute one, and players trim
/// different white space.
pub(crate) fn is_relative(uri: &str) -> bool {
    let graphic = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_graphic());
    let colon = uri.find(':').unwrap_or(uri.len());
    graphic(uri.bytes().next())
        && graphic(uri.bytes().next_back())
        && !uri.get(..colon).is_some_and(|before| colon < uri.len() && !before.contains(['/', '?', '#']))
}

/// Recognises a relative path that only descends, in the plainest spelling, so that it need not be resolved. Returns
/// whether it has a query; `None`: any other URI.
pub(crate) fn descending_path(uri: &str) -> Option<bool> {
    let mut segment_len = 0_usize;
    for (at, byte) in uri.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => segment_len += 1,
            b'!' | b'$' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b'=' | b'@' | b'~' | b'&' => {
                segment_len += 1;
            }
            // A segment of dots leads upwards, and so does one of path parameters alone where a server strips them.
            b'.' | b';' if segment_len > 0 => segment_len += 1,
            b'/' if segment_len > 0 => segment_len = 0,
            b'?' if segment_len > 0 => return plain_query(uri.get(at + 1..)?).then_some(true),
            _ => return None,
        }
    }
    (segment_len > 0).then_some(false)
}

/// Whether a query contains no character that players encode differently, no variable, and no session.
fn plain_query(query: &str) -> bool {
    let plain = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'-' | b'.'
                    | b'_'
                    | b'~'
                    | b'!'
                    | b'*'
                    | b'+'
                    | b','
                    | b';'
                    | b'='
                    | b':'
                    | b'@'
                    | b'/'
                    | b'?'
                    | b'%'
                    | b'&'
                    | b'$'
            )
    };
    query.bytes().all(plain) && without_session(query) == query
}
