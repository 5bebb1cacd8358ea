//! Signs Periods of other sources, each under its own frame.
//!
//! A player resolves their URIs against the MPD's base URLs, as those of any Period; what they are relative to at their
//! source is another URL. So nothing in them is covered as it stands until there is a base URL that says where they lie: a
//! Period without one is given one.

use std::mem;

use super::bases::Bases;
use super::signer::{Signer, Uncovered};
use super::write::Stand;
use crate::dash::document::Element;
use crate::dash::edits::InsertedPeriod;
use crate::dash::place::{Base, Place, PlaceError};
use crate::manifest::Frame;

impl<'f> Signer<'f> {
    /// The source of an element, if it is a Period of another source.
    pub(super) fn inserted(&self, element: Element<'_, '_>) -> Option<&'f InsertedPeriod<'f>> {
        let mpd = element.parent().filter(|parent| parent.parent().is_none());
        if self.inserted.is_empty() || mpd.is_none() || element.name() != "Period" {
            return None;
        }
        let id = element.value("id")?;
        self.inserted.iter().find(|inserted| inserted.id == id)
    }

    /// Signs a Period of another source. `above` and `own` are the MPD's.
    pub(super) fn inserted_period(
        &mut self,
        period: Element<'_, '_>,
        inserted: &'f InsertedPeriod<'f>,
        above: &Bases,
        own: &[Base],
    ) -> Result<(), Uncovered> {
        let of_title = self.put_frame(&inserted.frame);
        let moved = |bases: &[Base]| -> Vec<Base> {
            bases.iter().map(|base| base.with_media(inserted.base_url)).collect()
        };
        let (above, own) = (moved(above.all()), moved(own));
        let signed = match period.child("BaseURL") {
            Some(_) => Ok(above),
            None => self.give_period_base(period, inserted, &above),
        };
        let signed = signed.and_then(|bases| self.level(period, &Bases::new(bases), &own).map(drop));
        self.put_frame(of_title);
        signed
    }

    /// Gives a Period the base URL of its source. Returns what it is then.
    fn give_period_base(
        &mut self,
        period: Element<'_, '_>,
        inserted: &InsertedPeriod<'_>,
        above: &[Base],
    ) -> Result<Vec<Base>, Uncovered> {
        let failed = |error: PlaceError| Uncovered {
            at: period.tag().start,
            why: error.why(),
            uri: inserted.base_url.as_str().to_owned(),
        };
        let folder = inserted.base_url.join(".").map_err(|_| failed(PlaceError::Unreadable))?;
        let (place, bases) = self.base_url(folder.as_str(), above, false).map_err(failed)?;
        let place = match place {
            Place::AsIs => Place::Unsigned(folder.into()),
            place => place,
        };
        if let Some(inner) = period.inner() {
            let prefix = period.qualified_name().strip_suffix("Period").unwrap_or_default();
            let tag = ["<", prefix, "BaseURL/>"].concat();
            self.put(inner.start..inner.start, &Stand::Empty(tag), &place)?;
        }
        Ok(bases)
    }

    /// Takes another frame. Returns the one before.
    fn put_frame(&mut self, frame: &'f Frame<'f>) -> &'f Frame<'f> {
        self.resolver.frame = frame;
        mem::replace(&mut self.frame, frame)
    }
}
