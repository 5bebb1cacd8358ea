//! What happens to which lines, and the shape that comes of it.

use std::ops::Range;

use super::master::Tag;
use super::start::Move;
use crate::hls::read::attributes::{Attribute, attributes};
use crate::hls::write::attribute_edits::without;
use crate::hls::write::shape::{Change, Piece, Shape};

/// What happens to the lines of a playlist; of a line that is not named, nothing.
#[derive(Debug, Default)]
pub(super) struct Script(Vec<(Range<usize>, Vec<Change>)>);

impl Script {
    /// A line does not remain.
    pub(super) fn leave_out(&mut self, line: &Range<usize>) {
        self.0.push((line.clone(), Vec::new()));
    }

    /// Parts of a line are replaced.
    pub(super) fn change(&mut self, line: &Range<usize>, mut changes: Vec<Change>) {
        if !changes.is_empty() {
            changes.sort_unstable_by_key(|change| change.at.start);
            self.0.push((line.clone(), changes));
        }
    }

    /// The shape; `None`: nothing happens.
    pub(super) fn shape(mut self, playlist: &[u8], start: Option<Move>) -> Option<Shape> {
        if self.0.is_empty() && start.is_none() {
            return None;
        }
        self.0.sort_unstable_by_key(|(line, _)| line.start);
        let mut shape = Shape::new();
        let Some(Move { variant, to }) = start else {
            self.push(&mut shape, 0..playlist.len());
            return Some(shape);
        };
        self.push(&mut shape, 0..to);
        self.push(&mut shape, variant.clone());
        // The last line of a playlist may have no end: in front of others it takes that of its tag's line.
        let lines = playlist.get(variant.clone()).unwrap_or_default();
        if !lines.ends_with(b"\n") {
            let first = lines.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
            shape.push(Piece::Text(if first.ends_with(b"\r\n") { "\r\n" } else { "\n" }.to_owned()));
        }
        self.push(&mut shape, to..variant.start);
        self.push(&mut shape, variant.end..playlist.len());
        Some(shape)
    }

    /// Adds what becomes of some lines.
    fn push(&self, shape: &mut Shape, lines: Range<usize>) {
        let from = self.0.partition_point(|(line, _)| line.start < lines.start);
        let to = self.0.partition_point(|(line, _)| line.start < lines.end);
        let mut copied = lines.start;
        for (line, changes) in self.0.get(from..to).unwrap_or_default() {
            push_lines(shape, copied..line.start);
            if !changes.is_empty() {
                shape.push(Piece::Changed(line.clone(), changes.clone()));
            }
            copied = line.end;
        }
        push_lines(shape, copied..lines.end);
    }
}

fn push_lines(shape: &mut Shape, lines: Range<usize>) {
    if !lines.is_empty() {
        shape.push(Piece::Lines(lines));
    }
}

impl<'a> Tag<'a> {
    /// The changes that take attributes away, each with a comma. All other bytes stay.
    pub(super) fn without(&self, goes: impl Fn(&Attribute<'a>) -> bool) -> Vec<Change> {
        without(self.list, self.list_at, goes)
    }

    /// The changes that give an attribute a value, wherever it stands, or else at the end.
    pub(super) fn with(&self, name: &str, value: &str) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut stands = false;
        for attribute in attributes(self.list).filter(|attribute| attribute.name == name.as_bytes()) {
            stands = true;
            let text = attribute.value.trim_ascii();
            if text != value.as_bytes() {
                let spaces = attribute.value.len() - attribute.value.trim_ascii_start().len();
                let start = self.list_at + attribute.at + spaces;
                changes.push(Change { at: start..start + text.len(), with: value.to_owned() });
            }
        }
        if !stands {
            let comma = if self.list.is_empty() || self.list.ends_with(b",") { "" } else { "," };
            let end = self.list_at + self.list.len();
            changes.push(Change { at: end..end, with: format!("{comma}{name}={value}") });
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(list: &str) -> Tag<'_> {
        Tag { line: 0..list.len(), list: list.as_bytes(), list_at: 0 }
    }

    fn changed(list: &str, changes: &[Change]) -> String {
        let mut text = list.to_owned();
        for change in changes.iter().rev() {
            text.replace_range(change.at.clone(), &change.with);
        }
        text
    }

    #[test]
    fn attributes_go_with_their_comma() {
        for (list, expected) in [
            ("A=1,X=2,B=3", "A=1,B=3"),
            ("X=\"2,2\",B=3", "B=3"),
            ("B=3,X=\"2\"", "B=3"),
            ("X=2", ""),
            ("A=1,X=2,X=\"3\",B=4", "A=1,B=4"),
            ("X=0,A=1,X=2,X=\"3\"", "A=1"),
            ("A=\"1\" , X = 2 , B=3", "A=\"1\" , B=3"),
            ("A=1,X=\"unclosed,B=3", "A=1"),
            ("A=1", "A=1"),
            ("", ""),
        ] {
            let changes = tag(list).without(|attribute| attribute.name == b"X");
            assert_eq!(changed(list, &changes), expected, "{list}");
        }
    }

    #[test]
    fn attributes_get_a_value_where_they_stand() {
        for (list, expected) in [
            ("A=1,X=NO,B=3", "A=1,X=YES,B=3"),
            ("A=1,X= NO ,B=3", "A=1,X= YES ,B=3"),
            ("X=\"NO\"", "X=\"YES\""),
            ("X=NO,X=MAYBE", "X=YES,X=YES"),
            ("A=1", "A=1,X=YES"),
            ("A=\"1\",", "A=\"1\",X=YES"),
            ("X=", "X=YES"),
            ("", "X=YES"),
            ("X=YES", "X=YES"),
        ] {
            assert_eq!(changed(list, &tag(list).with("X", "YES")), expected, "{list}");
        }
    }
}
