//! The signer: its state, and what it refuses.

use super::bases::Bases;
use super::written::Written;
use crate::catalog::ExistingSteering;
use crate::dash::change::Edited;
use crate::dash::document::{Document, Element, line_of};
use crate::dash::edits::{Edits, InsertedPeriod};
use crate::dash::error::CompileError;
use crate::dash::resolver::{Base, Resolver, UriError};
use crate::manifest::{Frame, MOST_RESOLVED, Signing};

/// Signs the URIs of one MPD or patch.
pub(super) struct Signer<'f> {
    pub(super) frame: &'f Frame<'f>,
    pub(super) resolver: Resolver<'f>,
    pub(super) written: Written,
    /// It signs a patch, whose MPD is unknown.
    pub(super) is_patch: bool,
    /// The MPD announces content steering.
    pub(super) is_steered: bool,
    /// The site trusts the steering servers that its MPDs name.
    pub(super) keeps_steering: bool,
    /// The inserted Periods.
    pub(super) inserted: &'f [InsertedPeriod<'f>],
}

impl<'f> Signer<'f> {
    pub(super) fn new(frame: &'f Frame<'f>, edits: &Edits<'f>) -> Self {
        let resolver = Resolver::new(frame);
        Self {
            frame,
            resolver,
            written: Written::default(),
            is_patch: false,
            is_steered: false,
            keeps_steering: edits
                .steering
                .is_some_and(|steering| steering.existing == ExistingSteering::Keep),
            inserted: edits.inserted,
        }
    }

    /// Signs an MPD or a patch.
    pub(super) fn sign(
        &mut self,
        document: &Document<'_>,
        source: &str,
        edited: &Edited<'_>,
    ) -> Result<(), CompileError> {
        let root = document.root();
        let signed = if root.name() == "Patch" { self.patch(root) } else { self.mpd(root) };
        signed.map_err(|Uncovered { at, why, uri }| {
            let line = line_of(source, edited.origin(at));
            if why == UriError::Exhausted.why() {
                return CompileError::TooMuch { line, limit: MOST_RESOLVED, found: self.resolver.spent() };
            }
            if why == UriError::Remote.why() {
                return CompileError::Unsupported { line, what: why };
            }
            CompileError::Uncovered { line, why, uri: quote(&uri) }
        })
    }

    fn mpd(&mut self, mpd: Element<'_, '_>) -> Result<(), Uncovered> {
        let frame = self.frame;
        let failed = |error: UriError| Uncovered {
            at: mpd.tag().start,
            why: error.why(),
            uri: frame.resource.to_string(),
        };
        let own = vec![Base::of_manifest(frame).map_err(failed)?];
        // At the entry, relative URIs would not inherit the session, so the MPD gets a base URL that has it.
        let is_given_base = frame.signing == Signing::Path && mpd.child("BaseURL").is_none();
        let bases = if is_given_base { vec![self.give_base(mpd).map_err(failed)?] } else { own.clone() };
        let bases = Bases::new(bases);
        self.give_location(mpd);
        self.is_steered = mpd.child("ContentSteering").is_some();
        self.level(mpd, &bases, &own)?;
        Ok(())
    }
}

/// A URI that no session covers.
pub(super) struct Uncovered {
    /// Its offset.
    pub(super) at: usize,
    pub(super) why: &'static str,
    pub(super) uri: String,
}

/// A URI for a message: shortened, and without its query, which may contain a signature.
fn quote(uri: &str) -> String {
    uri.split('?').next().unwrap_or_default().chars().take(120).collect()
}
