//! Where a URI of a playlist leads, and how it is to be written.

use std::borrow::Cow;
use std::cell::OnceCell;

use url::Url;

use crate::catalog::SESSION_PARAMETER;
use crate::hls::read::variables::{Resolved, Variables, names};
use crate::manifest::{
    Budget, Exhausted, Frame, Signing, below, descending_path, holds_session, is_relative, names_session,
    with_parameter,
};
use crate::resource::{Reading, ResourcePath};
use crate::route::{session_prefix, without_session};

/// How a URI is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hls) enum WrittenUri {
    /// As it stands.
    AsIs,
    /// As it stands, relative to the folder of its own playlist.
    Relative,
    /// As it stands, behind `/~{token}/` and the playlist's folder.
    Below,
    /// As `Relative`, with the token as a parameter behind this sign.
    With(char),
    /// As this text, with the token between.
    Signed(String, String),
    /// As this text.
    Unsigned(String),
}

/// Why a URI cannot be written so that the session covers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hls) enum UriError {
    /// It is not a URI.
    Unreadable,
    /// It leads out of the title's folder, to a host that the site has not chosen.
    Foreign,
    /// Its host or path depends on a variable whose value is not known, so that it might lead anywhere.
    Variable,
    /// It has a variable whose value may be a credential of the viewer.
    Credential,
    /// Its path has a spelling that the edge does not serve: an empty segment, an encoded slash, a stray `%`.
    Spelling,
    /// The playlist has so many URIs that have to be resolved that it takes too long.
    Exhausted,
    /// It has a parameter that the edge takes for the session's, and it is not known where it leads.
    Session,
}

impl UriError {
    /// The reason, for ops.
    pub(in crate::hls) const fn why(self) -> &'static str {
        match self {
            Self::Unreadable => "not a URI",
            Self::Foreign => "a URI outside the title",
            Self::Variable => "a URI whose host or path depends on a variable of unknown value",
            Self::Credential => "a URI with a variable whose value may be a credential of the viewer",
            Self::Spelling => "a URI in a spelling that the edge does not serve",
            Self::Exhausted => "a URI beyond those that are resolved of one playlist",
            Self::Session => {
                "a URI with a session of its own, whose path depends on a variable of unknown value"
            }
        }
    }
}

impl From<Exhausted> for UriError {
    fn from(_: Exhausted) -> Self {
        Self::Exhausted
    }
}

/// Resolves the URIs of one playlist, and counts the work that they make.
///
/// URIs that are covered by their spelling alone ([`descending_path`]) are not resolved, and not counted.
pub(in crate::hls) struct Resolver<'f> {
    pub(in crate::hls) frame: &'f Frame<'f>,
    /// Its playlist's lines are put into another playlist.
    pub(in crate::hls) is_inserted: bool,
    budget: &'f Budget,
    /// The playlist's own URL at the media origin.
    manifest: OnceCell<Option<Url>>,
    /// The title's root at the edge below a session, and the playlist's own URL there.
    at_edge: OnceCell<Option<(Url, Url)>>,
}

impl<'f> Resolver<'f> {
    /// Resolves URIs of the playlist that is asked for.
    pub(in crate::hls) const fn new(frame: &'f Frame<'f>, budget: &'f Budget) -> Self {
        Self { frame, is_inserted: false, budget, manifest: OnceCell::new(), at_edge: OnceCell::new() }
    }

    /// The work so far, in bytes.
    pub(in crate::hls) const fn spent(&self) -> usize {
        self.budget.spent()
    }

    /// Where a URI leads at the media origin.
    fn at_origin(&self, uri: &str) -> Result<Url, UriError> {
        let frame = self.frame;
        let manifest = self.manifest.get_or_init(|| frame.folder.join(frame.resource.as_str()).ok());
        let manifest = manifest.as_ref().ok_or(UriError::Unreadable)?;
        self.budget.resolve(manifest.as_str().len(), uri.len())?;
        manifest.join(uri).map_err(|_| UriError::Unreadable)
    }

    /// Finds out how to write a URI, which players resolve after taking control characters and spaces off its ends.
    pub(in crate::hls) fn written(
        &self,
        uri: &[u8],
        variables: &Variables<'_>,
    ) -> Result<WrittenUri, UriError> {
        let uri = str::from_utf8(uri).map_err(|_| UriError::Unreadable)?;
        if let Some(has_query) = descending_path(uri) {
            return Ok(match self.frame.signing {
                Signing::Inherited => WrittenUri::Relative,
                Signing::Path => WrittenUri::Below,
                Signing::Query | Signing::Renewed => WrittenUri::With(if has_query { '&' } else { '?' }),
            });
        }
        match variables.resolve(uri) {
            Resolved::Known(Cow::Borrowed(uri)) => self.resolved(uri),
            Resolved::Known(Cow::Owned(text)) => self.with_values(&text),
            // A variable with the name of a credential's parameter may hold the credential, wherever it is defined.
            Resolved::Partly { text, .. }
                if names(&text).any(|name| self.frame.credentials.holds_parameter(name)) =>
            {
                Err(UriError::Credential)
            }
            Resolved::Partly { text, at } => match text.get(..at).ok_or(UriError::Unreadable)? {
                // Variables in the query or the fragment do not change where the URI leads.
                before if before.contains(['?', '#']) => self.with_values(&text),
                before => self.partly(uri, before),
            },
        }
    }

    /// Whether a URI leads out of the title, or may do so.
    pub(in crate::hls) fn leads_out(&self, uri: &[u8], variables: &Variables<'_>) -> bool {
        let Some(text) = str::from_utf8(uri).ok().and_then(|uri| decided(variables.resolve(uri))) else {
            return true;
        };
        self.at_origin(&text).map_or(true, |url| below(self.frame.folder, &url).is_none())
    }

    /// Finds out how to write the URI of a file that has URIs itself. If the name of the file does not tell that, the edge
    /// would pass the file on unread. So the URI gets a mark.
    pub(in crate::hls) fn written_to_read(
        &self,
        uri: &[u8],
        variables: &Variables<'_>,
        reading: Reading,
    ) -> Result<WrittenUri, UriError> {
        let uri = str::from_utf8(uri).map_err(|_| UriError::Unreadable)?;
        // An unknown value would decide how its file is read.
        let text = decided(variables.resolve(uri)).ok_or(UriError::Variable)?;
        let url = self.at_origin(&text)?;
        let resource = below(self.frame.folder, &url).and_then(|below| below.split('?').next());
        let marked = resource.and_then(|resource| reading.marked(&text, resource));
        let Some(marked) = marked else { return self.written(uri.as_bytes(), variables) };
        if names(&marked).any(|name| self.frame.credentials.holds_parameter(name)) {
            return Err(UriError::Credential);
        }
        Ok(match self.with_values(&marked)? {
            WrittenUri::AsIs | WrittenUri::Relative => WrittenUri::Unsigned(marked),
            written => written,
        })
    }

    /// Finds out how to write a URI whose variables were replaced by their values.
    fn with_values(&self, uri: &str) -> Result<WrittenUri, UriError> {
        Ok(match self.resolved(uri)? {
            WrittenUri::Below => WrittenUri::Signed(
                "/~".to_owned(),
                ["/", self.frame.root, self.frame.resource.folder(), uri].concat(),
            ),
            WrittenUri::With(mark) => {
                WrittenUri::Signed(format!("{uri}{mark}{SESSION_PARAMETER}="), String::new())
            }
            written => written,
        })
    }

    fn resolved(&self, uri: &str) -> Result<WrittenUri, UriError> {
        if descending_path(uri).is_some() {
            // Only the values of its variables have made it a path that descends.
            return self.written(uri.as_bytes(), &Variables::default());
        }
        let Frame { folder, root, signing, .. } = *self.frame;
        let url = self.at_origin(uri)?;
        let Some(below) = below(folder, &url) else { return self.foreign(uri, &url) };
        // An encoded dot segment or slash might lead out again at the media origin.
        let path = url.path().strip_prefix(folder.path()).ok_or(UriError::Foreign)?;
        ResourcePath::parse(path).map_err(|_| UriError::Spelling)?;
        // A title's folder at the media origin may have another name and depth than its root at the edge, so that a
        // URI that climbs can lead to different places.
        let names_session = names_session(&url);
        let as_it_stands = match signing {
            // Players resolve an inserted line's URI against the URL of the playlist around it.
            _ if self.is_inserted => None,
            Signing::Inherited => Some(WrittenUri::Relative),
            Signing::Renewed if !uri.contains('#') => {
                Some(WrittenUri::With(if uri.contains('?') { '&' } else { '?' }))
            }
            Signing::Path | Signing::Query | Signing::Renewed => None,
        };
        if let Some(written) = as_it_stands
            && !names_session
            && is_relative(uri)
            && self.inherits(uri, below)?
        {
            return Ok(written);
        }
        let (path, fragment) = (below.split('?').next().unwrap_or(below), fragment_of(&url));
        Ok(match signing {
            Signing::Inherited | Signing::Path | Signing::Renewed if names_session => {
                let query = query_without_session(&url);
                WrittenUri::Signed("/~".to_owned(), ["/", root, path, &query, &fragment].concat())
            }
            Signing::Inherited | Signing::Path | Signing::Renewed => {
                WrittenUri::Signed("/~".to_owned(), ["/", root, below, &fragment].concat())
            }
            Signing::Query => {
                let query = with_parameter(&url);
                WrittenUri::Signed(["/", root, path, &query].concat(), fragment)
            }
        })
    }

    /// Whether a relative URI leads to the same place at the edge as it does at the media origin.
    fn inherits(&self, uri: &str, below: &str) -> Result<bool, UriError> {
        // A path from the host's root that does not begin with `/~` has no session.
        if uri.starts_with('/') && !uri.starts_with("/~") {
            return Ok(false);
        }
        let Frame { root, resource, .. } = *self.frame;
        let at_edge = self.at_edge.get_or_init(|| {
            let root = Url::parse("https://edge.invalid/~session/").and_then(|host| host.join(root)).ok()?;
            let manifest = root.join(resource.as_str()).ok()?;
            Some((root, manifest))
        });
        let Some((root, manifest)) = at_edge else { return Ok(false) };
        self.budget.spend(manifest.as_str().len().saturating_add(uri.len()))?;
        Ok(manifest.join(uri).is_ok_and(|url| self::below(root, &url) == Some(below)))
    }

    /// Finds out how to write a URI with a variable in its path whose value only players know. The text before the variable
    /// has to keep the URI on the edge's host. If the value climbs out of the session, the edge refuses the player's request.
    fn partly(&self, uri: &str, before: &str) -> Result<WrittenUri, UriError> {
        if holds_session(uri) {
            return Err(UriError::Session);
        }
        // The value is at least a name: the text before it may end with a slash, and may not be empty.
        let is_covered = !before.is_empty() && descending_path(&format!("{before}x")).is_some();
        if !is_covered {
            return Err(UriError::Variable);
        }
        Ok(match self.frame.signing {
            Signing::Inherited if before.contains('/') => WrittenUri::Relative,
            Signing::Inherited => WrittenUri::Unsigned(format!("./{uri}")),
            Signing::Path => WrittenUri::Below,
            Signing::Query | Signing::Renewed => {
                let (uri, fragment) = uri.find('#').map_or((uri, ""), |at| uri.split_at(at));
                let mark = if uri.contains('?') { '&' } else { '?' };
                let root = ["/", self.frame.root, self.frame.resource.folder()].concat();
                let folder = match self.frame.signing {
                    Signing::Renewed if before.contains('/') => "",
                    Signing::Renewed => "./",
                    _ => &root,
                };
                let before = [folder, uri, &format!("{mark}{SESSION_PARAMETER}=")].concat();
                WrittenUri::Signed(before, fragment.to_owned())
            }
        })
    }

    /// Finds out how to write a URI that leads out of the title.
    fn foreign(&self, uri: &str, url: &Url) -> Result<WrittenUri, UriError> {
        let Frame { foreign, signing, .. } = *self.frame;
        self.budget.spend(foreign.cost())?;
        let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https"));
        // In plain text, anybody on the way would have the token.
        let is_protected = url.scheme() == "https" || !self.frame.is_protected();
        if let Some(host) = host.filter(|host| foreign.signs(host, is_protected)) {
            if session_prefix(url.path()).is_some() {
                return Err(UriError::Spelling);
            }
            let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
            let at = format!("{}://{authority}", url.scheme());
            let fragment = fragment_of(url);
            return Ok(match signing {
                Signing::Inherited | Signing::Path | Signing::Renewed => {
                    let query = query_without_session(url);
                    WrittenUri::Signed(format!("{at}/~"), format!("{}{query}{fragment}", url.path()))
                }
                Signing::Query => {
                    WrittenUri::Signed(format!("{at}{}{}", url.path(), with_parameter(url)), fragment)
                }
            });
        }
        if !foreign.passes(host) {
            return Err(UriError::Foreign);
        }
        // At the edge, a relative one would lead elsewhere.
        let absolute =
            Url::parse(uri).is_ok_and(|same| same == *url) && uri.bytes().all(|byte| byte.is_ascii_graphic());
        Ok(if absolute { WrittenUri::AsIs } else { WrittenUri::Unsigned(url.to_string()) })
    }
}

/// The query of a URL, from its `?`, without a parameter that the edge reads as the session.
fn query_without_session(url: &Url) -> String {
    let others = url.query().map(without_session).filter(|others| !others.is_empty());
    others.map(|others| format!("?{others}")).unwrap_or_default()
}

/// The fragment of a URL, from its `#`.
fn fragment_of(url: &Url) -> String {
    url.fragment().map(|fragment| format!("#{fragment}")).unwrap_or_default()
}

/// The text of a URI, if it is known where it leads: unknown variables stand in its query or fragment only.
fn decided(resolved: Resolved<'_>) -> Option<Cow<'_, str>> {
    match resolved {
        Resolved::Known(text) => Some(text),
        Resolved::Partly { text, at } => {
            text.get(..at).is_some_and(|before| before.contains(['?', '#'])).then(|| text.into())
        }
    }
}

#[cfg(test)]
mod tests;
