//! Why a playlist cannot be served.

use crate::manifest::Misplaced;

/// Why a playlist cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// It does not begin with a tag. That the tag is `#EXTM3U` ([RFC 8216 section 4.3.1.1]) is not asked for here: players
    /// that insist on it stop by themselves.
    ///
    /// [RFC 8216 section 4.3.1.1]: https://www.rfc-editor.org/rfc/rfc8216#section-4.3.1.1
    #[error("expected #EXTM3U, or another tag, in front of anything else")]
    NotAPlaylist,
    /// It is no list in JSON.
    #[error("expected a JSON object: {why}")]
    NotAList {
        /// The reader's message.
        why: String,
    },
    /// It is longer than the site allows.
    #[error("expected {limit} bytes at most, found {found}")]
    TooLong {
        /// What is allowed, in bytes.
        limit: usize,
        /// What there is, in bytes.
        found: usize,
    },
    /// One of its lines is longer than the site allows.
    #[error("line {line}: expected {limit} bytes at most, found {found}")]
    LineTooLong {
        /// The line, counted from 1.
        line: usize,
        /// What is allowed, in bytes.
        limit: usize,
        /// What there is, in bytes.
        found: usize,
    },
    /// It has so many URIs that have to be resolved that it takes more work than a playlist may make.
    #[error(
        "line {line}: expected {limit} bytes of URIs to be resolved at most, each counted with the playlist's own URL, found {found}"
    )]
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
    #[error("line {line}: {why}: {uri}")]
    Uncovered {
        /// The line, counted from 1.
        line: usize,
        /// The reason.
        why: &'static str,
        /// The URI without its query, shortened.
        uri: String,
    },
    /// An edit of ours does not fit the playlist. None of it is served, rather than a part.
    #[error(transparent)]
    Misplaced(#[from] Misplaced),
    /// No variant stream is within the limits.
    #[error("no variant stream is within the limits: {left_out}")]
    NoVariant {
        /// How many each of the limits left out, in a line.
        left_out: String,
    },
}
