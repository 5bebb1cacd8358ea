//! Makes every URI of an MPD carry the session.
//!
//! | where | is |
//! | --- | --- |
//! | `BaseURL` | a base URL of what lies below it |
//! | `SegmentTemplate` `@media` `@initialization` `@index` `@bitstreamSwitching` | a template of URIs |
//! | `SegmentURL` `@media` `@index` | a URI |
//! | `Initialization`, `RepresentationIndex`, `BitstreamSwitching` `@sourceURL` | a URI |
//! | `InitializationSet` `@initialization` | a URI |
//! | `Location`, `PatchLocation` | where the MPD, or what has changed of it, is to be had |
//! | `ContentSteering` | the steering manifest (ETSI TS 103 998) |
//! | `ImportedMPD`, and `@uri` and `@url` of what an `Event` presents in place of the MPD | another MPD |
//! | `@value` of the descriptors `chaining` and `fallback` | another MPD |
//! | `@xlink:href` | an element that is to be had elsewhere |
//! | `@dvb:url` | a font (ETSI TS 103 285) |
//! | `UTCTiming` `@value`, `Event` of the scheme `callback` | what is asked for without bringing media |
//!
//! ISO/IEC 23009-1 (5th edition) sections 5.3.9, 5.6 and 5.10. The last kind is left as it is where it leads elsewhere. All
//! others have to be covered: a URI that no session covers stops the MPD. `ContentProtection` passes through: a licence
//! server is no media origin, and has tokens of its own.
//!
//! Segments are resolved against the base URLs of the Representation that they are of, so that what an AdaptationSet or a
//! Period says for all of theirs is held against the base URLs of each.

use std::collections::BTreeSet;
use std::ops::Range;

use super::change::Edited;
use super::compile::CompileError;
use super::document::{Attribute, Document, Element, line_of};
use super::patch::{self, Selected};
use super::place::{self, Base, Place, PlaceError};
use super::url_template::{self, Kind};
use crate::manifest::{Frame, Signing, Template, is_local, is_relative};
use crate::route::{ResourcePath, SESSION_PARAMETER, without_session};

/// How many combinations of base URLs are looked at.
const BASES_MAX: usize = 64;

/// The most that is written of an MPD, in bytes, for a token of this length: a quarter of an isolate's memory.
const MOST_WRITTEN: usize = 32 * 1024 * 1024;
const TOKEN_BYTES: usize = 100;

/// Writes what the edits have left of an MPD into a template.
///
/// `source` is the MPD as it came, whose lines an error names.
pub(super) fn write(
    document: &Document<'_>,
    source: &str,
    edited: &Edited<'_>,
    frame: Option<&Frame<'_>>,
) -> Result<Template, CompileError> {
    let text = document.text();
    let mut written = Vec::new();
    if let Some(frame) = frame {
        let mut signer = Signer { frame, written: Vec::new(), is_patch: false };
        let root = document.root();
        let signed = if root.name() == "Patch" { signer.patch(root) } else { signer.mpd(root) };
        signed.map_err(|Uncovered { at, why, uri }| {
            let line = line_of(source, edited.origin(at));
            CompileError::Uncovered { line, why, uri: quote(&uri) }
        })?;
        written = signer.written;
        written.sort_by_key(|(range, _)| (range.start, range.end));
    }
    let mut template = Template::with_capacity(text.len() + written.len() * TOKEN_BYTES);
    let mut copied = 0;
    for (range, pieces) in &written {
        template.push(text.get(copied..range.start).unwrap_or_default().as_bytes());
        for piece in pieces {
            match piece {
                Piece::Text(text) => template.push(text.as_bytes()),
                Piece::Token => template.push_hole(),
            }
        }
        copied = range.end;
        let found = template.size_rendered(TOKEN_BYTES);
        if found > MOST_WRITTEN {
            return Err(CompileError::TooLong { limit: MOST_WRITTEN, found });
        }
    }
    template.push(text.get(copied..).unwrap_or_default().as_bytes());
    Ok(template.finished())
}

/// A part of what is written in place of something.
enum Piece {
    Text(String),
    Token,
}

/// A URI that no session covers.
struct Uncovered {
    /// Where it stands.
    at: usize,
    why: &'static str,
    uri: String,
}

/// Where a URI stands, which decides on how it is written.
enum Stand {
    /// In an attribute with this quote around it.
    Attribute(char),
    /// Between tags.
    Content,
    /// In an element that has one tag only, which becomes two.
    Empty(String),
}

struct Signer<'f> {
    frame: &'f Frame<'f>,
    written: Vec<(Range<usize>, Vec<Piece>)>,
    /// It is a patch, to an MPD of which nothing is at hand.
    is_patch: bool,
}

impl Signer<'_> {
    fn mpd(&mut self, mpd: Element<'_, '_>) -> Result<(), Uncovered> {
        let frame = self.frame;
        let failed = |error: PlaceError| Uncovered {
            at: mpd.tag().start,
            why: error.why(),
            uri: frame.resource.to_string(),
        };
        let own = vec![Base::of_manifest(frame).map_err(failed)?];
        // At the entry, relative URIs would not inherit the session: they are given a base URL that has it.
        let is_given_base = frame.signing == Signing::Path && mpd.child("BaseURL").is_none();
        let bases = if is_given_base { vec![self.give_base(mpd).map_err(failed)?] } else { own.clone() };
        self.give_location(mpd);
        self.level(mpd, &bases, &own)?;
        Ok(())
    }

    /// Signs what a patch puts into an MPD.
    fn patch(&mut self, patch: Element<'_, '_>) -> Result<(), Uncovered> {
        self.is_patch = true;
        for operation in patch.children() {
            let at = operation.tag().start;
            let failed = |why, uri: &str| Uncovered { at, why, uri: uri.to_owned() };
            let unknown = [Base::unknown().map_err(|error| failed(error.why(), ""))?];
            let below = Bases { all: unknown.to_vec(), are_more: false };
            let level = Level { element: operation, own: &unknown, bases: &unknown, below: &below };
            let selected = Selected::of(operation).filter(|_| operation.name() != "remove");
            let Some(selected) = selected else { continue };
            if selected.attribute.is_some() || selected.is_text {
                self.value(operation, &selected, &level)?;
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
                        self.content(element, |signer, uri| signer.base_url(uri, &unknown))?;
                    }
                    name if is_level(name) => {
                        self.level(element, &unknown, &unknown)?;
                    }
                    _ => self.element(element, &level)?,
                }
            }
        }
        Ok(())
    }

    /// Signs what a patch makes of an attribute, or of the text in an element.
    fn value(
        &mut self,
        operation: Element<'_, '_>,
        selected: &Selected<'_>,
        level: &Level<'_, '_, '_>,
    ) -> Result<(), Uncovered> {
        let Selected { element, attribute, .. } = *selected;
        let nothing = |place| Ok((place, ()));
        let as_is = |signer: &Self, uri: &str| match place::place(signer.frame, uri, level.bases)? {
            Place::AsIs => Ok((Place::AsIs, ())),
            _ => Err(PlaceError::Ambiguous),
        };
        let Some(attribute) = attribute else {
            match element {
                "BaseURL" => {
                    self.content(operation, |signer, uri| nothing(signer.base_url(uri, level.bases)?.0))
                }
                "PatchLocation" => {
                    self.content(operation, |signer, uri| nothing(signer.next_patch(uri, level)?))
                }
                name if holds_uri(name) => {
                    self.content(operation, |signer, uri| nothing(signer.own(uri, level)?))
                }
                _ => return Ok(()),
            }?;
            return Ok(());
        };
        match attribute {
            "media" | "initialization" | "index" | "bitstreamSwitching" | "sourceURL" => {
                self.content(operation, |signer, uri| nothing(signer.template_place(uri, level)?))
            }
            "id" if matches!(element, "Representation" | "*") => self.content(operation, |_, id| {
                if is_plain_id(id) { Ok((Place::AsIs, ())) } else { Err(PlaceError::Ambiguous) }
            }),
            "schemeIdUri" => self.content(operation, |_, _| Err::<(Place, ()), _>(PlaceError::Ambiguous)),
            "value"
                if !matches!(element, "UTCTiming" | "EssentialProperty" | "SupplementalProperty" | "*") =>
            {
                return Ok(());
            }
            "value" | "messageData" | "uri" | "url" | "dvb:url" => self.content(operation, as_is),
            name if name.ends_with(":href") => {
                self.content(operation, |_, _| Err::<(Place, ()), _>(PlaceError::Foreign))
            }
            _ => return Ok(()),
        }?;
        Ok(())
    }

    /// Where the MPD that a patch is for is asked for. What it is relative to is not known, but for its host.
    fn own(&self, uri: &str, level: &Level<'_, '_, '_>) -> Result<Place, PlaceError> {
        let is_path = uri.starts_with('/') && !uri.starts_with("//");
        let whole = is_path.then(|| self.frame.folder.join(uri).ok()).flatten();
        match place::place(self.frame, whole.as_ref().map_or(uri, |url| url.as_str()), level.own)? {
            Place::AsIs => Err(PlaceError::Ambiguous),
            place => Ok(place),
        }
    }

    /// Where the next patch is, as a patch says. It has to be said with the session: some players resolve it against the
    /// URL at which they have entered. What it is relative to is not known, but it is this patch's own path if that ends so.
    fn next_patch(&self, uri: &str, level: &Level<'_, '_, '_>) -> Result<Place, PlaceError> {
        if !patch::is_named(uri) {
            return Err(PlaceError::Foreign);
        }
        if uri.starts_with('/') || !is_relative(uri) {
            return self.own(uri, level);
        }
        let Frame { root, resource, signing, .. } = *self.frame;
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let mut path = path;
        while let Some(behind) = path.strip_prefix("../").or_else(|| path.strip_prefix("./")) {
            path = behind;
        }
        let path = ResourcePath::parse(path).map_err(|_| PlaceError::Spelling)?;
        let before = resource.as_str().strip_suffix(path.as_str());
        if !before.is_some_and(|folder| folder.is_empty() || folder.ends_with('/')) || query.contains('#') {
            return Err(PlaceError::Ambiguous);
        }
        let query = without_session(query);
        let mark = |query: &str, mark| if query.is_empty() { "" } else { mark };
        Ok(if signing == Signing::Query {
            let before = format!("/{root}{resource}?{query}{}{SESSION_PARAMETER}=", mark(&query, "&"));
            Place::Signed(before, String::new())
        } else {
            Place::Signed("/~".to_owned(), format!("/{root}{resource}{}{query}", mark(&query, "?")))
        })
    }

    /// Gives an MPD a base URL with the session in it.
    fn give_base(&mut self, mpd: Element<'_, '_>) -> Result<Base, PlaceError> {
        let (base, place) = Base::of_folder(self.frame)?;
        if let Place::Signed(before, after) = place {
            self.insert(mpd, &["ProgramInformation"], "BaseURL", (before, escaped(&after, None)));
        }
        Ok(base)
    }

    /// Tells players of a live stream to ask for the next MPD below the session, in place of opening another one with the
    /// viewer's token each time.
    fn give_location(&mut self, mpd: Element<'_, '_>) {
        let Frame { authority, root, resource, query, signing, .. } = *self.frame;
        let is_dynamic = mpd.value("type").is_some_and(|kind| kind == "dynamic");
        if signing == Signing::Inherited || !is_dynamic || mpd.child("Location").is_some() {
            return;
        }
        let others: Vec<_> =
            query.split('&').filter(|pair| !pair.is_empty() && !self.holds_token(pair)).collect();
        let others = others.join("&");
        let (before, after) = if signing == Signing::Query {
            let mark = if others.is_empty() { "" } else { "&" };
            (format!("{authority}/{root}{resource}?{others}{mark}{SESSION_PARAMETER}="), String::new())
        } else {
            let mark = if others.is_empty() { "" } else { "?" };
            (format!("{authority}/~"), format!("/{root}{resource}{mark}{others}"))
        };
        let texts = (escaped(&before, None), escaped(&after, None));
        self.insert(mpd, &["ProgramInformation", "BaseURL"], "Location", texts);
    }

    /// Whether who has the query of the MPD's URL has a token, and URLs may lead to other hosts.
    fn gives_token_away(&self) -> bool {
        let holds_one = self.frame.query.split('&').any(|pair| self.holds_token(pair));
        holds_one && !self.frame.foreign.is_default()
    }

    fn holds_token(&self, pair: &str) -> bool {
        let name = url::form_urlencoded::parse(pair.as_bytes()).next().map(|(name, _)| name.into_owned());
        name.is_some_and(|name| self.frame.holds_token(&name))
    }

    /// Puts a child behind those of some names, or in front of all.
    fn insert(
        &mut self,
        mpd: Element<'_, '_>,
        behind: &[&str],
        name: &str,
        (before, after): (String, String),
    ) {
        let Some(inner) = mpd.inner() else { return };
        let last = mpd.children().filter(|child| behind.contains(&child.name())).last();
        let at = last.map_or(inner.start, |last| last.range().end);
        let text = mpd.document().text();
        // As the first child is set.
        let space = text.get(inner.start..inner.end).unwrap_or_default();
        let space = space.get(..space.len() - space.trim_start().len()).unwrap_or_default();
        let prefix = mpd.qualified_name().strip_suffix("MPD").unwrap_or_default();
        let pieces = vec![
            Piece::Text(format!("{space}<{prefix}{name}>{before}")),
            Piece::Token,
            Piece::Text(format!("{after}</{prefix}{name}>")),
        ];
        self.written.push((at..at, pieces));
    }

    /// Signs what lies at one level of base URLs: an MPD, a Period, an AdaptationSet or a Representation. Returns the base
    /// URLs of its Representations; of a level without one, its own.
    fn level(&mut self, element: Element<'_, '_>, above: &[Base], own: &[Base]) -> Result<Bases, Uncovered> {
        let mut bases: Vec<Base> = Vec::new();
        let mut has_own = false;
        for base_url in element.children_named("BaseURL") {
            has_own = true;
            let extended = self.content(base_url, |signer, uri| signer.base_url(uri, above))?;
            bases.extend(extended.unwrap_or_default());
            if bases.len() > BASES_MAX {
                let why = "more than 64 combinations of base URLs";
                return Err(Uncovered { at: base_url.tag().start, why, uri: String::new() });
            }
        }
        let bases = if has_own { bases } else { above.to_vec() };
        let mut below = Bases::default();
        for child in element.children().filter(|child| is_level(child.name())) {
            let found = self.level(child, &bases, own)?;
            if holds_media(child.name()) {
                below.add(found);
            }
        }
        if below.all.is_empty() {
            below = Bases { all: bases.clone(), are_more: false };
        }
        let level = Level { element, own, bases: &bases, below: &below };
        self.attributes(element, &level)?;
        for child in element.children().filter(|child| !is_level(child.name())) {
            self.element(child, &level)?;
        }
        Ok(below)
    }

    /// Signs what an element between two levels says, and what lies in it.
    fn element(&mut self, element: Element<'_, '_>, level: &Level<'_, '_, '_>) -> Result<(), Uncovered> {
        let is_optional = |result: Result<Place, PlaceError>| Ok(result.unwrap_or(Place::AsIs));
        match element.name() {
            "BaseURL" if element.parent().map(Element::id) == Some(level.element.id()) => return Ok(()),
            "ContentProtection" | "ProgramInformation" | "Metrics" => return Ok(()),
            // Of another kind of file, what players make of the MPD would not have been read.
            "PatchLocation" if !element.content().is_some_and(|uri| patch::is_named(uri.trim_ascii())) => {
                if self.is_patch {
                    let why = "a PatchLocation that is not one of `.mpp`";
                    return Err(Uncovered { at: element.tag().start, why, uri: String::new() });
                }
                self.written.push((element.range(), Vec::new()));
                return Ok(());
            }
            "PatchLocation" if self.is_patch => {
                self.content(element, |signer, uri| Ok((signer.next_patch(uri, level)?, ())))?;
            }
            "Location" if self.is_patch => {
                self.content(element, |signer, uri| Ok((signer.own(uri, level)?, ())))?;
            }
            "Location" | "PatchLocation" | "ContentSteering" | "ImportedMPD" | "BaseURL" => {
                // Of the first two, players are agreed: they resolve them against the MPD's own URL.
                let is_own = matches!(element.name(), "Location" | "PatchLocation");
                let bases = if is_own { level.own } else { &level.meta() };
                self.content(element, |signer, uri| Ok((place::place(signer.frame, uri, bases)?, ())))?;
            }
            "UTCTiming" => {
                let scheme = element.value("schemeIdUri").unwrap_or_default();
                let is_web = scheme.strip_prefix("urn:mpeg:dash:utc:http-").is_some();
                if let Some(value) = element.attribute("value").filter(|_| is_web) {
                    for uri in words(&value) {
                        self.attribute(element, &uri, |signer, text| {
                            is_optional(place::place(signer.frame, text, &level.meta()))
                        })?;
                    }
                }
            }
            "EventStream" => return self.event_stream(element, level),
            _ => {}
        }
        self.attributes(element, level)?;
        for child in element.children() {
            self.element(child, level)?;
        }
        Ok(())
    }

    /// Signs what the events of a stream have players ask for. What else stands in them is no part of the MPD.
    fn event_stream(&mut self, stream: Element<'_, '_>, level: &Level<'_, '_, '_>) -> Result<(), Uncovered> {
        self.attributes(stream, level)?;
        let is_callback =
            stream.value("schemeIdUri").is_some_and(|scheme| scheme == "urn:mpeg:dash:event:callback:2015");
        let bases = level.meta();
        for event in stream.children_named("Event") {
            if is_callback && event.attribute("contentEncoding").is_none() {
                let optional = |signer: &Self, uri: &str| {
                    Ok(place::place(signer.frame, uri, &bases).unwrap_or(Place::AsIs))
                };
                if let Some(data) = event.attribute("messageData") {
                    self.attribute(event, &data, optional)?;
                }
                if event.content().is_some_and(|content| !content.trim_ascii().is_empty()) {
                    self.content(event, |signer, uri| optional(signer, uri).map(|place| (place, ())))?;
                }
            }
            for presented in event.children().filter(|child| is_presented(child.name())) {
                for attribute in presented.attributes().filter(|a| matches!(a.name, "uri" | "url")) {
                    self.attribute(presented, &attribute, |signer, uri| {
                        place::place(signer.frame, uri, &bases)
                    })?;
                }
            }
        }
        Ok(())
    }

    /// Signs the attributes of an element.
    fn attributes(&mut self, element: Element<'_, '_>, level: &Level<'_, '_, '_>) -> Result<(), Uncovered> {
        let name = element.name();
        for attribute in element.attributes() {
            let is_remote = attribute.local_name() == "href" && attribute.name != "href";
            if is_remote || attribute.name == "dvb:url" {
                self.attribute(element, &attribute, |signer, uri| {
                    if signer.is_patch {
                        Err(PlaceError::Foreign)
                    } else if is_local(uri.as_bytes()) {
                        Ok(Place::AsIs)
                    } else {
                        place::place(signer.frame, uri, &level.meta())
                    }
                })?;
                continue;
            }
            match (name, attribute.name) {
                ("SegmentTemplate", "media" | "initialization" | "index" | "bitstreamSwitching") => {
                    self.template(element, &attribute, level)?;
                }
                ("SegmentURL", "media" | "index")
                | ("Initialization" | "RepresentationIndex" | "BitstreamSwitching", "sourceURL")
                | ("InitializationSet", "initialization") => {
                    self.attribute(element, &attribute, |signer, uri| signer.media(uri, level))?;
                }
                ("UrlQueryInfo" | "ExtUrlQueryInfo" | "ExtHttpHeaderInfo", "useMPDUrlQuery") => {
                    if matches!(attribute.raw.trim(), "true" | "1") && self.gives_token_away() {
                        let why = "the MPD's query, which has a token, for URLs that may lead to other hosts";
                        return Err(Uncovered { at: attribute.at, why, uri: attribute.name.to_owned() });
                    }
                }
                ("EssentialProperty" | "SupplementalProperty", "value") => {
                    let scheme = element.value("schemeIdUri").unwrap_or_default();
                    if ["urn:mpeg:dash:chaining:2016", "urn:mpeg:dash:fallback:2016"].contains(&&*scheme) {
                        self.attribute(element, &attribute, |signer, uri| {
                            place::place(signer.frame, uri, &level.meta())
                        })?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Signs a URI of media.
    fn media(&self, uri: &str, level: &Level<'_, '_, '_>) -> Result<Place, PlaceError> {
        if is_local(uri.as_bytes()) {
            return Ok(Place::AsIs);
        }
        let place = place::place(self.frame, uri, &level.below.all)?;
        if level.below.are_more && place != Place::AsIs { Err(PlaceError::Ambiguous) } else { Ok(place) }
    }

    /// How a template is to be written: the identifiers are held for digits, which lead nowhere and are spelled alike
    /// everywhere.
    fn template_place(&self, value: &str, level: &Level<'_, '_, '_>) -> Result<Place, PlaceError> {
        let identifiers = url_template::identifiers(value);
        let has_id = identifiers.iter().any(|identifier| identifier.kind == Kind::RepresentationId);
        if has_id && self.is_patch && level.representations().next().is_none() {
            return Err(PlaceError::Ambiguous);
        }
        let mark = url_template::Mark::absent_from(value);
        let marks: Vec<_> = (0..identifiers.len()).map(|number| mark.numbered(number)).collect();
        let filled = url_template::replaced(value, |number, _| marks.get(number).map_or("", String::as_str));
        let restored = |text: String| {
            mark.replaced(&text, |number| {
                let identifier = identifiers.get(number)?;
                value.get(identifier.at.clone())
            })
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
    fn template(
        &mut self,
        element: Element<'_, '_>,
        attribute: &Attribute<'_>,
        level: &Level<'_, '_, '_>,
    ) -> Result<(), Uncovered> {
        let value = attribute.value();
        let place = self.attribute(element, attribute, |signer, _| signer.template_place(&value, level))?;
        let identifiers = url_template::identifiers(&value);
        if !identifiers.iter().any(|identifier| identifier.kind == Kind::RepresentationId) {
            return Ok(());
        }
        let ids: BTreeSet<_> =
            level.representations().filter_map(|one| one.value("id")).filter(|id| !is_plain_id(id)).collect();
        for id in ids {
            let fill = |text: &str| {
                url_template::replaced(text, |_, identifier| match identifier.kind {
                    Kind::RepresentationId => &id,
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
            let is_same = |found| place::is_same(found, &expected, &level.below.all);
            if !found.as_ref().is_ok_and(is_same) {
                let why = found.err().map_or(
                    "an id of a Representation with which a template leads elsewhere",
                    PlaceError::why,
                );
                return Err(Uncovered { at: attribute.at, why, uri: fill(&value) });
            }
        }
        Ok(())
    }

    /// Signs a base URL.
    fn base_url(&self, uri: &str, above: &[Base]) -> Result<(Place, Vec<Base>), PlaceError> {
        let (place, bases) = place::extend(self.frame, uri, above)?;
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

    /// Signs the URI that an attribute is.
    fn attribute(
        &mut self,
        element: Element<'_, '_>,
        attribute: &Attribute<'_>,
        place: impl FnOnce(&Self, &str) -> Result<Place, PlaceError>,
    ) -> Result<Place, Uncovered> {
        let value = attribute.value();
        let place = place(self, &value).map_err(|error| Uncovered {
            at: attribute.at,
            why: error.why(),
            uri: value.to_string(),
        })?;
        let quote = element.document().text().get(..attribute.at).and_then(|text| text.chars().next_back());
        self.put(attribute.range(), &Stand::Attribute(quote.unwrap_or('"')), &place);
        Ok(place)
    }

    /// Signs the URI that stands between the tags of an element.
    fn content<T>(
        &mut self,
        element: Element<'_, '_>,
        place: impl FnOnce(&Self, &str) -> Result<(Place, T), PlaceError>,
    ) -> Result<Option<T>, Uncovered> {
        let at = element.tag().start;
        let Some(content) = element.content() else {
            return Err(Uncovered { at, why: "an element where a URI should be", uri: String::new() });
        };
        let uri = content.trim_ascii();
        let (place, also) =
            place(self, uri).map_err(|error| Uncovered { at, why: error.why(), uri: uri.to_owned() })?;
        let (range, stand) = match element.inner() {
            Some(inner) => (inner, Stand::Content),
            None => (
                element.tag(),
                Stand::Empty(element.document().text().get(element.tag()).unwrap_or_default().to_owned()),
            ),
        };
        self.put(range, &stand, &place);
        Ok(Some(also))
    }

    fn put(&mut self, range: Range<usize>, stand: &Stand, place: &Place) {
        let quote = match stand {
            Stand::Attribute(quote) => Some(*quote),
            Stand::Content | Stand::Empty(_) => None,
        };
        let mut pieces = match place {
            Place::AsIs => return,
            Place::Unsigned(text) => vec![Piece::Text(escaped(text, quote))],
            Place::Signed(before, after) => {
                vec![Piece::Text(escaped(before, quote)), Piece::Token, Piece::Text(escaped(after, quote))]
            }
        };
        if let Stand::Empty(tag) = stand {
            let open = tag.strip_suffix("/>").unwrap_or(tag);
            let name = open
                .trim_start_matches('<')
                .split(|c: char| c.is_ascii_whitespace())
                .next()
                .unwrap_or_default();
            pieces.insert(0, Piece::Text(format!("{open}>")));
            pieces.push(Piece::Text(format!("</{name}>")));
        }
        self.written.push((range, pieces));
    }
}

/// The base URLs of several Representations.
#[derive(Clone, Debug, Default)]
struct Bases {
    all: Vec<Base>,
    /// There are more than are looked at. They are such that what is plainly covered from those is from these too: each
    /// base URL is.
    are_more: bool,
}

impl Bases {
    fn add(&mut self, others: Self) {
        self.are_more |= others.are_more;
        for base in others.all {
            if self.all.contains(&base) {
                continue;
            }
            if self.all.len() == BASES_MAX {
                self.are_more = true;
                return;
            }
            self.all.push(base);
        }
    }
}

/// An MPD, a Period, an AdaptationSet or a Representation, with its base URLs.
struct Level<'l, 'd, 'a> {
    element: Element<'d, 'a>,
    /// The MPD's own URL.
    own: &'l [Base],
    /// The level's own.
    bases: &'l [Base],
    /// Those of its Representations.
    below: &'l Bases,
}

impl<'d, 'a> Level<'_, 'd, 'a> {
    /// What players resolve URIs against that are of no segment: some take the base URLs, others the MPD's URL.
    fn meta(&self) -> Vec<Base> {
        let mut bases = self.own.to_vec();
        bases.extend(self.bases.iter().filter(|base| !self.own.contains(base)).cloned());
        bases
    }

    fn representations(&self) -> impl Iterator<Item = Element<'d, 'a>> {
        let element = self.element;
        let itself = (element.name() == "Representation").then_some(element);
        itself.into_iter().chain(element.descendants().filter(|one| one.name() == "Representation"))
    }
}

/// Whether what stands between the tags of an element is a URI.
fn holds_uri(name: &str) -> bool {
    matches!(
        name,
        "BaseURL" | "Location" | "PatchLocation" | "ContentSteering" | "ImportedMPD" | "Event" | "*"
    )
}

/// Whether an element has base URLs of its own for what lies in it.
fn is_level(name: &str) -> bool {
    matches!(name, "Period" | "AdaptationSet" | "EmptyAdaptationSet" | "Representation" | "SubRepresentation")
}

/// Whether what an element's parent says of segments is said of those of the element.
fn holds_media(name: &str) -> bool {
    matches!(name, "Period" | "AdaptationSet" | "Representation")
}

/// Whether an event of this name presents another MPD (ISO/IEC 23009-1, alternative MPD events).
fn is_presented(name: &str) -> bool {
    matches!(
        name,
        "InsertPresentation"
            | "ReplacePresentation"
            | "OverwritePresentation"
            | "AlternativeMPD"
            | "StatusPresentation"
    )
}

/// Whether an id leads nowhere, wherever in a URI it is put.
fn is_plain_id(id: &str) -> bool {
    id.bytes().any(|byte| byte.is_ascii_alphanumeric())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'='))
}

/// Whether a URI, which may have a parameter, is one of a folder.
fn is_folder(uri: &str) -> bool {
    uri.split('?').next().is_some_and(|path| path.ends_with('/'))
}

/// The words of an attribute, each as one.
fn words<'a>(attribute: &Attribute<'a>) -> Vec<Attribute<'a>> {
    let raw = attribute.raw;
    raw.split_ascii_whitespace()
        .map(|word| {
            let at = attribute.at + (word.as_ptr() as usize - raw.as_ptr() as usize);
            Attribute { name: attribute.name, raw: word, at }
        })
        .collect()
}

/// A text as it is written between quotes, or between tags.
fn escaped(text: &str, quote: Option<char>) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '"' if quote == Some('"') => escaped += "&quot;",
            '\'' if quote == Some('\'') => escaped += "&apos;",
            _ => escaped.push(c),
        }
    }
    escaped
}

/// A URI as a message quotes it: without its query, which may hold a signature, and shortened.
fn quote(uri: &str) -> String {
    uri.split('?').next().unwrap_or_default().chars().take(120).collect()
}

#[cfg(test)]
mod tests;
