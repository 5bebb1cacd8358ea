//! Which parts of a request may hold a credential of a site's viewers.
//!
//! A credential opens a session for whoever has it: a viewer token in any dialect, or a session token. Only the edge may see it. So
//! all code that passes on a part of a request asks this module first: the signer, for the query of a manifest's URL; the cache,
//! for its keys and the URL at the media origin; the request to the media origin, for its headers; and the log.
//!
//! Each dialect declares the placements of its tokens next to the code that reads them (`Reader::spots`). They count for a site that
//! accepts the dialect. The default names of all other dialects count too, because a viewer may have such a token for another
//! service. If the site's `media.query` lists one of those, its media origin needs that parameter.

use super::Dialect;
use super::session;
use super::signed_url::decoded;
use super::spot::{Spot, is_stamped};
use crate::catalog::{SESSION_PARAMETER, Site};

/// The parts of a request that may hold a credential: the session's parameter, and these.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Credentials<'a>(Vec<Spot<'a>>);

impl<'a> Credentials<'a> {
    /// The session's parameter only: for a manifest without a site's document.
    pub const SESSION: &'static Credentials<'static> = &Credentials(Vec::new());

    /// The parts for a site.
    pub fn of(site: &'a Site) -> Self {
        let is_passed = |spot: &Spot<'_>| matches!(spot, Spot::Parameter(name) if site.media.query.iter().any(|listed| listed == name));
        let usual = Dialect::ALL.iter().flat_map(|dialect| dialect.usual_spots());
        let placements = site.tokens.placements.iter().map(Spot::from);
        let own = site.tokens.accept.iter().flat_map(|own| own.reader().spots(&site.tokens));
        Self(usual.copied().filter(|spot| !is_passed(spot)).chain(placements).chain(own).collect())
    }

    /// The parts with default names, for a request whose site is not known.
    pub fn usual() -> Self {
        Self(Dialect::ALL.iter().flat_map(|dialect| dialect.usual_spots()).copied().collect())
    }

    /// Whether a query parameter of this name may hold a credential, in any spelling of the name.
    pub fn holds_parameter(&self, name: &str) -> bool {
        is_spelled(name, SESSION_PARAMETER)
            || self.0.iter().any(|spot| match spot {
                Spot::Parameter(own) | Spot::Delimited(own) => is_spelled(name, own),
                Spot::Stamped => is_stamped(name),
                _ => false,
            })
    }

    /// Whether a query parameter, `name=value` as received, may hold a credential.
    pub fn holds_pair(&self, pair: &str) -> bool {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        self.holds_parameter(name) || self.is_delimited(pair)
    }

    /// A query without the parameters that may hold a credential; the others are unchanged.
    pub fn without(&self, query: &str) -> String {
        let others = query.split('&').filter(|pair| !pair.is_empty() && !self.holds_pair(pair));
        others.collect::<Vec<_>>().join("&")
    }

    /// Whether a header of this name may hold a credential.
    pub fn holds_header(&self, name: &str) -> bool {
        // A cookie header contains all cookies.
        name.eq_ignore_ascii_case("cookie")
            || self.0.iter().any(|spot| matches!(spot, Spot::Header(own) if own.eq_ignore_ascii_case(name)))
    }

    /// Whether a segment of a path, as received, may hold a credential, such as a session token after its mark. A token in the
    /// first segment, in place of the title, is no part of a title's path.
    pub fn holds_segment(&self, segment: &str) -> bool {
        if !Self::may_hold(segment) {
            return false;
        }
        let plain = decoded(segment).unwrap_or_else(|| segment.to_owned());
        session::is_marked(&plain)
            || decoded(&plain).is_some_and(|twice| session::is_marked(&twice))
            || self.is_delimited(&plain)
            || self.0.iter().any(|spot| match spot {
                Spot::PathParameter(name) => plain.split(';').skip(1).any(|parameter| {
                    parameter.strip_prefix(name).is_some_and(|value| value.starts_with('='))
                }),
                Spot::Segment(start) => plain.starts_with(start),
                _ => false,
            })
    }

    /// A quick check: whether a path has a character that every credential in a path needs, on any site.
    pub(crate) fn may_hold(path: &str) -> bool {
        path.contains([';', '=', '%', '~'])
    }

    /// Whether a path has a segment that may hold a credential.
    pub fn holds_path(&self, path: &str) -> bool {
        path.split('/').any(|segment| self.holds_segment(segment))
    }

    /// A path for the log, without segments that may hold a credential.
    pub fn hidden(&self, path: &str) -> String {
        let hidden = |segment: &str| segment.len() > LONGEST_TOLD || self.holds_segment(segment);
        let segments = path.split('/').map(|segment| if hidden(segment) { "[…]" } else { segment });
        segments.collect::<Vec<_>>().join("/")
    }

    /// Whether a text contains a name with a value, after a delimiter or at the beginning.
    fn is_delimited(&self, text: &str) -> bool {
        let mut names = self.0.iter().filter_map(|spot| match spot {
            Spot::Delimited(name) => Some(*name),
            _ => None,
        });
        let plain = decoded(text);
        names
            .any(|name| [Some(text), plain.as_deref()].into_iter().flatten().any(|text| has_name(text, name)))
    }
}

/// The longest path segment that is logged: a token is longer.
const LONGEST_TOLD: usize = 64;

/// Whether a text contains `name=`, at the beginning or after a character that cannot be part of a name.
fn has_name(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~');
        before.is_none_or(|c| !is_name(c))
            && text.get(at + name.len()..).is_some_and(|rest| rest.starts_with('='))
    })
}

/// Whether a text is a name in a common spelling: plain, as in a form, or percent-encoded once or twice.
fn is_spelled(text: &str, name: &str) -> bool {
    let is = |text: &str| text == name || (text.contains('+') && text.replace('+', " ") == name);
    if is(text) || !text.contains('%') {
        return is(text);
    }
    let once = decoded(text);
    let twice = once.as_deref().and_then(decoded);
    [once, twice].iter().flatten().any(|text| is(text))
}

#[cfg(test)]
mod tests;
