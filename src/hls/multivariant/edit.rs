//! The edits of a Multivariant Playlist.

use super::master::Master;
use super::script::Script;
use super::{groups, limits, renditions, repair, start};
use crate::hls::edits::Edits;
use crate::hls::error::CompileError;
use crate::hls::write::shape::Shape;

use crate::manifest::Query;

/// What the edits leave of a playlist; `None`: all of it, as it is. `query` is that of the playlist's URL.
pub(in crate::hls) fn shape(
    playlist: &[u8],
    query: Query<'_>,
    edits: &Edits<'_>,
) -> Result<Option<Shape>, CompileError> {
    let has_reason = limits::are_in(edits.caps) || edits.start.is_some();
    if !has_reason || !is_multivariant(playlist) {
        return Ok(None);
    }
    let mut master = Master::read(playlist, query, edits.caps);
    groups::leave_out(&mut master, edits.caps)?;
    let mut script = Script::default();
    master.leave_out(&mut script);
    renditions::repair_defaults(&master, &mut script);
    repair::variants(&master, &mut script);
    repair::steering(&master, &mut script);
    let start = edits.start.and_then(|start| start::choose(&master, &start));
    Ok(script.shape(playlist, start))
}

/// Whether variants are looked at: they are left out, put into another order, or steered between.
pub(in crate::hls) fn are_edited(edits: &Edits<'_>) -> bool {
    limits::are_in(edits.caps) || edits.start.is_some() || edits.steering.is_some()
}

/// Whether any of its lines is one of a Multivariant Playlist: most playlists are others.
pub(in crate::hls) fn is_multivariant(playlist: &[u8]) -> bool {
    let holds = |name: &[u8]| memchr::memmem::find(playlist, name).is_some();
    holds(b"-STREAM-INF:") || holds(b"#EXT-X-MEDIA:")
}
