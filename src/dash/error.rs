//! Why an MPD or a patch cannot be served.

use std::fmt;

use super::document::Malformed;
use crate::manifest::Misplaced;

/// Why an MPD cannot be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompileError {
    /// It is not well-formed, or such that readers differ in what they read.
    Malformed(Malformed),
    /// Its root is not `MPD`.
    NotAnMpd {
        /// The name of the root element, shortened.
        found: String,
    },
    /// It is longer than the site allows, or would be once its URIs are signed.
    TooLong {
        /// What is allowed, in bytes.
        limit: usize,
        /// What there is, in bytes.
        found: usize,
    },
    /// It is so long that it cannot be read anew after each edit that is asked for.
    ReadTooOften {
        /// What is allowed: bytes, counted each time that they are read.
        limit: usize,
        /// What there would have been.
        found: usize,
    },
    /// It has so many URIs and base URLs that to resolve them takes more work than an MPD may make.
    TooMuch {
        /// The line at which it was too much, counted from 1.
        line: usize,
        /// What is allowed: bytes of URIs and base URLs, each URI counted with each base URL that it is resolved against.
        limit: usize,
        /// What there was up to there.
        found: usize,
    },
    /// A URI leads out of the title, or cannot be written so that the session covers it.
    Uncovered {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with the URI.
        why: &'static str,
        /// The URI without its query, shortened.
        uri: String,
    },
    /// It has something that the edge does not do.
    Unsupported {
        /// The line, counted from 1.
        line: usize,
        /// What.
        what: &'static str,
    },
    /// An edit of the edge's own goes beyond the MPD. It is a mistake in the edge, and stops the MPD: no byte is dropped.
    Misplaced(Misplaced),
    /// No Representation is within the limits.
    NoRepresentation {
        /// How many each of the limits left out, and of what, in a line.
        left_out: String,
    },
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(malformed) => malformed.fmt(f),
            Self::Misplaced(misplaced) => misplaced.fmt(f),
            Self::NotAnMpd { found } => {
                write!(f, "expected an element `MPD` in front of anything else, found `{found}`")
            }
            Self::TooLong { limit, found } => write!(f, "expected {limit} bytes at most, found {found}"),
            Self::ReadTooOften { limit, found } => write!(
                f,
                "expected {limit} bytes at most to be read of an MPD that is read anew after each edit, found {found}"
            ),
            Self::TooMuch { line, limit, found } => write!(
                f,
                "line {line}: expected {limit} bytes of URIs at most, each counted with every base URL that it is resolved against, found {found}"
            ),
            Self::Uncovered { line, why, uri } => write!(f, "line {line}: {why}: {uri}"),
            Self::Unsupported { line, what } => write!(f, "line {line}: {what}"),
            Self::NoRepresentation { left_out } => {
                write!(f, "no Representation is within the limits: {left_out}")
            }
        }
    }
}

impl From<Malformed> for CompileError {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl From<Misplaced> for CompileError {
    fn from(misplaced: Misplaced) -> Self {
        Self::Misplaced(misplaced)
    }
}
