//! Signs the operations of a patch.

use super::bases::Bases;
use super::level::Level;
use super::names::{holds_uri, is_level};
use super::reading::{is_patch_name, marked};
use super::signer::{Signer, Uncovered};
use super::template::is_plain_id;
use crate::catalog::SESSION_PARAMETER;
use crate::dash::digits::are_digits;
use crate::dash::document::{Element, is_of_readers};
use crate::dash::resolver::{Base, UriError, UriRewrite};
use crate::dash::selector::Selected;
use crate::manifest::{Frame, Signing, is_relative};
use crate::resource::{Reading, ResourcePath};
use crate::route::without_session;

impl Signer<'_> {
    /// Signs the operations of a patch.
    pub(super) fn patch(&mut self, patch: Element<'_, '_>) -> Result<(), Uncovered> {
        self.is_patch = true;
        // A site may keep the steering server of an MPD. A patch brings no other one.
        self.keeps_steering = false;
        for operation in patch.children() {
            let at = operation.tag().start;
            let failed = |why, uri: &str| Uncovered { at, why, uri: uri.to_owned() };
            let own = [Base::unknown().map_err(|error| failed(error.why(), ""))?];
            let unknown = Bases::new(own.to_vec());
            let level = Level::new(operation, &own, &unknown, &unknown);
            let selected = Selected::of(operation).filter(|_| operation.name() != "remove");
            let Some(selected) = selected else { continue };
            if selected.attribute.is_some() || selected.is_text {
                self.sign_patched_value(operation, &selected, &level)?;
                continue;
            }
            let text = operation.content().unwrap_or_default();
            if holds_uri(selected.element) && !text.trim_ascii().is_empty() {
                return Err(failed("a part of a URI", &text));
            }
            for element in operation.children() {
                let mut representations = element.descendants().chain([element]);
                let is_odd = |id: &str| !is_plain_id(id);
                if representations.any(|one| {
                    one.name() == "Representation" && one.value("id").is_some_and(|id| is_odd(&id))
                }) {
                    return Err(failed(
                        "an id of a Representation with which a template may lead elsewhere",
                        "",
                    ));
                }
                match element.name() {
                    "BaseURL" => {
                        self.sign_content(element, &mut |signer, uri| {
                            Ok(signer.base_url(uri, unknown.all(), false)?.0)
                        })?;
                    }
                    name if is_level(name) => {
                        self.level(element, &unknown, &own)?;
                    }
                    _ => self.element(element, &level)?,
                }
            }
        }
        Ok(())
    }

    /// Signs the value that a patch gives an attribute, or the text of an element.
    fn sign_patched_value(
        &mut self,
        operation: Element<'_, '_>,
        selected: &Selected<'_>,
        level: &Level<'_, '_, '_>,
    ) -> Result<(), Uncovered> {
        let Selected { element, attribute, .. } = *selected;
        let rewrite = |signer: &Self, text: &str| -> Result<UriRewrite, UriError> {
            let as_is = |is_well| if is_well { Ok(UriRewrite::Keep) } else { Err(UriError::Ambiguous) };
            let stays = || as_is(signer.resolver.rewrite(text, level.bases.all())? == UriRewrite::Keep);
            match (attribute, element) {
                (None, "BaseURL") => Ok(signer.base_url(text, level.bases.all(), false)?.0),
                (None, "PatchLocation") => signer.rewrite_next_patch(text, level),
                (None, "Location") => signer.rewrite_own_mpd(text, level),
                (None, "ContentSteering") => as_is(false),
                (None, _) => signer.rewrite_own(text, level),
                (Some("id"), _) => as_is(is_plain_id(text)),
                (Some("value" | "messageData" | "uri" | "url" | "dvb:url"), _) => stays(),
                (Some("schemeIdUri"), _) => as_is(false),
                (Some("bandwidth"), _) => as_is(are_digits(text)),
                (Some(name), _) if is_of_readers(name) => as_is(false),
                (Some(name), _) if name.ends_with(":href") => as_is(false),
                (Some(_), _) => signer.rewrite_template(text, level),
            }
        };
        let is_uri = match (attribute, element) {
            (None, name) => holds_uri(name),
            (Some("id"), name) => name == "Representation",
            (Some("value"), name) => {
                matches!(name, "UTCTiming" | "EssentialProperty" | "SupplementalProperty")
            }
            (Some("media" | "initialization" | "index" | "bitstreamSwitching" | "sourceURL"), _)
            | (Some("schemeIdUri" | "messageData" | "uri" | "url" | "dvb:url" | "bandwidth"), _) => true,
            (Some(name), _) => name.ends_with(":href") || is_of_readers(name),
        };
        if is_uri { self.sign_content(operation, &mut { rewrite }) } else { Ok(()) }
    }

    /// Rewrites the URL of the MPD that a patch is for. Its base URL is unknown, except for the host.
    fn rewrite_own(&self, uri: &str, level: &Level<'_, '_, '_>) -> Result<UriRewrite, UriError> {
        let is_path = uri.starts_with('/') && !uri.starts_with("//");
        let whole = is_path.then(|| self.frame.folder.join(uri).ok()).flatten();
        match self.resolver.rewrite(whole.as_ref().map_or(uri, |url| url.as_str()), level.own)? {
            UriRewrite::Keep => Err(UriError::Ambiguous),
            rewrite => Ok(rewrite),
        }
    }

    /// Rewrites the URL of the MPD, marked to be read as an MPD.
    pub(super) fn rewrite_own_mpd(
        &self,
        uri: &str,
        level: &Level<'_, '_, '_>,
    ) -> Result<UriRewrite, UriError> {
        let whole = self.frame.folder.join(uri).map_err(|_| UriError::Unreadable)?;
        let is_own = self.resolver.is_own(whole.as_str(), level.own)?;
        let marked = marked(uri, Reading::Mpd).filter(|_| is_own);
        self.rewrite_own(marked.as_deref().unwrap_or(uri), level)
    }

    /// Rewrites the URL of the next patch, always with the session: some players resolve it against the URL at which
    /// they entered. Its base URL is unknown; it is accepted if it names this patch's own path.
    pub(super) fn rewrite_next_patch(
        &self,
        uri: &str,
        level: &Level<'_, '_, '_>,
    ) -> Result<UriRewrite, UriError> {
        if !is_patch_name(uri) {
            return Err(UriError::Foreign);
        }
        if uri.starts_with('/') || !is_relative(uri) {
            return self.rewrite_own(uri, level);
        }
        let Frame { root, resource, signing, .. } = *self.frame;
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let mut path = path;
        while let Some(behind) = path.strip_prefix("../").or_else(|| path.strip_prefix("./")) {
            path = behind;
        }
        let path = ResourcePath::parse(path).map_err(|_| UriError::Spelling)?;
        let before = resource.as_str().strip_suffix(path.as_str());
        if !before.is_some_and(|folder| folder.is_empty() || folder.ends_with('/')) || query.contains('#') {
            return Err(UriError::Ambiguous);
        }
        let query = without_session(query);
        let mark = |query: &str, mark| if query.is_empty() { "" } else { mark };
        Ok(if signing == Signing::Query {
            let before = format!("/{root}{resource}?{query}{}{SESSION_PARAMETER}=", mark(&query, "&"));
            UriRewrite::Sign(before, String::new())
        } else {
            UriRewrite::Sign("/~".to_owned(), format!("/{root}{resource}{}{query}", mark(&query, "?")))
        })
    }
}
