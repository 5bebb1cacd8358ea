//! Signs URL templates, and the URIs of segments.

use std::collections::BTreeSet;

use super::level::Level;
use super::signer::{Signer, Uncovered};
use crate::dash::document::Attribute;
use crate::dash::resolver::{URI_BYTES_MAX, UriError, UriRewrite};
use crate::dash::url_template::{self, IdentifierKind};
use crate::manifest::{descending_path, is_local};

impl Signer<'_> {
    /// Rewrites the URI of a segment.
    pub(super) fn media(&self, uri: &str, level: &Level<'_, '_, '_>) -> Result<UriRewrite, UriError> {
        if is_local(uri.as_bytes()) {
            return Ok(UriRewrite::Keep);
        }
        if level.below.are_more() && descending_path(uri).is_none() {
            return Err(UriError::Ambiguous);
        }
        self.resolver.rewrite(uri, level.below.all())
    }

    /// Rewrites a template. Its identifiers count as digits, which lead nowhere and are written alike everywhere.
    pub(super) fn rewrite_template(
        &self,
        value: &str,
        level: &Level<'_, '_, '_>,
    ) -> Result<UriRewrite, UriError> {
        if value.len() > URI_BYTES_MAX {
            return Err(UriError::TooLong);
        }
        let identifiers = url_template::identifiers(value);
        let has_id = identifiers.iter().any(|identifier| identifier.kind == IdentifierKind::RepresentationId);
        if has_id && self.is_patch && level.representations().next().is_none() {
            return Err(UriError::Ambiguous);
        }
        let mark = url_template::Mark::absent_from(value);
        let marks: Vec<_> = (0..identifiers.len()).map(|number| mark.numbered(number)).collect();
        let filled = url_template::replaced(value, |number, _| marks.get(number).map_or("", String::as_str));
        // It is also read, filled and restored.
        self.resolver.spend(2 * filled.len())?;
        let restored = |text: String| {
            mark.replaced(&text, |number| identifiers.get(number).map(|identifier| identifier.text))
        };
        Ok(match self.media(&filled, level)? {
            UriRewrite::Keep => UriRewrite::Keep,
            UriRewrite::Replace(text) => match restored(text) {
                text if text == value => UriRewrite::Keep,
                text => UriRewrite::Replace(text),
            },
            UriRewrite::Sign(before, after) => UriRewrite::Sign(restored(before), restored(after)),
        })
    }

    /// Signs a template. Players fill it with digits and with ids of Representations; the ids must lead to where the
    /// template does.
    pub(super) fn template(
        &mut self,
        attribute: &Attribute<'_>,
        level: &Level<'_, '_, '_>,
    ) -> Result<(), Uncovered> {
        let value = attribute.value();
        let rewrite = self.rewrite_template(&value, level);
        let rewrite = self.sign_attribute(attribute, rewrite)?;
        let identifiers = url_template::identifiers(&value);
        if !identifiers.iter().any(|identifier| identifier.kind == IdentifierKind::RepresentationId) {
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
                    IdentifierKind::RepresentationId => id.as_str(),
                    IdentifierKind::Digits => "1",
                    IdentifierKind::Dollar => "$",
                })
            };
            let expected = match &rewrite {
                UriRewrite::Keep => UriRewrite::Keep,
                UriRewrite::Replace(text) => UriRewrite::Replace(fill(text)),
                UriRewrite::Sign(before, after) => UriRewrite::Sign(fill(before), fill(after)),
            };
            let found = self.media(&fill(&value), level);
            let is_same = found.and_then(|found| self.resolver.is_same(&found, &expected, level.below.all()));
            if is_same != Ok(true) {
                let why = is_same
                    .err()
                    .map_or("an id of a Representation with which a template leads elsewhere", UriError::why);
                return Err(Uncovered { at: attribute.at, why, uri: fill(&value) });
            }
        }
        Ok(())
    }

    /// The unusual ids of a level's Representations.
    fn odd_ids<'l>(&self, level: &'l Level<'_, '_, '_>) -> Result<&'l BTreeSet<String>, UriError> {
        if let Some(ids) = level.odd_ids.get() {
            return Ok(ids);
        }
        // Nested levels share Representations.
        self.resolver.spend(level.element.descendants().count() * ELEMENT_LOOKED_AT)?;
        Ok(level.odd_ids.get_or_init(|| {
            let ids = level.representations().filter_map(|one| one.value("id"));
            ids.filter(|id| !is_plain_id(id)).map(Into::into).collect()
        }))
    }
}

/// The cost of visiting a descendant, in bytes of resolved URLs.
pub(super) const ELEMENT_LOOKED_AT: usize = 16;

/// Whether an id cannot change where a URI leads, wherever it is inserted.
pub(super) fn is_plain_id(id: &str) -> bool {
    id.bytes().any(|byte| byte.is_ascii_alphanumeric())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'='))
}
