//! Why a playlist cannot be served.

use std::fmt;

use crate::manifest::Misplaced;

/// Why a playlist cannot be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompileError {
    /// It does not begin with a tag. That the tag is `#EXTM3U` ([RFC 8216 section 4.3.1.1]) is not asked for here: players
    /// that insist on it stop by themselves.
    ///
    /// [RFC 8216 section 4.3.1.1]: https://www.rfc-editor.org/rfc/rfc8216#section-4.3.1.1
    NotAPlaylist,
    /// It is no list in JSON.
    NotAList {
        /// The reader's message.
        why: String,
    },
    /// It is longer than the site allows.
    TooLong {
        /// What is allowed, in bytes.
        limit: usize,
        /// What there is, in bytes.
        found: usize,
    },
    /// One of its lines is longer than the site allows.
    LineTooLong {
        /// The line, counted from 1.
        line: usize,
        /// What is allowed, in bytes.
        limit: usize,
        /// What there is, in bytes.
        found: usize,
    },
    /// It has so many URIs that have to be resolved that it takes more work than a playlist may make.
    TooMuch {
        /// The line at which it was too much, counted from 1.
        line: usize,
        /// The most bytes of URIs, each counted with the URL that it is resolved against.
        limit: usize,
        /// The bytes up to that line.
        found: usize,
    },
    /// A URI leads out of the title, begins with a variable of unknown value, or is not a URI, or players do not agree
    /// where it stands: so no session would cover it.
    Uncovered {
        /// The line, counted from 1.
        line: usize,
        /// The reason.
        why: &'static str,
        /// The URI without its query, shortened.
        uri: String,
    },
    /// An edit of ours does not fit the playlist. None of it is served, rather than a part.
    Misplaced(Misplaced),
    /// No variant stream is within the limits.
    NoVariant {
        /// How many each of the limits left out, in a line.
        left_out: String,
    },
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAList { why } => write!(f, "expected a JSON object: {why}"),
            Self::NotAPlaylist => f.write_str("expected #EXTM3U, or another tag, in front of anything else"),
            Self::TooLong { limit, found } => write!(f, "expected {limit} bytes at most, found {found}"),
            Self::LineTooLong { line, limit, found } => {
                write!(f, "line {line}: expected {limit} bytes at most, found {found}")
            }
            Self::TooMuch { line, limit, found } => write!(
                f,
                "line {line}: expected {limit} bytes of URIs to be resolved at most, each counted with the playlist's own URL, found {found}"
            ),
            Self::Uncovered { line, why, uri } => write!(f, "line {line}: {why}: {uri}"),
            Self::Misplaced(error) => error.fmt(f),
            Self::NoVariant { left_out } => write!(f, "no variant stream is within the limits: {left_out}"),
        }
    }
}

impl From<Misplaced> for CompileError {
    fn from(error: Misplaced) -> Self {
        Self::Misplaced(error)
    }
}
