//! A playlist after its edits: which lines remain and in which order, changed lines, and lines of ours.
//!
//! The edits that leave out, move or add lines say what they want as a [`Shape`]; the URIs of whatever remains are signed
//! afterwards, in one place. So no edit can forget one.
//!
//! ```text
//! shape  = *part      each of one source, and so under one frame
//! part   = *piece     lines as they stand, a line with changes, lines of ours
//! ```

use std::ops::Range;

use crate::manifest::{Frame, Span};

/// A playlist after its edits, before its URIs are signed.
pub(in crate::hls) type Shape<'a> = Vec<Part<'a>>;

/// Pieces that are signed under one frame.
#[derive(Clone, Debug)]
pub(in crate::hls) struct Part<'a> {
    pub(in crate::hls) source: Source<'a>,
    pub(in crate::hls) pieces: Vec<Piece<'a>>,
}

/// A playlist that lines are taken from, and where its URIs lead.
#[derive(Clone, Copy, Debug)]
pub(in crate::hls) struct Source<'a> {
    pub(in crate::hls) text: Span<'a>,
    /// The place that its URIs are resolved against; `None`: they stay as they are.
    pub(in crate::hls) frame: Option<&'a Frame<'a>>,
    /// Its lines are put into the playlist of another source, at whose URL players resolve them.
    pub(in crate::hls) is_inserted: bool,
}

/// A part of a playlist that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hls) enum Piece<'a> {
    /// Lines of the source, verbatim.
    Lines(Span<'a>),
    /// One line of the source, with its end, of which parts are replaced: changes in ascending order that do not
    /// overlap, and that touch no URI.
    Changed(Span<'a>, Vec<Change>),
    /// Lines of ours, each with its end. URIs in them are signed like all others.
    Text(String),
}

/// A part of a line that is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hls) struct Change {
    /// Its place in the source.
    pub(in crate::hls) at: Range<usize>,
    /// The text that stands there instead.
    pub(in crate::hls) with: String,
}

impl<'a> Source<'a> {
    /// The playlist that is asked for.
    pub(in crate::hls) const fn own(playlist: &'a [u8], frame: Option<&'a Frame<'a>>) -> Self {
        Self { text: Span::whole(playlist), frame, is_inserted: false }
    }

    /// All of it, as it is.
    pub(in crate::hls) fn unchanged(self) -> Shape<'a> {
        vec![Part { source: self, pieces: vec![Piece::Lines(self.text)] }]
    }
}

impl Piece<'_> {
    /// About how many bytes it has when it is written.
    pub(in crate::hls) fn size(&self) -> usize {
        match self {
            Self::Lines(lines) | Self::Changed(lines, _) => lines.text().len(),
            Self::Text(text) => text.len(),
        }
    }
}
