//! The tags of the first segment behind a place, which need not be repeated there.

use super::byte_range::open_length;
use super::item::Item;
use super::keys::{Keys, ends_keys};
use crate::hls::read::line::lines;
use crate::hls::read::tag::Tag;
use crate::manifest::Span;

/// The tags of a segment.
#[derive(Debug, Default)]
pub(super) struct NextSegment<'a> {
    pub(super) keys: NextKeys<'a>,
    pub(super) has_map: bool,
    pub(super) has_bitrate: bool,
    pub(super) has_discontinuity: bool,
    /// It has a date.
    pub(super) date: Option<&'a [u8]>,
    /// It says whether it is in a break.
    pub(super) has_mark: bool,
    /// Where its sub-range's length ends, if it has no offset.
    pub(super) length_end: Option<usize>,
    /// Where its URI ends.
    pub(super) end: usize,
}

/// The keys of a segment.
#[derive(Debug, Default)]
pub(super) struct NextKeys<'a> {
    pub(super) formats: Keys<'a>,
    /// One of them ends all others.
    pub(super) reset: bool,
    /// A map or a part has come. A key behind it does not apply to it.
    is_late: bool,
}

impl<'a> NextSegment<'a> {
    /// Reads the lines of a text up to the first URI.
    pub(super) fn of(text: Span<'a>) -> Self {
        let mut next = Self { end: text.start(), ..Self::default() };
        for line in lines(text) {
            next.end = line.end();
            match Item::of(&line) {
                Item::Uri => break,
                Item::Segment(tag, value) => next.pass(tag, value, line.whole),
                _ => {}
            }
        }
        next
    }

    fn pass(&mut self, tag: Tag, value: Span<'a>, line: Span<'a>) {
        match tag {
            Tag::Key if !self.keys.is_late => {
                self.keys.reset |= ends_keys(value.text());
                self.keys.formats.pass(value.text(), line);
            }
            Tag::Map => (self.has_map, self.keys.is_late) = (true, true),
            Tag::Part => self.keys.is_late = true,
            Tag::Bitrate => self.has_bitrate = true,
            Tag::Discontinuity => self.has_discontinuity = true,
            Tag::ProgramDateTime => self.date = Some(value.text()),
            Tag::CueOut | Tag::CueOutCont | Tag::CueIn => self.has_mark = true,
            Tag::ByteRange => {
                self.length_end = open_length(value.text()).map(|digits| value.start() + digits);
            }
            _ => {}
        }
    }
}
