//! The sub-ranges of parts, each of which may begin where that of the part before it ended.
//!
//! [draft-pantos-hls-rfc8216bis-22 section 4.4.4.9](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.4.9)

use std::ops::Range;

use super::cut::end_of;
use super::item::Item;
use crate::hls::read::attributes::{Attribute, attribute, attributes};
use crate::hls::read::line::lines_between;
use crate::hls::read::tag::Tag;
use crate::hls::write::shape::Change;

/// The sub-range of the part that was passed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hls) struct PartRange<'a> {
    uri: &'a [u8],
    end: u64,
}

impl<'a> PartRange<'a> {
    /// That of a part behind another one. `None`: it is none, or nobody knows where it begins.
    pub(in crate::hls) fn after(before: Option<Self>, list: &'a [u8]) -> Option<Self> {
        let (uri, range) = attribute(list, b"URI").zip(attribute(list, b"BYTERANGE"))?;
        let before = before.filter(|before| before.uri == uri);
        Some(Self { uri, end: end_of(range, before.map(|before| before.end))? })
    }

    /// The offset of the first part from a place on, if it continues this one and has none; and the line that it is in.
    pub(in crate::hls) fn continued(self, playlist: &[u8], from: usize) -> Option<(Range<usize>, Change)> {
        let mut parts =
            lines_between(playlist, from, playlist.len()).filter_map(|line| match Item::of(&line) {
                Item::Segment(Tag::Part, list) => Some((line, list)),
                _ => None,
            });
        let (line, list) = parts.next()?;
        let Attribute { value, at, .. } = attributes(list).find(|found| found.name == b"BYTERANGE")?;
        let length = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if length == 0 || value.contains(&b'@') || attribute(list, b"URI") != Some(self.uri) {
            return None;
        }
        // The list stands at the end of the line's text.
        let at = line.text_start + line.text.len() - list.len() + at + length;
        Some((line.start..line.end, Change { at: at..at, with: format!("@{}", self.end) }))
    }
}
