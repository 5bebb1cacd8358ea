//! Takes attributes out of a list.

use std::ops::Range;

use super::shape::Change;
use crate::hls::read::attributes::{Attribute, attributes};
use crate::manifest::Span;

/// The changes that take attributes away, each with a comma. All other bytes stay.
pub(in crate::hls) fn without<'a>(list: Span<'a>, goes: impl Fn(&Attribute<'a>) -> bool) -> Vec<Change> {
    let mut changes = Vec::new();
    // The end of the last attribute that stays, and the start of the first attribute that was removed behind it.
    let mut stayed: Option<usize> = None;
    let mut gone: Option<usize> = None;
    let mut push = |from: usize, to: usize| {
        changes.push(Change { at: list.start() + from..list.start() + to, with: String::new() });
    };
    for attribute in attributes(list.text()) {
        let Range { start, end } = attribute.extent();
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
        push(stayed.unwrap_or(from), list.text().len());
    }
    changes
}
