//! URIs: whether they are written as [RFC 3986] has it.
//!
//! Letters beyond ASCII are accepted: players accept them, as they do in the URLs of an HTML page.
//!
//! [RFC 3986]: https://www.rfc-editor.org/rfc/rfc3986

use super::entry::Entry;
use super::outline::Outline;
use super::rule::Rule;
use super::subject::{Check, Report};
use crate::hls::read::event::EventKind;
use crate::hls::read::tag::Value;
use crate::hls::read::variables::OPEN;
use crate::manifest::quote;

pub(super) struct Uris;

impl Check<'_> for Uris {
    fn line(&mut self, entry: &Entry<'_, '_>, _: &Outline, report: &mut Report) {
        match entry.event.kind {
            EventKind::Uri(uri) => syntax(uri, entry.at(), report),
            EventKind::Tag { known: Some(tag), .. } => {
                if let (Value::Uri, Some((uri, at))) = (tag.value(), entry.stated()) {
                    syntax(uri, at, report);
                }
                let is_uri = |name| tag.attribute(name).is_some_and(|known| known.is_uri);
                for attribute in entry.attributes.iter().filter(|attribute| is_uri(attribute.name)) {
                    syntax(attribute.value, entry.event.value_at() + attribute.at, report);
                }
            }
            _ => {}
        }
    }
}

/// Reports the first character that must not stand in a URI.
fn syntax(uri: &[u8], uri_at: usize, report: &mut Report) {
    if let Some(at) = odd_sign(uri) {
        report.add(Rule::UriSyntax, uri_at + at, || {
            format!(
                "expected a sign of a URI, percent-encoded if it is another, found {}",
                quote(tail(uri, at))
            )
        });
    }
}

fn tail(uri: &[u8], at: usize) -> &[u8] {
    uri.get(at..).unwrap_or(uri)
}

/// The offset of the first character that no URI reference may have at its place.
fn odd_sign(uri: &[u8]) -> Option<usize> {
    let literal = literal(uri);
    // Behind a variable, or an address.
    let mut from = 0;
    uri.iter().enumerate().find_map(|(at, byte)| {
        if at < from {
            return None;
        }
        let tail = tail(uri, at);
        match byte {
            b'{' if tail.starts_with(OPEN.as_bytes()) => match memchr::memchr(b'}', tail) {
                Some(end) => {
                    from = at + end + 1;
                    None
                }
                None => Some(at),
            },
            b'[' if literal.as_ref().is_some_and(|range| range.start == at) => {
                from = literal.as_ref().map_or(at, |range| range.end);
                None
            }
            b'%' => {
                let is_escape = tail.get(1..3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
                (!is_escape).then_some(at)
            }
            b' ' | b'"' | b'<' | b'>' | b'[' | b'\\' | b']' | b'^' | b'`' | b'{' | b'|' | b'}' => Some(at),
            _ => None,
        }
    })
}

/// Where an address in brackets stands as the host: `IP-literal` ([RFC 3986 section 3.2.2]).
///
/// [RFC 3986 section 3.2.2]: https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2
fn literal(uri: &[u8]) -> Option<std::ops::Range<usize>> {
    let path_at = uri.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#'))?;
    let before = uri.get(..path_at)?;
    let is_scheme = before.is_empty() || before.ends_with(b":");
    let authority_at = path_at + 2;
    if !is_scheme || uri.get(path_at..authority_at) != Some(b"//") {
        return None;
    }
    let rest = tail(uri, authority_at);
    let authority = rest.split(|byte| matches!(byte, b'/' | b'?' | b'#')).next()?;
    let host_at = memchr::memrchr(b'@', authority).map_or(0, |at| at + 1);
    let host = authority.get(host_at..)?;
    let end = memchr::memchr(b']', host).filter(|_| host.starts_with(b"["))?;
    let is_address = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    let inside = host.get(1..end)?;
    let range = authority_at + host_at..authority_at + host_at + end + 1;
    (!inside.is_empty() && inside.iter().all(is_address)).then_some(range)
}

#[cfg(test)]
pub(super) mod rows {
    use super::odd_sign;
    use crate::hls::check::tests::Row;

    pub(in crate::hls::check) const ROWS: &[Row] = &[
        ("uri-syntax", "#EXTM3U\n#EXTINF:4,\na b.ts\n", "#EXTM3U\n#EXTINF:4,a b[c]\na%20b.ts\n"),
        ("uri-syntax", "#EXTM3U\n#EXT-X-MAP:URI=\"a b\"\n", "#EXTM3U\n#EXT-X-MAP:URI=\"{$a}/b\"\n"),
        ("uri-syntax", "#EXTM3U\n#EXT-X-PREFETCH:a[b\n", "#EXTM3U\n#EXT-X-PREFETCH:a\n"),
        (
            "uri-syntax",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",X-ASSET-LIST=\"a b\"\n",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a b\",X-ASSET-LIST=\"a\"\n",
        ),
    ];

    #[test]
    fn the_first_odd_sign_is_found() {
        for (uri, expected) in [
            ("a-._~!$&'()*+,;=:@/?b/?:@#c/?", None),
            ("a%2Fb%2f", None),
            ("a%", Some(1)),
            ("a%2", Some(1)),
            ("a%2g", Some(1)),
            ("ä.ts", None),
            ("a b", Some(1)),
            ("a\\b", Some(1)),
            ("a|b", Some(1)),
            ("{$a}/b", None),
            ("{$a b", Some(0)),
            ("{a}", Some(0)),
            ("{$a}}", Some(4)),
            ("a[1].ts", Some(1)),
            ("a]", Some(1)),
            ("http://[::1]/a", None),
            ("//[2001:db8::1]:8080/a", None),
            ("https://user@[::ffff:192.0.2.1]?a", None),
            ("http://[::1]/a[1]", Some(14)),
            ("http://[::1", Some(7)),
            ("http://[]/a", Some(7)),
            ("http://[name]/a", Some(7)),
            ("a//[::1]/b", Some(3)),
            ("?http://[::1]/", Some(8)),
        ] {
            assert_eq!(odd_sign(uri.as_bytes()), expected, "{uri}");
        }
    }
}
