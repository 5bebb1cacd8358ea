//! The value of an attribute, if the element states one.

use crate::dash::digits::are_digits;
use crate::dash::document::Element;

/// The value of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stated<T> {
    /// The attribute is missing or empty.
    Nothing,
    /// The attribute is unreadable: players differ in the value that they take.
    Unreadable,
    Known(T),
}

impl<T> Stated<T> {
    /// Reads an attribute of an element, or else of the element that it inherits from (ISO/IEC 23009-1 section
    /// 5.3.7.2).
    pub(super) fn read(
        element: Element<'_, '_>,
        parent: Element<'_, '_>,
        name: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Self {
        let Some(value) = element.value(name).or_else(|| parent.value(name)) else { return Self::Nothing };
        let value = value.trim();
        if value.is_empty() { Self::Nothing } else { read(value).map_or(Self::Unreadable, Self::Known) }
    }

    pub(super) fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Nothing | Self::Unreadable => None,
        }
    }

    /// Whether the value is within a limit, if there is one: an unreadable value is within none, a missing one within
    /// all.
    pub(super) fn is_within<L>(&self, limit: Option<L>, allows: impl FnOnce(L, &T) -> bool) -> bool {
        match (limit, self) {
            (None, _) | (_, Self::Nothing) => true,
            (Some(_), Self::Unreadable) => false,
            (Some(limit), Self::Known(value)) => allows(limit, value),
        }
    }
}

/// An `xs:unsignedInt`; a fraction is cut off, and a value beyond 64 bits saturates.
pub(super) fn number(text: &str) -> Option<u64> {
    let whole = text.trim().split('.').next()?;
    are_digits(whole).then(|| whole.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dash::document::Document;

    #[test]
    fn a_missing_value_is_within_every_limit_and_an_unreadable_one_within_none() {
        let document =
            Document::read("<A height='9' width=' 7 ' x='high' z=' '><R height='5' y=''/></A>").unwrap();
        let set = document.root();
        let representation = set.child("R").unwrap();
        for (name, expected, is_within) in [
            ("height", Stated::Known(5), true),
            ("width", Stated::Known(7), false),
            ("x", Stated::Unreadable, false),
            ("y", Stated::Nothing, true),
            ("z", Stated::Nothing, true),
            ("none", Stated::Nothing, true),
        ] {
            let stated = Stated::read(representation, set, name, number);
            assert_eq!(stated, expected, "{name}");
            assert_eq!(stated.is_within(Some(6), |limit, value| *value <= limit), is_within, "{name}");
            assert!(stated.is_within(None::<u64>, |_, _| false), "{name}");
        }
        for (text, expected) in
            [("1080.0", Some(1080)), ("99999999999999999999", Some(u64::MAX)), ("-1", None), ("1e3", None)]
        {
            assert_eq!(number(text), expected, "{text}");
        }
    }
}
