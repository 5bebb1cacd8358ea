//! The edits of a Multivariant Playlist: which variant streams and renditions remain, and which variant comes first.
//!
//! ```text
//! master       what there is, and whether it is within the limits       (master.rs, value.rs, limits.rs, language.rs)
//! groups       what goes with it: variants without sound, renditions without a variant, I-frames    (groups.rs)
//! left out     why, if nothing remains                                  (left_out.rs)
//! repair       DEFAULT, names of groups that are gone, the pathway of content steering     (renditions.rs, repair.rs)
//! start        the variant that a player begins with                    (start.rs)
//! script       all of that as a shape                                   (script.rs)
//! ```
//!
//! Each step looks at each line once; groups, pathways and resolutions are found by key.
//!
//! [draft-pantos-hls-rfc8216bis-22 section 4.4.6](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.6)

mod groups;
mod language;
mod left_out;
mod limits;
mod master;
#[cfg(test)]
mod properties;
mod renditions;
mod repair;
mod script;
mod start;
#[cfg(test)]
mod testing;
mod value;

use self::master::Master;
use self::script::Script;
use super::compile::CompileError;
use super::edits::Edits;
use super::shape::Shape;
use crate::manifest::Query;

/// What the edits leave of a playlist; `None`: all of it, as it is. `query` is that of the playlist's URL.
pub(super) fn shape(
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
pub(super) fn are_edited(edits: &Edits<'_>) -> bool {
    limits::are_in(edits.caps) || edits.start.is_some() || edits.steering.is_some()
}

/// Whether any of its lines is one of a Multivariant Playlist: most playlists are others.
pub(super) fn is_multivariant(playlist: &[u8]) -> bool {
    let holds = |name: &[u8]| memchr::memmem::find(playlist, name).is_some();
    holds(b"-STREAM-INF:") || holds(b"#EXT-X-MEDIA:")
}
