//! The edits of an MPD that a viewer's limits ask for: which Representations and AdaptationSets remain, and which language
//! comes first.
//!
//! ```text
//! period         what there is, and whether it is within the limits     (period.rs, content.rs, stated.rs, beyond.rs, range.rs)
//! bonds          what goes with it: what depends on it, sets that are empty, trick modes      (bonds.rs)
//! left out       why, if no pictures or no sound remain                 (left_out.rs)
//! repair         what still refers to it                                (references.rs, extremes.rs, captions.rs, initialization.rs, protection.rs)
//! patches        what was written for the MPD as it was                 (patches.rs)
//! order          the language that a player begins with                 (order.rs, purpose.rs)
//! ```
//!
//! All of it is written as changes of the text (erase.rs, list.rs): what remains stays byte for byte.

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
use self::period::Period;
use super::change::Changes;
use super::document::Document;
use super::edits::Edits;
use super::error::CompileError;
use crate::catalog::Caps;

/// Whether any of the limits is one on what an MPD offers.
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

/// Whether any of the limits is one that has an order.
pub(super) fn have_an_order(caps: &Caps) -> bool {
    caps.audio.is_some() || caps.subtitles.is_some()
}

/// Leaves out what is not within the limits, and what goes with it.
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
