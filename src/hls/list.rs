//! What playlists and MPDs lead players to in JSON: the list of assets of an interstitial, and a steering manifest of the media
//! origin's own. Both lead further, so that their URIs are signed, or held against `media.foreign`, as those of playlists are.
//!
//! ```text
//! assets      {"ASSETS":[{"URI":…,"DURATION":15.0}]}
//! steering    {"VERSION":1,"TTL":300,"RELOAD-URI":…,"PATHWAY-PRIORITY":[…],"PATHWAY-CLONES":[{"BASE-ID":…,"ID":…,
//!               "URI-REPLACEMENT":{"HOST":…,"PARAMS":{…},"PER-VARIANT-URIS":{…},"PER-RENDITION-URIS":{…}}}]}
//! ```
//!
//! [HLS appendix D.2](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#appendix-D.2),
//! [Content Steering section 4](https://datatracker.ietf.org/doc/html/draft-pantos-content-steering-05#section-4). Members that
//! are not known pass through.

use serde_json::{Map, Value};

use super::compile::CompileError;
use super::place::{Place, PlaceError, Resolver};
use super::sign::why;
use super::variables::Variables;
use crate::json;
use crate::manifest::{Frame, MOST_RESOLVED, MOST_WRITTEN, TOKEN_BYTES, Template};
use crate::route::{Reading, SESSION_PARAMETER};

/// A kind of list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// The assets of an interstitial.
    Assets,
    /// A steering manifest.
    Steering,
}

/// The longest list that is read, in bytes.
const LONGEST: usize = 256 * 1024;

/// Compiles a list: makes every URI of it that leads into the title carry the session.
///
/// Takes time and memory linear in the list's length.
pub fn compile_list(bytes: &[u8], list: List, frame: &Frame<'_>) -> Result<Template, CompileError> {
    if bytes.len() > LONGEST {
        return Err(CompileError::TooLong { limit: LONGEST, found: bytes.len() });
    }
    let broken = |error: serde_json::Error| CompileError::NotAList { why: error.to_string() };
    let mut members = json::object(bytes).map_err(broken)?;
    // What stands for the token is nothing that the list has itself.
    let text = serde_json::to_string(&members).map_err(broken)?;
    let mark = (0..=text.len()).map(|number| format!("~{number}~token")).find(|mark| !text.contains(mark));
    let resolver = Resolver::new(frame);
    let signer = Signer { resolver: &resolver, mark: mark.unwrap_or_default() };
    match list {
        List::Assets => {
            for asset in members.get_mut("ASSETS").into_iter().flat_map(objects) {
                signer.member(asset, "URI", Reading::Playlist)?;
            }
        }
        List::Steering => {
            signer.member(&mut members, "RELOAD-URI", Reading::Steering)?;
            for clone in members.get_mut("PATHWAY-CLONES").into_iter().flat_map(objects) {
                if let Some(Value::Object(replacement)) = clone.get_mut("URI-REPLACEMENT") {
                    signer.replacement(replacement)?;
                }
            }
        }
    }
    let text = serde_json::to_string(&members).map_err(broken)?;
    let mut template = Template::with_capacity(text.len());
    for (number, part) in text.split(signer.mark.as_str()).enumerate() {
        if number > 0 {
            template.push_hole();
        }
        template.push(part.as_bytes());
    }
    let found = template.size_rendered(TOKEN_BYTES);
    if found > MOST_WRITTEN {
        return Err(CompileError::TooLong { limit: MOST_WRITTEN, found });
    }
    Ok(template.finished())
}

struct Signer<'f> {
    resolver: &'f Resolver<'f>,
    /// Stands for the token.
    mark: String,
}

impl Signer<'_> {
    /// Writes the URI that a member is.
    fn member(
        &self,
        object: &mut Map<String, Value>,
        name: &str,
        reading: Reading,
    ) -> Result<(), CompileError> {
        object.get_mut(name).map_or(Ok(()), |member| self.uri(member, reading))
    }

    fn uri(&self, value: &mut Value, reading: Reading) -> Result<(), CompileError> {
        let Value::String(uri) = value else { return Ok(()) };
        let Self { resolver, mark } = self;
        let frame = resolver.frame;
        let place = resolver.place_to_read(uri.as_bytes(), &Variables::default(), reading);
        let place = place.map_err(|error| match error {
            PlaceError::Exhausted => {
                CompileError::TooMuch { line: 1, limit: MOST_RESOLVED, found: resolver.spent() }
            }
            error => uncovered(why(error), uri),
        })?;
        *uri = match place {
            Place::AsIs => return Ok(()),
            Place::Unsigned(text) => text,
            Place::Signed(before, after) => [&before, mark, &after].map(String::as_str).concat(),
            Place::With(sign) => format!("{uri}{sign}{SESSION_PARAMETER}={mark}"),
            Place::Below => ["/~", mark, "/", frame.root, frame.resource.folder(), uri].concat(),
        };
        Ok(())
    }

    /// What players make of a pathway's URIs, with the token that those have.
    fn replacement(&self, replacement: &mut Map<String, Value>) -> Result<(), CompileError> {
        if let Some(host) = replacement.get("HOST") {
            let host = host.as_str().unwrap_or_default();
            if !self.resolver.frame.is_for_token(host) {
                return Err(uncovered("a host that is not to have the session's token", host));
            }
        }
        if let Some(Value::Object(parameters)) = replacement.get("PARAMS") {
            let held = parameters.keys().find(|name| self.resolver.frame.credentials.holds_parameter(name));
            if let Some(name) = held {
                return Err(uncovered("a parameter in which a credential of the viewer stands", name));
            }
        }
        for member in ["PER-VARIANT-URIS", "PER-RENDITION-URIS"] {
            if let Some(Value::Object(uris)) = replacement.get_mut(member) {
                for uri in uris.values_mut() {
                    self.uri(uri, Reading::Playlist)?;
                }
            }
        }
        Ok(())
    }
}

fn objects(list: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    list.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut)
}

fn uncovered(why: &'static str, uri: &str) -> CompileError {
    let uri = uri.split(['?', '#']).next().unwrap_or_default().chars().take(120).collect();
    CompileError::Uncovered { line: 1, why, uri }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use url::Url;

    use super::*;
    use crate::catalog::ForeignPolicy;
    use crate::manifest::{Query, Signing};
    use crate::route::ResourcePath;
    use crate::token::Credentials;

    fn compiled(list: List, json: &Value, signing: Signing) -> Result<Value, CompileError> {
        let folder = Url::parse("https://media.example/vod/h/").unwrap();
        let resource = ResourcePath::parse("hls/list.json.sd-assets").unwrap();
        let foreign: ForeignPolicy =
            serde_json::from_value(json!({ "pass": ["ads.example"], "sign": ["*.cdn.example"] })).unwrap();
        let frame = Frame {
            folder: &folder,
            root: "harbour/",
            resource: &resource,
            query: Query::new(""),
            signing,
            foreign: &foreign,
            authority: "https://watch.example",
            credentials: &Credentials::usual(),
        };
        let template = compile_list(json.to_string().as_bytes(), list, &frame)?;
        Ok(serde_json::from_slice(&template.render("S")).unwrap())
    }

    #[test]
    fn the_assets_of_an_interstitial_are_held_to_the_policy() {
        let list = |uri: &str| json!({ "ASSETS": [{ "URI": uri, "DURATION": 15.5 }], "X": "~0~token" });
        for (uri, inherited, query) in [
            ("ad.m3u8", "ad.m3u8", "ad.m3u8?sd_session=S"),
            ("ad", "ad.sd-m3u8", "ad.sd-m3u8?sd_session=S"),
            ("ad.txt?x=1#f", "ad.txt.sd-m3u8?x=1#f", "/harbour/hls/ad.txt.sd-m3u8?x=1&sd_session=S#f"),
            ("/vod/h/ad.m3u8", "/~S/harbour/ad.m3u8", "/harbour/ad.m3u8?sd_session=S"),
            ("https://ads.example/a", "https://ads.example/a", "https://ads.example/a"),
            ("https://b.cdn.example/a", "https://b.cdn.example/~S/a", "https://b.cdn.example/a?sd_session=S"),
        ] {
            for (signing, expected) in [(Signing::Inherited, inherited), (Signing::Query, query)] {
                assert_eq!(compiled(List::Assets, &list(uri), signing), Ok(list(expected)), "{uri}");
            }
        }
        for uri in [
            "https://evil.example/a.m3u8",
            "//evil.example/a",
            "..;/x.m3u8",
            "data:,x",
            "https://evil.example/?{$sd_session}",
        ] {
            assert!(compiled(List::Assets, &list(uri), Signing::Path).is_err(), "{uri}");
        }
        assert_eq!(
            compiled(List::Assets, &json!({ "ASSETS": 1 }), Signing::Path),
            Ok(json!({ "ASSETS": 1 }))
        );
        let error = compiled(List::Assets, &json!([]), Signing::Path).unwrap_err();
        assert!(matches!(error, CompileError::NotAList { .. }));
        let long = json!({ "ASSETS": [], "X": "x".repeat(LONGEST) });
        assert!(matches!(compiled(List::Assets, &long, Signing::Path), Err(CompileError::TooLong { .. })));
    }

    /// A clone's URIs have the token of those that it is made of.
    #[test]
    fn a_steering_manifest_sends_no_session_to_a_host_that_is_not_to_have_it() {
        let list = |host: &str, uri: &str, reload: &str, parameter: &str| {
            json!({ "VERSION": 1, "TTL": 300, "RELOAD-URI": reload, "PATHWAY-PRIORITY": ["a", "b"], "PATHWAY-CLONES": [{
                "BASE-ID": "a", "ID": "b", "URI-REPLACEMENT": { "HOST": host, "PARAMS": { parameter: "1" },
                    "PER-VARIANT-URIS": { "v": uri }, "PER-RENDITION-URIS": { "r": uri } } }] })
        };
        let cdn = "https://b.cdn.example/x/a.m3u8";
        assert_eq!(
            compiled(List::Steering, &list("b.cdn.example", cdn, "steer?x=1", "p"), Signing::Path),
            Ok(list(
                "b.cdn.example",
                "https://b.cdn.example/~S/x/a.m3u8",
                "/~S/harbour/hls/steer.sd-steering?x=1",
                "p"
            ))
        );
        assert!(compiled(List::Steering, &list("watch.example", cdn, "s", "p"), Signing::Path).is_ok());
        for (host, uri, reload, parameter) in [
            ("evil.example", cdn, "s", "p"),
            ("ads.example", cdn, "s", "p"),
            ("evil.example/.cdn.example", cdn, "s", "p"),
            ("u@b.cdn.example", cdn, "s", "p"),
            ("b.cdn.example:8443", cdn, "s", "p"),
            ("", cdn, "s", "p"),
            ("b.cdn.example", "https://evil.example/a.m3u8", "s", "p"),
            ("b.cdn.example", cdn, "https://evil.example/s", "p"),
            ("b.cdn.example", cdn, "s", "sd_session"),
            ("b.cdn.example", cdn, "s", "tok%65n"),
        ] {
            let found = compiled(List::Steering, &list(host, uri, reload, parameter), Signing::Path);
            assert!(
                matches!(found, Err(CompileError::Uncovered { .. })),
                "{host} {uri} {reload} {parameter}"
            );
        }
    }
}
