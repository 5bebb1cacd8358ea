//! Signs templates of URIs, and the URIs of media.

use std::collections::BTreeSet;

use super::level::Level;
use super::signer::{Signer, Uncovered};
use crate::dash::document::Attribute;
use crate::dash::place::{Place, PlaceError, URI_BYTES_MAX};
use crate::dash::url_template::{self, Kind};
use crate::manifest::{is_local, plain};

impl Signer<'_> {
    /// Signs a URI of media.
    pub(super) fn media(&self, uri: &str, level: &Level<'_, '_, '_>) -> Result<Place, PlaceError> {
        if is_local(uri.as_bytes()) {
            return Ok(Place::AsIs);
        }
        if level.below.are_more() && plain(uri).is_none() {
            return Err(PlaceError::Ambiguous);
        }
        self.resolver.place(uri, level.below.all())
    }

    /// How a template is to be written: the identifiers are held for digits, which lead nowhere and are spelled alike
    /// everywhere.
    pub(super) fn template_place(&self, value: &str, level: &Level<'_, '_, '_>) -> Result<Place, PlaceError> {
        if value.len() > URI_BYTES_MAX {
            return Err(PlaceError::TooLong);
        }
        let identifiers = url_template::identifiers(value);
        let has_id = identifiers.iter().any(|identifier| identifier.kind == Kind::RepresentationId);
        if has_id && self.is_patch && level.representations().next().is_none() {
            return Err(PlaceError::Ambiguous);
        }
        let mark = url_template::Mark::absent_from(value);
        let marks: Vec<_> = (0..identifiers.len()).map(|number| mark.numbered(number)).collect();
        let filled = url_template::replaced(value, |number, _| marks.get(number).map_or("", String::as_str));
        // It is read, filled and restored besides.
        self.resolver.spend(2 * filled.len())?;
        let restored = |text: String| {
            mark.replaced(&text, |number| identifiers.get(number).map(|identifier| identifier.text))
        };
        Ok(match self.media(&filled, level)? {
            Place::AsIs => Place::AsIs,
            Place::Unsigned(text) => match restored(text) {
                text if text == value => Place::AsIs,
                text => Place::Unsigned(text),
            },
            Place::Signed(before, after) => Place::Signed(restored(before), restored(after)),
        })
    }

    /// Signs a template. What players put into it is digits, and the ids of Representations, which have to lead to where the
    /// template does.
    pub(super) fn template(
        &mut self,
        attribute: &Attribute<'_>,
        level: &Level<'_, '_, '_>,
    ) -> Result<(), Uncovered> {
        let value = attribute.value();
        let place = self.template_place(&value, level);
        let place = self.attribute(attribute, place)?;
        let identifiers = url_template::identifiers(&value);
        if !identifiers.iter().any(|identifier| identifier.kind == Kind::RepresentationId) {
            return Ok(());
        }
        let odd_ids = self.odd_ids(level).map_err(|error| Uncovered {
            at: attribute.at,
            why: error.why(),
            uri: String::new(),
        })?;
        for id in odd_ids {
            let fill = |text: &str| {
                url_template::replaced(text, |_, identifier| match identifier.kind {
                    Kind::RepresentationId => id.as_str(),
                    Kind::Digits => "1",
                    Kind::Dollar => "$",
                })
            };
            let expected = match &place {
                Place::AsIs => Place::AsIs,
                Place::Unsigned(text) => Place::Unsigned(fill(text)),
                Place::Signed(before, after) => Place::Signed(fill(before), fill(after)),
            };
            let found = self.media(&fill(&value), level);
            let is_same = found.and_then(|found| self.resolver.is_same(&found, &expected, level.below.all()));
            if is_same != Ok(true) {
                let why = is_same.err().map_or(
                    "an id of a Representation with which a template leads elsewhere",
                    PlaceError::why,
                );
                return Err(Uncovered { at: attribute.at, why, uri: fill(&value) });
            }
        }
        Ok(())
    }

    /// The ids of a level's Representations that are not plain.
    fn odd_ids<'l>(&self, level: &'l Level<'_, '_, '_>) -> Result<&'l BTreeSet<String>, PlaceError> {
        if let Some(ids) = level.odd_ids.get() {
            return Ok(ids);
        }
        // Levels within one another have Representations in common.
        self.resolver.spend(level.element.descendants().count() * ELEMENT_LOOKED_AT)?;
        Ok(level.odd_ids.get_or_init(|| {
            let ids = level.representations().filter_map(|one| one.value("id"));
            ids.filter(|id| !is_plain_id(id)).map(Into::into).collect()
        }))
    }
}

/// What to look at one of an element's descendants takes, in bytes of URLs that are resolved.
pub(super) const ELEMENT_LOOKED_AT: usize = 16;

/// Whether an id leads nowhere, wherever in a URI it is put.
pub(super) fn is_plain_id(id: &str) -> bool {
    id.bytes().any(|byte| byte.is_ascii_alphanumeric())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'='))
}
