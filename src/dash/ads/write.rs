//! Writes elements and times.

use std::fmt;
use std::time::Duration;

use quick_xml::escape::escape;

/// An element with attributes.
#[derive(Debug)]
pub(super) struct Tag {
    name: String,
    text: String,
}

impl Tag {
    /// A tag. `prefix` is the prefix of the MPD's own elements, with its colon.
    pub(super) fn new(prefix: &str, name: &str) -> Self {
        let name = [prefix, name].concat();
        Self { text: format!("<{name}"), name }
    }

    /// Adds an attribute.
    pub(super) fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        let value = readable(&value.to_string());
        self.text += &format!(" {name}=\"{}\"", escape(&*value));
        self
    }

    /// Adds an attribute that may be absent.
    pub(super) fn maybe(self, name: &str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The element with this content; an empty element if there is none.
    pub(super) fn around(self, content: &str) -> String {
        let Self { name, text } = self;
        if content.is_empty() { format!("{text}/>") } else { format!("{text}>{content}</{name}>") }
    }

    /// The element with a text.
    pub(super) fn around_text(self, text: &str) -> String {
        self.around(&escape(&*readable(text)))
    }
}

/// A text without the characters that XML does not allow.
fn readable(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_control() && !matches!(sign, '\u{fffe}' | '\u{ffff}')).collect()
}

/// A time in thousandths of a second.
pub(super) fn ticks(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
