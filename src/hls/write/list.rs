//! Lists in JSON to which playlists and MPDs lead players: the assets of an interstitial, and a steering manifest of the media
//! origin's own. Both name further URIs, which are signed, or checked by `media.foreign`, like the URIs of playlists.
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

use super::resolver::{Resolver, UriError, WrittenUri};
use crate::catalog::SESSION_PARAMETER;
use crate::hls::error::CompileError;
use crate::hls::read::variables::Variables;
use crate::json;
use crate::manifest::{Budget, Frame, MOST_RESOLVED, MOST_WRITTEN, TOKEN_BYTES, Template};
use crate::resource::Reading;

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
    let members = json::object(bytes).map_err(|error| broken(&error))?;
    let budget = Budget::default();
    let mut writer = ListWriter {
        resolver: Resolver::new(frame, &budget),
        template: Template::with_capacity(bytes.len()),
    };
    match list {
        List::Assets => writer.object(&members, |writer, name, assets| match (name, assets) {
            ("ASSETS", Value::Array(assets)) => writer.array(assets, |writer, asset| match asset {
                Value::Object(asset) => writer.object(asset, |writer, name, value| match name {
                    "URI" => writer.uri(value, Reading::Playlist),
                    _ => writer.value(value),
                }),
                other => writer.value(other),
            }),
            (_, other) => writer.value(other),
        })?,
        List::Steering => writer.object(&members, |writer, name, value| match (name, value) {
            ("RELOAD-URI", uri) => writer.uri(uri, Reading::Steering),
            ("PATHWAY-CLONES", Value::Array(clones)) => writer.array(clones, |writer, clone| match clone {
                Value::Object(clone) => writer.object(clone, |writer, name, value| match (name, value) {
                    ("URI-REPLACEMENT", Value::Object(replacement)) => writer.replacement(replacement),
                    (_, other) => writer.value(other),
                }),
                other => writer.value(other),
            }),
            (_, other) => writer.value(other),
        })?,
    }
    let template = writer.template;
    let found = template.size_rendered(TOKEN_BYTES);
    if found > MOST_WRITTEN {
        return Err(CompileError::TooLong { limit: MOST_WRITTEN, found });
    }
    Ok(template.finished())
}

/// Whether a text is a list by its form.
pub(crate) fn is_list(text: &[u8]) -> bool {
    text.len() <= LONGEST && json::object(text).is_ok()
}

fn broken(error: &serde_json::Error) -> CompileError {
    CompileError::NotAList { why: error.to_string() }
}

/// Writes a list member by member. The token's places are holes of the template. A placeholder text would not do, because
/// the list or its path might contain the same text.
struct ListWriter<'f> {
    resolver: Resolver<'f>,
    template: Template,
}

type Written = Result<(), CompileError>;

impl ListWriter<'_> {
    fn object(
        &mut self,
        members: &Map<String, Value>,
        write: impl Fn(&mut Self, &str, &Value) -> Written,
    ) -> Written {
        for (number, (name, value)) in members.iter().enumerate() {
            self.template.push(if number == 0 { b"{" } else { b"," });
            self.text(&[name])?;
            self.template.push(b":");
            write(self, name, value)?;
        }
        self.template.push(if members.is_empty() { b"{}" } else { b"}" });
        Ok(())
    }

    fn array(&mut self, items: &[Value], write: impl Fn(&mut Self, &Value) -> Written) -> Written {
        self.template.push(b"[");
        for (number, item) in items.iter().enumerate() {
            if number > 0 {
                self.template.push(b",");
            }
            write(self, item)?;
        }
        self.template.push(b"]");
        Ok(())
    }

    /// A value as it came.
    fn value(&mut self, value: &Value) -> Written {
        self.template.push(&serde_json::to_vec(value).map_err(|error| broken(&error))?);
        Ok(())
    }

    /// A string, with the token between its parts.
    fn text(&mut self, parts: &[&str]) -> Written {
        self.template.push(b"\"");
        for (number, part) in parts.iter().enumerate() {
            if number > 0 {
                self.template.push_hole();
            }
            let quoted = serde_json::to_string(part).map_err(|error| broken(&error))?;
            let inner = quoted.strip_prefix('"').and_then(|quoted| quoted.strip_suffix('"'));
            self.template.push(inner.unwrap_or(&quoted).as_bytes());
        }
        self.template.push(b"\"");
        Ok(())
    }

    /// Writes a member that is a URI.
    fn uri(&mut self, value: &Value, reading: Reading) -> Written {
        let Value::String(uri) = value else { return self.value(value) };
        let Self { resolver, .. } = self;
        let frame = resolver.frame;
        let written = resolver.written_to_read(uri.as_bytes(), &Variables::default(), reading);
        let written = written.map_err(|error| match error {
            UriError::Exhausted => {
                CompileError::TooMuch { line: 1, limit: MOST_RESOLVED, found: resolver.spent() }
            }
            error => uncovered(error.why(), uri),
        })?;
        match written {
            WrittenUri::AsIs | WrittenUri::Relative => self.text(&[uri]),
            WrittenUri::Unsigned(text) => self.text(&[&text]),
            WrittenUri::Signed(before, after) => self.text(&[&before, &after]),
            WrittenUri::With(sign) => self.text(&[&format!("{uri}{sign}{SESSION_PARAMETER}="), ""]),
            WrittenUri::Below => {
                let below = ["/", frame.root, frame.resource.folder(), uri].concat();
                self.text(&["/~", &below])
            }
        }
    }

    /// The replacement that players make in a pathway's URIs, which keep their token.
    fn replacement(&mut self, replacement: &Map<String, Value>) -> Written {
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
        self.object(replacement, |writer, name, value| match (name, value) {
            ("PER-VARIANT-URIS" | "PER-RENDITION-URIS", Value::Object(uris)) => {
                writer.object(uris, |writer, _, uri| writer.uri(uri, Reading::Playlist))
            }
            (_, other) => writer.value(other),
        })
    }
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
    use crate::manifest::Signing;
    use crate::resource::ResourcePath;
    use crate::token::Credentials;

    fn compiled(list: List, json: &Value, signing: Signing) -> Result<Value, CompileError> {
        compiled_at("hls/list.json.sd-assets", list, json, signing)
    }

    fn compiled_at(path: &str, list: List, json: &Value, signing: Signing) -> Result<Value, CompileError> {
        let folder = Url::parse("https://media.example/vod/h/").unwrap();
        let resource = ResourcePath::parse(path).unwrap();
        let foreign: ForeignPolicy =
            serde_json::from_value(json!({ "pass": ["ads.example"], "sign": ["*.cdn.example"] })).unwrap();
        let frame = Frame {
            foreign: &foreign,
            credentials: &Credentials::usual(),
            ..Frame::new("https://watch.example", "harbour/", &folder, &resource, signing)
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
            ("ad?sd_session=X", "/~S/harbour/hls/ad.sd-m3u8", "/harbour/hls/ad.sd-m3u8?sd_session=S"),
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

    /// The token stands where it belongs, whatever the folders of the title are called.
    #[test]
    fn no_folder_of_a_list_is_taken_for_the_place_of_the_token() {
        let list = |uri: &str| json!({ "ASSETS": [{ "URI": uri, "X": {}, "Y": [] }, 1], "Z": "\\\u{0}\"~~" });
        for folder in ["~0~token", "~", "~1~token", "token", "S"] {
            let path = format!("{folder}/list.json.sd-assets");
            let below = format!("/harbour/{folder}/");
            for (uri, inherited, in_path, in_query) in [
                (
                    "ad.m3u8",
                    "ad.m3u8".to_owned(),
                    format!("/~S{below}ad.m3u8"),
                    "ad.m3u8?sd_session=S".to_owned(),
                ),
                (
                    "./b.m3u8?x=1",
                    "./b.m3u8?x=1".to_owned(),
                    format!("/~S{below}b.m3u8?x=1"),
                    format!("{below}b.m3u8?x=1&sd_session=S"),
                ),
            ] {
                for (signing, expected) in
                    [(Signing::Inherited, inherited), (Signing::Path, in_path), (Signing::Query, in_query)]
                {
                    let found = compiled_at(&path, List::Assets, &list(uri), signing);
                    assert_eq!(found, Ok(list(&expected)), "{path} {signing:?}");
                }
            }
        }
    }

    /// The URIs of a clone are made from its base pathway's URIs, and have their token.
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
