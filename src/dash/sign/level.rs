//! The levels of an MPD that have base URLs, and the base URLs of each.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use super::signer::{Signer, Uncovered};
use crate::dash::document::Element;
use crate::dash::place::{Base, Place, PlaceError};
use crate::manifest::{Signing, is_relative};

impl Signer<'_> {
    /// Signs what lies at one level of base URLs: an MPD, a Period, an AdaptationSet or a Representation. Returns the base
    /// URLs of its Representations; of a level without one, its own.
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
            // Of several relative ones, dash.js takes the first; and of one relative one, no player makes a clone.
            let is_steered = self.is_steered && base_url.attribute("serviceLocation").is_some();
            self.content(base_url, &mut |signer, uri| {
                let is_whole = is_steered || (is_one_of_many && !is_relative(uri));
                let (place, extended) = signer.base_url(uri, above.all(), is_whole)?;
                bases.extend(extended);
                Ok(place)
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
            let found = self.level(child, &bases, own)?;
            // What has the level's own is looked at once, however much of it there is.
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
    ) -> Result<(Place, Vec<Base>), PlaceError> {
        let (place, bases) = self.resolver.extend(uri, above, is_whole)?;
        // A parameter of a base URL reaches nothing that is resolved against it: it is needed where the base URL is all
        // that there is, and so is no folder.
        let is_needless = self.frame.signing == Signing::Query
            && matches!(&place, Place::Signed(before, _) if is_folder(before));
        if !is_needless {
            return Ok((place, bases));
        }
        let Place::Signed(before, _) = place else { return Ok((place, bases)) };
        let path = before.split('?').next().unwrap_or_default().to_owned();
        Ok((if path == uri { Place::AsIs } else { Place::Unsigned(path) }, bases))
    }
}

/// How many combinations of base URLs are looked at.
pub(super) const BASES_MAX: usize = 32;

/// Base URLs of a level, shared with all levels that have no others.
#[derive(Clone, Debug)]
pub(super) struct Bases(Rc<Known>);

#[derive(Debug)]
struct Known {
    all: Vec<Base>,
    /// There are more than are looked at. They are such that what is plainly covered from those is from these too: each
    /// base URL is.
    are_more: bool,
    /// These and the MPD's own URL, once that has been asked for.
    meta: OnceCell<Vec<Base>>,
}

impl Bases {
    pub(super) fn new(all: Vec<Base>) -> Self {
        Self(Rc::new(Known { all, are_more: false, meta: OnceCell::new() }))
    }

    pub(super) fn all(&self) -> &[Base] {
        &self.0.all
    }

    pub(super) fn are_more(&self) -> bool {
        self.0.are_more
    }

    /// Whether they are shared with a level.
    pub(super) fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// These and those of others. A copy is made only of ones that levels share.
    pub(super) fn with(self, others: &Self) -> Self {
        if self.is(others) {
            return self;
        }
        let Known { mut all, mut are_more, .. } = Rc::try_unwrap(self.0).unwrap_or_else(|shared| Known {
            all: shared.all.clone(),
            are_more: shared.are_more,
            meta: OnceCell::new(),
        });
        are_more |= others.are_more();
        for base in others.all() {
            if all.contains(base) {
                continue;
            }
            // One of those with the session and one of those without it have to be among them.
            let is_new_kind = all.iter().all(|other| other.takes_session() != base.takes_session());
            if all.len() >= BASES_MAX && !is_new_kind {
                are_more = true;
                continue;
            }
            all.push(base.clone());
        }
        Self(Rc::new(Known { all, are_more, meta: OnceCell::new() }))
    }
}

/// An MPD, a Period, an AdaptationSet or a Representation, with its base URLs.
pub(super) struct Level<'l, 'd, 'a> {
    pub(super) element: Element<'d, 'a>,
    /// The MPD's own URL.
    pub(super) own: &'l [Base],
    /// The level's own.
    pub(super) bases: &'l Bases,
    /// Those of its Representations.
    pub(super) below: &'l Bases,
    /// The ids of its Representations that are not plain, once they have been asked for.
    pub(super) odd_ids: OnceCell<BTreeSet<String>>,
    /// How many templates have been found.
    pub(super) templates: Cell<usize>,
}

impl<'l, 'd, 'a> Level<'l, 'd, 'a> {
    pub(super) fn new(element: Element<'d, 'a>, own: &'l [Base], bases: &'l Bases, below: &'l Bases) -> Self {
        Self { element, own, bases, below, odd_ids: OnceCell::new(), templates: Cell::new(0) }
    }

    /// What players resolve URIs against that are of no segment: some take the base URLs, others the MPD's URL.
    pub(super) fn meta(&self) -> &'l [Base] {
        let own = self.own;
        self.bases.0.meta.get_or_init(|| {
            let mut bases = own.to_vec();
            bases.extend(self.bases.all().iter().filter(|base| !own.contains(base)).cloned());
            bases
        })
    }

    pub(super) fn representations(&self) -> impl Iterator<Item = Element<'d, 'a>> {
        let element = self.element;
        let itself = (element.name() == "Representation").then_some(element);
        itself.into_iter().chain(element.descendants().filter(|one| one.name() == "Representation"))
    }
}

/// Whether an element has base URLs of its own for what lies in it.
pub(super) fn is_level(name: &str) -> bool {
    matches!(name, "Period" | "AdaptationSet" | "EmptyAdaptationSet" | "Representation" | "SubRepresentation")
}

/// Whether what an element's parent says of segments is said of those of the element.
fn holds_media(name: &str) -> bool {
    matches!(name, "Period" | "AdaptationSet" | "Representation")
}

/// Whether a URI, which may have a parameter, is one of a folder.
fn is_folder(uri: &str) -> bool {
    uri.split('?').next().is_some_and(|path| path.ends_with('/'))
}
