//! What remains of a playlist, in which order: lines of the source, changed lines, and lines of ours.
//!
//! The edits that leave out, move or add lines say what they want as a [`Shape`]; the URIs of whatever remains are signed
//! afterwards, in one place. So no edit can forget one.

use std::ops::Range;

/// A playlist after its edits, before its URIs are signed.
pub(in crate::hls) type Shape = Vec<Piece>;

/// A part of a playlist that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hls) enum Piece {
    /// Lines of the source, verbatim: from the start of a line to the end of a line.
    Lines(Range<usize>),
    /// One line of the source, with its end, of which parts are replaced: changes in ascending order that do not
    /// overlap, and that touch no URI.
    Changed(Range<usize>, Vec<Change>),
    /// Lines of ours, each with its end. URIs in them are signed like all others.
    Text(String),
}

/// A part of a line that is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hls) struct Change {
    /// Where in the source.
    pub(in crate::hls) at: Range<usize>,
    /// What stands there instead.
    pub(in crate::hls) with: String,
}
