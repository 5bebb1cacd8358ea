//! Puts Periods of another source between those of an MPD.
//!
//! It is the last of the edits: the limits of a title are not those of another source. A patch from the origin does not fit
//! the MPD any more, so the MPD offers none, and players ask for all of it again.

use super::change::Changes;
use super::document::{Document, Element, Malformed, line_of};
use super::edits::{Edits, InsertedPeriod};
use super::error::CompileError;
use super::limits;

/// Puts the Periods in.
pub(super) fn put_in(document: &Document<'_>, edits: &Edits<'_>) -> Result<Changes, CompileError> {
    let mut changes = Changes::default();
    let mpd = document.root();
    let refuse = |what| CompileError::Unsupported { line: line_of(document.text(), mpd.tag().start), what };
    let mut ids: Vec<String> =
        mpd.children_named("Period").filter_map(|period| period.value("id")).map(Into::into).collect();
    for inserted in edits.inserted {
        if ids.iter().any(|id| id == inserted.id) {
            return Err(refuse("a Period with the id of one that is put in"));
        }
        ids.push(inserted.id.to_owned());
        check(inserted, mpd)?;
        match inserted.before {
            Some(id) => {
                let before = mpd.children_named("Period").find(|one| one.value("id").as_deref() == Some(id));
                let before =
                    before.ok_or_else(|| refuse("no Period with the id that another is put in front of"))?;
                let space = before.space_in_front();
                changes.insert(before.range().start, [inserted.period, space].concat());
            }
            None => {
                let last = mpd.children_named("Period").last();
                let last = last.ok_or_else(|| refuse("no Period that another could be put behind"))?;
                changes.insert(last.range().end, [last.space_in_front(), inserted.period].concat());
            }
        }
    }
    limits::leave_out_patches(mpd, &mut changes);
    Ok(changes)
}

/// Refuses what is not one Period with the id that it is known by, under the prefix that the MPD's elements have.
fn check(inserted: &InsertedPeriod<'_>, mpd: Element<'_, '_>) -> Result<(), CompileError> {
    let document = Document::read(inserted.period)?;
    let period = document.root();
    let prefix = mpd.qualified_name().strip_suffix("MPD").unwrap_or_default();
    let is_period = period.qualified_name().strip_prefix(prefix) == Some("Period");
    if is_period && period.value("id").as_deref() == Some(inserted.id) {
        return Ok(());
    }
    let expected = format!("expected one element `{prefix}Period` with the id `{}`", inserted.id);
    let why = format!("{expected}, found `{}`", period.qualified_name());
    Err(Malformed { line: line_of(inserted.period, period.tag().start), why, is_forbidden: false }.into())
}

#[cfg(test)]
mod tests;
