//! Takes attributes out of a list.

use std::ops::Range;

use super::shape::Change;
use crate::hls::read::attributes::{Attribute, attributes};

/// The changes that take attributes away, each with a comma. All other bytes stay. `list_at` is where the list begins in
/// the playlist.
pub(in crate::hls) fn without<'a>(
    list: &'a [u8],
    list_at: usize,
    goes: impl Fn(&Attribute<'a>) -> bool,
) -> Vec<Change> {
    let mut changes = Vec::new();
    // Where the last attribute that stays ends, and where the first of those that go since then begins.
    let mut stayed: Option<usize> = None;
    let mut gone: Option<usize> = None;
    let mut push = |from: usize, to: usize| {
        changes.push(Change { at: list_at + from..list_at + to, with: String::new() });
    };
    for attribute in attributes(list) {
        let Range { start, end } = extent(list, &attribute);
        if goes(&attribute) {
            gone = gone.or(Some(start));
        } else {
            if let Some(from) = gone.take() {
                push(from, start);
            }
            stayed = Some(end);
        }
    }
    if let Some(from) = gone {
        push(stayed.unwrap_or(from), list.len());
    }
    changes
}

/// Where an attribute stands in its list: from its name to the end of its value, with quotes.
pub(in crate::hls) fn extent(list: &[u8], attribute: &Attribute<'_>) -> Range<usize> {
    let before = list.get(..attribute.at).unwrap_or_default();
    let quote = usize::from(before.ends_with(b"\""));
    let until_equals = before.len().saturating_sub(quote + 1);
    let spelled = before.get(..until_equals).unwrap_or_default().trim_ascii_end();
    let start = spelled.len().saturating_sub(attribute.name.len());
    let end = attribute.at + attribute.value.len();
    let closed = quote == 1 && list.get(end) == Some(&b'"');
    start..end + usize::from(closed)
}
