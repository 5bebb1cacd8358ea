//! Signs the elements between two levels.

use super::level::Level;
use super::names::{holds_uri, is_level};
use super::reading::is_patch_name;
use super::signer::{Signer, Uncovered};
use crate::dash::digits::are_digits;
use crate::dash::document::{Attribute, Element};
use crate::dash::resolver::{Base, UriError, UriRewrite};
use crate::manifest::{Frame, Signing, holds_session, is_local, is_relative};
use crate::resource::{Reading, STEERING_RESOURCE, TIME_RESOURCE};

impl Signer<'_> {
    /// Signs an element between two levels, and its descendants.
    pub(super) fn element(
        &mut self,
        element: Element<'_, '_>,
        level: &Level<'_, '_, '_>,
    ) -> Result<(), Uncovered> {
        self.expect_prefix(element)?;
        match element.name() {
            "BaseURL" if element.parent().map(Element::id) == Some(level.element.id()) => return Ok(()),
            "ContentProtection" | "ProgramInformation" => return Ok(()),
            // Players would report URLs, with the session in them.
            "Metrics" if reports(element) => {
                return self.leave_out(element, "a place that URLs are reported to");
            }
            "Metrics" => return Ok(()),
            // The edge reads patches by their name alone; any other file would not be read.
            "PatchLocation" if !element.content().is_some_and(|uri| is_patch_name(uri.trim_ascii())) => {
                return self.leave_out(element, "a PatchLocation that is not one of `.mpp`");
            }
            "PatchLocation" if self.is_patch => {
                self.sign_content(element, &mut |signer, uri| signer.rewrite_next_patch(uri, level))?;
            }
            "Location" if self.is_patch => {
                self.sign_content(element, &mut |signer, uri| signer.rewrite_own_mpd(uri, level))?;
            }
            "ContentSteering" if self.is_unread(element, level)? => {
                return self.leave_out(element, "a steering server whose manifest is not read");
            }
            "Location" | "PatchLocation" | "ContentSteering" | "ImportedMPD" | "BaseURL" => {
                // Players agree that the first two are relative to the MPD's own URL.
                let is_own = matches!(element.name(), "Location" | "PatchLocation");
                let bases = if is_own { level.own } else { level.meta() };
                let reading = match element.name() {
                    "Location" | "ImportedMPD" => Some(Reading::Mpd),
                    "ContentSteering" => Some(Reading::Steering),
                    _ => None,
                };
                self.sign_content(element, &mut |signer, uri| match (uri, reading) {
                    // dash.js resolves it against the page's URL.
                    (STEERING_RESOURCE, _) => signer.edge_resource(uri, bases, true),
                    (uri, Some(reading)) => signer.rewrite_to_read(uri, bases, reading),
                    (uri, None) => signer.resolver.rewrite(uri, bases),
                })?;
            }
            "UTCTiming" => {
                let scheme = element.value("schemeIdUri").unwrap_or_default();
                let kind = scheme.strip_prefix("urn:mpeg:dash:utc:http-");
                // A cached reply of a clock would be late, so the edge tells the time itself.
                let is_told = kind.is_some_and(|kind| kind.starts_with("iso") || kind.starts_with("xsdate"));
                if let Some(value) = element.attribute("value").filter(|_| kind.is_some()) {
                    let bases = level.meta();
                    // A viewer with an individual MPD gets the absolute URL: GStreamer resolves no relative one.
                    let is_whole = self.frame.signing != Signing::Inherited;
                    for uri in words(&value) {
                        let text = uri.value();
                        let rewrite = || {
                            let is_own = is_told
                                && (self.resolver.is_own(&text, bases)?
                                    || (self.is_patch && is_relative(&text)));
                            if is_own {
                                self.edge_resource(TIME_RESOURCE, bases, is_whole)
                            } else {
                                self.resolver.rewrite_without_media(&text, bases)
                            }
                        };
                        let rewrite = or_keep(rewrite());
                        self.sign_attribute(&uri, rewrite)?;
                    }
                }
            }
            "EventStream" => return self.event_stream(element, level),
            _ => {}
        }
        if element.name() == "SegmentTemplate" {
            level.templates.set(level.templates.get() + 1);
            if level.templates.get() > TEMPLATES_MAX {
                let why = "more than one template for the same segments";
                return Err(Uncovered { at: element.tag().start, why, uri: String::new() });
            }
        }
        self.attributes(element, level)?;
        for child in element.children() {
            self.element(child, level)?;
        }
        Ok(())
    }

    /// Leaves an element out of an MPD. A patch that has it is refused: `why` names the element.
    fn leave_out(&mut self, element: Element<'_, '_>, why: &'static str) -> Result<(), Uncovered> {
        if self.is_patch {
            return Err(Uncovered { at: element.tag().start, why, uri: String::new() });
        }
        self.written.put(element.range(), &[], None);
        Ok(())
    }

    /// The signer recognises elements without their prefix, players with it: an element with another prefix than the
    /// MPD's exists for some players only.
    pub(super) fn expect_prefix(&self, element: Element<'_, '_>) -> Result<(), Uncovered> {
        let name = element.name();
        let is_known = is_level(name) || holds_uri(name) || name.starts_with("Segment");
        if self.is_patch || !is_known || element.is_prefixed_as_root() {
            return Ok(());
        }
        let why = "an element with another prefix than the MPD's";
        Err(Uncovered { at: element.tag().start, why, uri: element.qualified_name().to_owned() })
    }

    /// Signs the attributes of an element.
    pub(super) fn attributes(
        &mut self,
        element: Element<'_, '_>,
        level: &Level<'_, '_, '_>,
    ) -> Result<(), Uncovered> {
        let name = element.name();
        for attribute in element.attributes() {
            let is_remote = attribute.is_remote();
            if is_remote || attribute.name == "dvb:url" {
                let (uri, bases) = (attribute.value(), level.meta());
                let resolved = || {
                    if is_remote && self.resolver.is_own(&uri, bases)? {
                        return Err(UriError::Remote);
                    }
                    self.resolver.rewrite(&uri, bases)
                };
                let rewrite = match &*uri {
                    _ if self.is_patch => Err(UriError::Foreign),
                    uri if !is_remote && is_local(uri.as_bytes()) => Ok(UriRewrite::Keep),
                    _ => resolved(),
                };
                self.sign_attribute(&attribute, rewrite)?;
                continue;
            }
            match (name, attribute.name) {
                ("SegmentTemplate", "media" | "initialization" | "index" | "bitstreamSwitching") => {
                    self.template(&attribute, level)?;
                }
                ("SegmentURL", "media" | "index")
                | ("Initialization" | "RepresentationIndex" | "BitstreamSwitching", "sourceURL")
                | ("InitializationSet", "initialization") => {
                    let rewrite = self.media(&attribute.value(), level);
                    self.sign_attribute(&attribute, rewrite)?;
                }
                ("UrlQueryInfo" | "ExtUrlQueryInfo" | "ExtHttpHeaderInfo", "useMPDUrlQuery")
                    if !matches!(attribute.value().trim(), "false" | "0") && self.gives_token_away() =>
                {
                    let why = "the MPD's query, which has a token, for URLs that may lead to other hosts";
                    return Err(Uncovered { at: attribute.at, why, uri: attribute.name.to_owned() });
                }
                ("UrlQueryInfo" | "ExtUrlQueryInfo", "queryTemplate" | "queryString")
                    if holds_session(&attribute.value()) =>
                {
                    let why = "a session of its own for the URLs of segments";
                    return Err(Uncovered { at: attribute.at, why, uri: attribute.name.to_owned() });
                }
                // Some players copy it into templates unchanged.
                ("Representation", "bandwidth") if !are_digits(&attribute.value()) => {
                    let why = "a bandwidth that is no number";
                    return Err(Uncovered { at: attribute.at, why, uri: attribute.value().into_owned() });
                }
                ("EssentialProperty" | "SupplementalProperty", "value") => {
                    let scheme = element.value("schemeIdUri").unwrap_or_default();
                    if ["urn:mpeg:dash:chaining:2016", "urn:mpeg:dash:fallback:2016"].contains(&&*scheme) {
                        let rewrite = self.rewrite_to_read(&attribute.value(), level.meta(), Reading::Mpd);
                        self.sign_attribute(&attribute, rewrite)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether the edge would not read the steering manifest that an MPD names: such a manifest could send players, and
    /// the token in their URLs, to any host.
    fn is_unread(&self, steering: Element<'_, '_>, level: &Level<'_, '_, '_>) -> Result<bool, Uncovered> {
        let uri = steering.content().unwrap_or_default();
        let uri = uri.trim_ascii();
        if self.keeps_steering || uri == STEERING_RESOURCE {
            return Ok(false);
        }
        let is_own = self.resolver.is_own(uri, level.meta());
        let is_own = is_own.map_err(|error| Uncovered {
            at: steering.tag().start,
            why: error.why(),
            uri: uri.to_owned(),
        })?;
        Ok(!is_own)
    }

    /// A resource of the edge's own, in the folder of the MPD.
    pub(super) fn edge_resource(
        &self,
        name: &str,
        bases: &[Base],
        is_whole: bool,
    ) -> Result<UriRewrite, UriError> {
        let Frame { folder, resource, .. } = *self.frame;
        let url = folder.join(&[resource.folder(), name].concat()).map_err(|_| UriError::Unreadable)?;
        if is_whole {
            self.resolver.rewrite_whole(url.as_str(), bases)
        } else {
            self.resolver.rewrite(url.as_str(), bases)
        }
    }

    /// Whether the MPD's query contains a token and URLs may lead to other hosts.
    fn gives_token_away(&self) -> bool {
        let Frame { query, credentials, foreign, .. } = *self.frame;
        !foreign.is_default() && query.read().split('&').any(|pair| credentials.holds_pair(pair))
    }
}

/// Whether players report the URLs that they request to the server in an element (ETSI TS 103 285 section 10.12).
fn reports(metrics: Element<'_, '_>) -> bool {
    let has_url =
        |element: Element<'_, '_>| element.attributes().any(|one| one.local_name() == "reportingUrl");
    metrics.descendants().chain([metrics]).any(has_url)
}

/// The words of an attribute, each as an attribute.
fn words<'a>(attribute: &Attribute<'a>) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
    let whole = *attribute;
    whole.raw.split_ascii_whitespace().map(move |word| {
        let at = whole.at + (word.as_ptr() as usize - whole.raw.as_ptr() as usize);
        Attribute { raw: word, at, ..whole }
    })
}

/// The most `SegmentTemplate` elements of one element: one, and room for later versions.
const TEMPLATES_MAX: usize = 4;

/// Keeps a URI that need not be covered.
pub(super) fn or_keep(rewrite: Result<UriRewrite, UriError>) -> Result<UriRewrite, UriError> {
    match rewrite {
        Err(error) if error != UriError::Exhausted => Ok(UriRewrite::Keep),
        rewrite => rewrite,
    }
}
