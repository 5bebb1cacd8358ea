//! Makes every URI of an MPD carry the session.
//!
//! | where | is |
//! | --- | --- |
//! | `BaseURL` | a base URL of what lies below it |
//! | `SegmentTemplate` `@media` `@initialization` `@index` `@bitstreamSwitching` | a template of URIs |
//! | `SegmentURL` `@media` `@index` | a URI |
//! | `Initialization`, `RepresentationIndex`, `BitstreamSwitching` `@sourceURL` | a URI |
//! | `InitializationSet` `@initialization` | a URI |
//! | `Location`, `PatchLocation` | where the MPD, or what has changed of it, is to be had |
//! | `ContentSteering` | the steering manifest (ETSI TS 103 998) |
//! | `ImportedMPD`, and `@uri` and `@url` of what an `Event` presents in place of the MPD | another MPD |
//! | `@value` of the descriptors `chaining` and `fallback` | another MPD |
//! | `@xlink:href` | an element that is to be had elsewhere |
//! | `@dvb:url` | a font (ETSI TS 103 285) |
//! | `UTCTiming` `@value`, `Event` of the scheme `callback` | what is asked for without bringing media; of the title, the edge tells the time |
//!
//! ISO/IEC 23009-1 (5th edition) sections 5.3.9, 5.6 and 5.10. The last kind is left as it is where it leads elsewhere. All
//! others have to be covered: a URI that no session covers stops the MPD. `ContentProtection` passes through: a licence
//! server is no media origin, and has tokens of its own.
//!
//! Segments are resolved against the base URLs of the Representation that they are of, so that what an AdaptationSet or a
//! Period says for all of theirs is held against the base URLs of each. Levels that have the same base URLs share them, and
//! what is resolved has a budget for the whole MPD ([`crate::manifest::Budget`]).

mod bases;
mod element;
mod event;
mod insert;
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
use super::error::CompileError;
use crate::manifest::{Frame, Template};
use signer::Signer;
use written::Written;

/// Writes what the edits have left of an MPD into a template.
///
/// `source` is the MPD as it came, whose lines an error names.
pub(super) fn write(
    document: &Document<'_>,
    source: &str,
    edited: &Edited<'_>,
    frame: Option<&Frame<'_>>,
    keeps_steering: bool,
) -> Result<Template, CompileError> {
    let Some(frame) = frame else { return Written::default().template(document.text()) };
    let mut signer = Signer { keeps_steering, ..Signer::new(frame) };
    signer.sign(document, source, edited)?;
    signer.written.template(document.text())
}
