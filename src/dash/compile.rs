//! From an MPD to its template: edits first, then the signing of every URI that remains.

use super::change::{Changes, Edited};
use super::document::{Document, Malformed, text};
use super::edits::Edits;
use super::error::CompileError;
use super::{limits, sign, steering, update, window, xlink};
use crate::catalog::{ExistingSteering, MOST_MPD_BYTES};
use crate::manifest::{Frame, Template};

/// Compiles an MPD: makes of it what the edits ask for, and makes every URI of it carry the session. Without a frame, URIs
/// stay as they are, wherever they lead: for a look at what the edits do, and never for a viewer.
///
/// Takes time and memory linear in the MPD's length. Without an edit, the template is the MPD.
pub fn compile(mpd: &[u8], frame: Option<&Frame<'_>>, edits: &Edits<'_>) -> Result<Template, CompileError> {
    let (limit, found) = (edits.max_bytes.min(MOST_MPD_BYTES), mpd.len());
    if found > limit {
        return Err(CompileError::TooLong { limit, found });
    }
    let text = text(mpd)?;
    let mut edited = Edited::new(text);
    let keeps = edits.steering.is_some_and(|steering| steering.existing == ExistingSteering::Keep);
    let mut asked_for = asked_for(edits, text).into_iter();
    let mut read_bytes = 0;
    loop {
        read_bytes += edited.text.len();
        if read_bytes > MOST_READ {
            return Err(CompileError::ReadTooOften { limit: MOST_READ, found: read_bytes });
        }
        let document = read(&edited)?;
        // What an edit leaves as it is need not be read anew for the next.
        let changes = asked_for.by_ref().map(|edit| edit(&document, edits));
        let changed =
            { changes }.find(|changes| changes.as_ref().map_or(true, |changes| !changes.is_empty()));
        let Some(changes) = changed else { return sign::write(&document, text, &edited, frame, keeps) };
        edited = edited.with(changes?)?;
    }
}

/// The most bytes that are read of an MPD, which is read anew for each edit that has changed it: 2 MB, which is the limit of AWS
/// Elemental MediaTailor on an MPD, can be changed by two.
const MOST_READ: usize = 6 * 1024 * 1024;

/// Finds out what is to become of an MPD.
type Edit = fn(&Document<'_>, &Edits<'_>) -> Result<Changes, CompileError>;

/// What there is to be done, in its order. Each edit finds what those before it have left.
fn asked_for(edits: &Edits<'_>, mpd: &str) -> Vec<Edit> {
    let mut asked_for: Vec<Edit> = Vec::new();
    if xlink::stands_for_nothing(mpd) {
        asked_for.push(xlink::leave_out);
    }
    if limits::are_in(edits.caps) {
        asked_for.push(limits::leave_out);
    }
    if limits::have_an_order(edits.caps) {
        asked_for.push(limits::put_in_order);
    }
    if edits.caps.rewind_s.is_some() {
        asked_for.push(window::narrow);
    }
    if edits.steering.is_some() && (mpd.contains("serviceLocation") || mpd.contains("ContentSteering")) {
        asked_for.push(steering::announce);
    }
    if edits.update_within_s.is_some() && mpd.contains("dynamic") {
        asked_for.push(update::shorten);
    }
    asked_for
}

fn read<'e>(edited: &'e Edited<'_>) -> Result<Document<'e>, CompileError> {
    let document = Document::read(&edited.text)?;
    let name = document.root().name();
    if name == "MPD" {
        Ok(document)
    } else {
        Err(CompileError::NotAnMpd { found: name.chars().take(40).collect() })
    }
}

/// What no manifest may have: a document type, entities, or another encoding than UTF-8.
pub fn forbidden(mpd: &[u8]) -> Option<Malformed> {
    let error = text(mpd).and_then(|text| Document::read(text).map(drop)).err();
    error.filter(|error| error.is_forbidden)
}

/// Whether a manifest is XML by its look: its first sign is `<`.
pub fn is_xml(manifest: &[u8]) -> bool {
    let manifest = manifest.strip_prefix("\u{feff}".as_bytes()).unwrap_or(manifest);
    manifest.trim_ascii_start().starts_with(b"<")
}
