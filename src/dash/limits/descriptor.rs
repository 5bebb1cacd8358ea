//! Descriptors: elements with a scheme and a value (ISO/IEC 23009-1 section 5.8).

use std::borrow::Cow;

use crate::dash::document::Element;

/// A descriptor.
pub(super) struct Descriptor<'d, 'a> {
    pub(super) element: Element<'d, 'a>,
    pub(super) scheme: Cow<'a, str>,
}

impl<'a> Descriptor<'_, 'a> {
    /// The value, trimmed; empty where the attribute is missing.
    pub(super) fn value(&self) -> Cow<'a, str> {
        match self.element.value("value").unwrap_or_default() {
            Cow::Borrowed(value) => Cow::Borrowed(value.trim()),
            Cow::Owned(value) => Cow::Owned(value.trim().to_owned()),
        }
    }

    /// Whether a client that does not know the scheme has to ignore the parent element.
    pub(super) fn is_essential(&self) -> bool {
        self.element.name() == ESSENTIAL
    }
}

/// The properties of an element, essential and supplemental.
pub(super) fn properties<'d, 'a>(
    element: Element<'d, 'a>,
) -> impl Iterator<Item = Descriptor<'d, 'a>> + use<'d, 'a> {
    of(element, |name| matches!(name, ESSENTIAL | "SupplementalProperty"))
}

/// The descriptors of an element whose names match.
pub(super) fn of<'d, 'a>(
    element: Element<'d, 'a>,
    is_named: impl Fn(&str) -> bool,
) -> impl Iterator<Item = Descriptor<'d, 'a>> {
    element
        .children()
        .filter(move |child| is_named(child.name()))
        .map(|element| Descriptor { element, scheme: element.value("schemeIdUri").unwrap_or_default() })
}

const ESSENTIAL: &str = "EssentialProperty";
