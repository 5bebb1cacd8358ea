//! From a playlist to its template: edits first, then the signing of every URI that remains.

use super::edits::Edits;
use super::error::CompileError;
use super::read::line::{LineKind, lines};
use super::write::shape::{Shape, Source};
use super::write::sign;
use super::{media, multivariant};
use crate::manifest::{Frame, Query, Span, Template};

/// The longest Multivariant Playlist whose variants are looked at: left out, put into another order, or steered between.
/// About 20,000 variants fit.
const MOST_MULTIVARIANT_BYTES: usize = 4 * 1024 * 1024;

/// Compiles a playlist: edits it, and makes every URI carry the session. Without a frame, URIs stay as they are, wherever
/// they lead. That shows the edits, and is never for a viewer.
///
/// Breaks that would take the playlist beyond a limit are not announced: the content plays without them.
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
    let compiled = edited(playlist, frame, edits);
    if edits.ads.is_some() && compiled.as_ref().is_err_and(CompileError::is_of_size) {
        return edited(playlist, frame, &Edits { ads: None, ..*edits });
    }
    compiled
}

/// Edits and signs a playlist.
fn edited(playlist: &[u8], frame: Option<&Frame<'_>>, edits: &Edits<'_>) -> Result<Template, CompileError> {
    sign::write(&shape(Source::own(playlist, frame), edits)?, frame, edits)
}

/// Whether a text begins with a tag.
pub(crate) fn is_playlist(text: &[u8]) -> bool {
    let first = lines(Span::whole(text)).map(|line| line.kind()).find(|kind| *kind != LineKind::Blank);
    matches!(first, Some(LineKind::Tag(_)))
}

/// The shape of a playlist after its edits.
fn shape<'a>(source: Source<'a>, edits: &Edits<'_>) -> Result<Shape<'a>, CompileError> {
    // A Media Playlist has no variants.
    if let Some(shape) = media::shape(source, edits)? {
        return Ok(shape);
    }
    if !multivariant::are_edited(edits) || !multivariant::is_multivariant(source.text) {
        return Ok(source.unchanged());
    }
    let (limit, found) = (MOST_MULTIVARIANT_BYTES, source.text.end());
    if found > limit {
        return Err(CompileError::TooLong { limit, found });
    }
    let query = source.frame.map_or(Query::new(""), |frame| frame.query);
    let shape = multivariant::shape(source, query, edits)?;
    let shape = shape.unwrap_or_else(|| source.unchanged());
    Ok(match edits.steering {
        Some(announced) => multivariant::announce(shape, announced)?,
        None => shape,
    })
}

#[cfg(test)]
mod tests;
