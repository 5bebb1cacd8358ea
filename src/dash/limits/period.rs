//! The sets and Representations of a Period, and whether they are within the limits.
//!
//! | an AdaptationSet with | has to match | by |
//! | --- | --- | --- |
//! | sound, with or without pictures | `audio` | `@lang`, or the `@lang` of each audio `ContentComponent` |
//! | text alone | `subtitles` | the same |
//!
//! A set without a language stays, and so does a set in `und` or `zxx`. `Representation` has no `@lang` (ISO/IEC
//! 23009-1 table 9).

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::beyond::SetProperties;
use super::content::Content;
use super::descriptor::properties;
use super::erase;
use crate::catalog::Caps;
use crate::dash::change::Changes;
use crate::dash::document::Element;
use crate::manifest::{Limit, language};

/// A Period.
pub(super) struct Period<'d, 'a> {
    pub(super) element: Element<'d, 'a>,
    pub(super) sets: Vec<Set<'d, 'a>>,
    pub(super) representations: Vec<Representation<'d, 'a>>,
    /// The ids that only removed sets and content components had.
    pub(super) gone_sets: BTreeSet<Cow<'a, str>>,
    /// The ids that only removed Representations had.
    pub(super) gone_representations: BTreeSet<Cow<'a, str>>,
}

/// An AdaptationSet.
pub(super) struct Set<'d, 'a> {
    pub(super) element: Element<'d, 'a>,
    pub(super) content: Content,
    /// It is a trick mode of another set.
    pub(super) is_trick_mode: bool,
    /// Its language is outside the rights.
    pub(super) is_foreign: bool,
    pub(super) is_kept: bool,
}

/// A Representation.
pub(super) struct Representation<'d, 'a> {
    pub(super) element: Element<'d, 'a>,
    /// The index of its set in the Period.
    pub(super) set: usize,
    /// The limit that it exceeds.
    pub(super) beyond: Option<Limit>,
    pub(super) is_kept: bool,
}

impl<'d, 'a> Period<'d, 'a> {
    /// Reads a Period.
    pub(super) fn read(element: Element<'d, 'a>, caps: &Caps) -> Self {
        let (mut sets, mut representations) = (Vec::new(), Vec::new());
        for (number, set) in element.children_named("AdaptationSet").enumerate() {
            let content = Content::of(set);
            let is_foreign = !is_in_language(caps, content, set);
            let shared = SetProperties::of(content, set);
            representations.extend(set.children_named("Representation").map(|element| {
                let beyond = shared.beyond(caps, element);
                Representation { element, set: number, beyond, is_kept: beyond.is_none() && !is_foreign }
            }));
            sets.push(Set {
                element: set,
                content,
                is_trick_mode: trick_modes(set).next().is_some(),
                is_foreign,
                is_kept: !is_foreign,
            });
        }
        let (gone_sets, gone_representations) = (BTreeSet::new(), BTreeSet::new());
        Self { element, sets, representations, gone_sets, gone_representations }
    }

    pub(super) fn set_of(&self, representation: &Representation<'_, '_>) -> Option<&Set<'d, 'a>> {
        self.sets.get(representation.set)
    }

    /// The Representations of the set with an index.
    pub(super) fn of_set(&self, set: usize) -> impl Iterator<Item = &Representation<'d, 'a>> {
        let start = self.representations.partition_point(|one| one.set < set);
        let (_, rest) = self.representations.split_at(start);
        rest.iter().take_while(move |one| one.set == set)
    }

    /// Removes the elements that are not kept.
    pub(super) fn leave_out(&self, changes: &mut Changes) {
        for set in self.sets.iter().filter(|set| !set.is_kept) {
            erase::element(set.element, changes);
        }
        let is_in_kept = |one: &&Representation<'_, '_>| self.set_of(one).is_some_and(|set| set.is_kept);
        for representation in self.representations.iter().filter(is_in_kept).filter(|one| !one.is_kept) {
            erase::element(representation.element, changes);
        }
    }
}

/// The descriptors that name the main sets of a trick mode set ([DASH-IF IOP v4.3] section 3.2.9): each value is a list
/// of ids.
///
/// [DASH-IF IOP v4.3]: https://dashif.org/docs/DASH-IF-IOP-v4.3.pdf
pub(super) fn trick_modes<'d, 'a>(
    set: Element<'d, 'a>,
) -> impl Iterator<Item = Element<'d, 'a>> + use<'d, 'a> {
    properties(set)
        .filter(|property| property.scheme == "http://dashif.org/guidelines/trickmode")
        .map(|property| property.element)
}

/// Whether the language of a set is within the rights. A set with several languages needs each of them.
pub(super) fn is_in_language(caps: &Caps, content: Content, set: Element<'_, '_>) -> bool {
    let (allowed, kind) = if content.sound {
        (caps.audio.as_deref(), "audio")
    } else if content.text && !content.pictures {
        (caps.subtitles.as_deref(), "text")
    } else {
        return true;
    };
    let Some(allowed) = allowed else { return true };
    let components = set
        .children_named("ContentComponent")
        .filter(|component| component.value("contentType").is_some_and(|found| found.trim() == kind));
    let languages: Vec<_> = components.filter_map(|component| component.value("lang")).collect();
    if languages.is_empty() {
        return set.value("lang").is_none_or(|tag| language::allows(allowed, &tag));
    }
    languages.iter().all(|tag| language::allows(allowed, tag))
}
