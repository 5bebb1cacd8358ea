//! The refusal of a text that is not a document.

use std::fmt;

use crate::manifest::Misplaced;

/// Why a text is not a document that every parser reads alike.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct Malformed {
    /// The line, counted from 1.
    pub line: usize,
    /// What was expected, and what was found.
    pub why: String,
    /// It makes parsers read more than the text: a document type, an entity, another encoding.
    pub is_forbidden: bool,
}

/// A flaw in a text, and its offset.
pub(super) struct Flaw {
    pub(super) at: usize,
    pub(super) why: String,
    pub(super) is_forbidden: bool,
}

impl Flaw {
    pub(super) fn slip(at: usize, why: impl Into<String>) -> Self {
        Self { at, why: why.into(), is_forbidden: false }
    }

    /// The XML reader reported an offset outside the text.
    pub(super) fn misplaced(error: &Misplaced) -> Self {
        Self::slip(error.within.start, error.to_string())
    }

    pub(super) fn forbidden(at: usize, why: impl Into<String>) -> Self {
        Self { is_forbidden: true, ..Self::slip(at, why) }
    }
}

/// The message of the XML reader, shortened: it may quote the whole document.
pub(super) fn reader_message(error: &impl fmt::Display) -> String {
    error.to_string().chars().take(200).collect()
}

pub(super) fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

/// The line of an offset, counted from 1.
pub(in crate::dash) fn line_of(text: &str, at: usize) -> usize {
    lines_before(text.as_bytes(), at) + 1
}

/// The text of an MPD; anything but UTF-8 is refused.
pub(in crate::dash) fn utf8(mpd: &[u8]) -> Result<&str, Malformed> {
    str::from_utf8(mpd).map_err(|error| {
        let line = lines_before(mpd, error.valid_up_to()) + 1;
        let why = "expected UTF-8, found another encoding".to_owned();
        Malformed { line, why, is_forbidden: true }
    })
}

/// The number of lines that end before an offset.
fn lines_before(text: &[u8], at: usize) -> usize {
    memchr::memchr_iter(b'\n', text).take_while(|end| *end < at).count()
}
