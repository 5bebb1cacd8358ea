//! Why a playlist cannot be served.

use crate::manifest::Misplaced;

/// Why a playlist cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// It does not begin with a tag. Any tag will do, although it should be `#EXTM3U` ([RFC 8216 section 4.3.1.1]): players
    /// that insist on `#EXTM3U` stop by themselves.
    ///
    /// [RFC 8216 section 4.3.1.1]: https://www.rfc-editor.org/rfc/rfc8216#section-4.3.1.1
    #[error("expected #EXTM3U, or another tag, in front of anything else")]
    NotAPlaylist,
    /// It is not a JSON object, as a list has to be.
    #[error("expected a JSON object: {why}")]
    NotAList {
        /// The reader's message.
        why: String,
    },
    /// It is longer than the site or the edge allows, or would be with its signed URIs.
    #[error("expected {limit} bytes at most, found {found}")]
    TooLong {
        /// The limit, in bytes.
        limit: usize,
        /// The length, in bytes.
        found: usize,
    },
    /// One of its lines is longer than the site allows.
    #[error("line {line}: expected {limit} bytes at most, found {found}")]
    LineTooLong {
        /// The line, counted from 1.
        line: usize,
        /// The limit, in bytes.
        limit: usize,
        /// The length of the line, in bytes.
        found: usize,
    },
    /// It has so many URIs that resolving them exceeds the limit.
    #[error(
        "line {line}: expected {limit} bytes of URIs to be resolved at most, each counted with the playlist's own URL, found {found}"
    )]
    TooMuch {
        /// The line at which the limit was exceeded, counted from 1.
        line: usize,
        /// The limit: bytes of URIs, each counted with the URL that it is resolved against.
        limit: usize,
        /// The bytes up to that line.
        found: usize,
    },
    /// No session would cover a URI: it leads out of the title, begins with a variable of unknown value, is not a URI, or
    /// players disagree where it stands.
    #[error("line {line}: {why}: {uri}")]
    Uncovered {
        /// The line, counted from 1.
        line: usize,
        /// Why the URI is not covered.
        why: &'static str,
        /// The URI without its query, shortened.
        uri: String,
    },
    /// An edit lies outside the playlist. This is a defect of the edge, and refuses the playlist, so that no byte is lost.
    #[error(transparent)]
    Misplaced(#[from] Misplaced),
    /// No variant stream is within the limits.
    #[error("no variant stream is within the limits: {left_out}")]
    NoVariant {
        /// How many variants each limit removed, in a line.
        left_out: String,
    },
}

impl CompileError {
    /// Whether a playlist with less in it might be served.
    pub(super) const fn is_of_size(&self) -> bool {
        matches!(self, Self::TooLong { .. } | Self::LineTooLong { .. } | Self::TooMuch { .. })
    }
}
