//! Writes a URI where it stands.

use std::ops::Range;

use super::signer::{Signer, Uncovered};
use crate::dash::document::{Attribute, Element};
use crate::dash::place::{Place, PlaceError};
use crate::manifest::MOST_WRITTEN;

impl Signer<'_> {
    /// Writes the URI that an attribute is.
    pub(super) fn attribute(
        &mut self,
        attribute: &Attribute<'_>,
        place: Result<Place, PlaceError>,
    ) -> Result<Place, Uncovered> {
        let place = place.map_err(|error| Uncovered {
            at: attribute.at,
            why: error.why(),
            uri: attribute.value().into_owned(),
        })?;
        self.put(attribute.range(), &Stand::Attribute(attribute.quote), &place)?;
        Ok(place)
    }

    /// Signs the URI that stands between the tags of an element.
    pub(super) fn content(
        &mut self,
        element: Element<'_, '_>,
        place: &mut dyn FnMut(&Self, &str) -> Result<Place, PlaceError>,
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
        let place =
            place(self, uri).map_err(|error| Uncovered { at, why: error.why(), uri: uri.to_owned() })?;
        let (range, stand) = match element.inner() {
            Some(inner) => (inner, Stand::Content),
            None => (element.tag(), Stand::Empty(element.tag_text().to_owned())),
        };
        self.put(range, &stand, &place)
    }

    fn put(&mut self, range: Range<usize>, stand: &Stand, place: &Place) -> Result<(), Uncovered> {
        let quote = match stand {
            Stand::Attribute(quote) => Some(*quote),
            Stand::Content | Stand::Empty(_) => None,
        };
        let (before, after) = match place {
            Place::AsIs => return Ok(()),
            Place::Unsigned(text) => (escaped(text, quote), None),
            Place::Signed(before, after) => (escaped(before, quote), Some(escaped(after, quote))),
        };
        let (open, close) = match stand {
            Stand::Empty(tag) => {
                let open = tag.strip_suffix("/>").unwrap_or(tag);
                let name = open
                    .trim_start_matches('<')
                    .split(|c: char| c.is_ascii_whitespace())
                    .next()
                    .unwrap_or_default();
                (format!("{open}>"), format!("</{name}>"))
            }
            Stand::Attribute(_) | Stand::Content => (String::new(), String::new()),
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

/// Where a URI stands, which decides on how it is written.
enum Stand {
    /// In an attribute with this quote around it.
    Attribute(char),
    /// Between tags.
    Content,
    /// In an element that has one tag only, which becomes two.
    Empty(String),
}

/// A text as it is written between quotes, or between tags.
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
