//! The tags that go on applying behind the segment that they stand in front of.
//!
//! | tag | until | |
//! | --- | --- | --- |
//! | `EXT-X-KEY` | another one with its `KEYFORMAT`, or `METHOD=NONE` | [section 4.4.4.4](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.4.4) |
//! | `EXT-X-MAP` | another one; read with the keys in front of it | [section 4.4.4.5](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.4.5) |
//! | `EXT-X-BITRATE` | another one | [section 4.4.4.8](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.4.8) |
//!
//! Where the segments in front are left out, those in force are said again. `EXT-X-TILES` is none of them: in an image playlist,
//! a segment without one is a single image.

use std::collections::BTreeMap;
use std::ops::Range;

use super::item::Item;
use crate::hls::read::attributes::attribute;
use crate::hls::read::line::{Line, lines_between};
use crate::hls::read::tag::Tag;
use crate::hls::write::shape::{Piece, Shape};

/// The lines of the tags in force at a place.
#[derive(Debug, Default)]
pub(in crate::hls) struct InForce<'a> {
    keys: Keys<'a>,
    map: Option<Range<usize>>,
    bitrate: Option<Range<usize>>,
}

impl<'a> InForce<'a> {
    /// Takes the next line.
    pub(in crate::hls) fn pass(&mut self, tag: Tag, value: &'a [u8], line: &Line<'_>) {
        let line = line.start..line.end;
        match tag {
            Tag::Key => self.keys.pass(value, line),
            Tag::Map => self.map = Some(line),
            Tag::Bitrate => self.bitrate = Some(line),
            _ => {}
        }
    }

    /// The lines to be said again in front of what follows, apart from those that it says itself.
    pub(in crate::hls) fn restate(self, playlist: &'a [u8], body: usize, next: &Next<'a>, shape: &mut Shape) {
        let Self { keys, map, bitrate } = self;
        let mut before_map = Keys::default();
        if let Some(map) = map.filter(|_| !next.map) {
            before_map = Keys::between(playlist, body, map.start);
            shape.extend(before_map.lines().map(Piece::Lines));
            shape.push(Piece::Lines(map));
        }
        if !next.keys.reset {
            let ended = before_map.0.keys().any(|format| !keys.0.contains_key(format));
            if ended {
                shape.push(Piece::Text("#EXT-X-KEY:METHOD=NONE\n".to_owned()));
                before_map = Keys::default();
            }
            let said = |format: &[u8], line: &Range<usize>| {
                next.keys.formats.0.contains_key(format) || before_map.0.get(format) == Some(line)
            };
            let others = keys.0.iter().filter(|(format, line)| !said(format, line));
            shape.extend(in_order(others.map(|(_, line)| line.clone())).map(Piece::Lines));
        }
        shape.extend(bitrate.filter(|_| !next.bitrate).map(Piece::Lines));
    }
}

/// The lines of the keys in force, by their `KEYFORMAT`.
#[derive(Debug, Default)]
struct Keys<'a>(BTreeMap<&'a [u8], Range<usize>>);

impl<'a> Keys<'a> {
    fn between(playlist: &'a [u8], from: usize, to: usize) -> Self {
        let mut keys = Self::default();
        for line in lines_between(playlist, from, to) {
            if let Item::Segment(Tag::Key, list) = Item::of(&line) {
                keys.pass(list, line.start..line.end);
            }
        }
        keys
    }

    fn pass(&mut self, list: &'a [u8], line: Range<usize>) {
        if is_none(list) {
            self.0.clear();
        } else {
            self.0.insert(format(list), line);
        }
    }

    fn lines(&self) -> impl Iterator<Item = Range<usize>> {
        in_order(self.0.values().cloned())
    }
}

fn in_order(lines: impl Iterator<Item = Range<usize>>) -> impl Iterator<Item = Range<usize>> {
    let mut lines: Vec<_> = lines.collect();
    lines.sort_unstable_by_key(|line| line.start);
    lines.into_iter()
}

fn format(list: &[u8]) -> &[u8] {
    attribute(list, b"KEYFORMAT").unwrap_or(b"identity")
}

fn is_none(list: &[u8]) -> bool {
    attribute(list, b"METHOD").is_some_and(|method| method.trim_ascii() == b"NONE")
}

/// What the lines of the next segment say themselves.
#[derive(Debug, Default)]
pub(in crate::hls) struct Next<'a> {
    keys: NextKeys<'a>,
    map: bool,
    bitrate: bool,
    /// It has a date.
    pub(in crate::hls) date: Option<&'a [u8]>,
    /// It says whether it is in a break.
    pub(in crate::hls) mark: bool,
    /// Where its sub-range's length ends, if it has no offset.
    pub(in crate::hls) length_end: Option<usize>,
    /// Where its URI ends.
    pub(in crate::hls) end: usize,
}

#[derive(Debug, Default)]
struct NextKeys<'a> {
    formats: Keys<'a>,
    reset: bool,
    /// A map or a part has come, which a key behind it is not for.
    late: bool,
}

impl<'a> Next<'a> {
    /// Reads the lines from a place on, to the next URI.
    pub(in crate::hls) fn at(playlist: &'a [u8], from: usize) -> Self {
        let mut next = Self { end: from, ..Self::default() };
        for line in lines_between(playlist, from, playlist.len()) {
            next.end = line.end;
            match Item::of(&line) {
                Item::Uri => break,
                Item::Segment(tag, value) => next.pass(tag, value, &line),
                _ => {}
            }
        }
        next
    }

    fn pass(&mut self, tag: Tag, value: &'a [u8], line: &Line<'_>) {
        match tag {
            Tag::Key if !self.keys.late => {
                self.keys.reset |= is_none(value);
                self.keys.formats.pass(value, line.start..line.end);
            }
            Tag::Map => (self.map, self.keys.late) = (true, true),
            Tag::Part => self.keys.late = true,
            Tag::Bitrate => self.bitrate = true,
            Tag::ProgramDateTime => self.date = Some(value),
            Tag::CueOut | Tag::CueOutCont | Tag::CueIn => self.mark = true,
            Tag::ByteRange => {
                let length = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
                // The value stands at the end of the line's text.
                let value_at = line.text_start + line.text.len() - value.len();
                self.length_end = Some(value_at + length).filter(|_| length > 0 && !value.contains(&b'@'));
            }
            _ => {}
        }
    }
}
