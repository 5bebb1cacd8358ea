//! The parts of a request that may hold a credential of a site's viewers.
//!
//! A credential opens a session for anybody who has it: a viewer token in any dialect, or a session's own token. Only
//! the edge may see it. All code that passes a part of a request on asks here first: the signer, before it puts the
//! query of a manifest's URL into a URI; the cache, for its keys and for the URL and headers at the media origin; and
//! the log.
//!
//! Each dialect declares where its tokens stand, beside the code that reads them (`Reader::spots`). These places count
//! on a site that accepts the dialect, whatever else its document says. The usual names of all other dialects count
//! too, since a viewer may have such a token for another service. They do not count where the site lists them in
//! `media.query`: then its media origin has asked for them.

use super::Dialect;
use super::session;
use super::signed_url::decoded;
use super::spot::{Spot, is_stamped};
use crate::catalog::{SESSION_PARAMETER, Site};

/// The parts of a request that may hold a credential: the session's parameter, and these.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Credentials<'a>(Vec<Spot<'a>>);

impl<'a> Credentials<'a> {
    /// Only the session's token: for a manifest without a site's document.
    pub const SESSION: &'static Credentials<'static> = &Credentials(Vec::new());

    /// The credentials of a site's viewers.
    pub fn of(site: &'a Site) -> Self {
        let is_passed = |spot: &Spot<'_>| matches!(spot, Spot::Parameter(name) if site.media.query.iter().any(|listed| listed == name));
        let usual = Dialect::ALL.iter().flat_map(|dialect| dialect.usual_spots());
        let placements = site.tokens.placements.iter().map(Spot::from);
        let own = site.tokens.accept.iter().flat_map(|own| own.reader().spots(&site.tokens));
        Self(usual.copied().filter(|spot| !is_passed(spot)).chain(placements).chain(own).collect())
    }

    /// The credentials of all sites under their usual names: for requests whose site is not known.
    pub fn usual() -> Self {
        Self(Dialect::ALL.iter().flat_map(|dialect| dialect.usual_spots()).copied().collect())
    }

    /// Whether a query parameter of this name may hold one, however the name is spelled.
    pub fn holds_parameter(&self, name: &str) -> bool {
        is_spelled(name, SESSION_PARAMETER)
            || self.0.iter().any(|spot| match spot {
                Spot::Parameter(own) | Spot::Delimited(own) => is_spelled(name, own),
                Spot::Stamped => is_stamped(name),
                _ => false,
            })
    }

    /// Whether a parameter of a query, `name=value` as it came, may hold one.
    pub fn holds_pair(&self, pair: &str) -> bool {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        self.holds_parameter(name) || self.is_delimited(pair)
    }

    /// A query without the parameters that may hold one; the others as they came.
    pub fn without(&self, query: &str) -> String {
        let others = query.split('&').filter(|pair| !pair.is_empty() && !self.holds_pair(pair));
        others.collect::<Vec<_>>().join("&")
    }

    /// Whether a header of this name may hold one.
    pub fn holds_header(&self, name: &str) -> bool {
        // A cookie header has all of them.
        name.eq_ignore_ascii_case("cookie")
            || self.0.iter().any(|spot| matches!(spot, Spot::Header(own) if own.eq_ignore_ascii_case(name)))
    }

    /// Whether a segment of a path, as received, may hold one, including a session's token behind its mark. A token in
    /// the place of the title is not covered: it is not part of a title's path.
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

    /// Whether a path has a character without which no segment holds a credential, on any site.
    pub(crate) fn may_hold(path: &str) -> bool {
        path.contains([';', '=', '%', '~'])
    }

    /// Whether a path has a segment that may hold one.
    pub fn holds_path(&self, path: &str) -> bool {
        path.split('/').any(|segment| self.holds_segment(segment))
    }

    /// A path for the log, without the segments that may hold one.
    pub fn hidden(&self, path: &str) -> String {
        let hidden = |segment: &str| segment.len() > LONGEST_TOLD || self.holds_segment(segment);
        let segments = path.split('/').map(|segment| if hidden(segment) { "[…]" } else { segment });
        segments.collect::<Vec<_>>().join("/")
    }

    /// Whether a text has a name with a value within it, behind a delimiter or at its beginning.
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

/// The longest segment of a path in the log: a token is longer.
const LONGEST_TOLD: usize = 64;

/// Whether `name=` stands in a text, at its beginning or behind something that is no part of a name.
fn has_name(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~');
        before.is_none_or(|c| !is_name(c))
            && text.get(at + name.len()..).is_some_and(|rest| rest.starts_with('='))
    })
}

/// Whether a text is a name in one of the spellings that readers know: as it is, as a form writes it, and percent-encoded
/// once or twice.
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
