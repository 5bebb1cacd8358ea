//! The variables of a playlist.
//!
//! ```text
//! #EXT-X-DEFINE:NAME="path",VALUE="cdn1"      the value is here
//! #EXT-X-DEFINE:QUERYPARAM="path"             the value is in the query of the playlist's URL
//! #EXT-X-DEFINE:IMPORT="path"                 the value is in the multivariant playlist: unknown here
//! ```
//!
//! [draft-pantos-hls-rfc8216bis-22 sections 4.3 and 4.4.2.3](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.2.3)

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;

use super::attributes::attribute;

/// The variables that are defined so far.
#[derive(Default)]
pub(super) struct Variables<'a> {
    values: HashMap<&'a [u8], Cow<'a, str>>,
    /// The query's parameters, the first of each name, once one of them is asked for.
    query: Option<HashMap<String, String>>,
    /// How many bytes of values were put in so far.
    written: Cell<usize>,
    /// One of them came out of the query.
    pub(super) by_query: bool,
}

/// A URI after its variables have been put in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Resolved<'a> {
    /// There were none, or all of them are known.
    Known(Cow<'a, str>),
    /// The value of one is unknown; the text before it is this long, in bytes.
    Unknown(usize),
}

impl<'a> Variables<'a> {
    /// Reads the attributes of an `EXT-X-DEFINE` tag. `query` is that of the playlist's URL. Of two definitions of one
    /// name the first holds: a second is an error, in which players stop.
    pub(super) fn define(&mut self, list: &'a [u8], query: &str) {
        let text = |name| attribute(list, name).and_then(|value| str::from_utf8(value).ok());
        if let (Some(name), Some(value)) = (attribute(list, b"NAME"), text(b"VALUE")) {
            self.values.entry(name).or_insert(Cow::Borrowed(value));
        } else if let Some(name) = text(b"QUERYPARAM") {
            self.by_query = true;
            let query = self.query.get_or_insert_with(|| {
                let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned();
                // Of two of one name, the first.
                pairs.collect::<Vec<_>>().into_iter().rev().collect()
            });
            let found = query.get(name).filter(|value| (1..=LONGEST_PARAMETER).contains(&value.len()));
            if let Some(value) = found {
                self.values.entry(name.as_bytes()).or_insert_with(|| Cow::Owned(value.clone()));
            }
        }
    }

    /// Puts the values in, once. A value that looks like a variable would be one to players that read what is written
    /// here, so that it counts as unknown.
    pub(super) fn resolve<'t>(&self, text: &'t str) -> Resolved<'t> {
        let Some(first) = text.find(OPEN) else { return Resolved::Known(Cow::Borrowed(text)) };
        let mut resolved = String::with_capacity(text.len());
        let mut copied = 0;
        let mut next = Some(first);
        while let Some(at) = next {
            let name_at = at + OPEN.len();
            let tail = text.get(name_at..).unwrap_or_default();
            let Some((name, value)) =
                tail.split_once('}').and_then(|(name, _)| Some((name, self.values.get(name.as_bytes())?)))
            else {
                return Resolved::Unknown(at);
            };
            self.written.set(self.written.get() + value.len());
            if value.contains(OPEN) || self.written.get() > MOST_WRITTEN {
                return Resolved::Unknown(at);
            }
            resolved.push_str(text.get(copied..at).unwrap_or_default());
            resolved.push_str(value);
            if resolved.len() > LONGEST {
                return Resolved::Unknown(at);
            }
            copied = name_at + name.len() + 1;
            next = text.get(copied..).and_then(|rest| rest.find(OPEN)).map(|found| copied + found);
        }
        resolved.push_str(text.get(copied..).unwrap_or_default());
        Resolved::Known(Cow::Owned(resolved))
    }
}

/// How a reference begins: `variable-reference = "{$" name "}"`.
pub(super) const OPEN: &str = "{$";

/// The longest URI that variables may make, in bytes: the limit of Cloudflare's on a URL.
const LONGEST: usize = 16 * 1024;

/// The longest value that a viewer may put into a playlist, which may have it at each URI, in bytes.
const LONGEST_PARAMETER: usize = 1024;

/// The most bytes of values that a playlist gets: a long one with a long value at each URI would outgrow an isolate.
const MOST_WRITTEN: usize = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_put_in() {
        let mut variables = Variables::default();
        for list in [
            "NAME=\"a\",VALUE=\"1\"",
            "NAME=\"a\",VALUE=\"2\"",
            "NAME=\"b\",VALUE=\"{$a}\"",
            "IMPORT=\"c\"",
            "QUERYPARAM=\"d\"",
            "QUERYPARAM=\"e\"",
        ] {
            variables.define(list.as_bytes(), "x=1&d=%2Fq&d=2&e=");
        }
        let known = |text: &str| Resolved::Known(Cow::<str>::Owned(text.to_owned()));
        for (text, expected) in [
            ("x", known("x")),
            ("{$a}{$a}/x", known("11/x")),
            ("x{$b}", Resolved::Unknown(1)),
            ("{$d}", known("/q")),
            ("{a}$", known("{a}$")),
            ("x/{$a}{$c}", Resolved::Unknown(6)),
            ("{$e}", Resolved::Unknown(0)),
            ("x{$a", Resolved::Unknown(1)),
            ("{$}", Resolved::Unknown(0)),
        ] {
            assert_eq!(variables.resolve(text), expected, "{text}");
        }
        assert!(variables.by_query);
    }

    #[test]
    fn what_would_grow_beyond_all_bounds_does_not() {
        let mut variables = Variables::default();
        let define = format!("NAME=\"a\",VALUE=\"{}\"", "x".repeat(1000));
        variables.define(define.as_bytes(), "");
        assert!(matches!(variables.resolve(&"{$a}".repeat(100_000)), Resolved::Unknown(_)));
    }

    #[test]
    fn values_of_the_query_are_short_and_the_whole_has_an_end() {
        let mut variables = Variables::default();
        variables.define(b"QUERYPARAM=\"a\"", &format!("a={}", "x".repeat(LONGEST_PARAMETER + 1)));
        assert_eq!(variables.resolve("{$a}"), Resolved::Unknown(0));
        let define = format!("NAME=\"b\",VALUE=\"{}\"", "x".repeat(8 * 1024));
        variables.define(define.as_bytes(), "");
        let known =
            (0..10_000).take_while(|_| matches!(variables.resolve("{$b}"), Resolved::Known(_))).count();
        assert_eq!(known, MOST_WRITTEN / (8 * 1024));
    }
}
