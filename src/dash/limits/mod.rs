//! The edits that a viewer's limits require: which Representations and AdaptationSets remain, and which language comes
//! first.
//!
//! ```text
//! period         the sets and Representations, and whether they are within the limits     (period.rs, content.rs, stated.rs, beyond.rs, range.rs)
//! bonds          elements removed with others: dependents, empty sets, trick modes      (bonds.rs)
//! left out       the refusal, if no pictures or no sound remain         (left_out.rs)
//! repair         references to removed elements                         (references.rs, extremes.rs, captions.rs, initialization.rs, protection.rs)
//! patches        PatchLocation, which no longer fits                    (patches.rs)
//! order          the language that a player starts with                  (order.rs, purpose.rs)
//! ```
//!
//! All edits are changes of the text (erase.rs, list.rs): the rest stays byte for byte.

mod beyond;
mod bonds;
mod captions;
mod content;
mod descriptor;
mod erase;
mod extremes;
mod initialization;
mod left_out;
mod list;
mod order;
mod patches;
mod period;
mod protection;
mod purpose;
mod range;
mod references;
mod stated;
#[cfg(test)]
mod testing;

pub(super) use self::order::put_in_order;
pub(super) use self::patches::leave_out as leave_out_patches;
use self::period::Period;
use super::change::Changes;
use super::document::Document;
use super::edits::Edits;
use super::error::CompileError;
use crate::catalog::Caps;

/// Whether any of the limits removes something from an MPD.
pub(super) fn are_in(caps: &Caps) -> bool {
    let Caps { max_height, max_bitrate_kbps, hdr, codecs, max_frame_rate, hdcp, audio, subtitles, .. } = caps;
    max_height.is_some()
        || max_bitrate_kbps.is_some()
        || *hdr == Some(false)
        || codecs.is_some()
        || max_frame_rate.is_some()
        || hdcp.is_some()
        || audio.is_some()
        || subtitles.is_some()
}

/// Whether any of the limits is an ordered list of languages.
pub(super) fn have_an_order(caps: &Caps) -> bool {
    caps.audio.is_some() || caps.subtitles.is_some()
}

/// Removes the Representations and sets outside the limits, and repairs the rest.
pub(super) fn leave_out(document: &Document<'_>, edits: &Edits<'_>) -> Result<Changes, CompileError> {
    let caps = edits.caps;
    let mpd = document.root();
    let mut periods: Vec<Period<'_, '_>> =
        mpd.children_named("Period").map(|period| Period::read(period, caps)).collect();
    let mut changes = Changes::default();
    for (number, period) in (1..).zip(&mut periods) {
        bonds::leave_out(period);
        left_out::check(period, number, caps)?;
        period.leave_out(&mut changes);
        references::repair(period, caps, &mut changes);
        extremes::repair(period, &mut changes);
        captions::leave_out(period, caps, &mut changes);
    }
    initialization::repair(mpd, &periods, &mut changes);
    protection::repair(mpd, &periods, &mut changes);
    patches::leave_out(mpd, &mut changes);
    Ok(changes)
}
