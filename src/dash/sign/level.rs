//! Signs the levels of an MPD that have base URLs.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeSet;

use super::bases::{BASES_MAX, Bases};
use super::names::{holds_media, is_level};
use super::signer::{Signer, Uncovered};
use crate::dash::document::Element;
use crate::dash::resolver::{Base, UriError, UriRewrite};
use crate::manifest::{Signing, is_relative};

impl Signer<'_> {
    /// Signs a level: an MPD, a Period, an AdaptationSet or a Representation. Returns the base URLs of its
    /// Representations, or its own if it has none.
    pub(super) fn level(
        &mut self,
        element: Element<'_, '_>,
        above: &Bases,
        own: &[Base],
    ) -> Result<Bases, Uncovered> {
        self.expect_prefix(element)?;
        let mut bases: Vec<Base> = Vec::new();
        let mut has_own = false;
        let is_one_of_many = element.children_named("BaseURL").nth(1).is_some();
        for base_url in element.children_named("BaseURL") {
            self.expect_prefix(base_url)?;
            has_own = true;
            // dash.js takes the first of several relative base URLs, and no player clones a relative one.
            let is_steered = self.is_steered && base_url.attribute("serviceLocation").is_some();
            self.sign_content(base_url, &mut |signer, uri| {
                let is_whole = is_steered || (is_one_of_many && !is_relative(uri));
                let (rewrite, extended) = signer.base_url(uri, above.all(), is_whole)?;
                bases.extend(extended);
                Ok(rewrite)
            })?;
            if bases.len() > BASES_MAX {
                let why = "more than 32 combinations of base URLs";
                return Err(Uncovered { at: base_url.tag().start, why, uri: String::new() });
            }
        }
        let bases = if has_own { Bases::new(bases) } else { above.clone() };
        let mut below: Option<Bases> = None;
        let mut has_inherited = false;
        for child in element.children().filter(|child| is_level(child.name())) {
            if let Some(inserted) = self.inserted(child) {
                self.inserted_period(child, inserted, &bases, own)?;
                continue;
            }
            let found = self.level(child, &bases, own)?;
            // Children that inherit the level's base URLs count once.
            let is_known = found.is(&bases) && std::mem::replace(&mut has_inherited, true);
            if !is_known && holds_media(child.name()) {
                below = Some(match below {
                    Some(below) => below.with(&found),
                    None => found,
                });
            }
        }
        let below = below.unwrap_or_else(|| bases.clone());
        let level = Level::new(element, own, &bases, &below);
        self.attributes(element, &level)?;
        for child in element.children().filter(|child| !is_level(child.name())) {
            self.element(child, &level)?;
        }
        Ok(below)
    }

    /// Signs a base URL.
    pub(super) fn base_url(
        &self,
        uri: &str,
        above: &[Base],
        is_whole: bool,
    ) -> Result<(UriRewrite, Vec<Base>), UriError> {
        let (rewrite, bases) = self.resolver.extend(uri, above, is_whole)?;
        // URIs that are resolved against a base URL do not inherit its query. So the parameter is only useful on a base
        // URL that is a whole file, not a folder.
        let is_needless = self.frame.signing == Signing::Query
            && matches!(&rewrite, UriRewrite::Sign(before, _) if is_folder(before));
        if !is_needless {
            return Ok((rewrite, bases));
        }
        let UriRewrite::Sign(before, _) = rewrite else { return Ok((rewrite, bases)) };
        let path = before.split('?').next().unwrap_or_default().to_owned();
        Ok((if path == uri { UriRewrite::Keep } else { UriRewrite::Replace(path) }, bases))
    }
}

/// An MPD, a Period, an AdaptationSet or a Representation, with its base URLs.
pub(super) struct Level<'l, 'd, 'a> {
    pub(super) element: Element<'d, 'a>,
    /// The MPD's own URL.
    pub(super) own: &'l [Base],
    /// The base URLs of the level.
    pub(super) bases: &'l Bases,
    /// The base URLs of its Representations.
    pub(super) below: &'l Bases,
    /// The unusual ids of its Representations, once asked for.
    pub(super) odd_ids: OnceCell<BTreeSet<String>>,
    /// The number of templates so far.
    pub(super) templates: Cell<usize>,
}

impl<'l, 'd, 'a> Level<'l, 'd, 'a> {
    pub(super) fn new(element: Element<'d, 'a>, own: &'l [Base], bases: &'l Bases, below: &'l Bases) -> Self {
        Self { element, own, bases, below, odd_ids: OnceCell::new(), templates: Cell::new(0) }
    }

    /// The base URLs of URIs that are not segments: some players take the level's base URLs, others the MPD's own URL.
    pub(super) fn meta(&self) -> &'l [Base] {
        self.bases.with_own(self.own)
    }

    pub(super) fn representations(&self) -> impl Iterator<Item = Element<'d, 'a>> {
        let element = self.element;
        let itself = (element.name() == "Representation").then_some(element);
        itself.into_iter().chain(element.descendants().filter(|one| one.name() == "Representation"))
    }
}

/// Whether the path of a URI is a folder.
fn is_folder(uri: &str) -> bool {
    uri.split('?').next().is_some_and(|path| path.ends_with('/'))
}
