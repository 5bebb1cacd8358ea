//! The selectors of patches ([RFC 5261 section 4.1]): the subset that every player reads alike.
//!
//! [RFC 5261 section 4.1]: https://www.rfc-editor.org/rfc/rfc5261#section-4.1

use super::digits::are_digits;
use super::document::Element;

/// The target of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Selected<'a> {
    /// The name of the element, without its prefix.
    pub(super) element: &'a str,
    /// The name of the attribute, if the target is one.
    pub(super) attribute: Option<&'a str>,
    /// The target is a text in the element.
    pub(super) is_text: bool,
}

impl<'a> Selected<'a> {
    /// Reads an operation: an `add`, `replace` or `remove` with a supported selector.
    pub(super) fn of(operation: Element<'_, 'a>) -> Option<Self> {
        if !matches!(operation.name(), "add" | "replace" | "remove") {
            return None;
        }
        // A reference in a name would be read by players, not by us.
        let selected = Self::read(operation.attribute("sel")?.raw)?;
        let added = operation.attribute("type").filter(|_| operation.name() == "add");
        match added.map(|added| added.raw.strip_prefix('@').filter(|name| is_attribute(name))) {
            None => Some(selected),
            Some(attribute) if selected.attribute.is_none() && !selected.is_text => {
                Some(Self { attribute: Some(attribute?), ..selected })
            }
            Some(_) => None,
        }
    }

    /// Reads a selector of the subset that every player reads alike:
    ///
    /// ```text
    /// selector  = 1*( "/" [ prefix ":" ] name *predicate ) [ "/@" [ prefix ":" ] name / "/text()" [ "[1]" ] ]
    /// predicate = "[" 1*DIGIT "]" / "[@" name "=" quoted "]"
    /// name      = 1*( ALPHA / DIGIT )
    /// ```
    fn read(selector: &'a str) -> Option<Self> {
        let mut steps: Vec<&str> = selector.strip_prefix('/')?.split('/').collect();
        let (mut attribute, mut is_text) = (None, false);
        match *steps.last()? {
            "text()" | "text()[1]" => is_text = true,
            last => attribute = last.strip_prefix('@'),
        }
        if attribute.is_some_and(|name| !is_attribute(name)) {
            return None;
        }
        if attribute.is_some() || is_text {
            steps.pop();
        }
        let mut element = None;
        for step in steps {
            element = Some(element_of(step)?);
        }
        Some(Self { element: element?, attribute, is_text })
    }
}

/// The name of the element in a step: `Period` in `d:Period[2]`.
fn element_of(step: &str) -> Option<&str> {
    let (name, predicates) = step.split_at(step.find('[').unwrap_or(step.len()));
    let are_read = predicates.is_empty() || predicates.strip_suffix(']')?.split(']').all(is_predicate);
    let name = name.split_once(':').map_or(Some(name), |(prefix, name)| is_name(prefix).then_some(name));
    name.filter(|name| is_name(name) && are_read)
}

/// A predicate without its closing bracket.
fn is_predicate(text: &str) -> bool {
    let is_value = |value: &str| {
        let quoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
        quoted.is_some_and(|text| !text.contains(['"', '\'', '[', '/', '&', '|', '<', '>']))
    };
    let of_attribute = |text: &str| {
        text.strip_prefix('@')?.split_once('=').map(|(name, value)| is_name(name) && is_value(value))
    };
    text.strip_prefix('[').is_some_and(|text| are_digits(text) || of_attribute(text) == Some(true))
}

fn is_attribute(name: &str) -> bool {
    name.split_once(':').map_or(is_name(name), |(prefix, name)| is_name(prefix) && is_name(name))
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors() {
        for (selector, expected) in [
            ("/MPD", Some(("MPD", None, false))),
            ("/d:MPD/d:Period[@id='a-b'][1]/AdaptationSet[2]", Some(("AdaptationSet", None, false))),
            ("/MPD/@publishTime", Some(("MPD", Some("publishTime"), false))),
            ("/MPD/SegmentTemplate/@media", Some(("SegmentTemplate", Some("media"), false))),
            ("/MPD/BaseURL[1]/text()[1]", Some(("BaseURL", None, true))),
            ("/MPD/Period[3]/@xlink:href", Some(("Period", Some("xlink:href"), false))),
            ("/MPD/Period[@id='a/b']", None),
            ("/MPD/Period[@id='a&quot;']", None),
            ("//BaseURL", None),
            ("/MPD/*/@media", None),
            ("/MPD/SegmentTemplate[1x/@media", None),
            ("/MPD/SegmentTemplate[1/@media", None),
            ("/MPD/SegmentTemplate]/@media", None),
            ("/MPD/SegmentTemplate/@&#109;edia", None),
            ("/MPD/BaseURL-x", None),
            ("/MPD/BaseURL/text()|/MPD/Foo/text()", None),
            ("/MPD/SegmentTemplate/attribute::media", None),
            ("/MPD/BaseURL/text()[2]", None),
            ("/text()", None),
            ("/", None),
            ("@id", None),
            ("", None),
            ("/MPD/comment()", None),
            ("id('x')", None),
        ] {
            let found = Selected::read(selector).map(|found| (found.element, found.attribute, found.is_text));
            assert_eq!(found, expected, "{selector}");
        }
    }
}
