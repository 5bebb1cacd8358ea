//! Resolves the URIs of an MPD, and finds how each has to be written.
//!
//! A player resolves a URI against one of its base URLs; there may be several ([`Base`]). Each base URL is known twice:
//! at the media origin, where the MPD was written, and at the edge, where the player reads it. A URI stays as it is if
//! at the edge it leads to where the file at the media origin is served with the session. Otherwise it is rewritten, if
//! one text works for all base URLs: a relative one where all of them have the session in their path. So the MPD is the
//! same bytes for a class, and players of live streams follow a redirect to another token; not all players would follow
//! if a Period contained the token (Shaka Player keeps base URLs).

use url::Url;

use crate::catalog::SESSION_PARAMETER;
use crate::manifest::{
    Budget, Exhausted, Frame, Signing, descending_path, is_relative, names_session, with_parameter,
};
use crate::resource::ResourcePath;
use crate::route::{session_prefix, without_session};

/// A base URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Base {
    /// The URL at the media origin.
    media: Url,
    /// The URL at the edge, as the player has it. The edge's host is [`EDGE`], and a session in the path is
    /// [`SESSION`].
    edge: Url,
    /// Whether a path below the one URL leads to the same file below the other.
    is_mapped: bool,
    /// Whether files below it are fetched with the session.
    takes_session: bool,
}

/// How a URI has to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum UriRewrite {
    /// Unchanged.
    Keep,
    /// This text in its place.
    Replace(String),
    /// These texts in its place, with the token between them.
    Sign(String, String),
}

/// Why a URI cannot be written so that the session covers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UriError {
    /// It is not a URI.
    Unreadable,
    /// It leads out of the title's folder, to a host that the site does not allow.
    Foreign,
    /// Its path has a spelling that the edge does not serve: an empty segment, an encoded slash, a stray `%`.
    Spelling,
    /// It is longer than any URL that can be requested from the edge.
    TooLong,
    /// Each of its base URLs would need another text.
    Ambiguous,
    /// It is the URI of a remote part of the MPD, which the edge would not read.
    Remote,
    /// Resolving the URIs of the MPD takes more work than the budget allows.
    Exhausted,
}

impl From<Exhausted> for UriError {
    fn from(_: Exhausted) -> Self {
        Self::Exhausted
    }
}

impl UriError {
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

/// A placeholder for the edge's host. No URI leads there.
const EDGE: &str = "https://edge.stagedoor.invalid";

/// A placeholder for an unknown base URL below which everything is covered. No URI leads there.
const UNKNOWN: &str = "https://unknown.stagedoor.invalid/";

/// A placeholder for the session in a path.
const SESSION: &str = "/~session";

impl Base {
    /// The MPD's own URL.
    pub(super) fn of_manifest(frame: &Frame<'_>) -> Result<Self, UriError> {
        let media = frame.folder.join(frame.resource.as_str()).map_err(|_| UriError::Unreadable)?;
        let session = if frame.signing == Signing::Inherited { SESSION } else { "" };
        let edge = Url::parse(&format!("{EDGE}{session}/{}{}", frame.root, frame.resource));
        let edge = edge.map_err(|_| UriError::Unreadable)?;
        Ok(Self { media, edge, is_mapped: frame.signing != Signing::Path, takes_session: true })
    }

    /// The folder of an MPD, with the session, for players that got the MPD without one.
    pub(super) fn of_folder(frame: &Frame<'_>) -> Result<(Self, UriRewrite), UriError> {
        let Self { media, .. } = Self::of_manifest(frame)?;
        let path = ["/", frame.root, frame.resource.folder()].concat();
        let edge = Url::parse(&[EDGE, SESSION, &path].concat()).map_err(|_| UriError::Unreadable)?;
        let base = Self { media, edge, is_mapped: true, takes_session: true };
        Ok((base, UriRewrite::Sign([frame.authority, "/~"].concat(), path)))
    }

    /// The unknown base URL of the MPD that a patch is for.
    pub(super) fn unknown() -> Result<Self, UriError> {
        let url = Url::parse(UNKNOWN).map_err(|_| UriError::Unreadable)?;
        Ok(Self { media: url.clone(), edge: url, is_mapped: true, takes_session: true })
    }

    /// The same base URL at the edge, for a document of another source: its URIs are relative to another URL.
    pub(super) fn with_media(&self, media: &Url) -> Self {
        Self { media: media.clone(), edge: self.edge.clone(), is_mapped: false, takes_session: true }
    }

    /// Whether files below it are fetched with the session.
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

    /// Counts work apart from resolving URIs.
    pub(super) fn spend(&self, bytes: usize) -> Result<(), UriError> {
        Ok(self.budget.spend(bytes)?)
    }

    /// Finds how to write a URI.
    pub(super) fn rewrite(&self, uri: &str, bases: &[Base]) -> Result<UriRewrite, UriError> {
        match self.plainly_covered(uri, bases) {
            Some(rewrite) => Ok(rewrite),
            None => self.rewrites(uri, bases, false).map(|(rewrite, _)| rewrite),
        }
    }

    /// Finds how to write a URI with its scheme and host, if possible.
    pub(super) fn rewrite_whole(&self, uri: &str, bases: &[Base]) -> Result<UriRewrite, UriError> {
        self.extend(uri, bases, true).map(|(rewrite, _)| rewrite)
    }

    /// Finds how to write a URI that fetches no media, such as a clock: with the session where it leads into the title,
    /// and without it anywhere else, even on a host whose media is fetched with it.
    pub(super) fn rewrite_without_media(&self, uri: &str, bases: &[Base]) -> Result<UriRewrite, UriError> {
        if bases.iter().any(Base::is_unknown) && !is_absolute(uri) {
            return self.rewrite(uri, bases);
        }
        let mut own = Vec::new();
        let mut elsewhere = None;
        for base in bases {
            self.budget.resolve(base.media.as_str().len(), uri.len())?;
            let media = base.media.join(uri).map_err(|_| UriError::Unreadable)?;
            match target(self.frame, &self.budget, media.clone()) {
                Ok(target) if is_at_edge(&target.edge) => own.push(base.clone()),
                _ => elsewhere = elsewhere.or(Some(media)),
            }
        }
        match elsewhere {
            None => self.rewrite(uri, bases),
            // From the MPD's own URL or from a base URL, players differ: the edge's resource works for all.
            Some(_) if !own.is_empty() => self.rewrite_whole(uri, &own),
            Some(_) if is_absolute(uri) => Ok(UriRewrite::Keep),
            // A relative URI would inherit the session from its base URL.
            Some(media) => Ok(UriRewrite::Replace(media.into())),
        }
    }

    /// Whether a URI leads from one of these base URLs into the title.
    pub(super) fn is_own(&self, uri: &str, bases: &[Base]) -> Result<bool, UriError> {
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

    /// Finds how to write a base URL, and the base URLs that result. `is_whole`: with its scheme and host if possible,
    /// for players that accept no relative base URL there.
    pub(super) fn extend(
        &self,
        uri: &str,
        bases: &[Base],
        is_whole: bool,
    ) -> Result<(UriRewrite, Vec<Base>), UriError> {
        if is_whole {
            match self.rewrites(uri, bases, true) {
                Err(error) if error != UriError::Exhausted => {}
                found => return found,
            }
        }
        let is_same = uri.is_empty() && bases.iter().all(|base| base.is_mapped);
        // A path below an unknown base URL is as unknown.
        let is_below = || {
            let covered = self.plainly_covered(uri.strip_suffix('/').unwrap_or(uri), bases);
            bases.iter().any(Base::is_unknown) && covered == Some(UriRewrite::Keep)
        };
        if is_same || is_below() {
            for base in bases {
                self.budget.resolve(base.media.as_str().len(), uri.len())?;
            }
            return Ok((UriRewrite::Keep, bases.to_vec()));
        }
        self.rewrites(uri, bases, false)
    }

    /// How to write a URI whose spelling alone shows that it is covered from each base URL.
    fn plainly_covered(&self, uri: &str, bases: &[Base]) -> Option<UriRewrite> {
        let has_query = descending_path(uri)?;
        if !bases.iter().all(|base| base.is_mapped) {
            return None;
        }
        if self.frame.signing != Signing::Query {
            return Some(UriRewrite::Keep);
        }
        // At the root of another host, it might be that host's session.
        if uri.starts_with('~') {
            return None;
        }
        // Foreign hosts and unknown hosts get no token.
        let takes_parameter = |base: &Base| base.takes_session && !base.is_unknown();
        bases.iter().all(takes_parameter).then(|| {
            let mark = if has_query { '&' } else { '?' };
            UriRewrite::Sign(format!("{uri}{mark}{SESSION_PARAMETER}="), String::new())
        })
    }

    fn rewrites(
        &self,
        uri: &str,
        bases: &[Base],
        is_whole: bool,
    ) -> Result<(UriRewrite, Vec<Base>), UriError> {
        let frame = self.frame;
        if uri.len() > URI_BYTES_MAX {
            return Err(UriError::TooLong);
        }
        let is_query = frame.signing == Signing::Query;
        let mut targets: Vec<Base> = Vec::with_capacity(bases.len());
        let mut is_well = (is_plainly_relative(uri) && !is_whole) || is_absolute(uri);
        for base in bases {
            self.budget.resolve(base.media.as_str().len(), uri.len())?;
            let media = base.media.join(uri).map_err(|_| UriError::Unreadable)?;
            let target = target(frame, &self.budget, media)?;
            is_well = is_well && base.edge.join(uri).is_ok_and(|at_edge| at_edge == target.edge);
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
        let (Some(first), signed) =
            (targets.first(), targets.iter().filter(|target| target.takes_session).count())
        else {
            return Err(UriError::Ambiguous);
        };
        // The token must not reach foreign hosts, so one text cannot serve both kinds of hosts.
        let takes_parameter = is_query && signed > 0;
        if takes_parameter && signed < targets.len() {
            return Err(UriError::Ambiguous);
        }
        if is_well && !takes_parameter {
            return Ok((UriRewrite::Keep, targets));
        }
        if is_well && let Some((before, after)) = marked(uri) {
            return Ok((UriRewrite::Sign(before, after), targets));
        }
        if targets.iter().any(|target| target.edge != first.edge) {
            return Err(UriError::Ambiguous);
        }
        let relative = if is_whole { None } else { relative(frame, &first.edge, bases) };
        let rewrite = relative.map(UriRewrite::Replace).unwrap_or_else(|| {
            let is_below_edge = !is_whole && bases.iter().all(|base| is_at_edge(&base.edge));
            written(frame, first, is_below_edge)
        });
        // All base URLs now lead to the same file.
        targets.truncate(1);
        Ok((rewrite, targets))
    }

    /// Whether two rewrites lead to the same URL from each base URL.
    pub(super) fn is_same(
        &self,
        one: &UriRewrite,
        other: &UriRewrite,
        bases: &[Base],
    ) -> Result<bool, UriError> {
        let (UriRewrite::Replace(one), UriRewrite::Replace(other)) = (one, other) else {
            return Ok(one == other);
        };
        for base in bases {
            self.budget.resolve(base.edge.as_str().len(), one.len())?;
            if base.edge.join(one) != base.edge.join(other) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// A URI with the session's parameter at the end of its query: the texts before and after the token. `None`: it has
/// such a parameter already.
fn marked(uri: &str) -> Option<(String, String)> {
    let (uri, fragment) = uri.split_at(uri.find('#').unwrap_or(uri.len()));
    let query = uri.split_once('?').map(|(_, query)| query);
    let is_free = query.is_none_or(|query| without_session(query) == query);
    let mark = if query.is_some() { '&' } else { '?' };
    is_free.then(|| (format!("{uri}{mark}{SESSION_PARAMETER}="), fragment.to_owned()))
}

/// The base URL for a URL at the media origin: where players fetch it at the edge.
fn target(frame: &Frame<'_>, budget: &Budget, media: Url) -> Result<Base, UriError> {
    if media.as_str().len() > URI_BYTES_MAX {
        return Err(UriError::TooLong);
    }
    let is_foreign =
        media.origin() != frame.folder.origin() || !media.username().is_empty() || media.password().is_some();
    let Some(path) = media.path().strip_prefix(frame.folder.path()).filter(|_| !is_foreign) else {
        budget.spend(frame.foreign.cost())?;
        return foreign(frame, media);
    };
    // The media origin might decode a dot segment or a slash, and leave the folder.
    let resource = path.strip_suffix('/').unwrap_or(path);
    if !resource.is_empty() || path.len() > resource.len() {
        ResourcePath::parse(resource).map_err(|_| UriError::Spelling)?;
    }
    let session = if frame.signing == Signing::Query { "" } else { SESSION };
    let mut edge =
        Url::parse(&[EDGE, session, "/", frame.root, path].concat()).map_err(|_| UriError::Unreadable)?;
    if names_session(&media) {
        // The edge would prefer it to the session in the path.
        let others = media.query().map(without_session).filter(|others| !others.is_empty());
        edge.set_query(others.as_deref());
    } else {
        edge.set_query(media.query());
    }
    edge.set_fragment(media.fragment());
    Ok(Base { media, edge, is_mapped: true, takes_session: true })
}

/// The base URL for a URL outside the title, if the site allows it.
fn foreign(frame: &Frame<'_>, media: Url) -> Result<Base, UriError> {
    let host = media.host_str().filter(|_| matches!(media.scheme(), "http" | "https"));
    // Over plain HTTP, everybody on the path would see the token.
    let is_protected = media.scheme() == "https" || !frame.is_protected();
    let is_edge = host.is_some_and(|host| [EDGE, UNKNOWN].iter().any(|own| own.contains(host)));
    if let Some(host) = host.filter(|host| !is_edge && frame.foreign.signs(host, is_protected)) {
        if session_prefix(media.path()).is_some() {
            return Err(UriError::Spelling);
        }
        let authority = media.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let session = if frame.signing == Signing::Query { "" } else { SESSION };
        let edge = format!("{}://{authority}{session}{}", media.scheme(), media.path());
        let mut edge = Url::parse(&edge).map_err(|_| UriError::Unreadable)?;
        let query = media.query().map(without_session).filter(|query| !query.is_empty());
        edge.set_query(query.as_deref());
        edge.set_fragment(media.fragment());
        return Ok(Base { media, edge, is_mapped: true, takes_session: true });
    }
    if is_edge || !frame.foreign.passes(host) {
        return Err(UriError::Foreign);
    }
    let edge = media.clone();
    Ok(Base { media, edge, is_mapped: true, takes_session: false })
}

/// A relative URI that leads from each base URL to a URL with the session in its path, and inherits the session.
fn relative(frame: &Frame<'_>, edge: &Url, bases: &[Base]) -> Option<String> {
    let has_session = |url: &Url| session_prefix(url.path()).is_some();
    if frame.signing == Signing::Query || !bases.iter().all(|base| has_session(&base.edge)) {
        return None;
    }
    let found = bases.first()?.edge.make_relative(edge)?;
    let leads = |text: &&str| {
        is_plainly_relative(text) && bases.iter().all(|base| base.edge.join(text).as_ref() == Ok(edge))
    };
    // From a file to its own folder, the crate returns an empty text.
    [found.as_str(), "./"].into_iter().find(leads).map(str::to_owned)
}

/// A text that leads to the target from any base URL. `is_below_edge`: all base URLs are at the edge, so scheme and
/// host can be omitted. They are written at the entry, where the session is added to the path: FFmpeg resolves base
/// URLs against each other only if the outer one has both, and GStreamer fetches no clock by its path alone.
fn written(frame: &Frame<'_>, target: &Base, is_below_edge: bool) -> UriRewrite {
    let edge = &target.edge;
    let (host, text) = match edge.as_str().strip_prefix(EDGE) {
        Some(path) if is_below_edge && frame.signing != Signing::Path => ("", path),
        Some(path) => (frame.authority, path),
        None => ("", edge.as_str()),
    };
    if !target.takes_session {
        return UriRewrite::Replace(text.to_owned());
    }
    if frame.signing == Signing::Query {
        let (path, _) = text.split_at(text.find(['?', '#']).unwrap_or(text.len()));
        let fragment = edge.fragment().map(|fragment| format!("#{fragment}")).unwrap_or_default();
        return UriRewrite::Sign([host, path, &with_parameter(edge)].concat(), fragment);
    }
    // Invariant: a URL with the session has the placeholder at the start of its path.
    let (before, after) = text.split_once(SESSION).unwrap_or((text, ""));
    UriRewrite::Sign([host, before, "/~"].concat(), after.to_owned())
}

fn is_at_edge(url: &Url) -> bool {
    url.as_str().strip_prefix(EDGE).is_some_and(|path| path.starts_with('/'))
}

/// Whether every player reads a URI as relative, on the host of its base URL, and reads the same path.
fn is_plainly_relative(uri: &str) -> bool {
    is_relative(uri) && !uri.starts_with("//") && !uri.contains('\\')
}

/// Whether every player reads a URI as absolute.
fn is_absolute(uri: &str) -> bool {
    let is_web = ["http://", "https://"]
        .iter()
        .any(|scheme| uri.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    is_web && uri.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests;
