//! A line as the rules look at it: its event, with its attributes read once.

use crate::hls::read::attributes::Attribute;
use crate::hls::read::event::Event;
use crate::hls::read::tag::Tag;

pub(super) struct Entry<'a, 'l> {
    pub(super) event: Event<'a>,
    /// The attributes of a tag that is known to have a list.
    pub(super) attributes: &'l [Attribute<'a>],
}

impl<'a> Entry<'a, '_> {
    /// The tag, where it is known.
    pub(super) const fn tag(&self) -> Option<Tag> {
        self.event.tag()
    }

    /// Whether the line has this tag.
    pub(super) fn is(&self, tag: Tag) -> bool {
        self.tag() == Some(tag)
    }

    /// The offset of the line's text.
    pub(super) const fn at(&self) -> usize {
        self.event.text_at
    }

    /// The value behind the tag's colon, without white space around it, and the value's offset.
    pub(super) fn stated(&self) -> Option<(&'a [u8], usize)> {
        let value = self.event.value()?;
        let text = value.trim_ascii_start();
        Some((text.trim_ascii_end(), self.event.value_at() + value.len() - text.len()))
    }

    /// The first attribute of a name.
    pub(super) fn get(&self, name: &str) -> Option<&Attribute<'a>> {
        self.attributes.iter().find(|attribute| attribute.name == name.as_bytes())
    }

    /// The value of the first attribute of a name.
    pub(super) fn value(&self, name: &str) -> Option<&'a [u8]> {
        self.get(name).map(|attribute| attribute.value)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Whether the attribute is there, and is this word.
    pub(super) fn says(&self, name: &str, word: &str) -> bool {
        self.value(name) == Some(word.as_bytes())
    }

    /// The offset of an attribute's value in the playlist; of the line's text, where there is no such attribute.
    pub(super) fn at_value(&self, name: &str) -> usize {
        self.get(name).map_or(self.at(), |attribute| self.event.value_at() + attribute.at)
    }
}
