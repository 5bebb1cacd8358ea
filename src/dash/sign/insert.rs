//! Gives an MPD a base URL and a location with the session.

use super::signer::Signer;
use super::write::escaped;
use crate::catalog::SESSION_PARAMETER;
use crate::dash::document::{Element, small};
use crate::dash::resolver::{Base, UriError, UriRewrite};
use crate::manifest::{Frame, Hole, Signing};

impl Signer<'_> {
    /// Gives an MPD a base URL with the session in it.
    pub(super) fn give_base(&mut self, mpd: Element<'_, '_>) -> Result<Base, UriError> {
        let (base, rewrite) = Base::of_folder(self.frame)?;
        if let UriRewrite::Sign(before, after) = rewrite {
            self.insert(mpd, &["ProgramInformation"], "BaseURL", (before, escaped(&after, None)), None);
        }
        Ok(base)
    }

    /// Makes players of a live stream request the next MPD below the session, instead of opening a new session with the
    /// viewer's token each time. They keep the rest of their query.
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

    /// Inserts a child behind the children with some names, or in front of all: a text, the token, another text, and a
    /// hole.
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
        // Indented like the first child.
        let (space, _) = text.split_at(text.len() - text.trim_start().len());
        let prefix = mpd.prefix();
        let before = [space, "<", prefix, name, ">", &before];
        let end = ["</", prefix, name, ">"].concat();
        self.written.put(at..at, &before, Some(&[&after, &end]));
        let hole = hole.map(|hole| (small(self.written.text.len() - end.len()), hole));
        self.written.others.extend(hole);
    }
}
