//! The XML that every parser reads alike; anything else is refused.

use std::borrow::Cow;

use quick_xml::escape::unescape;
use quick_xml::events::BytesStart;

use super::malformed::{Flaw, reader_message, shortened};

/// The most attributes of an element. A Representation of ISO/IEC 23009-1 has 37.
pub(super) const ATTRIBUTES_MAX: usize = 128;

/// Checks that every parser finds the same attributes in a tag.
pub(super) fn check_attributes(tag: &BytesStart<'_>) -> Result<(), Flaw> {
    let raw = tag.attributes_raw();
    if raw.trim_ascii().is_empty() {
        return Ok(());
    }
    let mut names: Vec<&str> = Vec::new();
    let mut end = 0;
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| Flaw::slip(0, reader_message(&error)))?;
        let Cow::Borrowed(value) = attribute.value else {
            return Err(Flaw::slip(0, "expected a value as it stands"));
        };
        let name = attribute.key.0;
        // Some parsers skip other characters at the start of a name.
        if !name.starts_with(|first: char| first.is_ascii_alphabetic()) || !is_name(name) || !name.is_ascii()
        {
            return Err(Flaw::slip(0, format!("expected an attribute's name, found `{}`", shortened(name))));
        }
        let from = |text: &str| (text.as_ptr() as usize).wrapping_sub(raw.as_ptr() as usize);
        if !raw.get(end..from(name)).is_some_and(|space| space.starts_with(|c: char| c.is_ascii_whitespace()))
        {
            return Err(Flaw::slip(0, format!("expected white space in front of `{name}`")));
        }
        if is_of_readers(name) {
            return Err(Flaw::slip(
                0,
                format!("expected no attribute `{name}`, which some readers take for their own"),
            ));
        }
        end = from(value) + value.len() + 1;
        // Sorted, to find duplicates among up to 128 names by binary search.
        let Err(place) = names.binary_search(&name) else {
            return Err(Flaw::slip(0, format!("expected one attribute `{name}`, found a second")));
        };
        if names.len() == ATTRIBUTES_MAX {
            return Err(Flaw::slip(0, format!("expected {ATTRIBUTES_MAX} attributes at most")));
        }
        names.insert(place, name);
        if value.contains('<') {
            return Err(Flaw::slip(0, format!("expected a value without `<`, found one in `{name}`")));
        }
        if let Some(at) = value.find('&') {
            unescape(value).map_err(|_| Flaw::forbidden(0, unknown_reference(value.split_at(at).1)))?;
        }
    }
    Ok(())
}

/// Whether some parsers may find a reference in a text.
pub(super) fn may_hold_reference(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '#';
    text.split('&').skip(1).any(|behind| behind.trim_start_matches(is_part).starts_with(';'))
}

/// Whether parsers that read processing instructions as elements find the same end: a target, and names with quoted
/// values.
pub(super) fn is_read_alike(instruction: &str) -> bool {
    let target = instruction.find(|c: char| c.is_ascii_whitespace()).unwrap_or(instruction.len());
    let (target, mut rest) = instruction.split_at(target);
    let is_space = |c: char| c.is_ascii_whitespace();
    while let Some((name, behind)) = rest.split_once('=') {
        let (name, behind) = (name.strip_prefix(is_space).map(str::trim), behind.trim_start());
        let Some(quote) = behind.chars().next().filter(|quote| matches!(quote, '"' | '\'')) else {
            return false;
        };
        let Some((_, behind)) = behind.get(1..).and_then(|value| value.split_once(quote)) else {
            return false;
        };
        if !name.is_some_and(|name| name.is_ascii() && is_name(name)) {
            return false;
        }
        rest = behind;
    }
    rest.trim().is_empty() && is_name(target) && !instruction.contains(['<', '>'])
}

pub(super) const PSEUDO_ATTRIBUTES: &str =
    "expected nothing in a processing instruction but names with values in quotes, without markup";

pub(super) fn unknown_reference(text: &str) -> String {
    let reference = text.split_inclusive(';').next().unwrap_or_default();
    format!(
        "expected `&amp;`, `&lt;`, `&gt;`, `&quot;`, `&apos;` or a character reference, found `{}`",
        shortened(reference)
    )
}

/// Whether a name collides with a property that parsers set on nodes: dash.js stores attributes beside them.
pub(in crate::dash) fn is_of_readers(name: &str) -> bool {
    const TAKEN: [&str; 16] = [
        "nodeName",
        "nodeType",
        "nodeValue",
        "tagName",
        "localName",
        "namespaceURI",
        "prefix",
        "childNodes",
        "children",
        "attributes",
        "textContent",
        "innerHTML",
        "parentElement",
        "parentNode",
        "baseUri",
        "baseURI",
    ];
    TAKEN.contains(&name) || name.starts_with("__")
}

/// A name ([section 2.3](https://www.w3.org/TR/xml/#NT-Name)); all characters beyond ASCII are accepted.
pub(super) fn is_name(name: &str) -> bool {
    let is_start = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':' | 0x80..);
    let mut bytes = name.bytes();
    bytes.next().is_some_and(is_start)
        && bytes.all(|byte| is_start(byte) || byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
}

/// Whether an encoding contains ASCII, and every parser knows it.
pub(super) fn is_ascii_superset(encoding: &str) -> bool {
    ["us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "windows-1252"]
        .iter()
        .any(|known| encoding.eq_ignore_ascii_case(known))
}
