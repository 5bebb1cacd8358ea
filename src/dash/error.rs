//! Why an MPD or a patch cannot be served.

use super::document::Malformed;
use crate::manifest::Misplaced;

/// Why an MPD cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// It is not well-formed, or players would differ in what they read.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Its root is not `MPD`.
    #[error("expected an element `MPD` in front of anything else, found `{found}`")]
    NotAnMpd {
        /// The name of the root element, shortened.
        found: String,
    },
    /// It is longer than the site allows, or would be with its signed URIs.
    #[error("expected {limit} bytes at most, found {found}")]
    TooLong {
        /// The limit, in bytes.
        limit: usize,
        /// The length, in bytes.
        found: usize,
    },
    /// It is so long that reading it anew after each edit exceeds the limit.
    #[error(
        "expected {limit} bytes at most to be read of an MPD that is read anew after each edit, found {found}"
    )]
    ReadTooOften {
        /// The limit: bytes, counted once for each reading.
        limit: usize,
        /// The bytes that would have been read.
        found: usize,
    },
    /// It has so many URIs and base URLs that resolving them exceeds the limit.
    #[error(
        "line {line}: expected {limit} bytes of URIs at most, each counted with every base URL that it is resolved against, found {found}"
    )]
    TooMuch {
        /// The line at which the limit was exceeded, counted from 1.
        line: usize,
        /// The limit: bytes of URIs and base URLs, each URI counted with each base URL that it is resolved against.
        limit: usize,
        /// The bytes up to that line.
        found: usize,
    },
    /// A URI leads out of the title, or cannot be written so that the session covers it.
    #[error("line {line}: {why}: {uri}")]
    Uncovered {
        /// The line, counted from 1.
        line: usize,
        /// Why the URI is not covered.
        why: &'static str,
        /// The URI without its query, shortened.
        uri: String,
    },
    /// It has something that the edge does not support.
    #[error("line {line}: {what}")]
    Unsupported {
        /// The line, counted from 1.
        line: usize,
        /// The unsupported construct.
        what: &'static str,
    },
    /// An edit lies outside the MPD. This is a defect of the edge, and refuses the MPD, so that no byte is lost.
    #[error(transparent)]
    Misplaced(#[from] Misplaced),
    /// No Representation is within the limits.
    #[error("no Representation is within the limits: {left_out}")]
    NoRepresentation {
        /// How many Representations each limit removed, and of which kind, in a line.
        left_out: String,
    },
}

impl CompileError {
    /// Whether an MPD with less in it might be served. An MPD with too many elements is malformed too.
    pub(super) const fn is_of_size(&self) -> bool {
        matches!(
            self,
            Self::TooLong { .. } | Self::ReadTooOften { .. } | Self::TooMuch { .. } | Self::Malformed(_)
        )
    }
}
