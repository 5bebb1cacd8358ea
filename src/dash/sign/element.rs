//! Signs what the elements between two levels say.

use super::level::Level;
use super::names::{holds_uri, is_level};
use super::reading::is_patch_name;
use super::signer::{Signer, Uncovered};
use crate::dash::digits::are_digits;
use crate::dash::document::{Attribute, Element};
use crate::dash::place::{Base, Place, PlaceError};
use crate::manifest::{Frame, Signing, holds_session, is_local, is_relative};
use crate::resource::{Reading, STEERING_RESOURCE, TIME_RESOURCE};

impl Signer<'_> {
    /// Signs what an element between two levels says, and what lies in it.
    pub(super) fn element(
        &mut self,
        element: Element<'_, '_>,
        level: &Level<'_, '_, '_>,
    ) -> Result<(), Uncovered> {
        self.expect_prefix(element)?;
        match element.name() {
            "BaseURL" if element.parent().map(Element::id) == Some(level.element.id()) => return Ok(()),
            "ContentProtection" | "ProgramInformation" => return Ok(()),
            // Players would report URLs there, with the session in them.
            "Metrics" if reports(element) => {
                if self.is_patch {
                    let why = "a place that URLs are reported to";
                    return Err(Uncovered { at: element.tag().start, why, uri: String::new() });
                }
                self.written.put(element.range(), &[], None);
                return Ok(());
            }
            "Metrics" => return Ok(()),
            // Of another kind of file, what players make of the MPD would not have been read.
            "PatchLocation" if !element.content().is_some_and(|uri| is_patch_name(uri.trim_ascii())) => {
                if self.is_patch {
                    let why = "a PatchLocation that is not one of `.mpp`";
                    return Err(Uncovered { at: element.tag().start, why, uri: String::new() });
                }
                self.written.put(element.range(), &[], None);
                return Ok(());
            }
            "PatchLocation" if self.is_patch => {
                self.content(element, &mut |signer, uri| signer.next_patch(uri, level))?;
            }
            "Location" if self.is_patch => {
                self.content(element, &mut |signer, uri| signer.own_mpd(uri, level))?;
            }
            "ContentSteering" if self.is_unread(element, level)? => {
                if self.is_patch {
                    let why = "a steering server whose manifest is not read";
                    return Err(Uncovered { at: element.tag().start, why, uri: String::new() });
                }
                self.written.put(element.range(), &[], None);
                return Ok(());
            }
            "Location" | "PatchLocation" | "ContentSteering" | "ImportedMPD" | "BaseURL" => {
                // Of the first two, players are agreed: they resolve them against the MPD's own URL.
                let is_own = matches!(element.name(), "Location" | "PatchLocation");
                let bases = if is_own { level.own } else { level.meta() };
                let reading = match element.name() {
                    "Location" | "ImportedMPD" => Some(Reading::Mpd),
                    "ContentSteering" => Some(Reading::Steering),
                    _ => None,
                };
                self.content(element, &mut |signer, uri| match (uri, reading) {
                    // dash.js resolves it against the page.
                    (STEERING_RESOURCE, _) => signer.beside(uri, bases, true),
                    (uri, Some(reading)) => signer.place_to_read(uri, bases, reading),
                    (uri, None) => signer.resolver.place(uri, bases),
                })?;
            }
            "UTCTiming" => {
                let scheme = element.value("schemeIdUri").unwrap_or_default();
                let kind = scheme.strip_prefix("urn:mpeg:dash:utc:http-");
                // What is kept of a clock is late, so that the edge tells the time itself.
                let is_told = kind.is_some_and(|kind| kind.starts_with("iso") || kind.starts_with("xsdate"));
                if let Some(value) = element.attribute("value").filter(|_| kind.is_some()) {
                    let bases = level.meta();
                    // Who gets an MPD of their own gets the URL as a whole: GStreamer resolves none.
                    let is_whole = self.frame.signing != Signing::Inherited;
                    for uri in words(&value) {
                        let text = uri.value();
                        let place = || {
                            let is_own = is_told
                                && (self.resolver.is_own(&text, bases)?
                                    || (self.is_patch && is_relative(&text)));
                            if is_own {
                                self.beside(TIME_RESOURCE, bases, is_whole)
                            } else {
                                self.resolver.place_without_media(&text, bases)
                            }
                        };
                        let place = optional(place());
                        self.attribute(&uri, place)?;
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

    /// Elements are known without their prefix. Players know them with it, so that one with another prefix than the MPD's is
    /// an element for some and none for others.
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
            let is_remote = attribute.local_name() == "href" && attribute.name != "href";
            if is_remote || attribute.name == "dvb:url" {
                let (uri, bases) = (attribute.value(), level.meta());
                let resolved = || {
                    if is_remote && self.resolver.is_own(&uri, bases)? {
                        return Err(PlaceError::Remote);
                    }
                    self.resolver.place(&uri, bases)
                };
                let place = match &*uri {
                    _ if self.is_patch => Err(PlaceError::Foreign),
                    uri if !is_remote && is_local(uri.as_bytes()) => Ok(Place::AsIs),
                    _ => resolved(),
                };
                self.attribute(&attribute, place)?;
                continue;
            }
            match (name, attribute.name) {
                ("SegmentTemplate", "media" | "initialization" | "index" | "bitstreamSwitching") => {
                    self.template(&attribute, level)?;
                }
                ("SegmentURL", "media" | "index")
                | ("Initialization" | "RepresentationIndex" | "BitstreamSwitching", "sourceURL")
                | ("InitializationSet", "initialization") => {
                    let place = self.media(&attribute.value(), level);
                    self.attribute(&attribute, place)?;
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
                // Some players put it into templates as it stands.
                ("Representation", "bandwidth") if !are_digits(&attribute.value()) => {
                    let why = "a bandwidth that is no number";
                    return Err(Uncovered { at: attribute.at, why, uri: attribute.value().into_owned() });
                }
                ("EssentialProperty" | "SupplementalProperty", "value") => {
                    let scheme = element.value("schemeIdUri").unwrap_or_default();
                    if ["urn:mpeg:dash:chaining:2016", "urn:mpeg:dash:fallback:2016"].contains(&&*scheme) {
                        let place = self.place_to_read(&attribute.value(), level.meta(), Reading::Mpd);
                        self.attribute(&attribute, place)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether the steering manifest that an MPD names is one that nobody reads: it could send players, and the token in
    /// their URLs, to any host.
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

    /// Something of the edge's own that lies beside the MPD.
    fn beside(&self, name: &str, bases: &[Base], is_whole: bool) -> Result<Place, PlaceError> {
        let Frame { folder, resource, .. } = *self.frame;
        let url = folder.join(&[resource.folder(), name].concat()).map_err(|_| PlaceError::Unreadable)?;
        if is_whole {
            self.resolver.place_whole(url.as_str(), bases)
        } else {
            self.resolver.place(url.as_str(), bases)
        }
    }

    /// Whether who has the query of the MPD's URL has a token, and URLs may lead to other hosts.
    fn gives_token_away(&self) -> bool {
        let Frame { query, credentials, foreign, .. } = *self.frame;
        !foreign.is_default() && query.read().split('&').any(|pair| credentials.holds_pair(pair))
    }
}

/// Whether an element names a place where players report the URLs that they asked for (ETSI TS 103 285 section 10.12).
fn reports(metrics: Element<'_, '_>) -> bool {
    let has_url =
        |element: Element<'_, '_>| element.attributes().any(|one| one.local_name() == "reportingUrl");
    metrics.descendants().chain([metrics]).any(has_url)
}

/// The words of an attribute, each as one.
fn words<'a>(attribute: &Attribute<'a>) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
    let whole = *attribute;
    whole.raw.split_ascii_whitespace().map(move |word| {
        let at = whole.at + (word.as_ptr() as usize - whole.raw.as_ptr() as usize);
        Attribute { raw: word, at, ..whole }
    })
}

/// How many elements `SegmentTemplate` an element may have: one, and what is there for later versions.
const TEMPLATES_MAX: usize = 4;

/// How a URI is written that may lead elsewhere: as it stands, where it does.
pub(super) fn optional(place: Result<Place, PlaceError>) -> Result<Place, PlaceError> {
    match place {
        Err(error) if error != PlaceError::Exhausted => Ok(Place::AsIs),
        place => place,
    }
}
