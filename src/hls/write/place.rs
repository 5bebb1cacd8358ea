//! Where a URI of a playlist leads, and how it is to be written.

use std::borrow::Cow;
use std::cell::OnceCell;

use url::Url;

use crate::catalog::SESSION_PARAMETER;
use crate::hls::read::variables::{Resolved, Variables, names};
use crate::manifest::{
    Budget, Exhausted, Frame, Signing, below, holds_session, is_relative, names_session, plain,
    with_parameter,
};
use crate::resource::{Reading, ResourcePath};
use crate::route::{session_prefix, without_session};

/// How a URI is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hls) enum Place {
    /// As it stands.
    AsIs,
    /// As it stands, behind `/~{token}/` and the playlist's folder.
    Below,
    /// As it stands, with the token as a parameter behind this sign.
    With(char),
    /// As this text, with the token between.
    Signed(String, String),
    /// As this text.
    Unsigned(String),
}

/// Why a URI cannot be written so that the session covers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hls) enum PlaceError {
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

impl From<Exhausted> for PlaceError {
    fn from(_: Exhausted) -> Self {
        Self::Exhausted
    }
}

/// Resolves the URIs of one playlist, and counts the work that they make.
///
/// URIs that are covered by their spelling alone ([`plain`]) are not resolved, and not counted.
pub(in crate::hls) struct Resolver<'f> {
    pub(in crate::hls) frame: &'f Frame<'f>,
    budget: Budget,
    /// The playlist's own URL at the media origin.
    manifest: OnceCell<Option<Url>>,
    /// The title's root at the edge below a session, and the playlist's own URL there.
    at_edge: OnceCell<Option<(Url, Url)>>,
}

impl<'f> Resolver<'f> {
    pub(in crate::hls) fn new(frame: &'f Frame<'f>) -> Self {
        Self { frame, budget: Budget::default(), manifest: OnceCell::new(), at_edge: OnceCell::new() }
    }

    /// The work so far, in bytes.
    pub(in crate::hls) const fn spent(&self) -> usize {
        self.budget.spent()
    }

    /// Where a URI leads at the media origin.
    fn at_origin(&self, uri: &str) -> Result<Url, PlaceError> {
        let frame = self.frame;
        let manifest = self.manifest.get_or_init(|| frame.folder.join(frame.resource.as_str()).ok());
        let manifest = manifest.as_ref().ok_or(PlaceError::Unreadable)?;
        self.budget.resolve(manifest.as_str().len(), uri.len())?;
        manifest.join(uri).map_err(|_| PlaceError::Unreadable)
    }
    /// Finds out how to write a URI, which players resolve after taking control characters and spaces off its ends.
    pub(in crate::hls) fn place(&self, uri: &[u8], variables: &Variables<'_>) -> Result<Place, PlaceError> {
        let uri = str::from_utf8(uri).map_err(|_| PlaceError::Unreadable)?;
        if let Some(has_query) = plain(uri) {
            return Ok(match self.frame.signing {
                Signing::Inherited => Place::AsIs,
                Signing::Path => Place::Below,
                Signing::Query | Signing::Renewed => Place::With(if has_query { '&' } else { '?' }),
            });
        }
        match variables.resolve(uri) {
            Resolved::Known(Cow::Borrowed(uri)) => self.resolved(uri),
            Resolved::Known(Cow::Owned(text)) => self.with_values(&text),
            // Whatever has defined it, there or in another playlist.
            Resolved::Partly { text, .. }
                if names(&text).any(|name| self.frame.credentials.holds_parameter(name)) =>
            {
                Err(PlaceError::Credential)
            }
            Resolved::Partly { text, at } => match text.get(..at).unwrap_or_default() {
                // Where it leads is said: no value changes it behind that.
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

    /// Finds out how to write a URI whose file players read as something that leads further: where its name does not tell, and
    /// the edge would pass it on unread, the URI is marked.
    pub(in crate::hls) fn place_to_read(
        &self,
        uri: &[u8],
        variables: &Variables<'_>,
        reading: Reading,
    ) -> Result<Place, PlaceError> {
        let uri = str::from_utf8(uri).map_err(|_| PlaceError::Unreadable)?;
        // What it is read as would be an unknown value's to say.
        let text = decided(variables.resolve(uri)).ok_or(PlaceError::Variable)?;
        let url = self.at_origin(&text)?;
        let resource = below(self.frame.folder, &url).and_then(|below| below.split('?').next());
        let marked = resource.and_then(|resource| reading.marked(&text, resource));
        let Some(marked) = marked else { return self.place(uri.as_bytes(), variables) };
        if names(&marked).any(|name| self.frame.credentials.holds_parameter(name)) {
            return Err(PlaceError::Credential);
        }
        Ok(match self.with_values(&marked)? {
            Place::AsIs => Place::Unsigned(marked),
            place => place,
        })
    }

    /// A URI in which values stand in place of variables.
    fn with_values(&self, uri: &str) -> Result<Place, PlaceError> {
        Ok(match self.resolved(uri)? {
            Place::Below => Place::Signed(
                "/~".to_owned(),
                ["/", self.frame.root, self.frame.resource.folder(), uri].concat(),
            ),
            Place::With(mark) => Place::Signed(format!("{uri}{mark}{SESSION_PARAMETER}="), String::new()),
            place => place,
        })
    }

    fn resolved(&self, uri: &str) -> Result<Place, PlaceError> {
        if plain(uri).is_some() {
            // It was not, before its variables were put in.
            return self.place(uri.as_bytes(), &Variables::default());
        }
        let Frame { folder, root, signing, .. } = *self.frame;
        let url = self.at_origin(uri)?;
        let Some(below) = below(folder, &url) else { return self.foreign(uri, &url) };
        // An encoded dot segment or slash might lead out again at the media origin.
        ResourcePath::parse(url.path().get(folder.path().len()..).unwrap_or_default())
            .map_err(|_| PlaceError::Spelling)?;
        // A title's folder at the media origin may have another name and depth than its root at the edge, so that a
        // URI that climbs can lead to different places.
        let names_session = names_session(&url);
        let as_it_stands = match signing {
            Signing::Inherited => Some(Place::AsIs),
            Signing::Renewed if !uri.contains('#') => {
                Some(Place::With(if uri.contains('?') { '&' } else { '?' }))
            }
            Signing::Path | Signing::Query | Signing::Renewed => None,
        };
        if let Some(place) = as_it_stands
            && !names_session
            && is_relative(uri)
            && self.inherits(uri, below)?
        {
            return Ok(place);
        }
        let fragment = url.fragment().map(|fragment| format!("#{fragment}")).unwrap_or_default();
        Ok(match signing {
            Signing::Inherited | Signing::Path | Signing::Renewed if names_session => {
                let (path, query) = below.split_once('?').unwrap_or((below, ""));
                let query = without_session(query);
                let mark = if query.is_empty() { "" } else { "?" };
                Place::Signed("/~".to_owned(), ["/", root, path, mark, &query, &fragment].concat())
            }
            Signing::Inherited | Signing::Path | Signing::Renewed => {
                Place::Signed("/~".to_owned(), ["/", root, below, &fragment].concat())
            }
            Signing::Query => {
                let path = below.split('?').next().unwrap_or_default();
                let query = with_parameter(&url);
                Place::Signed(["/", root, path, &query].concat(), fragment)
            }
        })
    }

    /// Whether a relative URI leads to the same place at the edge as it does at the media origin.
    fn inherits(&self, uri: &str, below: &str) -> Result<bool, PlaceError> {
        // It has no session.
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

    /// A URI whose path holds a variable of which players alone know the value. The text before it has to hold the URI on the
    /// edge's host; where the value climbs out of the session, the edge refuses what is asked for.
    fn partly(&self, uri: &str, before: &str) -> Result<Place, PlaceError> {
        if holds_session(uri) {
            return Err(PlaceError::Session);
        }
        // The value is at least a name: what stands before it may end with a slash, and may not be empty.
        let is_covered = !before.is_empty() && plain(&format!("{before}x")).is_some();
        if !is_covered {
            return Err(PlaceError::Variable);
        }
        Ok(match self.frame.signing {
            Signing::Inherited if before.contains('/') => Place::AsIs,
            Signing::Inherited => Place::Unsigned(format!("./{uri}")),
            Signing::Path => Place::Below,
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
                Place::Signed(before, fragment.to_owned())
            }
        })
    }

    /// What becomes of a URI that leads out of the title.
    fn foreign(&self, uri: &str, url: &Url) -> Result<Place, PlaceError> {
        let Frame { foreign, signing, .. } = *self.frame;
        self.budget.spend(foreign.cost())?;
        let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https"));
        // In plain text, anybody on the way would have the token.
        let is_protected = url.scheme() == "https" || !self.frame.is_protected();
        if let Some(host) = host.filter(|host| foreign.signs(host, is_protected)) {
            if session_prefix(url.path()).is_some() {
                return Err(PlaceError::Spelling);
            }
            let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
            let at = format!("{}://{authority}", url.scheme());
            let fragment = url.fragment().map(|fragment| format!("#{fragment}")).unwrap_or_default();
            return Ok(match signing {
                Signing::Inherited | Signing::Path | Signing::Renewed => {
                    let query = url.query().map(without_session).filter(|query| !query.is_empty());
                    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
                    Place::Signed(format!("{at}/~"), format!("{}{query}{fragment}", url.path()))
                }
                Signing::Query => {
                    Place::Signed(format!("{at}{}{}", url.path(), with_parameter(url)), fragment)
                }
            });
        }
        if !foreign.passes(host) {
            return Err(PlaceError::Foreign);
        }
        // At the edge, a relative one would lead elsewhere.
        let absolute =
            Url::parse(uri).is_ok_and(|same| same == *url) && uri.bytes().all(|byte| byte.is_ascii_graphic());
        Ok(if absolute { Place::AsIs } else { Place::Unsigned(url.to_string()) })
    }
}

/// A URI of which it is known where it leads: no value is unknown in front of its query and fragment.
fn decided(resolved: Resolved<'_>) -> Option<Cow<'_, str>> {
    match resolved {
        Resolved::Known(text) => Some(text),
        Resolved::Partly { text, at } => {
            text.get(..at).is_some_and(|before| before.contains(['?', '#'])).then(|| text.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::ForeignPolicy;
    use crate::manifest::{MOST_RESOLVED, Query, is_local};
    use crate::token::Credentials;

    fn place_with(signing: Signing, foreign: &ForeignPolicy, uri: &str) -> Result<Place, PlaceError> {
        let folder = Url::parse("https://media.example/vod/h/").unwrap();
        let resource = ResourcePath::parse("hls/index.m3u8").unwrap();
        let mut variables = Variables::default();
        for list in [
            r#"NAME="dir",VALUE="v/1""#,
            r#"NAME="base",VALUE="https://media.example/vod/h""#,
            r#"NAME="up",VALUE="../.""#,
            r#"NAME="own",VALUE="sd_sess""#,
        ] {
            variables.define(list.as_bytes(), Query::new(""), Credentials::SESSION).unwrap();
        }
        let frame = Frame {
            folder: &folder,
            root: "harbour/",
            resource: &resource,
            query: Query::new(""),
            signing,
            foreign,
            authority: "https://watch.example",
            credentials: Credentials::SESSION,
        };
        Resolver::new(&frame).place(uri.as_bytes(), &variables)
    }

    /// The URI as it is written, with `S` for the token.
    fn written(signing: Signing, foreign: &ForeignPolicy, uri: &str) -> Result<String, PlaceError> {
        Ok(match place_with(signing, foreign, uri)? {
            Place::AsIs => uri.to_owned(),
            Place::Below => format!("/~S/harbour/hls/{uri}"),
            Place::With(mark) => format!("{uri}{mark}{SESSION_PARAMETER}=S"),
            Place::Signed(before, after) => format!("{before}S{after}"),
            Place::Unsigned(text) => text,
        })
    }

    fn place(signing: Signing, uri: &str) -> Result<String, PlaceError> {
        written(signing, &ForeignPolicy::REFUSE, uri)
    }

    /// What a playlist's URIs count for, and how many of them there may be.
    #[test]
    fn what_is_resolved_has_a_budget() {
        let folder = Url::parse("https://media.example/vod/h/").unwrap();
        let resource = ResourcePath::parse("hls/index.m3u8").unwrap();
        let hosts: Vec<_> = (0..1_000).map(|number| format!("h{number}.example")).collect();
        let many: ForeignPolicy = serde_json::from_value(json!({ "pass": hosts })).unwrap();
        let one = serde_json::from_value(json!({ "pass": ["h999.example"] })).unwrap();
        let spent = |signing, foreign: &ForeignPolicy, uri: &str, reading: Option<Reading>, times: usize| {
            let frame = Frame {
                folder: &folder,
                root: "harbour/",
                resource: &resource,
                query: Query::new(""),
                signing,
                foreign,
                authority: "https://watch.example",
                credentials: Credentials::SESSION,
            };
            let resolver = Resolver::new(&frame);
            let variables = Variables::default();
            for _ in 0..times {
                match reading {
                    Some(reading) => resolver.place_to_read(uri.as_bytes(), &variables, reading)?,
                    None => resolver.place(uri.as_bytes(), &variables)?,
                };
            }
            Ok(resolver.spent())
        };
        let each = |signing, uri: &str| spent(signing, &ForeignPolicy::REFUSE, uri, None, 1).unwrap();
        for signing in [Signing::Inherited, Signing::Path, Signing::Query, Signing::Renewed] {
            assert_eq!(each(signing, "v/a.ts?x=1"), 0);
            assert!(each(signing, "../a.ts") > 64);
            assert_eq!(each(signing, "/vod/h/a.ts"), each(Signing::Path, "/vod/h/a.ts"));
            let far = format!("/vod/h/{}", "a/".repeat(400));
            let far = far.trim_end_matches('/');
            let most = MOST_RESOLVED / each(signing, far);
            let spent = |times| spent(signing, &ForeignPolicy::REFUSE, far, None, times);
            assert!(spent(most).is_ok());
            assert_eq!(spent(most + 1), Err(PlaceError::Exhausted));
            // Where it leads at the edge is looked at too where it might stay as it is.
            let stays = matches!(signing, Signing::Inherited | Signing::Renewed);
            assert_eq!(each(signing, "../a.ts") > each(Signing::Path, "../a.ts"), stays);
        }
        // Each URI of a foreign host is held against each of the site's.
        let foreign =
            |policy: &ForeignPolicy| spent(Signing::Path, policy, "//h999.example/a", None, 10).unwrap();
        assert!(foreign(&many) >= foreign(&one) + 10 * 999 * 8);
        let read = |times| spent(Signing::Path, &many, "../a", Some(Reading::Playlist), times);
        assert_eq!(read(MOST_RESOLVED), Err(PlaceError::Exhausted));
    }

    #[test]
    fn what_is_covered_in_each_style() {
        for (uri, path, query) in [
            ("a.m3u8", "hls/a.m3u8", "a.m3u8?"),
            ("v/1/a.m3u8", "hls/v/1/a.m3u8", "v/1/a.m3u8?"),
            ("a.ts?x=1", "hls/a.ts?x=1", "a.ts?x=1&"),
            ("a,b;c=(1).ts", "hls/a,b;c=(1).ts", "a,b;c=(1).ts?"),
            ("./a.ts", "hls/a.ts", "/harbour/hls/a.ts?"),
            ("../a.ts", "a.ts", "/harbour/a.ts?"),
            ("a b.ts", "hls/a%20b.ts", "/harbour/hls/a%20b.ts?"),
            ("a%2eb.ts?x={}", "hls/a%2eb.ts?x={}", "/harbour/hls/a%2eb.ts?x={}&"),
            ("/vod/h/a.ts", "a.ts", "/harbour/a.ts?"),
            ("//media.example/vod/h/a.ts", "a.ts", "/harbour/a.ts?"),
            ("https://media.example/vod/h/a.ts?b", "a.ts?b", "/harbour/a.ts?b&"),
            ("HTTPS://MEDIA.example:443/vod/h/a.ts", "a.ts", "/harbour/a.ts?"),
            (".a.ts", "hls/.a.ts", "/harbour/hls/.a.ts?"),
            ("{$dir}/a.ts", "hls/v/1/a.ts", "v/1/a.ts?"),
            ("{$base}/a.ts", "a.ts", "/harbour/a.ts?"),
            ("{$up}/a.ts", "a.ts", "/harbour/a.ts?"),
            ("x/{$unknown}", "hls/x/{$unknown}", "/harbour/hls/x/{$unknown}?"),
            ("x.ts?{$unknown}", "hls/x.ts?{$unknown}", "/harbour/hls/x.ts?{$unknown}&"),
            (
                "https://media.example/vod/h/b/1.ts?t={$unknown}",
                "b/1.ts?t={$unknown}",
                "/harbour/b/1.ts?t={$unknown}&",
            ),
            ("/vod/h/b/1.ts?t={$unknown}", "b/1.ts?t={$unknown}", "/harbour/b/1.ts?t={$unknown}&"),
            ("{$base}/1.ts?t={$unknown}", "1.ts?t={$unknown}", "/harbour/1.ts?t={$unknown}&"),
            ("{$dir}/{$unknown}/1.ts", "hls/{$dir}/{$unknown}/1.ts", "/harbour/hls/{$dir}/{$unknown}/1.ts?"),
            ("a.ts?sd_session=old&x=1", "hls/a.ts?x=1", "/harbour/hls/a.ts?x=1&"),
            ("a.ts?sd_session=old", "hls/a.ts", "/harbour/hls/a.ts?"),
            ("a.ts?sd%5Fsession=old", "hls/a.ts", "/harbour/hls/a.ts?"),
        ] {
            assert_eq!(place(Signing::Path, uri), Ok(format!("/~S/harbour/{path}")), "{uri}");
            assert_eq!(place(Signing::Query, uri), Ok(format!("{query}{SESSION_PARAMETER}=S")), "{uri}");
        }
        assert_eq!(
            place(Signing::Query, "x/{$unknown}#f").unwrap(),
            "/harbour/hls/x/{$unknown}?sd_session=S#f"
        );
        assert_eq!(place(Signing::Query, "./a.ts?x#f").unwrap(), "/harbour/hls/a.ts?x&sd_session=S#f");
        assert_eq!(place(Signing::Path, "./a.ts?x#f").unwrap(), "/~S/harbour/hls/a.ts?x#f");
    }

    /// The edge takes the first of two parameters, and a parameter before the path.
    #[test]
    fn no_uri_brings_a_session_of_its_own() {
        for (uri, others) in [
            ("a.ts?sd_session=X", ""),
            ("./a.ts?sd_session=X", ""),
            ("a.ts?x=1&sd_session=X&y", "x=1&y"),
            ("a.ts?sd%5Fsession=X&x=1", "x=1"),
            ("a.ts?%73d_session=X&sd_session", ""),
            ("a.ts?sd_ses\tsion=X", ""),
            ("https://media.example/vod/h/hls/a.ts?sd_session=X&x=1", "x=1"),
            ("{$base}/hls/a.ts?sd_session=X", ""),
            ("a.ts?x=1&{$own}ion=X", "x=1"),
        ] {
            let mark = |mark| if others.is_empty() { "" } else { mark };
            for signing in [Signing::Inherited, Signing::Path, Signing::Renewed] {
                let expected = format!("/~S/harbour/hls/a.ts{}{others}", mark("?"));
                assert_eq!(place(signing, uri), Ok(expected), "{signing:?} {uri}");
            }
            let expected = format!("/harbour/hls/a.ts?{others}{}sd_session=S", mark("&"));
            assert_eq!(place(Signing::Query, uri), Ok(expected), "{uri}");
        }
        for signing in [Signing::Inherited, Signing::Path, Signing::Renewed, Signing::Query] {
            for uri in ["x/{$unknown}.ts?sd_session=X", "x/{$unknown}.ts?a&sd%5fsession=X"] {
                assert_eq!(place(signing, uri), Err(PlaceError::Session), "{signing:?} {uri}");
            }
        }
    }

    #[test]
    fn below_a_session_relative_uris_stay() {
        for uri in [
            "a.ts",
            "v/1/a.ts",
            "./a.ts",
            "../a.ts",
            "a.ts?x=1",
            "a b.ts",
            "?x=1",
            "{$dir}/a.ts",
            "x/{$unknown}",
        ] {
            assert_eq!(place(Signing::Inherited, uri).as_deref(), Ok(uri), "{uri}");
        }
        for uri in [
            "/vod/h/a.ts",
            "https://media.example/vod/h/a.ts",
            "//media.example/vod/h/a.ts",
            "\\vod\\h\\a.ts",
            " //media.example/vod/h/a.ts",
            "\t/vod/h/a.ts",
            "../../h/a.ts",
            "{$base}/a.ts",
        ] {
            assert_eq!(place(Signing::Inherited, uri).as_deref(), Ok("/~S/harbour/a.ts"), "{uri}");
        }
        for (uri, path) in [
            (" a.ts", "hls/a.ts"),
            ("\u{a0}a.ts", "hls/%C2%A0a.ts"),
            ("https:a.ts", "hls/a.ts"),
            ("HTTPS:./a.ts", "hls/a.ts"),
        ] {
            assert_eq!(place(Signing::Inherited, uri), Ok(format!("/~S/harbour/{path}")), "{uri}");
        }
        assert_eq!(place(Signing::Inherited, "a/b:c.ts").as_deref(), Ok("a/b:c.ts"));
        assert_eq!(place(Signing::Inherited, "x{$unknown}").as_deref(), Ok("./x{$unknown}"));
    }

    #[test]
    fn what_leads_out_is_foreign() {
        for signing in [Signing::Inherited, Signing::Path, Signing::Query, Signing::Renewed] {
            for uri in [
                "https://ads.example/a.ts",
                "http://media.example/vod/h/a.ts",
                "https://media.example:444/vod/h/a.ts",
                "https://u:p@media.example/vod/h/a.ts",
                "//ads.example/a.ts",
                "/vod/other/a.ts",
                "../../other/a.ts",
                "%2e%2e/%2e%2e/other/a.ts",
                "/vod/h/",
                "/\t/media.example/vod/h/a.ts#",
                "javascript:alert(1)",
                "blob:https://media.example/1",
                "data:text/plain;base64,AA==",
                "skd://key",
            ] {
                let expected =
                    if uri.starts_with("/\t/") { place(signing, uri) } else { Err(PlaceError::Foreign) };
                assert_eq!(place(signing, uri), expected, "{uri}");
            }
            for uri in [
                "{$unknown}/a.ts",
                "{$",
                "{$unknown}",
                "{$unknown}?x={$dir}",
                "https://{$unknown}/a.ts?x",
                "https://media.example/vod/h/{$unknown}?x",
                "{$base}{$unknown}/a.ts",
            ] {
                assert_eq!(place(signing, uri), Err(PlaceError::Variable), "{uri}");
            }
            for uri in ["https://ads.example/a.ts?t={$unknown}", "//ads.example/a.ts#{$unknown}"] {
                assert_eq!(place(signing, uri), Err(PlaceError::Foreign), "{uri}");
            }
            for uri in ["..%2f..%2fother/a.ts", "a/%5c../x.ts", "v//a.ts", "100%.ts"] {
                assert_eq!(place(signing, uri), Err(PlaceError::Spelling), "{uri}");
            }
        }
        for uri in ["data:text/plain;base64,AA==", "skd://key", "SKD://key", "urn:uuid:1"] {
            assert!(is_local(uri.as_bytes()), "{uri}");
        }
    }

    #[test]
    fn a_foreign_uri_is_passed_or_signed_where_the_site_says_so() {
        let policy: ForeignPolicy = serde_json::from_value(
            json!({ "pass": ["ads.example", "media.example"], "sign": ["*.cdn.example"] }),
        )
        .unwrap();
        for (uri, path, query) in [
            ("https://ads.example/a.ts?x", "https://ads.example/a.ts?x", "https://ads.example/a.ts?x"),
            ("//ads.example/a.ts", "https://ads.example/a.ts", "https://ads.example/a.ts"),
            (
                "https://ads.example/a.ts?t={$unknown}",
                "https://ads.example/a.ts?t={$unknown}",
                "https://ads.example/a.ts?t={$unknown}",
            ),
            (
                "https://b.cdn.example/a.ts?t={$unknown}",
                "https://b.cdn.example/~S/a.ts?t={$unknown}",
                "https://b.cdn.example/a.ts?t={$unknown}&sd_session=S",
            ),
            (
                "/vod/other/a.ts",
                "https://media.example/vod/other/a.ts",
                "https://media.example/vod/other/a.ts",
            ),
            (
                "https://b.cdn.example/a.ts",
                "https://b.cdn.example/~S/a.ts",
                "https://b.cdn.example/a.ts?sd_session=S",
            ),
            (
                "https://u:p@b.cdn.example:8443/a.ts?sd%5Fsession=old&x=1#f",
                "https://b.cdn.example:8443/~S/a.ts?x=1#f",
                "https://b.cdn.example:8443/a.ts?x=1&sd_session=S#f",
            ),
        ] {
            assert_eq!(written(Signing::Path, &policy, uri).as_deref(), Ok(path), "{uri}");
            assert_eq!(written(Signing::Inherited, &policy, uri).as_deref(), Ok(path), "{uri}");
            assert_eq!(written(Signing::Query, &policy, uri).as_deref(), Ok(query), "{uri}");
        }
        assert_eq!(written(Signing::Path, &policy, "https://cdn.example/a.ts"), Err(PlaceError::Foreign));
        for bad in ["ftp://b.cdn.example/a.ts", "http://b.cdn.example/a.ts"] {
            assert_eq!(written(Signing::Path, &policy, bad), Err(PlaceError::Foreign), "{bad}");
        }
        assert_eq!(
            written(Signing::Path, &policy, "https://b.cdn.example/%7Eold/a.ts"),
            Err(PlaceError::Spelling)
        );
        assert_eq!(written(Signing::Path, &ForeignPolicy::pass_all(), "blob:x").as_deref(), Ok("blob:x"));
    }
}
