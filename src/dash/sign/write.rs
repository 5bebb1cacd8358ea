//! Writes a URI in its place.

use std::ops::Range;

use super::signer::{Signer, Uncovered};
use crate::dash::document::{Attribute, Element};
use crate::dash::resolver::{UriError, UriRewrite};
use crate::manifest::MOST_WRITTEN;

impl Signer<'_> {
    /// Writes the URI in an attribute.
    pub(super) fn sign_attribute(
        &mut self,
        attribute: &Attribute<'_>,
        rewrite: Result<UriRewrite, UriError>,
    ) -> Result<UriRewrite, Uncovered> {
        let rewrite = rewrite.map_err(|error| Uncovered {
            at: attribute.at,
            why: error.why(),
            uri: attribute.value().into_owned(),
        })?;
        self.write_uri(attribute.range(), &UriPosition::Attribute(attribute.quote), &rewrite)?;
        Ok(rewrite)
    }

    /// Signs the URI in the content of an element.
    pub(super) fn sign_content(
        &mut self,
        element: Element<'_, '_>,
        rewrite: &mut dyn FnMut(&Self, &str) -> Result<UriRewrite, UriError>,
    ) -> Result<(), Uncovered> {
        let at = element.tag().start;
        let Some(content) = element.content() else {
            return Err(Uncovered {
                at,
                why: "something besides one text where a URI should be",
                uri: String::new(),
            });
        };
        let uri = content.trim_ascii();
        let rewrite =
            rewrite(self, uri).map_err(|error| Uncovered { at, why: error.why(), uri: uri.to_owned() })?;
        let (range, stand) = match element.inner() {
            Some(inner) => (inner, UriPosition::Content),
            None => (element.tag(), UriPosition::Empty(element.tag_text().to_owned())),
        };
        self.write_uri(range, &stand, &rewrite)
    }

    pub(super) fn write_uri(
        &mut self,
        range: Range<usize>,
        stand: &UriPosition,
        rewrite: &UriRewrite,
    ) -> Result<(), Uncovered> {
        let quote = match stand {
            UriPosition::Attribute(quote) => Some(*quote),
            UriPosition::Content | UriPosition::Empty(_) => None,
        };
        let (before, after) = match rewrite {
            UriRewrite::Keep => return Ok(()),
            UriRewrite::Replace(text) => (escaped(text, quote), None),
            UriRewrite::Sign(before, after) => (escaped(before, quote), Some(escaped(after, quote))),
        };
        let (open, close) = match stand {
            UriPosition::Empty(tag) => {
                let open = tag.strip_suffix("/>").unwrap_or(tag);
                let name = open
                    .trim_start_matches('<')
                    .split(|c: char| c.is_ascii_whitespace())
                    .next()
                    .unwrap_or_default();
                (format!("{open}>"), format!("</{name}>"))
            }
            UriPosition::Attribute(_) | UriPosition::Content => (String::new(), String::new()),
        };
        let at = range.start;
        match &after {
            Some(after) => self.written.put(range, &[&open, &before], Some(&[after, &close])),
            None => self.written.put(range, &[&open, &before, &close], None),
        }
        if self.written.bytes > MOST_WRITTEN {
            let why = "more than 32 MiB of URIs, written with the session";
            return Err(Uncovered { at, why, uri: String::new() });
        }
        Ok(())
    }
}

/// The syntactic position of a URI, which decides how it is written.
pub(super) enum UriPosition {
    /// In an attribute with these quotes.
    Attribute(char),
    /// Between tags.
    Content,
    /// In an empty element, whose tag becomes two tags.
    Empty(String),
}

/// A text, escaped for an attribute or for element content.
pub(super) fn escaped(text: &str, quote: Option<char>) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '"' if quote == Some('"') => escaped += "&quot;",
            '\'' if quote == Some('\'') => escaped += "&apos;",
            _ => escaped.push(c),
        }
    }
    escaped
}
