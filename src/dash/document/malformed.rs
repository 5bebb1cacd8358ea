//! Why a text is no document.

use std::fmt;

use crate::manifest::Misplaced;

/// Why a text is no document that every reader would read alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The line, counted from 1.
    pub line: usize,
    /// What was expected, and what was found.
    pub why: String,
    /// It is something that makes readers read more than stands there: a document type, an entity, another encoding.
    pub is_forbidden: bool,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

/// What makes a text no document, and where.
pub(super) struct Found {
    pub(super) at: usize,
    pub(super) why: String,
    pub(super) is_forbidden: bool,
}

impl Found {
    pub(super) fn slip(at: usize, why: impl Into<String>) -> Self {
        Self { at, why: why.into(), is_forbidden: false }
    }

    /// The reader has told of a place that the text does not have.
    pub(super) fn misplaced(error: &Misplaced) -> Self {
        Self::slip(error.within.start, error.to_string())
    }

    pub(super) fn forbidden(at: usize, why: impl Into<String>) -> Self {
        Self { is_forbidden: true, ..Self::slip(at, why) }
    }
}

/// What the reader has to say, which may quote all of the document.
pub(super) fn told(error: &impl fmt::Display) -> String {
    error.to_string().chars().take(200).collect()
}

pub(super) fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

/// The line in which an offset of a text lies, counted from 1.
pub(in crate::dash) fn line_of(text: &str, at: usize) -> usize {
    lines_before(text.as_bytes(), at) + 1
}

/// The text of an MPD, which is UTF-8.
pub(in crate::dash) fn text(mpd: &[u8]) -> Result<&str, Malformed> {
    str::from_utf8(mpd).map_err(|error| {
        let line = lines_before(mpd, error.valid_up_to()) + 1;
        let why = "expected UTF-8, found another encoding".to_owned();
        Malformed { line, why, is_forbidden: true }
    })
}

/// How many lines of a text end in front of an offset.
fn lines_before(text: &[u8], at: usize) -> usize {
    memchr::memchr_iter(b'\n', text).take_while(|end| *end < at).count()
}
