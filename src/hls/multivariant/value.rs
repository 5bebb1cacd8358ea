//! The value of an attribute, without quotes and spaces around it, and with variables put in.

use std::borrow::Cow;

use crate::hls::read::attributes::Attribute;
use crate::hls::read::variables::{Resolved, Variables};

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// This text.
    Known(Cow<'a, str>),
    /// Something that players alone know: it holds a variable without a value, it is not UTF-8, or its quotes do not
    /// stand where a reader expects them.
    Unknown,
}

impl<'a> Value<'a> {
    /// Reads a value. Between quotes, spaces count; around a value, and around quotes, they do not.
    pub(super) fn of(attribute: &Attribute<'a>, variables: &Variables<'_>) -> Self {
        let Ok(text) = str::from_utf8(attribute.value) else { return Self::Unknown };
        let text = if attribute.quoted {
            text
        } else {
            let text = text.trim();
            match text.strip_prefix('"') {
                // Behind a space, a quote protects no comma from the readers that do not see it: the value may go on.
                Some(begun) => match begun.strip_suffix('"') {
                    Some(text) => text,
                    None => return Self::Unknown,
                },
                None => text,
            }
        };
        match variables.resolve(text) {
            Resolved::Known(text) => Self::Known(text),
            Resolved::Partly { .. } => Self::Unknown,
        }
    }

    /// Whether it is within a limit, if there is a limit. No limit allows an unknown value.
    pub(super) fn is_within<L>(&self, limit: Option<L>, allows: impl FnOnce(L, &str) -> bool) -> bool {
        match (limit, self) {
            (None, _) => true,
            (Some(_), Self::Unknown) => false,
            (Some(limit), Self::Known(text)) => allows(limit, text),
        }
    }

    /// The bytes by which the value is compared. For an unknown value, these are its bytes in the playlist.
    pub(super) fn key(self, attribute: &Attribute<'a>) -> Cow<'a, [u8]> {
        match self {
            Self::Known(Cow::Borrowed(text)) => Cow::Borrowed(text.as_bytes()),
            Self::Known(Cow::Owned(text)) => Cow::Owned(text.into_bytes()),
            Self::Unknown => Cow::Borrowed(attribute.value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hls::read::attributes::attributes;
    use crate::manifest::Query;
    use crate::token::Credentials;

    #[test]
    fn quotes_spaces_and_variables() {
        let mut variables = Variables::default();
        variables.define(br#"NAME="lang",VALUE="fr""#, Query::new(""), Credentials::SESSION).unwrap();
        for (list, expected) in [
            (&br#"A="x y ""#[..], Some("x y ")),
            (b"A= x ", Some("x")),
            (b"A = \"x\" ", Some("x")),
            (b"A= \"x,y\"", None),
            (b"A=\"unclosed,B=1", Some("unclosed,B=1")),
            (b"A=\"{$lang}-CA\"", Some("fr-CA")),
            (b"A=\"{$other}\"", None),
            (b"A=\"\xff\"", None),
        ] {
            let first = attributes(list).next().unwrap();
            let expected = expected.map_or(Value::Unknown, |text| Value::Known(text.into()));
            assert_eq!(Value::of(&first, &variables), expected, "{}", list.escape_ascii());
        }
    }
}
