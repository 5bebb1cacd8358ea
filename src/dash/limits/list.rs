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

/// The remainder of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Remaining {
    All,
    Some(String),
    None,
}

/// Removes items from the raw list of an attribute: `is_gone` gets the number and the text of each item.
pub(super) fn without_items(raw: &str, mut is_gone: impl FnMut(usize, &str) -> bool) -> Remaining {
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
        return Remaining::All;
    }
    let separator = if raw.contains(',') { "," } else { " " };
    if kept.is_empty() { Remaining::None } else { Remaining::Some(kept.join(separator)) }
}

/// The ids that an attribute of an element lists.
pub(super) fn ids<'a>(element: Element<'_, 'a>, name: &str) -> Vec<Cow<'a, str>> {
    match element.value(name) {
        None => Vec::new(),
        Some(Cow::Borrowed(list)) => items(list).map(Cow::Borrowed).collect(),
        Some(Cow::Owned(list)) => items(&list).map(|id| Cow::Owned(id.to_owned())).collect(),
    }
}

/// Removes ids from the list in an attribute. Returns true, and changes nothing, if no id would remain.
pub(super) fn remove_ids(
    attribute: &Attribute<'_>,
    is_gone: impl Fn(&str) -> bool,
    changes: &mut Changes,
) -> bool {
    match without_items(attribute.raw, |_, id| is_gone(id)) {
        Remaining::All => false,
        Remaining::Some(list) => {
            changes.replace(attribute.range(), list);
            false
        }
        Remaining::None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_go_and_what_stays_is_a_list() {
        for (raw, expected) in [
            ("a b", Remaining::All),
            ("", Remaining::All),
            ("a x b", Remaining::Some("a b".to_owned())),
            (" x,a , &#98;", Remaining::Some("a,&#98;".to_owned())),
            ("&#120;", Remaining::None),
            ("x x", Remaining::None),
        ] {
            assert_eq!(without_items(raw, |_, id| id == "x"), expected, "{raw}");
        }
        assert_eq!(without_items("a b c", |number, _| number == 1), Remaining::Some("a c".to_owned()));
    }
}
