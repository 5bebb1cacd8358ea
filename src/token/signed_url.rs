//! Shared parts of the dialects of signed URLs: the spellings of a query, wildcards, times, and keys for tokens that
//! name none.

use percent_encoding::percent_decode_str;

#[cfg(not(target_arch = "wasm32"))]
use super::challenge::tag;
use crate::catalog::{Algorithm, Jwk, KeySet, TitleId, TokenPolicy};
use crate::denial::{Denial, Reason};
use crate::resource::MediaRequest;
use crate::time::UnixTime;

/// The longest token that is read, in bytes: a token in a URL cannot be longer.
pub(super) const LONGEST: usize = 8 * 1024;

/// The most keys that a token is tried with when it names none.
const MOST_KEYS: usize = 8;

pub(super) fn malformed(detail: impl Into<String>) -> Denial {
    Denial::new(Reason::TokenMalformed, detail)
}

/// Refuses a token that is too long to be read.
pub(super) fn bounded(token: &str) -> Result<&str, Denial> {
    if token.len() > LONGEST {
        return Err(malformed(format!("expected {LONGEST} bytes at most, found {}", token.len())));
    }
    Ok(token)
}

/// The titles that a token for a URL opens: the URL's title, or none.
pub(super) fn titles(path: &str) -> Option<Vec<TitleId>> {
    let first = path.strip_prefix('/').unwrap_or(path).split('/').next().unwrap_or_default();
    Some(first.parse().into_iter().collect())
}

/// The folder below the title that a token's path patterns limit it to; `None`: the whole title.
///
/// `literals` are the parts up to the first wildcard of the patterns that match the entry's path. The text behind the
/// last `/` of a literal is the beginning of a name and no folder. The widest folder counts. The folder is read from
/// the path, so it is in canonical form; the literal is a prefix of the path in some spelling.
pub(super) fn folder<'a>(path: &str, literals: impl IntoIterator<Item = &'a str>) -> Option<String> {
    // The first slash stands before the title, the second behind it.
    let depth = literals.into_iter().map(slashes).min()?.checked_sub(2)?;
    let entry = MediaRequest::at_entry(path).ok()?;
    let folder: String = entry.resource.folder().split_inclusive('/').take(depth).collect();
    Some(folder).filter(|folder| !folder.is_empty())
}

pub(super) fn slashes(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'/').count()
}

/// The part of a pattern up to its first wildcard; `None` if it has no wildcard, and matches one path only.
pub(super) fn literal(pattern: &str) -> Option<&str> {
    pattern.find(['*', '?']).and_then(|at| pattern.get(..at))
}

/// The path of a URL that may end anywhere.
pub(super) fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let target = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default();
    target.split('?').next().unwrap_or_default()
}

/// Whole seconds since the Unix epoch, in digits alone.
pub(super) fn unix_seconds(text: &str) -> Option<UnixTime> {
    let digits = (1..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits).map(UnixTime::from_secs)
}

/// Refuses from the second of the expiry on. No dialect of signed URLs has a leeway for it.
pub(super) fn check_expiry(expires: UnixTime, now: UnixTime) -> Result<(), Denial> {
    if now >= expires {
        return Err(Denial::new(Reason::TokenExpired, format!("expired {} s ago", now.secs_since(expires))));
    }
    Ok(())
}

/// Refuses before the start, less the site's leeway.
pub(super) fn check_start(start: UnixTime, now: UnixTime, policy: &TokenPolicy) -> Result<(), Denial> {
    if now.plus_secs(policy.leeway_s) < start {
        return Err(Denial::new(
            Reason::TokenNotYetValid,
            format!("it begins in {} s", start.secs_since(now)),
        ));
    }
    Ok(())
}

/// The keys that may have signed a token that names none.
pub(super) fn candidates(keys: &KeySet, algorithm: Algorithm) -> Result<Vec<&Jwk>, Denial> {
    let candidates: Vec<_> =
        keys.keys.iter().filter(|key| key.permits_at_any_size(algorithm)).take(MOST_KEYS).collect();
    if candidates.is_empty() {
        return Err(Denial::new(
            Reason::TokenKeyUnknown,
            format!("the issuer has no key for {}", algorithm.name()),
        ));
    }
    Ok(candidates)
}

/// The query without the parameters of these names, as it came otherwise.
pub(super) fn without(query: &str, names: &[&str]) -> String {
    let kept = query.split('&').filter(|pair| {
        let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
        !names.contains(&name)
    });
    kept.collect::<Vec<_>>().join("&")
}

/// The query without the parameters at its end that players append to a URL that was signed without them: HLS delivery
/// directives ([RFC 8216bis section 6.2.5]) and CMCD ([CTA-5004]).
///
/// [RFC 8216bis section 6.2.5]: https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-6.2.5
/// [CTA-5004]: https://cdn.cta.tech/cta/media/media/resources/standards/pdfs/cta-5004-final.pdf
pub(super) fn without_appended(query: &str) -> &str {
    let mut rest = query;
    loop {
        let (before, last) = rest.rsplit_once('&').unwrap_or(("", rest));
        if !(last.starts_with("_HLS_") || last.starts_with("CMCD")) {
            return rest;
        }
        rest = before;
    }
}

/// The spellings of a query that may have been signed, at most three: as received; without parameters that a player
/// appended; and with the characters unescaped that `URLSearchParams` escapes when a player appends a parameter.
pub(super) fn spellings(query: &str) -> Vec<String> {
    let stripped = without_appended(query);
    distinct([query.to_owned(), stripped.to_owned(), unescaped_query(stripped)])
}

/// A query in which characters that may stand in a query and delimit nothing in it are unescaped ([RFC 3986 section
/// 3.4]).
///
/// [RFC 3986 section 3.4]: https://www.rfc-editor.org/rfc/rfc3986#section-3.4
pub(super) fn unescaped_query(query: &str) -> String {
    let mut plain = String::with_capacity(query.len());
    let mut rest = query;
    while let Some(at) = rest.find(['%', '+']) {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        let escaped = from.get(1..3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped.map(char::from).filter(|c| from.starts_with('%') && "!$'()*,/:;=?@~".contains(*c)) {
            Some(c) => {
                plain.push(c);
                rest = from.get(3..).unwrap_or_default();
            }
            None => {
                plain.push_str(if from.starts_with('+') { "%20" } else { "%" });
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// A path and a query together.
pub(super) fn resource(path: &str, query: &str) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// A text without percent-encoding, if the result is UTF-8.
pub(super) fn decoded(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// A path with its non-ASCII characters unescaped, as signers other than browsers write it ([RFC 3987 section 3.2]).
///
/// [RFC 3987 section 3.2]: https://www.rfc-editor.org/rfc/rfc3987#section-3.2
pub(super) fn iri(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = after
            .get(..2)
            .filter(|digits| *first == b'%' && digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .filter(|byte| !byte.is_ascii());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| path.to_owned())
}

/// The texts without repetition.
pub(super) fn distinct(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    texts.into_iter().fold(Vec::new(), |mut distinct, text| {
        if !distinct.contains(&text) {
            distinct.push(text);
        }
        distinct
    })
}

/// Whether a text matches a pattern in which `*` stands for any number of characters and `?` for one.
///
/// It takes no more steps than the product of the lengths.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // The last `*`, and how far into the text it reaches.
    let mut star = None;
    while let Some(byte) = text.get(t) {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(wanted) if *wanted == b'?' || wanted == byte => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, reach)) = star else { return false };
                star = Some((at, reach + 1));
                p = at + 1;
                t = reach + 1;
            }
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

/// A token that was minted, and the URL that carries it.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Minted {
    /// The token.
    pub token: String,
    /// The URL with the token.
    pub url: String,
    /// The cookies that carry the same, where the dialect has any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cookies: Vec<String>,
}

/// The path and the query of an absolute URL.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn target(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("/", |at| rest.split_at(at).1)
}

/// What signs a message with an algorithm; ECDSA as `r` and `s` side by side.
#[cfg(not(target_arch = "wasm32"))]
pub type Sign<'a> = &'a dyn Fn(Algorithm, &[u8]) -> Result<Vec<u8>, String>;

/// Authenticates a message with a shared secret of any length; `None` for other keys and algorithms.
#[cfg(not(target_arch = "wasm32"))]
pub fn authenticate(key: &Jwk, algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
    let crate::catalog::KeyMaterial::Symmetric { k } = &key.material else { return None };
    if key.permits_at_any_size(algorithm) { tag(algorithm, &k.expose().0, message) } else { None }
}

/// Helpers for the tests of the dialects.
#[cfg(test)]
pub(super) mod testing;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, text, fits) in [
            ("/content/*", "/content/v1/a.m3u8", true),
            ("/content/*", "/content/", true),
            ("/content/*", "/content", false),
            ("/a/??", "/a/bc", true),
            ("/a/??", "/a/b", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("/*/hd/*.ts", "/x/sd/hd/1.ts", true),
            ("/*/hd/*.ts", "/x/hd/1.mp4", false),
            ("a*b*c", "abbbbbbbbc", true),
            ("a*b*c", "abbbbbbbb", false),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn folders() {
        for (path, literals, expected) in [
            ("/harbour/sd/m.m3u8", &["/harbour/sd/"][..], Some("sd/")),
            ("/harbour/sd/a/m.m3u8", &["/harbour/sd/a"], Some("sd/")),
            ("/harbour/sd/a/m.m3u8", &["/harbour/sd/a/"], Some("sd/a/")),
            ("/harbour/sd/a/m.m3u8", &["/harbour/sd/a/", "/harbour/sd/"], Some("sd/")),
            ("/harbour/sd/m.m3u8", &["/harbour/sd/", "/har"], None),
            ("/harbour/sd/m.m3u8", &["/harbour/s"], None),
            ("/harbour/m.m3u8", &["/harbour/"], None),
            ("/harbour/sd/m.m3u8", &["/"], None),
            ("/harbour/sd/m.m3u8", &[""], None),
            ("/harbour/sd/m.m3u8", &[], None),
            ("/harbour/%73d/%c3%a9/m.m3u8", &["/harbour/sd/\u{e9}/"], Some("sd/%C3%A9/")),
            ("/harbour/sd/../m.m3u8", &["/harbour/sd/"], None),
        ] {
            assert_eq!(folder(path, literals.iter().copied()).as_deref(), expected, "{path} {literals:?}");
        }
        for (url, path) in [
            ("https://a.example/b/c?d=/e", "/b/c"),
            ("https://a.example/", "/"),
            ("https://a.example", ""),
            ("", ""),
        ] {
            assert_eq!(path_of(url), path, "{url}");
        }
    }

    #[test]
    fn wildcards_take_bounded_time() {
        assert!(!glob(&"*a".repeat(2_000), &"a".repeat(1_999)));
        assert!(glob(&"*a".repeat(2_000), &"a".repeat(2_000)));
    }

    #[test]
    fn what_players_append_is_found_at_the_end_only() {
        for (query, rest) in [
            ("a=1&_HLS_msn=2&_HLS_part=0", "a=1"),
            ("a=1&CMCD=bs%2Csid%3D%22x%22", "a=1"),
            ("_HLS_msn=2", ""),
            ("_HLS_msn=2&a=1", "_HLS_msn=2&a=1"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(without_appended(query), rest, "{query}");
        }
        assert_eq!(
            spellings("a=b%2Fc&d=x+%7e%26&_HLS_msn=1"),
            ["a=b%2Fc&d=x+%7e%26&_HLS_msn=1", "a=b%2Fc&d=x+%7e%26", "a=b/c&d=x%20~%26"]
        );
        assert_eq!(spellings("a=1"), ["a=1"]);
        assert_eq!(unescaped_query("100%&%zz&%e2"), "100%&%zz&%e2");
    }

    #[test]
    fn paths_of_other_scripts() {
        assert_eq!(iri("/%EC%95%88/a%2Fb%"), "/안/a%2Fb%");
        assert_eq!(iri("/%FF"), "/%FF");
    }

    #[test]
    fn numbers_are_digits() {
        assert_eq!(unix_seconds("1700000000"), Some(UnixTime::from_secs(1_700_000_000)));
        for bad in ["", "+1", "-1", "1.5", "1e9", " 1", "9999999999999"] {
            assert_eq!(unix_seconds(bad), None, "{bad}");
        }
    }
}
