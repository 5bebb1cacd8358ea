//! From an MPD to its template: edits first, then the signing of every URI that remains.

use super::change::{Changes, Edited};
use super::document::{Document, Malformed, utf8};
use super::edits::Edits;
use super::error::CompileError;
use super::{ads, insertion, limits, sign, steering, update, window, xlink};
use crate::catalog::MOST_MPD_BYTES;
use crate::manifest::{Frame, Template};

/// Compiles an MPD: applies the edits, and makes every URI carry the session. Without a frame, URIs stay as they are,
/// wherever they lead: this shows what the edits do, and is never served to a viewer.
///
/// Breaks that would take the MPD beyond a limit are not announced: the content plays without them.
///
/// Takes time and memory linear in the MPD's length. Without an edit, the template is the MPD.
pub fn compile(mpd: &[u8], frame: Option<&Frame<'_>>, edits: &Edits<'_>) -> Result<Template, CompileError> {
    let (limit, found) = (edits.max_bytes.min(MOST_MPD_BYTES), mpd.len());
    if found > limit {
        return Err(CompileError::TooLong { limit, found });
    }
    let text = utf8(mpd)?;
    let compiled = edited(text, frame, edits);
    if edits.ads.is_some() && compiled.as_ref().is_err_and(CompileError::is_of_size) {
        return edited(text, frame, &Edits { ads: None, ..*edits });
    }
    compiled
}

/// Edits and signs an MPD.
fn edited(text: &str, frame: Option<&Frame<'_>>, edits: &Edits<'_>) -> Result<Template, CompileError> {
    let mut edited = Edited::new(text);
    let mut asked_for = asked_for(edits, text).into_iter();
    let mut read_bytes = 0;
    loop {
        read_bytes += edited.text.len();
        if read_bytes > MOST_READ {
            return Err(CompileError::ReadTooOften { limit: MOST_READ, found: read_bytes });
        }
        let document = read_mpd(&edited)?;
        // An edit that changes nothing leaves the document as it was read.
        let changes = asked_for.by_ref().map(|edit| edit(&document, edits));
        let changed =
            { changes }.find(|changes| changes.as_ref().map_or(true, |changes| !changes.is_empty()));
        let Some(changes) = changed else { return sign::write(&document, text, &edited, frame, edits) };
        edited = edited.apply(changes?)?;
    }
}

/// The most bytes that are read of one MPD, counting each reading after an edit: an MPD of 2 MB, the limit of AWS
/// Elemental MediaTailor, can be changed by two edits.
const MOST_READ: usize = 6 * 1024 * 1024;

/// Returns the changes that an edit makes.
type Edit = fn(&Document<'_>, &Edits<'_>) -> Result<Changes, CompileError>;

/// The edits that are asked for, in order. Each works on the result of those before it.
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
    if edits.steering.is_some() && (mpd.contains("serviceLocation") || mpd.contains("ContentSteering")) {
        asked_for.push(steering::announce);
    }
    asked_for.push(beside_the_media);
    if !edits.inserted.is_empty() {
        asked_for.push(insertion::put_in);
    }
    asked_for
}

/// The edits that change no media: each is about attributes or elements that the others do not look at, so all of them take one
/// reading.
fn beside_the_media(document: &Document<'_>, edits: &Edits<'_>) -> Result<Changes, CompileError> {
    let mut changes = update::shorten(document, edits)?;
    changes.append(window::narrow(document, edits)?);
    changes.append(ads::announce(document, edits)?);
    ads::leave_out_inband(document.root(), &mut changes);
    Ok(changes)
}

fn read_mpd<'e>(edited: &'e Edited<'_>) -> Result<Document<'e>, CompileError> {
    let document = Document::read(&edited.text)?;
    let name = document.root().name();
    if name == "MPD" {
        Ok(document)
    } else {
        Err(CompileError::NotAnMpd { found: name.chars().take(40).collect() })
    }
}

/// The first construct that no manifest may have: a document type, an entity, or an encoding other than UTF-8.
pub fn forbidden(mpd: &[u8]) -> Option<Malformed> {
    let error = utf8(mpd).and_then(|text| Document::read(text).map(drop)).err();
    error.filter(|error| error.is_forbidden)
}

/// Whether a manifest looks like XML: its first character is `<`.
pub fn is_xml(manifest: &[u8]) -> bool {
    let manifest = manifest.strip_prefix("\u{feff}".as_bytes()).unwrap_or(manifest);
    manifest.trim_ascii_start().starts_with(b"<")
}
