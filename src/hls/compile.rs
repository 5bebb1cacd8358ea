//! From a playlist to its template: edits first, then the signing of every URI that remains.

use super::edits::Edits;
use super::error::CompileError;
use super::read::line::{Kind, lines};
use super::write::shape::{Piece, Shape};
use super::write::sign;
use super::{media, multivariant};
use crate::manifest::{Frame, Query, Template};

/// The longest Multivariant Playlist of which something is left out, or that is put into another order. 20,000 variants
/// take as much.
const MOST_MULTIVARIANT_BYTES: usize = 4 * 1024 * 1024;

/// Compiles a playlist: makes of it what the edits ask for, and makes every URI of it carry the session. Without a frame,
/// URIs stay as they are, wherever they lead: for a look at what the edits do, and never for a viewer.
///
/// Takes time and memory linear in the playlist's length. Without an edit, the template is the playlist.
pub fn compile(
    playlist: &[u8],
    frame: Option<&Frame<'_>>,
    edits: &Edits<'_>,
) -> Result<Template, CompileError> {
    let limit = edits.bounds.playlist_bytes;
    if playlist.len() > limit {
        return Err(CompileError::TooLong { limit, found: playlist.len() });
    }
    if !is_playlist(playlist) {
        return Err(CompileError::NotAPlaylist);
    }
    let query = frame.map_or(Query::new(""), |frame| frame.query);
    sign::write(playlist, &shape(playlist, query, edits)?, frame, edits)
}

/// Whether a text begins with a tag.
pub(crate) fn is_playlist(text: &[u8]) -> bool {
    let first = lines(text).map(|line| line.kind()).find(|kind| *kind != Kind::Blank);
    matches!(first, Some(Kind::Tag(..)))
}

/// What the edits leave of a playlist.
fn shape(playlist: &[u8], query: Query<'_>, edits: &Edits<'_>) -> Result<Shape, CompileError> {
    // A Media Playlist has no variants.
    if let Some(shape) = media::shape(playlist, edits) {
        return Ok(shape);
    }
    let (limit, found) = (MOST_MULTIVARIANT_BYTES, playlist.len());
    if found > limit && multivariant::are_edited(edits) && multivariant::is_multivariant(playlist) {
        return Err(CompileError::TooLong { limit, found });
    }
    let shape = multivariant::shape(playlist, query, edits)?;
    let shape = shape.unwrap_or_else(|| vec![Piece::Lines(0..playlist.len())]);
    Ok(match edits.steering {
        Some(announced) => multivariant::announce(playlist, shape, announced),
        None => shape,
    })
}

#[cfg(test)]
mod tests;
