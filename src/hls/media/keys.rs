//! The keys in force at a place.
//!
//! [draft-pantos-hls-rfc8216bis-22 section 4.4.4.4](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.4.4)

use std::collections::BTreeMap;
use std::rc::Rc;

use super::item::Item;
use crate::hls::read::attributes::attribute;
use crate::hls::read::line::lines;
use crate::hls::read::tag::Tag;
use crate::manifest::Span;
use crate::sorting;

/// The end of all keys.
pub(super) const NO_KEY: &str = "#EXT-X-KEY:METHOD=NONE\n";

/// The lines of the keys in force, by their `KEYFORMAT`. A copy of them costs nothing: most segments have the keys of the one
/// in front.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys<'a>(Rc<BTreeMap<&'a [u8], Span<'a>>>);

impl<'a> Keys<'a> {
    /// The keys in force behind these lines.
    pub(super) fn of(text: Span<'a>) -> Self {
        let mut keys = Self::default();
        for line in lines(text) {
            if let Item::Segment(Tag::Key, list) = Item::of(&line) {
                keys.pass(list.text(), line.whole);
            }
        }
        keys
    }

    pub(super) fn pass(&mut self, list: &'a [u8], line: Span<'a>) {
        if ends_keys(list) {
            self.0 = Rc::default();
        } else {
            Rc::make_mut(&mut self.0).insert(attribute(list, b"KEYFORMAT").unwrap_or(b"identity"), line);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The formats that have a key.
    pub(super) fn formats(&self) -> impl Iterator<Item = &'a [u8]> {
        self.0.keys().copied()
    }

    pub(super) fn has(&self, format: &[u8]) -> bool {
        self.0.contains_key(format)
    }

    pub(super) fn get(&self, format: &[u8]) -> Option<Span<'a>> {
        self.0.get(format).copied()
    }

    /// The lines of the keys, in their order in the source, but for some.
    pub(super) fn lines_but(
        &self,
        is_left_out: impl Fn(&[u8], Span<'a>) -> bool,
    ) -> impl Iterator<Item = Span<'a>> {
        let kept = self.0.iter().filter(|(format, line)| !is_left_out(format, **line));
        let mut lines: Vec<_> = kept.map(|(_, line)| *line).collect();
        sorting::by_key(&mut lines, |line| line.start());
        lines.into_iter()
    }
}

/// Whether a key's attributes say that segments are not encrypted any more.
pub(super) fn ends_keys(list: &[u8]) -> bool {
    attribute(list, b"METHOD").is_some_and(|method| method.trim_ascii() == b"NONE")
}
