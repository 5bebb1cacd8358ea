//! Changes of a text, and the original offsets of the result.
//!
//! An edit describes what it changes as changes of the text. The text is changed and read anew before the next edit.
//! URIs are signed last, so that no edit can skip one.

use std::borrow::Cow;
use std::ops::Range;

use crate::manifest::{Misplaced, Span};
use crate::sorting;

/// Changes of a text, in any order. A change inside a removed range is dropped.
#[derive(Debug, Default)]
pub(super) struct Changes(Vec<(Range<usize>, String)>);

impl Changes {
    pub(super) fn replace(&mut self, range: Range<usize>, with: impl Into<String>) {
        self.0.push((range, with.into()));
    }

    pub(super) fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(at..at, text);
    }

    pub(super) fn remove(&mut self, range: Range<usize>) {
        self.replace(range, "");
    }

    /// Adds the changes of another edit of the same text.
    pub(super) fn append(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A text, and where its pieces come from.
#[derive(Clone, Debug)]
pub(super) struct Edited<'a> {
    pub(super) text: Cow<'a, str>,
    /// The offset of each piece in this text and in the original one, ascending.
    pieces: Vec<(usize, usize)>,
}

impl<'a> Edited<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text: Cow::Borrowed(text), pieces: vec![(0, 0)] }
    }

    /// The original offset of an offset in this text. Inserted text has the offset of its insertion.
    pub(super) fn origin(&self, at: usize) -> usize {
        let piece = self.pieces.partition_point(|(now, _)| *now <= at).checked_sub(1);
        piece.and_then(|piece| self.pieces.get(piece)).map_or(0, |(now, then)| then + (at - now))
    }

    /// Applies the changes. If one does not lie within the text, none is applied.
    pub(super) fn apply(self, changes: Changes) -> Result<Self, Misplaced> {
        if changes.is_empty() {
            return Ok(self);
        }
        let Changes(mut changes) = changes;
        // At one offset, insertions come first, in the order in which they were added, then the longest replacement.
        sorting::by(&mut changes, |(a, _), (b, _)| {
            (a.start, !a.is_empty(), b.end).cmp(&(b.start, !b.is_empty(), a.end))
        });
        let mut text = String::with_capacity(self.text.len());
        let mut pieces = Vec::with_capacity(changes.len() + 1);
        let mut rest = Span::whole(&*self.text);
        for (range, with) in &changes {
            if range.start < rest.start() {
                continue;
            }
            pieces.push((text.len(), self.origin(rest.start())));
            text += rest.take_to(range.start)?.text();
            pieces.push((text.len(), self.origin(range.start)));
            text += with;
            rest.take_to(range.end)?;
        }
        pieces.push((text.len(), self.origin(rest.start())));
        text += rest.text();
        Ok(Self { text: Cow::Owned(text), pieces })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_made_in_their_order() {
        let mut changes = Changes::default();
        changes.replace(4..5, "FIVE");
        changes.insert(2, "+");
        changes.insert(2, "-");
        changes.remove(6..9);
        changes.replace(7..8, "gone");
        changes.remove(2..3);
        let edited = Edited::new("0123456789").apply(changes).unwrap();
        assert_eq!(edited.text, "01+-3FIVE59");
        let found: Vec<_> = [0, 1, 2, 4, 5, 9, 10].map(|at| edited.origin(at)).to_vec();
        assert_eq!(found, [0, 1, 2, 3, 4, 5, 9]);
        let mut again = Changes::default();
        again.remove(0..4);
        let again = edited.apply(again).unwrap();
        assert_eq!((&*again.text, again.origin(0), again.origin(6)), ("3FIVE59", 3, 9));
        assert!(matches!(Edited::new("a").apply(Changes::default()).unwrap().text, Cow::Borrowed("a")));
    }

    #[test]
    fn a_change_inside_a_removed_range_is_dropped() {
        let mut changes = Changes::default();
        changes.replace(1..2, "x");
        changes.remove(1..4);
        changes.insert(3, "y");
        assert_eq!(Edited::new("abcde").apply(changes).unwrap().text, "ae");
    }

    #[test]
    fn a_change_outside_of_the_text_drops_nothing_and_is_refused() {
        for range in [1..9, 7..8, 3..4, Range { start: 5, end: 4 }] {
            let mut changes = Changes::default();
            changes.remove(0..1);
            changes.remove(range.clone());
            let refused = Edited::new("abñde").apply(changes).unwrap_err();
            assert!(refused.to_string().contains("expected an edit within bytes"), "{range:?}: {refused}");
        }
    }
}
