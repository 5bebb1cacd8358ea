//! Lists of ids in attributes and elements.

use std::borrow::Cow;

use crate::dash::change::Changes;
use crate::dash::document::{Attribute, Element, resolved};

/// The items of a list with white space or commas between them.
pub(super) fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(is_separator).filter(|item| !item.is_empty())
}

fn is_separator(c: char) -> bool {
    c.is_ascii_whitespace() || c == ','
}

/// What is left of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Left {
    All,
    Some(String),
    None,
}

/// Takes items out of a list as it stands in an attribute: `is_gone` is asked with the number of each, and with its text.
pub(super) fn without(raw: &str, mut is_gone: impl FnMut(usize, &str) -> bool) -> Left {
    let mut kept: Vec<&str> = Vec::new();
    let mut count = 0;
    for (number, item) in items(raw).enumerate() {
        count += 1;
        let text = resolved(item);
        if !is_gone(number, &text) {
            kept.push(item);
        }
    }
    if kept.len() == count {
        return Left::All;
    }
    let separator = if raw.contains(',') { "," } else { " " };
    if kept.is_empty() { Left::None } else { Left::Some(kept.join(separator)) }
}

/// The ids that an attribute of an element lists.
pub(super) fn ids<'a>(element: Element<'_, 'a>, name: &str) -> Vec<Cow<'a, str>> {
    match element.value(name) {
        None => Vec::new(),
        Some(Cow::Borrowed(list)) => items(list).map(Cow::Borrowed).collect(),
        Some(Cow::Owned(list)) => items(&list).map(|id| Cow::Owned(id.to_owned())).collect(),
    }
}

/// Takes ids out of what an attribute lists. Whether none is left: then the attribute is as it was.
pub(super) fn remove_ids(
    attribute: &Attribute<'_>,
    is_gone: impl Fn(&str) -> bool,
    changes: &mut Changes,
) -> bool {
    match without(attribute.raw, |_, id| is_gone(id)) {
        Left::All => false,
        Left::Some(list) => {
            changes.replace(attribute.range(), list);
            false
        }
        Left::None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_go_and_what_stays_is_a_list() {
        for (raw, expected) in [
            ("a b", Left::All),
            ("", Left::All),
            ("a x b", Left::Some("a b".to_owned())),
            (" x,a , &#98;", Left::Some("a,&#98;".to_owned())),
            ("&#120;", Left::None),
            ("x x", Left::None),
        ] {
            assert_eq!(without(raw, |_, id| id == "x"), expected, "{raw}");
        }
        assert_eq!(without("a b c", |number, _| number == 1), Left::Some("a c".to_owned()));
    }
}
