//! The variant streams and renditions that limits leave of a Multivariant Playlist.

use std::ops::Range;

use super::compile::CompileError;
use super::limits::Limits;
use super::lines::{Kind, Line, lines};
use super::shape::{Change, Piece, Shape};
use crate::catalog::Caps;

/// What limits leave of a playlist; `None`: all of it.
pub(super) fn shape(playlist: &[u8], caps: &Caps) -> Result<Option<Shape>, CompileError> {
    if caps.is_none() {
        return Ok(None);
    }
    let limits = Limits::new(caps, lines(playlist));
    let mut shape = Shape::new();
    let mut copied = 0;
    let mut variants = Variants::default();
    for line in lines(playlist) {
        let kind = line.kind();
        if variants.leave_out(kind, &limits) {
            shape.push(Piece::Lines(copied..line.start));
            copied = line.end;
        } else if let Some(at) = dangling(&line, kind, &limits) {
            shape.push(Piece::Lines(copied..line.start));
            shape.push(Piece::Changed(line.start..line.end, vec![Change { at, with: String::new() }]));
            copied = line.end;
        }
    }
    if variants.left_out > 0 && variants.kept == 0 {
        return Err(CompileError::NoVariant);
    }
    shape.push(Piece::Lines(copied..playlist.len()));
    Ok(Some(shape))
}

/// Follows the variant streams of a Multivariant Playlist.
#[derive(Default)]
struct Variants {
    kept: usize,
    left_out: usize,
    /// The tag of a variant was left out, and its URI line is still to come.
    uri_follows: bool,
}

impl Variants {
    /// Whether a line is left out: a variant's tag, and the URI that belongs to it ([RFC 8216 section 4.3.4.2]).
    /// Comments and blank lines between the two stay.
    ///
    /// [RFC 8216 section 4.3.4.2]: https://www.rfc-editor.org/rfc/rfc8216#section-4.3.4.2
    fn leave_out(&mut self, kind: Kind<'_>, limits: &Limits<'_>) -> bool {
        match kind {
            Kind::Uri => std::mem::take(&mut self.uri_follows),
            Kind::Tag(_, tag) => {
                if let Some(list) = tag.strip_prefix(b"#EXT-X-STREAM-INF:") {
                    self.uri_follows = !limits.variant(list);
                    *if self.uri_follows { &mut self.left_out } else { &mut self.kept } += 1;
                    self.uri_follows
                } else if let Some(list) = tag.strip_prefix(b"#EXT-X-MEDIA:") {
                    !limits.rendition(list)
                } else {
                    let list = tag.strip_prefix(b"#EXT-X-I-FRAME-STREAM-INF:");
                    list.is_some_and(|list| !limits.picture(list))
                }
            }
            Kind::Blank | Kind::Ambiguous => false,
        }
    }
}

/// Where in the playlist a variant names a group of subtitles that was left out.
fn dangling(line: &Line<'_>, kind: Kind<'_>, limits: &Limits<'_>) -> Option<Range<usize>> {
    const VARIANT: &[u8] = b"#EXT-X-STREAM-INF:";
    let Kind::Tag(at, tag) = kind else { return None };
    let span = limits.dangling(tag.strip_prefix(VARIANT)?)?;
    let start = line.text_start + at + VARIANT.len();
    Some(start + span.start..start + span.end)
}
