//! Inserts Periods of other sources between the Periods of an MPD.
//!
//! This is the last edit, since the limits of a title do not apply to another source. The origin's patches do not fit
//! the edited MPD. So it offers none, and players request the whole MPD again.

use super::change::Changes;
use super::document::{Document, Element, Malformed, line_of};
use super::edits::{Edits, InsertedPeriod};
use super::error::CompileError;
use super::limits;

/// Inserts the Periods.
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

/// Refuses text that is not exactly one Period with the given id and the prefix of the MPD's own elements.
fn check(inserted: &InsertedPeriod<'_>, mpd: Element<'_, '_>) -> Result<(), CompileError> {
    let document = Document::read(inserted.period)?;
    let period = document.root();
    let prefix = mpd.prefix();
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
