//! A tag with an attribute list, and changes of its attributes.

use crate::hls::read::attributes::{Attribute, attributes};
use crate::hls::write::attribute_edits::without;
use crate::hls::write::shape::Change;
use crate::manifest::Span;

/// A tag with an attribute list.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListTag<'a> {
    /// Its line with the line's end.
    pub(super) line: Span<'a>,
    /// Its attributes.
    pub(super) list: Span<'a>,
}

impl<'a> ListTag<'a> {
    /// The changes that take attributes away, each with a comma. All other bytes stay.
    pub(super) fn without(&self, goes: impl Fn(&Attribute<'a>) -> bool) -> Vec<Change> {
        without(self.list, goes)
    }

    /// The changes that give an attribute a value, wherever it stands, or else at the end.
    pub(super) fn with(&self, name: &str, value: &str) -> Vec<Change> {
        let list = self.list.text();
        let mut changes = Vec::new();
        let mut stands = false;
        for attribute in attributes(list).filter(|attribute| attribute.name == name.as_bytes()) {
            stands = true;
            let text = attribute.value.trim_ascii();
            if text != value.as_bytes() {
                let spaces = attribute.value.len() - attribute.value.trim_ascii_start().len();
                let start = self.list.start() + attribute.at + spaces;
                changes.push(Change { at: start..start + text.len(), with: value.to_owned() });
            }
        }
        if !stands {
            let comma = if list.is_empty() || list.ends_with(b",") { "" } else { "," };
            let end = self.list.end();
            changes.push(Change { at: end..end, with: format!("{comma}{name}={value}") });
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(list: &str) -> ListTag<'_> {
        let list = Span::whole(list.as_bytes());
        ListTag { line: list, list }
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
