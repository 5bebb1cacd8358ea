//! A tag's attribute list.
//!
//! ```text
//! attribute-list = attribute *("," attribute)
//! attribute      = name "=" value
//! name           = 1*( %x41-5A / DIGIT / "-" )
//! value          = DQUOTE *( any but CR, LF, DQUOTE ) DQUOTE / *( any but "," and DQUOTE )
//! ```
//!
//! [RFC 8216 section 4.2](https://www.rfc-editor.org/rfc/rfc8216#section-4.2). Reading is lenient: spaces around
//! names are passed over, a missing closing quote ends with the line. Whether a value ended as it should is kept.

use std::ops::Range;

/// One attribute: its name, and its value without quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// The name, without the white space around it.
    pub name: &'a [u8],
    /// The value, without its quotes.
    pub value: &'a [u8],
    /// The offset of the value within the list that was read.
    pub at: usize,
    /// Whether the value stands in quotes.
    pub quoted: bool,
    /// Whether every reader finds the same value: its quotes are closed, with nothing behind them, or it has none.
    pub exact: bool,
    /// The text between the attribute in front of it and its own value or quote: a comma, the name and an equals sign, or
    /// more.
    pub(in crate::hls) before: &'a [u8],
    /// The offset behind the value, and behind its closing quote, within the list.
    pub(in crate::hls) end: usize,
}

impl Attribute<'_> {
    /// Its range within the list: from its name to the end of its value, with quotes.
    pub(in crate::hls) fn extent(&self) -> Range<usize> {
        let spelled = self.before.strip_suffix(b"=").unwrap_or(self.before);
        let last = spelled.rsplit(|byte| *byte == b',').next().unwrap_or(spelled);
        // Behind the name there may be white space.
        let from_name = last.len() - last.trim_ascii_end().len() + self.name.len();
        let equals = self.at - usize::from(self.quoted) - 1;
        equals.saturating_sub(from_name)..self.end
    }
}

/// The attributes of a list, in order.
pub(in crate::hls) fn attributes(list: &[u8]) -> impl Iterator<Item = Attribute<'_>> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let rest = list.get(next..)?;
        let equals = memchr::memchr(b'=', rest)?;
        // Text without an `=` of its own before a comma is no attribute; the name follows the comma.
        let name = rest.get(..equals)?.rsplit(|byte| *byte == b',').next()?.trim_ascii();
        let value_start = next + equals + 1;
        let tail = list.get(value_start..)?;
        let before = rest.get(..=equals)?;
        let (at, len, after, exact) = match tail.strip_prefix(b"\"") {
            Some(quoted) => match memchr::memchr(b'"', quoted) {
                Some(len) => {
                    let behind = quoted.get(len + 1..)?;
                    (value_start + 1, len, value_start + len + 2, matches!(behind.first(), None | Some(b',')))
                }
                None => (value_start + 1, quoted.len(), list.len(), false),
            },
            None => {
                let len = memchr::memchr(b',', tail).unwrap_or(tail.len());
                (value_start, len, value_start + len, !tail.get(..len)?.contains(&b'"'))
            }
        };
        next = after;
        let end = after.min(list.len());
        #[cfg(test)]
        super::work::read();
        Some(Attribute {
            name,
            value: list.get(at..at + len)?,
            at,
            quoted: at > value_start,
            exact,
            before,
            end,
        })
    })
}

/// The value of the first attribute of this name.
pub(in crate::hls) fn attribute<'a>(list: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    attributes(list).find(|attribute| attribute.name == name).map(|attribute| attribute.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(list: &str) -> Vec<(&str, &str)> {
        attributes(list.as_bytes())
            .map(|a| {
                assert_eq!(&list.as_bytes()[a.at..a.at + a.value.len()], a.value);
                (str::from_utf8(a.name).unwrap(), str::from_utf8(a.value).unwrap())
            })
            .collect()
    }

    #[test]
    fn quoted_values_may_hold_anything() {
        assert_eq!(
            read(r#"METHOD=AES-128,URI="k?a=1,b=2",IV=0x1, NAME = x"#),
            [("METHOD", "AES-128"), ("URI", "k?a=1,b=2"), ("IV", "0x1"), ("NAME", " x")]
        );
    }

    #[test]
    fn a_value_that_did_not_end_as_it_should_is_told() {
        let exact =
            |list: &str| attributes(list.as_bytes()).map(|attribute| attribute.exact).collect::<Vec<_>>();
        assert_eq!(exact(r#"A="1",B=2,C="3""#), [true, true, true]);
        assert_eq!(exact(r#"A="1"x,B=2"y,C="3"#), [false, false, false]);
    }

    #[test]
    fn broken_lists_end_early_and_never_loop() {
        assert_eq!(read(""), []);
        assert_eq!(read("A"), []);
        assert_eq!(read("="), [("", "")]);
        assert_eq!(read(r#"A="unclosed,B=2"#), [("A", "unclosed,B=2")]);
        assert_eq!(read(r#"junk,URI="a"junk,B=2"#), [("URI", "a"), ("B", "2")]);
    }
}
