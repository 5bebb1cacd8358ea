//! What an MPD is given: a base URL and a location with the session.

use super::signer::Signer;
use super::write::escaped;
use crate::catalog::SESSION_PARAMETER;
use crate::dash::document::{Element, small};
use crate::dash::place::{Base, Place, PlaceError};
use crate::manifest::{Frame, Hole, Signing};

impl Signer<'_> {
    /// Gives an MPD a base URL with the session in it.
    pub(super) fn give_base(&mut self, mpd: Element<'_, '_>) -> Result<Base, PlaceError> {
        let (base, place) = Base::of_folder(self.frame)?;
        if let Place::Signed(before, after) = place {
            self.insert(mpd, &["ProgramInformation"], "BaseURL", (before, escaped(&after, None)), None);
        }
        Ok(base)
    }

    /// Tells players of a live stream to ask for the next MPD below the session, in place of opening another one with the
    /// viewer's token each time. What else their query has, they keep.
    pub(super) fn give_location(&mut self, mpd: Element<'_, '_>) {
        let Frame { authority, root, resource, signing, .. } = *self.frame;
        let is_dynamic = mpd.value("type").is_some_and(|kind| kind == "dynamic");
        if signing == Signing::Inherited || !is_dynamic || mpd.child("Location").is_some() {
            return;
        }
        let (before, after, hole) = if signing == Signing::Query {
            let before = format!("{authority}/{root}{resource}?{SESSION_PARAMETER}=");
            (before, String::new(), Hole::Parameters)
        } else {
            (format!("{authority}/~"), format!("/{root}{resource}"), Hole::Query)
        };
        let texts = (escaped(&before, None), escaped(&after, None));
        self.insert(mpd, &["ProgramInformation", "BaseURL"], "Location", texts, Some(hole));
    }

    /// Puts a child behind those of some names, or in front of all: one text, the token, another text, and a hole.
    fn insert(
        &mut self,
        mpd: Element<'_, '_>,
        behind: &[&str],
        name: &str,
        (before, after): (String, String),
        hole: Option<Hole>,
    ) {
        let (Some(inner), Some(text)) = (mpd.inner(), mpd.inner_text()) else { return };
        let last = mpd.children().filter(|child| behind.contains(&child.name())).last();
        let at = last.map_or(inner.start, |last| last.range().end);
        // As the first child is set.
        let (space, _) = text.split_at(text.len() - text.trim_start().len());
        let prefix = mpd.qualified_name().strip_suffix("MPD").unwrap_or_default();
        let before = [space, "<", prefix, name, ">", &before];
        let end = ["</", prefix, name, ">"].concat();
        self.written.put(at..at, &before, Some(&[&after, &end]));
        let hole = hole.map(|hole| (small(self.written.text.len() - end.len()), hole));
        self.written.others.extend(hole);
    }
}
