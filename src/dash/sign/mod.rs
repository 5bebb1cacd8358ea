//! Makes every URI of an MPD carry the session.
//!
//! | place | contains |
//! | --- | --- |
//! | `BaseURL` | a base URL of the level |
//! | `SegmentTemplate` `@media` `@initialization` `@index` `@bitstreamSwitching` | a template of URIs |
//! | `SegmentURL` `@media` `@index` | a URI |
//! | `Initialization`, `RepresentationIndex`, `BitstreamSwitching` `@sourceURL` | a URI |
//! | `InitializationSet` `@initialization` | a URI |
//! | `Location`, `PatchLocation` | the URL of the MPD, or of its patches |
//! | `ContentSteering` | the steering manifest (ETSI TS 103 998) |
//! | `ImportedMPD`, and `@uri` and `@url` of alternative MPD events | another MPD |
//! | `@value` of the descriptors `chaining` and `fallback` | another MPD |
//! | `@xlink:href` | a remote element |
//! | `@dvb:url` | a font (ETSI TS 103 285) |
//! | `UTCTiming` `@value`, `Event` of the scheme `callback` | a URL that fetches no media; the edge itself tells the time of a title |
//!
//! ISO/IEC 23009-1 (5th edition) sections 5.3.9, 5.6 and 5.10. URLs of the last kind stay as they are outside the
//! title. All others have to be covered: a URI that no session covers refuses the MPD. `ContentProtection` passes
//! through: a licence server is no media origin, and has its own tokens.
//!
//! The URI of a segment is resolved against the base URLs of its Representation. So a URI of an AdaptationSet or a
//! Period is checked against the base URLs of each of its Representations. Levels with the same base URLs share them,
//! and resolving has one budget for the whole MPD ([`crate::manifest::Budget`]).

mod bases;
mod element;
mod event;
mod insert;
mod inserted;
mod level;
mod names;
mod patch;
mod reading;
mod signer;
mod template;
#[cfg(test)]
mod tests;
mod write;
mod written;

use super::change::Edited;
use super::document::Document;
use super::edits::Edits;
use super::error::CompileError;
use crate::manifest::{Frame, Template};
use signer::Signer;
use written::Written;

/// Signs the edited MPD, and writes it into a template.
///
/// `source` is the original MPD, whose lines an error names.
pub(super) fn write(
    document: &Document<'_>,
    source: &str,
    edited: &Edited<'_>,
    frame: Option<&Frame<'_>>,
    edits: &Edits<'_>,
) -> Result<Template, CompileError> {
    let Some(frame) = frame else { return Written::default().template(document.text()) };
    let mut signer = Signer::new(frame, edits);
    signer.sign(document, source, edited)?;
    signer.written.template(document.text())
}
