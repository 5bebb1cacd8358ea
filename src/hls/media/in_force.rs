//! The tags that apply to all segments behind them, and not only to the next one.
//!
//! | tag | until | |
//! | --- | --- | --- |
//! | `EXT-X-KEY` | another one with its `KEYFORMAT`, or `METHOD=NONE` | [section 4.4.4.4](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.4.4) |
//! | `EXT-X-MAP` | another one; read with the keys in front of it | [section 4.4.4.5](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.4.5) |
//! | `EXT-X-BITRATE` | another one | [section 4.4.4.8](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.4.8) |
//!
//! The tags in force are repeated in front of a segment that does not follow its neighbour in the source. `EXT-X-TILES` does
//! not apply to later segments: in an image playlist, a segment without this tag is a single image.

use super::keys::{Keys, NO_KEY};
use super::next::NextSegment;
use crate::hls::read::tag::Tag;
use crate::hls::write::shape::Piece;
use crate::manifest::{Misplaced, Span};

/// The lines of the tags in force at a place.
#[derive(Clone, Debug, Default)]
pub(super) struct InForce<'a> {
    keys: Keys<'a>,
    map: Option<Span<'a>>,
    bitrate: Option<Span<'a>>,
}

impl<'a> InForce<'a> {
    /// Takes the next tag, with its line.
    pub(super) fn pass(&mut self, tag: Tag, value: &'a [u8], line: Span<'a>) {
        match tag {
            Tag::Key => self.keys.pass(value, line),
            Tag::Map => self.map = Some(line),
            Tag::Bitrate => self.bitrate = Some(line),
            _ => {}
        }
    }

    /// Whether segments behind it are encrypted.
    pub(super) fn has_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    /// The lines to repeat in front of the next segment, without the tags that the segment has itself. `body` is the source
    /// from its first segment on.
    pub(super) fn restated(
        &self,
        body: Span<'a>,
        next: &NextSegment<'a>,
    ) -> Result<Vec<Piece<'a>>, Misplaced> {
        let Self { keys, map, bitrate } = self;
        let mut pieces = Vec::new();
        let mut before_map = Keys::default();
        if let Some(map) = map.filter(|_| !next.has_map) {
            before_map = Keys::of(body.cut(body.start()..map.start())?);
            pieces.extend(before_map.lines_but(|_, _| false).map(Piece::Lines));
            pieces.push(Piece::Lines(map));
        }
        if !next.keys.reset {
            let ended = before_map.formats().any(|format| !keys.has(format));
            if ended {
                pieces.push(Piece::Text(NO_KEY.to_owned()));
                before_map = Keys::default();
            }
            let said = |format: &[u8], line: Span<'_>| {
                next.keys.formats.has(format) || before_map.get(format) == Some(line)
            };
            pieces.extend(keys.lines_but(said).map(Piece::Lines));
        }
        pieces.extend(bitrate.filter(|_| !next.has_bitrate).map(Piece::Lines));
        Ok(pieces)
    }
}
