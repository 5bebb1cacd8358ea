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
use std::collections::{HashMap, HashSet};

use super::attributes::{Attribute, attributes};
use crate::manifest::{Query, holds_session};
use crate::token::Credentials;

/// The variables that are defined so far.
#[derive(Default)]
pub(in crate::hls) struct Variables<'a> {
    values: HashMap<&'a [u8], Cow<'a, str>>,
    /// The names that a tag has defined, whether the value is known or not.
    defined: HashSet<&'a [u8]>,
    /// The query's parameters, once one of them is asked for.
    query: Option<HashMap<String, Parameter>>,
    /// How many bytes of values have replaced references so far.
    written: Cell<usize>,
}

/// The values of a parameter of the playlist's URL.
struct Parameter {
    /// The first of its values.
    value: String,
    /// One of them would give URIs a session.
    holds_session: bool,
}

/// A URI after its variables were replaced by their values.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::hls) enum Resolved<'a> {
    /// The URI has no variables, or all their values are known.
    Known(Cow<'a, str>),
    /// Some values are unknown: the references to these variables are still in the text.
    Partly {
        /// The text, with the values that are known.
        text: String,
        /// The first that is unknown stands at this offset of it, in bytes.
        at: usize,
    },
}

/// The definition in an `EXT-X-DEFINE` tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Definition<'a> {
    /// A variable of this name and value; without a value, it has an empty one or none.
    Value(&'a str, Option<&'a str>),
    /// A variable with the value of a parameter of the playlist's URL, of the same name.
    Parameter(&'a str),
    /// A variable that the Multivariant Playlist defines.
    Import(&'a str),
}

impl<'a> Definition<'a> {
    /// Reads a tag's attributes, if every player reads them alike. `Ok(None)`: the tag defines nothing.
    ///
    /// Players disagree about three kinds of list. If one tag has `NAME` and `QUERYPARAM`, hls.js takes the second, Shaka
    /// Player both, and others the first. If an attribute is repeated, hls.js takes the last one. And hls.js replaces
    /// references within the name of a variable.
    fn read(list: &'a [u8]) -> Result<Option<Self>, &'static str> {
        let mut found: [Option<&str>; 4] = [None; 4];
        for (number, Attribute { name, value, exact, before, .. }) in attributes(list).enumerate() {
            // Nothing but a comma and the name stands between two values.
            let before = if number == 0 { Some(before) } else { before.strip_prefix(b",") };
            let is_plain = before
                .and_then(|before| before.trim_ascii().strip_suffix(b"="))
                .is_some_and(|before| before.trim_ascii_end() == name);
            if !is_plain || !exact {
                return Err(DIFFERENTLY);
            }
            let known = [&b"NAME"[..], b"VALUE", b"QUERYPARAM", b"IMPORT"];
            let Some(slot) =
                known.iter().position(|known| *known == name).and_then(|slot| found.get_mut(slot))
            else {
                // Some players know names in any case.
                if known.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                    return Err(DIFFERENTLY);
                }
                continue;
            };
            let value = str::from_utf8(value).map_err(|_| DIFFERENTLY)?;
            if slot.replace(value).is_some() {
                return Err(DIFFERENTLY);
            }
        }
        let [name, value, parameter, import] = found;
        let definition = match (name, parameter, import) {
            (None, None, None) => return Ok(None),
            (Some(name), None, None) => Self::Value(name, value),
            (None, Some(name), None) => Self::Parameter(name),
            (None, None, Some(name)) => Self::Import(name),
            _ => return Err(DIFFERENTLY),
        };
        if definition.name().contains(OPEN) {
            return Err(DIFFERENTLY);
        }
        Ok(Some(definition))
    }

    const fn name(self) -> &'a str {
        match self {
            Self::Value(name, _) | Self::Parameter(name) | Self::Import(name) => name,
        }
    }
}

const DIFFERENTLY: &str = "a variable's definition that players read differently";
const TWICE: &str = "a variable that is defined twice";
const CREDENTIAL: &str = "a variable whose value may be a credential of the viewer";
const SESSION: &str = "a variable whose value would give URIs a session of their own";

impl<'a> Variables<'a> {
    /// Reads the attributes of an `EXT-X-DEFINE` tag. `query` is the query of the playlist's URL.
    ///
    /// Refuses
    ///
    /// - a definition that players read differently from one another;
    /// - a second definition of a name: some players take the first, others the last;
    /// - a query parameter that may hold a credential, and an import under the name of such a parameter: the credential
    ///   would get into URIs;
    /// - a value with a parameter that the edge takes for the session's: a playlist that imports it does not show the value.
    pub(in crate::hls) fn define(
        &mut self,
        list: &'a [u8],
        query: Query<'_>,
        credentials: &Credentials<'_>,
    ) -> Result<(), &'static str> {
        let Some(definition) = Definition::read(list)? else { return Ok(()) };
        let name = definition.name();
        if matches!(definition, Definition::Parameter(_) | Definition::Import(_))
            && credentials.holds_parameter(name)
        {
            return Err(CREDENTIAL);
        }
        if self.defined.len() >= MOST_DEFINED {
            return Err("more than 10,000 variables");
        }
        if !self.defined.insert(name.as_bytes()) {
            return Err(TWICE);
        }
        match definition {
            Definition::Value(_, Some(value)) if holds_session(value) => return Err(SESSION),
            Definition::Value(_, Some(value)) => self.insert(name, Cow::Borrowed(value)),
            Definition::Parameter(_) => {
                let query = self.query.get_or_insert_with(|| {
                    let mut parameters: HashMap<String, Parameter> = HashMap::new();
                    for (name, value) in url::form_urlencoded::parse(query.read().as_bytes()).into_owned() {
                        let holds_session = holds_session(&value);
                        // The first value of a repeated parameter counts.
                        let first = parameters.entry(name).or_insert(Parameter { value, holds_session });
                        first.holds_session |= holds_session;
                    }
                    parameters
                });
                let found = query.get(name);
                // Checked before the length: players use a value that is too long for the edge.
                if found.is_some_and(|found| found.holds_session) {
                    return Err(SESSION);
                }
                let value = found.map(|found| &found.value);
                let value = value.filter(|value| (1..=LONGEST_PARAMETER).contains(&value.len()));
                if let Some(value) = value.cloned() {
                    self.insert(name, Cow::Owned(value));
                }
            }
            Definition::Value(_, None) | Definition::Import(_) => {}
        }
        Ok(())
    }

    /// Keeps a value. A value that contains a reference counts as unknown, because players would resolve the reference.
    /// The value is checked here, once, and not where it is used.
    fn insert(&mut self, name: &'a str, value: Cow<'a, str>) {
        if !value.contains(OPEN) {
            self.values.insert(name.as_bytes(), value);
        }
    }

    /// Replaces each reference in a text by the value of its variable.
    pub(in crate::hls) fn resolve<'t>(&self, text: &'t str) -> Resolved<'t> {
        if !text.contains(OPEN) {
            return Resolved::Known(Cow::Borrowed(text));
        }
        let mut resolved = String::with_capacity(text.len());
        let mut unknown = None;
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once(OPEN) {
            resolved.push_str(before);
            let Some((name, more)) = behind.split_once('}') else {
                // A reference without an end: nobody knows its value.
                unknown = unknown.or(Some(resolved.len()));
                resolved.push_str(OPEN);
                rest = behind;
                break;
            };
            match self.value(name).filter(|value| resolved.len() + value.len() <= LONGEST) {
                Some(value) => resolved.push_str(value),
                None => {
                    unknown = unknown.or(Some(resolved.len()));
                    resolved.extend([OPEN, name, "}"]);
                }
            }
            rest = more;
        }
        resolved.push_str(rest);
        match unknown {
            Some(at) => Resolved::Partly { text: resolved, at },
            None => Resolved::Known(Cow::Owned(resolved)),
        }
    }

    /// The value of a variable, as long as there is room for it in the playlist.
    fn value(&self, name: &str) -> Option<&str> {
        let value = self.values.get(name.as_bytes())?;
        self.written.set(self.written.get() + value.len());
        (self.written.get() <= MOST_WRITTEN).then_some(value)
    }
}

/// The names of the variables that a text refers to.
pub(in crate::hls) fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(OPEN).skip(1).map(|behind| behind.split('}').next().unwrap_or_default())
}

/// How a reference begins: `variable-reference = "{$" name "}"`.
pub(in crate::hls) const OPEN: &str = "{$";

/// The most variables that a playlist may define.
const MOST_DEFINED: usize = 10_000;

/// The longest URI that variables may make, in bytes: the limit of Cloudflare's on a URL.
const LONGEST: usize = 16 * 1024;

/// The longest value that a viewer may put into a playlist, which may have it at each URI, in bytes.
const LONGEST_PARAMETER: usize = 1024;

/// The most bytes of values that a playlist gets: a long one with a long value at each URI would outgrow an isolate.
const MOST_WRITTEN: usize = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn defined<'a>(lists: &[&'a str], query: &str) -> Variables<'a> {
        let mut variables = Variables::default();
        for list in lists {
            variables.define(list.as_bytes(), Query::new(query), &Credentials::usual()).unwrap();
        }
        variables
    }

    #[test]
    fn values_are_put_in() {
        let variables = defined(
            &[
                "NAME=\"a\",VALUE=\"1\"",
                "NAME=\"b\", VALUE=\"{$a}\"",
                "IMPORT=\"c\"",
                "QUERYPARAM=\"d\"",
                "QUERYPARAM=\"e\"",
                "NAME=\"f\"",
                "",
            ],
            "x=1&d=%2Fq&d=2&e=",
        );
        let known = |text: &str| Resolved::Known(Cow::<str>::Owned(text.to_owned()));
        let partly = |text: &str, at| Resolved::Partly { text: text.to_owned(), at };
        for (text, expected) in [
            ("x", known("x")),
            ("{$a}{$a}/x", known("11/x")),
            ("x{$b}", partly("x{$b}", 1)),
            ("{$d}", known("/q")),
            ("{a}$", known("{a}$")),
            ("x/{$a}{$c}", partly("x/1{$c}", 3)),
            ("{$c}{$a}{$f}", partly("{$c}1{$f}", 0)),
            ("{$e}", partly("{$e}", 0)),
            ("x{$a", partly("x{$a", 1)),
            ("{$}", partly("{$}", 0)),
        ] {
            assert_eq!(variables.resolve(text), expected, "{text}");
        }
    }

    #[test]
    fn what_players_read_differently_is_no_definition() {
        for list in [
            "NAME=\"a\",VALUE=\"1\",QUERYPARAM=\"b\"",
            "QUERYPARAM=\"b\",NAME=\"a\",VALUE=\"1\"",
            "NAME=\"a\",VALUE=\"1\",IMPORT=\"b\"",
            "IMPORT=\"a\",QUERYPARAM=\"b\"",
            "QUERYPARAM=\"a\",QUERYPARAM=\"b\"",
            "NAME=\"a\",VALUE=\"1\",VALUE=\"2\"",
            "NAME=\"a\"x,VALUE=\"1\"",
            "NAME=\"a\",VALUE=\"1",
            "junk,QUERYPARAM=\"b\"",
            "NAME=\"a\",junk,VALUE=\"b\"",
            "queryparam=\"b\"",
            "QUERYPARAM=\"b{$a}\"",
            "IMPORT=\"{$a}\"",
            "NAME=\"{$a}\",VALUE=\"1\"",
        ] {
            let found = Variables::default().define(list.as_bytes(), Query::new(""), &Credentials::usual());
            assert_eq!(found, Err(DIFFERENTLY), "{list}");
        }
        for (first, second) in [
            ("NAME=\"a\",VALUE=\"1\"", "NAME=\"a\",VALUE=\"1\""),
            ("NAME=\"a\",VALUE=\"1\"", "IMPORT=\"a\""),
            ("QUERYPARAM=\"a\"", "NAME=\"a\",VALUE=\"1\""),
            ("NAME=\"a\"", "QUERYPARAM=\"a\""),
        ] {
            let mut variables = defined(&[first], "a=1");
            let found = variables.define(second.as_bytes(), Query::new("a=1"), &Credentials::usual());
            assert_eq!(found, Err(TWICE), "{first} {second}");
        }
    }

    #[test]
    fn no_value_gives_uris_a_session() {
        let long = format!("a={}%26sd_session=X", "x".repeat(LONGEST_PARAMETER));
        for (list, query) in [
            ("NAME=\"a\",VALUE=\"sd_session=X\"", ""),
            ("NAME=\"a\",VALUE=\"x.ts?sd%5Fsession=X#f\"", ""),
            ("QUERYPARAM=\"a\"", "a=1%26sd_session=X"),
            ("QUERYPARAM=\"a\"", "a=1%26sd_ses%09sion=X"),
            ("QUERYPARAM=\"a\"", "a=1%26sd%255Fsession=X"),
            ("QUERYPARAM=\"a\"", "a=1&a=1%26sd_session=X"),
            ("QUERYPARAM=\"a\"", &long),
        ] {
            let found =
                Variables::default().define(list.as_bytes(), Query::new(query), &Credentials::usual());
            assert_eq!(found, Err(SESSION), "{list} {query}");
        }
        defined(&["QUERYPARAM=\"a\"", "NAME=\"b\",VALUE=\"my_sd_session=1\""], "a=1&b=1%26sd_session=X");
    }

    #[test]
    fn what_would_grow_beyond_all_bounds_does_not() {
        let define = format!("NAME=\"a\",VALUE=\"{}\"", "x".repeat(1000));
        let variables = defined(&[&define], "");
        assert!(matches!(variables.resolve(&"{$a}".repeat(100_000)), Resolved::Partly { .. }));
    }

    #[test]
    fn values_of_the_query_are_short_and_the_whole_has_an_end() {
        let define = format!("NAME=\"b\",VALUE=\"{}\"", "x".repeat(8 * 1024));
        let query = format!("a={}", "x".repeat(LONGEST_PARAMETER + 1));
        let variables = defined(&["QUERYPARAM=\"a\"", &define], &query);
        assert!(matches!(variables.resolve("{$a}"), Resolved::Partly { at: 0, .. }));
        let known =
            (0..10_000).take_while(|_| matches!(variables.resolve("{$b}"), Resolved::Known(_))).count();
        assert_eq!(known, MOST_WRITTEN / (8 * 1024));
    }

    #[test]
    fn variables_are_so_many_at_most() {
        let lists: Vec<_> = (0..=MOST_DEFINED).map(|at| format!("NAME=\"v{at}\",VALUE=\"\"")).collect();
        let mut variables = Variables::default();
        let (last, before) = lists.split_last().unwrap();
        for list in before {
            assert_eq!(variables.define(list.as_bytes(), Query::new(""), &Credentials::usual()), Ok(()));
        }
        assert_eq!(
            variables.define(last.as_bytes(), Query::new(""), &Credentials::usual()),
            Err("more than 10,000 variables")
        );
    }
}
