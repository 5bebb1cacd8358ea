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
//! | `UTCTiming` `@value`, `Event` of the scheme `callback` | what is asked for without bringing media; of the title, the edge tells the time |
//!
//! ISO/IEC 23009-1 (5th edition) sections 5.3.9, 5.6 and 5.10. The last kind is left as it is where it leads elsewhere. All
//! others have to be covered: a URI that no session covers stops the MPD. `ContentProtection` passes through: a licence
//! server is no media origin, and has tokens of its own.
//!
//! Segments are resolved against the base URLs of the Representation that they are of, so that what an AdaptationSet or a
//! Period says for all of theirs is held against the base URLs of each. Levels that have the same base URLs share them, and
//! what is resolved has a budget for the whole MPD ([`crate::manifest::Budget`]).

use std::cell::{Cell, OnceCell};
use std::collections::BTreeSet;
use std::ops::Range;
use std::rc::Rc;

use super::change::Edited;
use super::compile::CompileError;
use super::digits::are_digits;
use super::document::{Attribute, Document, Element, is_of_readers, line_of, small};
use super::patch::{self, Selected};
use super::place::{self, Base, Place, PlaceError, Resolver};
use super::url_template::{self, Kind};
use crate::manifest::{
    Frame, Hole, MOST_RESOLVED, MOST_WRITTEN, Signing, TOKEN_BYTES, Template, holds_session, is_local,
    is_relative, plain,
};
use crate::route::{
    Reading, ResourcePath, SESSION_PARAMETER, STEERING_RESOURCE, TIME_RESOURCE, without_session,
};

/// How many combinations of base URLs are looked at.
const BASES_MAX: usize = 32;

/// Writes what the edits have left of an MPD into a template.
///
/// `source` is the MPD as it came, whose lines an error names.
pub(super) fn write(
    document: &Document<'_>,
    source: &str,
    edited: &Edited<'_>,
    frame: Option<&Frame<'_>>,
    keeps_steering: bool,
) -> Result<Template, CompileError> {
    let Some(frame) = frame else { return Written::default().template(document.text()) };
    let mut signer = Signer { keeps_steering, ..Signer::new(frame) };
    signer.sign(document, source, edited)?;
    signer.written.template(document.text())
}

/// What is written in place of pieces of a text.
///
/// It is one string for all of them: an MPD may have hundreds of thousands of URIs, each of which would be strings of its own.
#[derive(Default)]
struct Written {
    text: String,
    places: Vec<Replaced>,
    /// Where something else of the viewer's own comes than the token, of the string.
    others: Vec<(u32, Hole)>,
    /// How long all of it is with the tokens, in bytes.
    bytes: usize,
}

/// A piece of a text, and what is written in its place. Documents have less than 4 GiB.
struct Replaced {
    at: Range<u32>,
    /// What is written, of the string for all.
    with: Range<u32>,
    /// Where the token comes, of that string.
    hole: Option<u32>,
}

impl Written {
    /// Puts texts in place of a piece, with the token behind the first if there is a second.
    fn put(&mut self, at: Range<usize>, before: &[&str], after: Option<&[&str]>) {
        let start = small(self.text.len());
        before.iter().for_each(|text| self.text += text);
        let hole = after.map(|after| {
            let hole = small(self.text.len());
            after.iter().for_each(|text| self.text += text);
            hole
        });
        let with = start..small(self.text.len());
        self.bytes += with.len() + hole.map_or(0, |_| TOKEN_BYTES);
        self.places.push(Replaced { at: small(at.start)..small(at.end), with, hole });
    }

    fn template(mut self, text: &str) -> Result<Template, CompileError> {
        // What begins at one place stays in its order.
        self.places.sort_by_key(|replaced| (replaced.at.start, replaced.at.end));
        let gone: usize = self.places.iter().map(|replaced| replaced.at.len()).sum();
        let found = (text.len() + self.bytes).saturating_sub(gone);
        if found > MOST_WRITTEN {
            return Err(CompileError::TooLong { limit: MOST_WRITTEN, found });
        }
        let mut template = Template::with_capacity((text.len() + self.text.len()).saturating_sub(gone));
        let mut copied = 0;
        let push = |template: &mut Template, text: &str, from: u32, to: u32| {
            template.push(text.get(from as usize..to as usize).unwrap_or_default().as_bytes());
        };
        for Replaced { at, with, hole } in &self.places {
            push(&mut template, text, copied, at.start);
            push(&mut template, &self.text, with.start, hole.unwrap_or(with.end));
            if let Some(hole) = *hole {
                let mut from = hole;
                template.push_hole();
                for (other, kind) in self.others.iter().filter(|(other, _)| (hole..with.end).contains(other))
                {
                    push(&mut template, &self.text, from, *other);
                    template.push_other(*kind);
                    from = *other;
                }
                push(&mut template, &self.text, from, with.end);
            }
            copied = at.end;
        }
        template.push(text.get(copied as usize..).unwrap_or_default().as_bytes());
        Ok(template.finished())
    }
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
    resolver: Resolver<'f>,
    written: Written,
    /// It is a patch, to an MPD of which nothing is at hand.
    is_patch: bool,
    /// It announces content steering.
    is_steered: bool,
    /// The site trusts the steering servers that its MPDs name.
    keeps_steering: bool,
}

impl<'f> Signer<'f> {
    fn new(frame: &'f Frame<'f>) -> Self {
        let resolver = Resolver::new(frame);
        Self {
            frame,
            resolver,
            written: Written::default(),
            is_patch: false,
            is_steered: false,
            keeps_steering: false,
        }
    }

    /// Signs an MPD or a patch.
    fn sign(
        &mut self,
        document: &Document<'_>,
        source: &str,
        edited: &Edited<'_>,
    ) -> Result<(), CompileError> {
        let root = document.root();
        let signed = if root.name() == "Patch" { self.patch(root) } else { self.mpd(root) };
        signed.map_err(|Uncovered { at, why, uri }| {
            let line = line_of(source, edited.origin(at));
            if why == PlaceError::Exhausted.why() {
                return CompileError::TooMuch { line, limit: MOST_RESOLVED, found: self.resolver.spent() };
            }
            if why == PlaceError::Remote.why() {
                return CompileError::Unsupported { line, what: why };
            }
            CompileError::Uncovered { line, why, uri: quote(&uri) }
        })
    }

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
        let bases = Bases::new(bases);
        self.give_location(mpd);
        self.is_steered = mpd.child("ContentSteering").is_some();
        self.level(mpd, &bases, &own)?;
        Ok(())
    }

    /// Signs what a patch puts into an MPD.
    fn patch(&mut self, patch: Element<'_, '_>) -> Result<(), Uncovered> {
        self.is_patch = true;
        for operation in patch.children() {
            let at = operation.tag().start;
            let failed = |why, uri: &str| Uncovered { at, why, uri: uri.to_owned() };
            let own = [Base::unknown().map_err(|error| failed(error.why(), ""))?];
            let unknown = Bases::new(own.to_vec());
            let level = Level::new(operation, &own, &unknown, &unknown);
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
                        self.content(element, &mut |signer, uri| {
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

    /// Signs what a patch makes of an attribute, or of the text in an element.
    fn value(
        &mut self,
        operation: Element<'_, '_>,
        selected: &Selected<'_>,
        level: &Level<'_, '_, '_>,
    ) -> Result<(), Uncovered> {
        let Selected { element, attribute, .. } = *selected;
        let place = |signer: &Self, text: &str| -> Result<Place, PlaceError> {
            let as_is = |is_well| if is_well { Ok(Place::AsIs) } else { Err(PlaceError::Ambiguous) };
            let stays = || as_is(signer.resolver.place(text, level.bases.all())? == Place::AsIs);
            match (attribute, element) {
                (None, "BaseURL") => Ok(signer.base_url(text, level.bases.all(), false)?.0),
                (None, "PatchLocation") => signer.next_patch(text, level),
                (None, "Location") => signer.own_mpd(text, level),
                (None, "ContentSteering") => as_is(false),
                (None, _) => signer.own(text, level),
                (Some("id"), _) => as_is(is_plain_id(text)),
                (Some("value" | "messageData" | "uri" | "url" | "dvb:url"), _) => stays(),
                (Some("schemeIdUri"), _) => as_is(false),
                (Some("bandwidth"), _) => as_is(are_digits(text)),
                (Some(name), _) if is_of_readers(name) => as_is(false),
                (Some(name), _) if name.ends_with(":href") => as_is(false),
                (Some(_), _) => signer.template_place(text, level),
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
        if is_uri { self.content(operation, &mut { place }) } else { Ok(()) }
    }

    /// Where the MPD that a patch is for is asked for. What it is relative to is not known, but for its host.
    fn own(&self, uri: &str, level: &Level<'_, '_, '_>) -> Result<Place, PlaceError> {
        let is_path = uri.starts_with('/') && !uri.starts_with("//");
        let whole = is_path.then(|| self.frame.folder.join(uri).ok()).flatten();
        match self.resolver.place(whole.as_ref().map_or(uri, |url| url.as_str()), level.own)? {
            Place::AsIs => Err(PlaceError::Ambiguous),
            place => Ok(place),
        }
    }

    /// Where an MPD is asked for that is read as one, as a patch says.
    fn own_mpd(&self, uri: &str, level: &Level<'_, '_, '_>) -> Result<Place, PlaceError> {
        let whole = self.frame.folder.join(uri).map_err(|_| PlaceError::Unreadable)?;
        let is_own = self.resolver.is_own(whole.as_str(), level.own)?;
        let marked = marked(uri, Reading::Mpd).filter(|_| is_own);
        self.own(marked.as_deref().unwrap_or(uri), level)
    }

    /// How a URI is to be written whose file players read as something that leads further: where its name does not tell, and
    /// the edge would pass it on unread, it is marked.
    fn place_to_read(&self, uri: &str, bases: &[Base], reading: Reading) -> Result<Place, PlaceError> {
        let is_own = self.resolver.is_own(uri, bases)? || (self.is_patch && is_relative(uri));
        let Some(marked) = marked(uri, reading).filter(|_| is_own) else {
            return self.resolver.place(uri, bases);
        };
        Ok(match self.resolver.place(&marked, bases)? {
            Place::AsIs => Place::Unsigned(marked),
            place => place,
        })
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
            self.insert(mpd, &["ProgramInformation"], "BaseURL", (before, escaped(&after, None)), None);
        }
        Ok(base)
    }

    /// Tells players of a live stream to ask for the next MPD below the session, in place of opening another one with the
    /// viewer's token each time. What else their query has, they keep.
    fn give_location(&mut self, mpd: Element<'_, '_>) {
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

    /// Whether who has the query of the MPD's URL has a token, and URLs may lead to other hosts.
    fn gives_token_away(&self) -> bool {
        let Frame { query, credentials, foreign, .. } = *self.frame;
        !foreign.is_default() && query.read().split('&').any(|pair| credentials.holds_pair(pair))
    }

    /// Puts a child behind those of some names, or in front of all: one text, the token, another text, and a hole.
    fn insert(
        &mut self,
        mpd: Element<'_, '_>,
        behind: &[&str],
        name: &str,
        (before, after): (String, String),
        hole: Option<Hole>,
    ) {
        let Some(inner) = mpd.inner() else { return };
        let last = mpd.children().filter(|child| behind.contains(&child.name())).last();
        let at = last.map_or(inner.start, |last| last.range().end);
        let text = mpd.document().text();
        // As the first child is set.
        let space = text.get(inner.start..inner.end).unwrap_or_default();
        let space = space.get(..space.len() - space.trim_start().len()).unwrap_or_default();
        let prefix = mpd.qualified_name().strip_suffix("MPD").unwrap_or_default();
        let before = [space, "<", prefix, name, ">", &before];
        let end = ["</", prefix, name, ">"].concat();
        self.written.put(at..at, &before, Some(&[&after, &end]));
        let hole = hole.map(|hole| (small(self.written.text.len() - end.len()), hole));
        self.written.others.extend(hole);
    }

    /// Signs what lies at one level of base URLs: an MPD, a Period, an AdaptationSet or a Representation. Returns the base
    /// URLs of its Representations; of a level without one, its own.
    fn level(&mut self, element: Element<'_, '_>, above: &Bases, own: &[Base]) -> Result<Bases, Uncovered> {
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

    /// Elements are known without their prefix. Players know them with it, so that one with another prefix than the MPD's is
    /// an element for some and none for others.
    fn expect_prefix(&self, element: Element<'_, '_>) -> Result<(), Uncovered> {
        let name = element.name();
        let is_known = is_level(name) || holds_uri(name) || name.starts_with("Segment");
        if self.is_patch || !is_known || element.is_prefixed_as_root() {
            return Ok(());
        }
        let why = "an element with another prefix than the MPD's";
        Err(Uncovered { at: element.tag().start, why, uri: element.qualified_name().to_owned() })
    }

    /// Signs what an element between two levels says, and what lies in it.
    fn element(&mut self, element: Element<'_, '_>, level: &Level<'_, '_, '_>) -> Result<(), Uncovered> {
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
            "PatchLocation" if !element.content().is_some_and(|uri| patch::is_named(uri.trim_ascii())) => {
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
                        self.attribute(element, &uri, place)?;
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

    /// Signs what the events of a stream have players ask for. What else stands in them is no part of the MPD.
    fn event_stream(&mut self, stream: Element<'_, '_>, level: &Level<'_, '_, '_>) -> Result<(), Uncovered> {
        self.attributes(stream, level)?;
        let is_callback =
            stream.value("schemeIdUri").is_some_and(|scheme| scheme == "urn:mpeg:dash:event:callback:2015");
        let bases = level.meta();
        for event in stream.children_named("Event") {
            if is_callback && event.attribute("contentEncoding").is_none() {
                let called =
                    |signer: &Self, uri: &str| optional(signer.resolver.place_without_media(uri, bases));
                if let Some(data) = event.attribute("messageData") {
                    let place = called(self, &data.value());
                    self.attribute(event, &data, place)?;
                }
                if event.content().is_some_and(|content| !content.trim_ascii().is_empty()) {
                    self.content(event, &mut { called })?;
                }
            }
            for presented in event.children().filter(|child| is_presented(child.name())) {
                for attribute in presented.attributes().filter(|a| matches!(a.name, "uri" | "url")) {
                    let place = self.place_to_read(&attribute.value(), bases, Reading::Mpd);
                    self.attribute(presented, &attribute, place)?;
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
                self.attribute(element, &attribute, place)?;
                continue;
            }
            match (name, attribute.name) {
                ("SegmentTemplate", "media" | "initialization" | "index" | "bitstreamSwitching") => {
                    self.template(element, &attribute, level)?;
                }
                ("SegmentURL", "media" | "index")
                | ("Initialization" | "RepresentationIndex" | "BitstreamSwitching", "sourceURL")
                | ("InitializationSet", "initialization") => {
                    let place = self.media(&attribute.value(), level);
                    self.attribute(element, &attribute, place)?;
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
                        self.attribute(element, &attribute, place)?;
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
        if level.below.are_more() && plain(uri).is_none() {
            return Err(PlaceError::Ambiguous);
        }
        self.resolver.place(uri, level.below.all())
    }

    /// How a template is to be written: the identifiers are held for digits, which lead nowhere and are spelled alike
    /// everywhere.
    fn template_place(&self, value: &str, level: &Level<'_, '_, '_>) -> Result<Place, PlaceError> {
        if value.len() > place::URI_BYTES_MAX {
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
        let place = self.template_place(&value, level);
        let place = self.attribute(element, attribute, place)?;
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

    /// Signs a base URL.
    fn base_url(&self, uri: &str, above: &[Base], is_whole: bool) -> Result<(Place, Vec<Base>), PlaceError> {
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

    /// Writes the URI that an attribute is.
    fn attribute(
        &mut self,
        element: Element<'_, '_>,
        attribute: &Attribute<'_>,
        place: Result<Place, PlaceError>,
    ) -> Result<Place, Uncovered> {
        let place = place.map_err(|error| Uncovered {
            at: attribute.at,
            why: error.why(),
            uri: attribute.value().into_owned(),
        })?;
        let quote = element.document().text().get(..attribute.at).and_then(|text| text.chars().next_back());
        self.put(attribute.range(), &Stand::Attribute(quote.unwrap_or('"')), &place)?;
        Ok(place)
    }

    /// Signs the URI that stands between the tags of an element.
    fn content(
        &mut self,
        element: Element<'_, '_>,
        place: &mut dyn FnMut(&Self, &str) -> Result<Place, PlaceError>,
    ) -> Result<(), Uncovered> {
        let at = element.tag().start;
        let Some(content) = element.content() else {
            return Err(Uncovered {
                at,
                why: "something besides one text where a URI should be",
                uri: String::new(),
            });
        };
        let uri = content.trim_ascii();
        let place =
            place(self, uri).map_err(|error| Uncovered { at, why: error.why(), uri: uri.to_owned() })?;
        let (range, stand) = match element.inner() {
            Some(inner) => (inner, Stand::Content),
            None => (
                element.tag(),
                Stand::Empty(element.document().text().get(element.tag()).unwrap_or_default().to_owned()),
            ),
        };
        self.put(range, &stand, &place)
    }

    fn put(&mut self, range: Range<usize>, stand: &Stand, place: &Place) -> Result<(), Uncovered> {
        let quote = match stand {
            Stand::Attribute(quote) => Some(*quote),
            Stand::Content | Stand::Empty(_) => None,
        };
        let (before, after) = match place {
            Place::AsIs => return Ok(()),
            Place::Unsigned(text) => (escaped(text, quote), None),
            Place::Signed(before, after) => (escaped(before, quote), Some(escaped(after, quote))),
        };
        let (open, close) = match stand {
            Stand::Empty(tag) => {
                let open = tag.strip_suffix("/>").unwrap_or(tag);
                let name = open
                    .trim_start_matches('<')
                    .split(|c: char| c.is_ascii_whitespace())
                    .next()
                    .unwrap_or_default();
                (format!("{open}>"), format!("</{name}>"))
            }
            Stand::Attribute(_) | Stand::Content => (String::new(), String::new()),
        };
        let at = range.start;
        match &after {
            Some(after) => self.written.put(range, &[&open, &before], Some(&[after, &close])),
            None => self.written.put(range, &[&open, &before, &close], None),
        }
        if self.written.bytes > MOST_WRITTEN {
            let why = "more than 32 MiB of URIs, written with the session";
            return Err(Uncovered { at, why, uri: String::new() });
        }
        Ok(())
    }
}

/// What to look at one of an element's descendants takes, in bytes of URLs that are resolved.
const ELEMENT_LOOKED_AT: usize = 16;

/// How a URI is written that may lead elsewhere: as it stands, where it does.
fn optional(place: Result<Place, PlaceError>) -> Result<Place, PlaceError> {
    match place {
        Err(error) if error != PlaceError::Exhausted => Ok(Place::AsIs),
        place => place,
    }
}

/// Base URLs of a level, shared with all levels that have no others.
#[derive(Clone, Debug)]
struct Bases(Rc<Known>);

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
    fn new(all: Vec<Base>) -> Self {
        Self(Rc::new(Known { all, are_more: false, meta: OnceCell::new() }))
    }

    fn all(&self) -> &[Base] {
        &self.0.all
    }

    fn are_more(&self) -> bool {
        self.0.are_more
    }

    /// Whether they are shared with a level.
    fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// These and those of others. A copy is made only of ones that levels share.
    fn with(self, others: &Self) -> Self {
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
struct Level<'l, 'd, 'a> {
    element: Element<'d, 'a>,
    /// The MPD's own URL.
    own: &'l [Base],
    /// The level's own.
    bases: &'l Bases,
    /// Those of its Representations.
    below: &'l Bases,
    /// The ids of its Representations that are not plain, once they have been asked for.
    odd_ids: OnceCell<BTreeSet<String>>,
    /// How many templates have been found.
    templates: Cell<usize>,
}

/// How many elements `SegmentTemplate` an element may have: one, and what is there for later versions.
const TEMPLATES_MAX: usize = 4;

impl<'l, 'd, 'a> Level<'l, 'd, 'a> {
    fn new(element: Element<'d, 'a>, own: &'l [Base], bases: &'l Bases, below: &'l Bases) -> Self {
        Self { element, own, bases, below, odd_ids: OnceCell::new(), templates: Cell::new(0) }
    }

    /// What players resolve URIs against that are of no segment: some take the base URLs, others the MPD's URL.
    fn meta(&self) -> &'l [Base] {
        let own = self.own;
        self.bases.0.meta.get_or_init(|| {
            let mut bases = own.to_vec();
            bases.extend(self.bases.all().iter().filter(|base| !own.contains(base)).cloned());
            bases
        })
    }

    fn representations(&self) -> impl Iterator<Item = Element<'d, 'a>> {
        let element = self.element;
        let itself = (element.name() == "Representation").then_some(element);
        itself.into_iter().chain(element.descendants().filter(|one| one.name() == "Representation"))
    }
}

/// A URI with the mark of what its file is read as, where its name does not tell.
fn marked(uri: &str, reading: Reading) -> Option<String> {
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    reading.marked(uri, path.rsplit('/').next().unwrap_or_default())
}

/// Whether what stands between the tags of an element is a URI.
fn holds_uri(name: &str) -> bool {
    matches!(name, "BaseURL" | "Location" | "PatchLocation" | "ContentSteering" | "ImportedMPD" | "Event")
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

/// Whether an element names a place where players report the URLs that they asked for (ETSI TS 103 285 section 10.12).
fn reports(metrics: Element<'_, '_>) -> bool {
    let has_url =
        |element: Element<'_, '_>| element.attributes().any(|one| one.local_name() == "reportingUrl");
    metrics.descendants().chain([metrics]).any(has_url)
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
fn words<'a>(attribute: &Attribute<'a>) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
    let Attribute { name, raw, at } = *attribute;
    raw.split_ascii_whitespace().map(move |word| {
        let at = at + (word.as_ptr() as usize - raw.as_ptr() as usize);
        Attribute { name, raw: word, at }
    })
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
