//! The edits of a Multivariant Playlist.

use super::master::Master;
use super::script::Script;
use super::{consequences, limits, renditions, repair, start};
use crate::hls::edits::Edits;
use crate::hls::error::CompileError;
use crate::hls::write::shape::{Shape, Source};
use crate::manifest::{Query, Span};

/// The shape of a playlist after its edits; `None`: no edit applies. `query` is the query of the playlist's URL.
pub(in crate::hls) fn shape<'a>(
    source: Source<'a>,
    query: Query<'_>,
    edits: &Edits<'_>,
) -> Result<Option<Shape<'a>>, CompileError> {
    if !takes_reading(edits) {
        return Ok(None);
    }
    let mut master = Master::read(source.text, query, edits.caps);
    consequences::leave_out(&mut master, edits.caps)?;
    let mut script = Script::default();
    leave_out(&master, &mut script);
    renditions::repair_defaults(&master, &mut script);
    repair::variants(&master, &mut script);
    repair::steering(&master, &mut script);
    let start = edits.start.and_then(|start| start::choose(&master, &start));
    Ok(script.shape(source, start)?)
}

/// Says which lines are removed. Comments and blank lines between a variant's tag and its URI remain.
fn leave_out<'a>(master: &Master<'a>, script: &mut Script<'a>) {
    for variant in master.variants.iter().chain(&master.pictures).filter(|variant| !variant.is_kept) {
        script.leave_out(variant.tag.line);
        if let Some(uri) = variant.uri {
            script.leave_out(uri);
        }
    }
    for rendition in master.renditions.iter().filter(|rendition| !rendition.is_kept) {
        script.leave_out(rendition.tag.line);
    }
}

/// Whether variants are looked at: they are left out, put into another order, or steered between.
pub(in crate::hls) fn are_edited(edits: &Edits<'_>) -> bool {
    takes_reading(edits) || edits.steering.is_some()
}

/// Whether variants are left out, or put into another order.
fn takes_reading(edits: &Edits<'_>) -> bool {
    limits::are_in(edits.caps) || edits.start.is_some()
}

/// Whether any line belongs to a Multivariant Playlist. Most playlists have none, and need no further look.
pub(in crate::hls) fn is_multivariant(playlist: Span<'_>) -> bool {
    let holds = |name: &[u8]| playlist.find(name).is_some();
    holds(b"-STREAM-INF:") || holds(b"#EXT-X-MEDIA:")
}
