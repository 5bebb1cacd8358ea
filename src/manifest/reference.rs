//! URI references: what can be said of one at sight, and of where one leads.

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

/// The query of a URL, from its `?` on, with the session's parameter at its end, in place of any that it has.
pub(crate) fn with_parameter(url: &Url) -> String {
    let others = url.query().map(without_session).unwrap_or_default();
    let mark = if others.is_empty() { "" } else { "&" };
    format!("?{others}{mark}{SESSION_PARAMETER}=")
}

/// Whether the query of a URL has a parameter that the edge takes for the session's.
///
/// The edge takes the first of them before what stands in the path: segments would go to a session that the manifest names.
pub(crate) fn names_session(url: &Url) -> bool {
    url.query().is_some_and(|query| without_session(query) != query)
}

/// Whether a text that is put into URIs would give one a parameter that the edge takes for the session's.
pub(crate) fn holds_session(text: &str) -> bool {
    // Players take these out of URIs.
    let text: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\t' | b'\r' | b'\n')).collect();
    let mut parts = text.split(|byte| matches!(byte, b'?' | b'&' | b'#'));
    parts.any(|part| {
        url::form_urlencoded::parse(part).next().is_some_and(|(name, _)| name == SESSION_PARAMETER)
    })
}

/// Whether a URI is one that a player does not fetch from a server: `data:`, `skd:` or `urn:`.
pub(crate) fn is_local(uri: &[u8]) -> bool {
    [&b"data:"[..], b"skd:", b"urn:"]
        .iter()
        .any(|scheme| uri.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

/// Whether every player takes a URI for a relative one: some take any scheme for the beginning of an absolute one, and
/// some take other spaces off its ends than others do.
pub(crate) fn is_relative(uri: &str) -> bool {
    let graphic = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_graphic());
    let colon = uri.find(':').unwrap_or(uri.len());
    graphic(uri.bytes().next())
        && graphic(uri.bytes().next_back())
        && !uri.get(..colon).is_some_and(|before| colon < uri.len() && !before.contains(['/', '?', '#']))
}

/// Whether a URI is a relative path downwards in the plainest of spellings, so that it need not be resolved; and if so,
/// whether it has a query.
pub(crate) fn plain(uri: &str) -> Option<bool> {
    let mut segment_len = 0_usize;
    for (at, byte) in uri.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => segment_len += 1,
            b'!' | b'$' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b'=' | b'@' | b'~' | b'&' => {
                segment_len += 1;
            }
            // A segment of dots would lead upwards, and so would one of path parameters alone to who takes them off.
            b'.' | b';' if segment_len > 0 => segment_len += 1,
            b'/' if segment_len > 0 => segment_len = 0,
            b'?' if segment_len > 0 => return plain_query(uri.get(at + 1..)?).then_some(true),
            _ => return None,
        }
    }
    (segment_len > 0).then_some(false)
}

/// Whether a query holds nothing that players would write differently, no variable, and no session.
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
