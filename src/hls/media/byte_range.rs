//! Sub-ranges of segments and parts, each of which may begin where the one before it ended.
//!
//! [draft-pantos-hls-rfc8216bis-22 sections 4.4.4.2 and 4.4.4.9](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.4.2)

use super::item::Item;
use crate::hls::read::attributes::{Attribute, attribute, attributes};
use crate::hls::read::line::{Line, lines};
use crate::hls::read::seconds::integer;
use crate::hls::read::tag::Tag;
use crate::hls::write::shape::Change;
use crate::manifest::Span;

/// Where a sub-range `n[@o]` ends, where the one before it ends at `before`.
pub(super) fn end_of(range: &[u8], before: Option<u64>) -> Option<u64> {
    let start = match memchr::memchr(b'@', range) {
        Some(at) => integer(range.get(at + 1..)?),
        None => before,
    };
    start?.checked_add(integer(range)?)
}

/// The number of digits of a sub-range's length, if no offset follows it.
pub(super) fn open_length(range: &[u8]) -> Option<usize> {
    let digits = range.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (digits > 0 && !range.contains(&b'@')).then_some(digits)
}

/// The sub-range of the part that was passed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PartRange<'a> {
    uri: &'a [u8],
    end: u64,
}

impl<'a> PartRange<'a> {
    /// The sub-range of a part behind another one. `None`: the part has none, or nobody knows where it begins.
    pub(super) fn behind(before: Option<Self>, list: &'a [u8]) -> Option<Self> {
        let (uri, range) = attribute(list, b"URI").zip(attribute(list, b"BYTERANGE"))?;
        let before = before.filter(|before| before.uri == uri);
        Some(Self { uri, end: end_of(range, before.map(|before| before.end))? })
    }

    /// The line of the first part of a text, and the offset that it gets, if it continues this one and has none.
    pub(super) fn continued<'t>(self, text: Span<'t>) -> Option<(Line<'t>, Change)> {
        let mut parts = lines(text).filter_map(|line| match Item::of(&line) {
            Item::Segment(Tag::Part, list) => Some((line, list)),
            _ => None,
        });
        let (line, list) = parts.next()?;
        let Attribute { value, at, .. } = attributes(list.text()).find(|found| found.name == b"BYTERANGE")?;
        let digits = open_length(value).filter(|_| attribute(list.text(), b"URI") == Some(self.uri))?;
        let at = list.start() + at + digits;
        Some((line, Change { at: at..at, with: format!("@{}", self.end) }))
    }
}
