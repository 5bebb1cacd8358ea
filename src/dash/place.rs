//! Where a URI of an MPD leads, and how it is to be written.
//!
//! A player resolves a URI against one of its base URLs, of which there may be several ([`Base`]). Each is known twice: as it
//! is at the media origin, where the MPD was written, and as it is at the edge, where the player is. A URI is well as it
//! stands if at the edge it leads to where what is at the media origin is served with the session. Else it is written anew,
//! if one text does for all base URLs: a relative one where all of those have the session in their path already. So the MPD
//! is the same bytes for a class, and players of live streams follow when they are redirected to another token, which not
//! all do with what a Period says of it (Shaka Player keeps base URLs).

use url::Url;

use crate::catalog::SESSION_PARAMETER;
use crate::manifest::{Budget, Exhausted, Frame, Signing, is_relative, names_session, plain, with_parameter};
use crate::resource::ResourcePath;
use crate::route::{session_prefix, without_session};

/// A URL against which a player resolves others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Base {
    /// At the media origin.
    media: Url,
    /// Where the player has it. The edge is [`EDGE`], and a session in a path is [`SESSION`].
    edge: Url,
    /// Whether what lies below the one lies below the other.
    is_mapped: bool,
    /// Whether what lies below is fetched with the session.
    takes_session: bool,
}

/// How a URI is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// As it stands.
    AsIs,
    /// As this text.
    Unsigned(String),
    /// As these texts, with the token between them.
    Signed(String, String),
}

/// Why a URI cannot be written so that the session covers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PlaceError {
    /// It is not a URI.
    Unreadable,
    /// It leads out of the title's folder, to a host that the site has not chosen.
    Foreign,
    /// Its path has a spelling that the edge does not serve: an empty segment, an encoded slash, a stray `%`.
    Spelling,
    /// It is longer than any URL that the edge could be asked for.
    TooLong,
    /// It would have to be written in another way for each of its base URLs.
    Ambiguous,
    /// It is that of a part of the MPD, which would be read by nobody.
    Remote,
    /// The MPD has so many URIs and base URLs that to resolve them takes too long.
    Exhausted,
}

impl From<Exhausted> for PlaceError {
    fn from(_: Exhausted) -> Self {
        Self::Exhausted
    }
}

impl PlaceError {
    pub(super) const fn why(self) -> &'static str {
        match self {
            Self::Unreadable => "not a URI",
            Self::Foreign => "a URI outside the title",
            Self::Spelling => "a URI in a spelling that the edge does not serve",
            Self::TooLong => "a URI of more than 8 KiB",
            Self::Ambiguous => {
                "a URI that leads from one base URL into the title, and from another elsewhere"
            }
            Self::Remote => "a part of the MPD that is to be had elsewhere in the title",
            Self::Exhausted => "more base URLs and URIs than are resolved for an MPD",
        }
    }
}

/// Half of the longest URL that Cloudflare accepts.
pub(super) const URI_BYTES_MAX: usize = 8 * 1024;

/// The edge, whatever its host is. No URI leads there.
const EDGE: &str = "https://edge.stagedoor.invalid";

/// Some place below which all is covered, of which no more is known. No URI leads there.
const UNKNOWN: &str = "https://unknown.stagedoor.invalid/";

/// The first segment of a path with a session.
const SESSION: &str = "/~session";

impl Base {
    /// The MPD's own URL.
    pub(super) fn of_manifest(frame: &Frame<'_>) -> Result<Self, PlaceError> {
        let media = frame.folder.join(frame.resource.as_str()).map_err(|_| PlaceError::Unreadable)?;
        let session = if frame.signing == Signing::Inherited { SESSION } else { "" };
        let edge = Url::parse(&format!("{EDGE}{session}/{}{}", frame.root, frame.resource));
        let edge = edge.map_err(|_| PlaceError::Unreadable)?;
        Ok(Self { media, edge, is_mapped: frame.signing != Signing::Path, takes_session: true })
    }

    /// The folder of an MPD with the session in front, for players that got the MPD without one.
    pub(super) fn of_folder(frame: &Frame<'_>) -> Result<(Self, Place), PlaceError> {
        let Self { media, .. } = Self::of_manifest(frame)?;
        let path = ["/", frame.root, frame.resource.folder()].concat();
        let edge = Url::parse(&[EDGE, SESSION, &path].concat()).map_err(|_| PlaceError::Unreadable)?;
        let base = Self { media, edge, is_mapped: true, takes_session: true };
        Ok((base, Place::Signed([frame.authority, "/~"].concat(), path)))
    }
}

impl Base {
    /// A base URL of an MPD that is not at hand.
    pub(super) fn unknown() -> Result<Self, PlaceError> {
        let url = Url::parse(UNKNOWN).map_err(|_| PlaceError::Unreadable)?;
        Ok(Self { media: url.clone(), edge: url, is_mapped: true, takes_session: true })
    }

    /// Whether what lies below is fetched with the session.
    pub(super) const fn takes_session(&self) -> bool {
        self.takes_session
    }

    fn is_unknown(&self) -> bool {
        self.edge.as_str() == UNKNOWN
    }
}

/// Resolves the URIs of one MPD, and counts the work that they make.
pub(super) struct Resolver<'f> {
    pub(super) frame: &'f Frame<'f>,
    budget: Budget,
}

impl<'f> Resolver<'f> {
    pub(super) fn new(frame: &'f Frame<'f>) -> Self {
        Self { frame, budget: Budget::default() }
    }

    /// The work so far, in bytes.
    pub(super) const fn spent(&self) -> usize {
        self.budget.spent()
    }

    /// Counts other work than that of URIs.
    pub(super) fn spend(&self, bytes: usize) -> Result<(), PlaceError> {
        Ok(self.budget.spend(bytes)?)
    }

    /// Finds out how to write a URI.
    pub(super) fn place(&self, uri: &str, bases: &[Base]) -> Result<Place, PlaceError> {
        match self.plainly_covered(uri, bases) {
            Some(place) => Ok(place),
            None => self.places(uri, bases, false).map(|(place, _)| place),
        }
    }

    /// Finds out how to write a URI that is to have its scheme and host, if it can be written so.
    pub(super) fn place_whole(&self, uri: &str, bases: &[Base]) -> Result<Place, PlaceError> {
        self.extend(uri, bases, true).map(|(place, _)| place)
    }

    /// Finds out how to write a URI that brings no media, such as that of a clock: with the session where it leads into the
    /// title, and without it wherever else it leads, even to a host whose media is fetched with it.
    pub(super) fn place_without_media(&self, uri: &str, bases: &[Base]) -> Result<Place, PlaceError> {
        if bases.iter().any(Base::is_unknown) && !is_absolute(uri) {
            return self.place(uri, bases);
        }
        let mut own = Vec::new();
        let mut elsewhere = None;
        for base in bases {
            self.budget.resolve(base.media.as_str().len(), uri.len())?;
            let media = base.media.join(uri).map_err(|_| PlaceError::Unreadable)?;
            match target(self.frame, &self.budget, media.clone()) {
                Ok(target) if is_at_edge(&target.edge) => own.push(base.clone()),
                _ => elsewhere = elsewhere.or(Some(media)),
            }
        }
        match elsewhere {
            None => self.place(uri, bases),
            // From the MPD's own URL or from a base URL: to all players it is the edge's.
            Some(_) if !own.is_empty() => self.place_whole(uri, &own),
            Some(_) if is_absolute(uri) => Ok(Place::AsIs),
            // It would inherit the session from a base URL.
            Some(media) => Ok(Place::Unsigned(media.into())),
        }
    }

    /// Whether a URI leads from one of these base URLs into the title.
    pub(super) fn is_own(&self, uri: &str, bases: &[Base]) -> Result<bool, PlaceError> {
        for base in bases {
            self.budget.resolve(base.media.as_str().len(), uri.len())?;
            let target =
                base.media.join(uri).ok().and_then(|media| target(self.frame, &self.budget, media).ok());
            if target.is_some_and(|target| is_at_edge(&target.edge)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Finds out how to write a URI against which others are resolved, and what it is then. `is_whole`: if it can be, it is to
    /// be written with its scheme and host, for players that take no relative one there.
    pub(super) fn extend(
        &self,
        uri: &str,
        bases: &[Base],
        is_whole: bool,
    ) -> Result<(Place, Vec<Base>), PlaceError> {
        if is_whole {
            match self.places(uri, bases, true) {
                Err(error) if error != PlaceError::Exhausted => {}
                found => return found,
            }
        }
        let is_same = uri.is_empty() && bases.iter().all(|base| base.is_mapped);
        // What lies below it is no better known than it is.
        let is_below = || {
            let covered = self.plainly_covered(uri.strip_suffix('/').unwrap_or(uri), bases);
            bases.iter().any(Base::is_unknown) && covered == Some(Place::AsIs)
        };
        if is_same || is_below() {
            for base in bases {
                self.budget.resolve(base.media.as_str().len(), uri.len())?;
            }
            return Ok((Place::AsIs, bases.to_vec()));
        }
        self.places(uri, bases, false)
    }

    /// How a URI is to be written that is covered from each of these base URLs by its spelling, without a look at where it
    /// leads.
    fn plainly_covered(&self, uri: &str, bases: &[Base]) -> Option<Place> {
        let has_query = plain(uri)?;
        if !bases.iter().all(|base| base.is_mapped) {
            return None;
        }
        if self.frame.signing != Signing::Query {
            return Some(Place::AsIs);
        }
        // At the root of another host, it might be a session of that one's.
        if uri.starts_with('~') {
            return None;
        }
        // Hosts that are to have no token, and those of which that is not known, get none.
        let takes_parameter = |base: &Base| base.takes_session && !base.is_unknown();
        bases.iter().all(takes_parameter).then(|| {
            let mark = if has_query { '&' } else { '?' };
            Place::Signed(format!("{uri}{mark}{SESSION_PARAMETER}="), String::new())
        })
    }

    fn places(&self, uri: &str, bases: &[Base], is_whole: bool) -> Result<(Place, Vec<Base>), PlaceError> {
        let frame = self.frame;
        if uri.len() > URI_BYTES_MAX {
            return Err(PlaceError::TooLong);
        }
        let is_query = frame.signing == Signing::Query;
        let mut targets: Vec<Base> = Vec::with_capacity(bases.len());
        let mut is_well = (is_plainly_relative(uri) && !is_whole) || is_absolute(uri);
        for base in bases {
            self.budget.resolve(base.media.as_str().len(), uri.len())?;
            let media = base.media.join(uri).map_err(|_| PlaceError::Unreadable)?;
            let target = target(frame, &self.budget, media)?;
            is_well = is_well && base.edge.join(uri).is_ok_and(|at_edge| at_edge == target.edge);
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
        let (Some(first), signed) =
            (targets.first(), targets.iter().filter(|target| target.takes_session).count())
        else {
            return Err(PlaceError::Ambiguous);
        };
        // A token goes to hosts that are to have it alone, so that one text cannot do for both kinds.
        let takes_parameter = is_query && signed > 0;
        if takes_parameter && signed < targets.len() {
            return Err(PlaceError::Ambiguous);
        }
        if is_well && !takes_parameter {
            return Ok((Place::AsIs, targets));
        }
        if is_well && let Some((before, after)) = marked(uri) {
            return Ok((Place::Signed(before, after), targets));
        }
        if targets.iter().any(|target| target.edge != first.edge) {
            return Err(PlaceError::Ambiguous);
        }
        let relative = if is_whole { None } else { relative(frame, &first.edge, bases) };
        let place = relative.map(Place::Unsigned).unwrap_or_else(|| {
            let is_below_edge = !is_whole && bases.iter().all(|base| is_at_edge(&base.edge));
            written(frame, first, is_below_edge)
        });
        // One text, and one way to fetch it.
        targets.truncate(1);
        Ok((place, targets))
    }

    /// Whether two ways of writing a URI lead to the same place from each base URL.
    pub(super) fn is_same(&self, one: &Place, other: &Place, bases: &[Base]) -> Result<bool, PlaceError> {
        let (Place::Unsigned(one), Place::Unsigned(other)) = (one, other) else { return Ok(one == other) };
        for base in bases {
            self.budget.resolve(base.edge.as_str().len(), one.len())?;
            if base.edge.join(one) != base.edge.join(other) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// A URI with the session's parameter at the end of its query: what stands before and behind the token. `None`: it has that
/// parameter already.
fn marked(uri: &str) -> Option<(String, String)> {
    let (uri, fragment) = uri.split_at(uri.find('#').unwrap_or(uri.len()));
    let query = uri.split_once('?').map(|(_, query)| query);
    let is_free = query.is_none_or(|query| without_session(query) == query);
    let mark = if query.is_some() { '&' } else { '?' };
    is_free.then(|| (format!("{uri}{mark}{SESSION_PARAMETER}="), fragment.to_owned()))
}

/// Where something is to be fetched that lies at a URL, seen from the media origin.
fn target(frame: &Frame<'_>, budget: &Budget, media: Url) -> Result<Base, PlaceError> {
    if media.as_str().len() > URI_BYTES_MAX {
        return Err(PlaceError::TooLong);
    }
    let is_foreign =
        media.origin() != frame.folder.origin() || !media.username().is_empty() || media.password().is_some();
    let Some(path) = media.path().strip_prefix(frame.folder.path()).filter(|_| !is_foreign) else {
        budget.spend(frame.foreign.cost())?;
        return foreign(frame, media);
    };
    // An encoded dot segment or slash might lead out again at the media origin.
    let resource = path.strip_suffix('/').unwrap_or(path);
    if !resource.is_empty() || path.len() > resource.len() {
        ResourcePath::parse(resource).map_err(|_| PlaceError::Spelling)?;
    }
    let session = if frame.signing == Signing::Query { "" } else { SESSION };
    let mut edge =
        Url::parse(&[EDGE, session, "/", frame.root, path].concat()).map_err(|_| PlaceError::Unreadable)?;
    if names_session(&media) {
        // The edge would take it before the session in the path.
        let others = media.query().map(without_session).filter(|others| !others.is_empty());
        edge.set_query(others.as_deref());
    } else {
        edge.set_query(media.query());
    }
    edge.set_fragment(media.fragment());
    Ok(Base { media, edge, is_mapped: true, takes_session: true })
}

/// What becomes of a URI that leads out of the title.
fn foreign(frame: &Frame<'_>, media: Url) -> Result<Base, PlaceError> {
    let host = media.host_str().filter(|_| matches!(media.scheme(), "http" | "https"));
    // In plain text, anybody on the way would have the token.
    let is_protected = media.scheme() == "https" || !frame.is_protected();
    let is_edge = host.is_some_and(|host| [EDGE, UNKNOWN].iter().any(|own| own.contains(host)));
    if let Some(host) = host.filter(|host| !is_edge && frame.foreign.signs(host, is_protected)) {
        if session_prefix(media.path()).is_some() {
            return Err(PlaceError::Spelling);
        }
        let authority = media.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let session = if frame.signing == Signing::Query { "" } else { SESSION };
        let edge = format!("{}://{authority}{session}{}", media.scheme(), media.path());
        let mut edge = Url::parse(&edge).map_err(|_| PlaceError::Unreadable)?;
        let query = media.query().map(without_session).filter(|query| !query.is_empty());
        edge.set_query(query.as_deref());
        edge.set_fragment(media.fragment());
        return Ok(Base { media, edge, is_mapped: true, takes_session: true });
    }
    if is_edge || !frame.foreign.passes(host) {
        return Err(PlaceError::Foreign);
    }
    let edge = media.clone();
    Ok(Base { media, edge, is_mapped: true, takes_session: false })
}

/// A relative URI that leads from each base URL to a URL with the session in its path, which it inherits.
fn relative(frame: &Frame<'_>, edge: &Url, bases: &[Base]) -> Option<String> {
    let has_session = |url: &Url| session_prefix(url.path()).is_some();
    if frame.signing == Signing::Query || !bases.iter().all(|base| has_session(&base.edge)) {
        return None;
    }
    let found = bases.first()?.edge.make_relative(edge)?;
    let leads = |text: &&str| {
        is_plainly_relative(text) && bases.iter().all(|base| base.edge.join(text).as_ref() == Ok(edge))
    };
    // Of a folder, the crate gives nothing that leads to it from a file in it.
    [found.as_str(), "./"].into_iter().find(leads).map(str::to_owned)
}

/// The text of a URI that leads somewhere from any base URL. `is_below_edge`: all of those are at the edge, so that its
/// scheme and host need not be said. At the entry they are all the same, where the session comes into the path: FFmpeg
/// puts base URLs together only where the outer one has both, and GStreamer asks no clock by a path.
fn written(frame: &Frame<'_>, target: &Base, is_below_edge: bool) -> Place {
    let edge = &target.edge;
    let (host, text) = match edge.as_str().strip_prefix(EDGE) {
        Some(path) if is_below_edge && frame.signing != Signing::Path => ("", path),
        Some(path) => (frame.authority, path),
        None => ("", edge.as_str()),
    };
    if !target.takes_session {
        return Place::Unsigned(text.to_owned());
    }
    if frame.signing == Signing::Query {
        let (path, _) = text.split_at(text.find(['?', '#']).unwrap_or(text.len()));
        let fragment = edge.fragment().map(|fragment| format!("#{fragment}")).unwrap_or_default();
        return Place::Signed([host, path, &with_parameter(edge)].concat(), fragment);
    }
    // Invariant: it begins the path of what takes the session.
    let (before, after) = text.split_once(SESSION).unwrap_or((text, ""));
    Place::Signed([host, before, "/~"].concat(), after.to_owned())
}

fn is_at_edge(url: &Url) -> bool {
    url.as_str().strip_prefix(EDGE).is_some_and(|path| path.starts_with('/'))
}

/// Whether every player takes a URI for one on the host of its base URL, and reads the same path out of it.
fn is_plainly_relative(uri: &str) -> bool {
    is_relative(uri) && !uri.starts_with("//") && !uri.contains('\\')
}

/// Whether every player takes a URI for an absolute one.
fn is_absolute(uri: &str) -> bool {
    let is_web = ["http://", "https://"]
        .iter()
        .any(|scheme| uri.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    is_web && uri.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests;
