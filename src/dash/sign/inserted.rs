//! Signs Periods of other sources, each under its own frame.
//!
//! Players resolve the Period's URIs against the base URLs of the MPD, but the URIs were written for another URL. So an
//! inserted Period needs a base URL that leads to its source. A Period without one gets one.

use std::mem;

use super::bases::Bases;
use super::signer::{Signer, Uncovered};
use super::write::UriPosition;
use crate::dash::document::Element;
use crate::dash::edits::InsertedPeriod;
use crate::dash::resolver::{Base, UriError, UriRewrite};
use crate::manifest::Frame;

impl<'f> Signer<'f> {
    /// The source of an element, if it is an inserted Period.
    pub(super) fn inserted(&self, element: Element<'_, '_>) -> Option<&'f InsertedPeriod<'f>> {
        let mpd = element.parent().filter(|parent| parent.parent().is_none());
        if self.inserted.is_empty() || mpd.is_none() || element.name() != "Period" {
            return None;
        }
        let id = element.value("id")?;
        self.inserted.iter().find(|inserted| inserted.id == id)
    }

    /// Signs an inserted Period. `above` and `own` are the MPD's base URLs and own URL.
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

    /// Gives a Period the base URL of its source, and returns it.
    fn give_period_base(
        &mut self,
        period: Element<'_, '_>,
        inserted: &InsertedPeriod<'_>,
        above: &[Base],
    ) -> Result<Vec<Base>, Uncovered> {
        let failed = |error: UriError| Uncovered {
            at: period.tag().start,
            why: error.why(),
            uri: inserted.base_url.as_str().to_owned(),
        };
        let folder = inserted.base_url.join(".").map_err(|_| failed(UriError::Unreadable))?;
        let (rewrite, bases) = self.base_url(folder.as_str(), above, false).map_err(failed)?;
        let rewrite = match rewrite {
            UriRewrite::Keep => UriRewrite::Replace(folder.into()),
            rewrite => rewrite,
        };
        if let Some(inner) = period.inner() {
            let prefix = period.prefix();
            let tag = ["<", prefix, "BaseURL/>"].concat();
            self.write_uri(inner.start..inner.start, &UriPosition::Empty(tag), &rewrite)?;
        }
        Ok(bases)
    }

    /// Replaces the frame, and returns the previous one.
    fn put_frame(&mut self, frame: &'f Frame<'f>) -> &'f Frame<'f> {
        self.resolver.frame = frame;
        mem::replace(&mut self.frame, frame)
    }
}
