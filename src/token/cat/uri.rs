//! `catu`: which URLs the token is for.
//!
//! ```text
//! catu      = { + component => { + match type => value } }
//! component = scheme 0 / host 1 / port 2 / path 3 / query 4 /
//!             parent-path 5 / filename 6 / stem 7 / extension 8
//! ```
//!
//! All have to match. The query is compared without the token's own parameter. Where implementations disagree, both
//! readings are tried: an extension with its full stop and without, the scheme's own port named or left out, and what
//! is needlessly percent-encoded ([RFC 3986 section 6.2.2]) as it came or decoded. The stem ends, and the extension
//! begins, at the last full stop of the filename.
//!
//! [RFC 3986 section 6.2.2]: https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2

use std::borrow::Cow;

use super::cbor::Value;
use super::matching::matches;
use crate::facts::Facts;
use crate::token::hex;
use crate::token::signed_url::slashes;

/// A URL that is asked for, without the token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'a> {
    pub(super) facts: &'a Facts,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
}

/// The component of a `catu` that does not match; `None` if all match. The error names the part that is not understood.
pub(super) fn mismatch(catu: &Value, target: Target<'_>) -> Result<Option<&'static str>, String> {
    let components = catu.map().filter(|components| !components.is_empty());
    let components = components.ok_or("expected a map of the URL's components")?;
    let mut missed = None;
    for (component, matching) in components {
        let component = component.integer().and_then(|number| usize::try_from(number).ok());
        let Some(name) = component.and_then(|number| NAMES.get(number)) else {
            return Err("a component of the URL is not known".to_owned());
        };
        let texts = target.texts(name);
        let texts: Vec<_> = texts.iter().map(Cow::as_ref).collect();
        let any_case = matches!(*name, "scheme" | "host");
        if !matches(matching, &texts, any_case).map_err(|error| format!("the {name}: {error}"))? {
            missed = missed.or(Some(*name));
        }
    }
    Ok(missed)
}

/// Whether a `catu` restricts the path, so that the token is for the request's path alone.
pub(super) fn restricts_path(catu: &Value) -> bool {
    catu.map()
        .unwrap_or_default()
        .iter()
        .any(|(component, _)| component.integer().is_some_and(|component| !matches!(component, 0..=2 | 4)))
}

/// How many slashes the folder has that a `catu` limits the path to: the prefix of a path or of a parent path, up to its
/// last slash, or all of a parent path.
pub(super) fn depth(catu: &Value) -> usize {
    let of = |component: &Value, kind: &Value, value: &Value| {
        let slashes = value.text().map_or(0, slashes);
        match (component.integer(), kind.integer()) {
            (Some(3 | 5), Some(1)) => slashes,
            (Some(5), Some(0)) => slashes + 1,
            _ => 0,
        }
    };
    let matchings = catu.map().unwrap_or_default().iter().flat_map(|(component, matching)| {
        matching.map().unwrap_or_default().iter().map(move |(kind, value)| of(component, kind, value))
    });
    matchings.max().unwrap_or_default()
}

/// The components by their numbers.
pub(super) const NAMES: [&str; 9] =
    ["scheme", "host", "port", "path", "query", "parent-path", "filename", "stem", "extension"];

impl<'a> Target<'a> {
    /// A component, in all of its readings.
    fn texts(self, component: &str) -> Vec<Cow<'a, str>> {
        let facts = self.facts;
        if let Some(text) = match component {
            "scheme" => Some(facts.scheme.name()),
            "host" => Some(facts.host.as_str()),
            _ => None,
        } {
            return vec![text.into()];
        }
        if component == "port" {
            return match facts.port {
                Some(port) => vec![port.to_string().into()],
                None => vec![facts.scheme.port().to_string().into(), "".into()],
            };
        }
        let part = |whole: Cow<'a, str>| -> Vec<Cow<'a, str>> {
            let (parent, filename) = whole.rsplit_once('/').unwrap_or(("", &whole));
            let (stem, extension) = match filename.rfind('.') {
                Some(at) => filename.split_at(at),
                None => (filename, ""),
            };
            match component {
                "parent-path" => vec![parent.to_owned().into()],
                "filename" => vec![filename.to_owned().into()],
                "stem" => vec![stem.to_owned().into()],
                "extension" => {
                    let bare = extension.strip_prefix('.').unwrap_or(extension);
                    vec![extension.to_owned().into(), bare.to_owned().into()]
                }
                _ => vec![whole],
            }
        };
        let written = if component == "query" { self.query } else { self.path };
        let mut texts = part(written.into());
        let normal = normalised(written);
        if normal != written {
            texts.extend(part(normal.into()));
        }
        texts
    }
}

/// Decodes what need not be percent-encoded, and writes the rest in capitals ([RFC 3986 section 6.2.2]).
///
/// [RFC 3986 section 6.2.2]: https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2
fn normalised(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('%') {
        out.push_str(before);
        let byte = behind.get(..2).and_then(hex::decode).and_then(|bytes| bytes.first().copied());
        rest = match byte {
            Some(byte) => {
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    out.push(char::from(byte));
                } else {
                    out.push_str(&format!("%{byte:02X}"));
                }
                behind.get(2..).unwrap_or_default()
            }
            None => {
                out.push('%');
                behind
            }
        };
    }
    out.push_str(rest);
    out
}

/// The query without the parameters of a name.
pub(super) fn without(query: &str, name: &str) -> String {
    let is_other = |pair: &&str| {
        url::form_urlencoded::parse(pair.as_bytes()).next().is_none_or(|(found, _)| found != name)
    };
    query.split('&').filter(is_other).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Scheme;

    fn catu(component: i64, kind: i64, value: &str) -> Value {
        let matching = Value::Map(vec![(Value::Integer(kind), Value::Text(value.to_owned()))]);
        Value::Map(vec![(Value::Integer(component), matching)])
    }

    #[test]
    fn every_component_matches_or_not() {
        let facts = Facts { host: "watch.example.com".to_owned(), ..Facts::default() };
        let path = "/harbour/%61-b/main.v2.m3u8";
        let target = Target { facts: &facts, path, query: "q=1&r=%7e" };
        for (component, kind, good, bad) in [
            (0, 0, "https", "http"),
            (0, 0, "HTTPS", "HTTP"),
            (1, 2, ".Example.com", ".example.org"),
            (2, 0, "443", "80"),
            (2, 0, "", "8443"),
            (3, 1, "/harbour/", "/harbor/"),
            (3, 0, path, "/harbour/"),
            (3, 0, "/harbour/a-b/main.v2.m3u8", "/harbour/%2561-b/main.v2.m3u8"),
            (4, 0, "q=1&r=%7e", "r=%7e&q=1"),
            (4, 3, "r=~", "r=%7E"),
            (5, 0, "/harbour/a-b", "/harbour/a-b/"),
            (6, 0, "main.v2.m3u8", "main"),
            (7, 0, "main.v2", "main"),
            (8, 0, ".m3u8", ".v2.m3u8"),
            (8, 0, "m3u8", "v2.m3u8"),
        ] {
            let name = NAMES[usize::try_from(component).unwrap()];
            assert_eq!(mismatch(&catu(component, kind, good), target), Ok(None), "{name} {good}");
            assert_eq!(mismatch(&catu(component, kind, bad), target), Ok(Some(name)), "{name} {bad}");
        }
        let facts = Facts { port: Some(8080), scheme: Scheme::Http, ..Facts::default() };
        let target = Target { facts: &facts, path: "/a", query: "" };
        assert_eq!(mismatch(&catu(2, 0, "8080"), target), Ok(None));
        assert_eq!(mismatch(&catu(2, 0, "80"), target), Ok(Some("port")));
        assert_eq!(mismatch(&catu(7, 0, "a"), target), Ok(None), "without a full stop, all is the stem");
        assert_eq!(mismatch(&catu(8, 0, ""), target), Ok(None));
        assert_eq!(mismatch(&catu(5, 0, ""), target), Ok(None));
    }

    #[test]
    fn all_components_have_to_match_and_to_be_known() {
        let facts = Facts::default();
        let target = Target { facts: &facts, path: "/a/b", query: "" };
        let two = |one: Value, other: Value| {
            let mut both = one.map().unwrap().to_vec();
            both.extend(other.map().unwrap().to_vec());
            Value::Map(both)
        };
        assert_eq!(mismatch(&two(catu(3, 1, "/a"), catu(6, 0, "b")), target), Ok(None));
        assert_eq!(mismatch(&two(catu(3, 1, "/a"), catu(6, 0, "c")), target), Ok(Some("filename")));
        for unclear in [catu(9, 0, "a"), catu(-1, 0, "a"), Value::Map(vec![]), Value::Null, catu(3, 7, "a")] {
            assert!(mismatch(&unclear, target).is_err(), "{unclear:?}");
        }
        assert!(mismatch(&two(catu(3, 1, "/x"), catu(9, 0, "b")), target).is_err());
    }

    #[test]
    fn the_paths_own_components_restrict_it() {
        for (component, restricts) in [
            (0, false),
            (1, false),
            (2, false),
            (3, true),
            (4, false),
            (5, true),
            (6, true),
            (7, true),
            (8, true),
        ] {
            assert_eq!(restricts_path(&catu(component, 0, "a")), restricts, "{component}");
        }
    }

    #[test]
    fn the_tokens_parameter_is_not_a_part_of_the_query() {
        assert_eq!(without("a=1&CAT=x&b=2&CAT=y&%43AT=z", "CAT"), "a=1&b=2");
        assert_eq!(without("CAT=x", "CAT"), "");
        assert_eq!(without("cat=x&", "CAT"), "cat=x&");
    }
}
