//! A token for a pattern of paths opens only the folder of the title that the pattern names.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use stagedoor::catalog::{Acceptance, Algorithm, Jwk, KeySet, Lock, SessionId, TitleId, TokenPolicy};
use stagedoor::facts::Facts;
use stagedoor::redacted::Redacted;
use stagedoor::resource::MediaRequest;
use stagedoor::rights::Class;
use stagedoor::time::UnixTime;
use stagedoor::token::session::{Opening, Session};
use stagedoor::token::{
    Asked, Grant, cat, cloud_front, edge_auth, media_cdn, mint::PrivateKey, native, present, secure_link,
};

const NOW: u64 = 1_795_370_400;

fn secret() -> PrivateKey {
    let jwk = json!({ "kty": "oct", "kid": "k", "k": "aHMyNTYtc2VjcmV0LW9mLXRoZS1mbG93LXRlc3RzLSE" });
    PrivateKey::from_jwk(jwk.as_object().unwrap()).unwrap()
}

fn pair() -> PrivateKey {
    let jwk = json!({ "kty": "EC", "kid": "e", "crv": "P-256", "d": "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM" });
    PrivateKey::from_jwk(jwk.as_object().unwrap()).unwrap()
}

fn policy(dialect: &str, own: &Value) -> TokenPolicy {
    let mut mine = json!({ "keys": "id" });
    mine.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    serde_json::from_value(json!({ "accept": [{ dialect: mine }] })).unwrap()
}

fn facts(url: &str) -> Facts {
    let target = url.strip_prefix("https://a.example").unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Facts {
        host: "a.example".to_owned(),
        path: path.to_owned(),
        query: Redacted::new(query.to_owned()),
        ..Facts::default()
    }
}

/// The grant of a URL with a token, and the path without the token.
fn grant(url: &str, policy: &TokenPolicy) -> Option<(Grant, String)> {
    let keys: KeySet =
        serde_json::from_value(json!({ "issuer": "id", "keys": [secret().public(), pair().public()] }))
            .unwrap();
    let facts = facts(url);
    let presented = present(&facts, policy).ok()?;
    let asked = Asked { facts: &facts, policy, now: UnixTime::from_secs(NOW) };
    let grant = native::prove(presented.as_ref(), &keys, &asked).ok()?;
    let path = presented.path().unwrap_or(&facts.path).to_owned();
    Some((grant, path))
}

fn sign(key: &PrivateKey) -> impl Fn(Algorithm, &[u8]) -> Result<Vec<u8>, String> + '_ {
    |algorithm, message| key.sign(algorithm, message).map_err(|error| error.to_string())
}

/// The claims of each dialect for the paths below a folder, or for a single path.
#[derive(Clone, Copy, Debug)]
enum Kind {
    EdgeAuth,
    Cat,
    CatParent,
    UrlPrefix,
    PathComponent,
    PathGlobs,
    CloudFront,
    SecureMedia,
    UriSigning,
}

const KINDS: [Kind; 9] = [
    Kind::EdgeAuth,
    Kind::Cat,
    Kind::CatParent,
    Kind::UrlPrefix,
    Kind::PathComponent,
    Kind::PathGlobs,
    Kind::CloudFront,
    Kind::SecureMedia,
    Kind::UriSigning,
];

/// The grant of an entry with a token for a path prefix.
fn below(kind: Kind, prefix: &str, entry: &str) -> Option<(Grant, String)> {
    let (url, exp) = (format!("https://a.example{entry}"), NOW + 60);
    let whole = format!("https://a.example{prefix}");
    let signed =
        |claims: Value| secret().jws(Algorithm::HS256, Map::new(), claims.to_string().as_bytes()).unwrap();
    let google = |claims: Value| {
        let policy = policy("media_cdn", &json!({}));
        let [Acceptance::MediaCdn(own)] = policy.accept.as_slice() else { return None };
        let (key, claims) = (secret(), serde_json::from_value(claims).unwrap());
        let url = media_cdn::mint(&url, &claims, own, &key.public(), &sign(&key)).ok()?.url;
        grant(&url, &policy)
    };
    match kind {
        Kind::EdgeAuth => {
            let policy = policy("edge_auth", &json!({}));
            let [Acceptance::EdgeAuth(own)] = policy.accept.as_slice() else { return None };
            let claims =
                serde_json::from_value(json!({ "exp": exp, "acl": [format!("{prefix}*")] })).unwrap();
            grant(&edge_auth::mint(&url, &claims, own, &sign(&secret())).unwrap().url, &policy)
        }
        Kind::Cat | Kind::CatParent => {
            let catu = match kind {
                Kind::Cat => json!({ "path": { "prefix": prefix } }),
                _ => json!({ "parent-path": { "exact": entry.rsplit_once('/').unwrap().0 } }),
            };
            let claims = json!({ "exp": exp, "catu": catu });
            let token = cat::mint(&secret(), claims.as_object().unwrap()).unwrap();
            grant(&format!("{url}?CAT={}", token.replace('+', "%2B")), &policy("cat", &json!({})))
        }
        Kind::UrlPrefix => google(json!({ "exp": exp, "url_prefix": whole })),
        Kind::PathComponent => google(json!({ "form": "path", "exp": exp, "url_prefix": whole })),
        Kind::PathGlobs => google(json!({ "form": "token", "exp": exp, "path_globs": format!("{prefix}*") })),
        Kind::CloudFront => {
            let claims =
                serde_json::from_value(json!({ "exp": exp, "resource": format!("{whole}*") })).unwrap();
            let url = cloud_front::mint(&url, &claims, &pair().public(), &sign(&pair())).unwrap().url;
            grant(&url, &policy("cloud_front", &json!({})))
        }
        Kind::SecureMedia => {
            let token = signed(json!({ "exp": exp, "paths": [prefix] }));
            grant(&format!("https://a.example/{token}{entry}"), &policy("secure_media", &json!({})))
        }
        Kind::UriSigning => {
            let token =
                signed(json!({ "exp": exp, "cdniuc": format!("regex:{}.*", whole.replace('.', r"\.")) }));
            grant(&format!("{url}?URISigningPackage={token}"), &policy("uri_signing", &json!({})))
        }
    }
}

fn covers(grant: &Grant, entry: &str, path: &str) -> bool {
    let title: TitleId = MediaRequest::at_entry(entry).unwrap().title;
    let later = UnixTime::from_secs(NOW + 60);
    let session = Session::new(&Opening {
        id: SessionId([1; 8]),
        title: &title,
        class: Class([0; 4]),
        proved: None,
        grant,
        lock: Lock::default(),
        facts: &Facts::default(),
        generation: 0,
        streams: None,
        expires_at: later,
        ends_at: later,
    });
    let wanted = MediaRequest::at_entry(path).unwrap();
    session.check(&wanted, &Facts::default(), UnixTime::from_secs(NOW), 0).is_ok()
}

#[test]
fn every_dialect_with_patterns() {
    for kind in KINDS {
        let (found, path) = below(kind, "/harbour/sd/", "/harbour/sd/m.m3u8").unwrap();
        assert_eq!((found.folder.as_deref(), path.as_str()), (Some("sd/"), "/harbour/sd/m.m3u8"), "{kind:?}");
        assert!(covers(&found, &path, "/harbour/sd/a/1.ts") && !covers(&found, &path, "/harbour/hd/1.ts"));
        let (found, _) = below(kind, "/harbour/", "/harbour/m.m3u8").unwrap();
        assert_eq!(found.folder, None, "{kind:?}");
    }
}

#[test]
fn a_token_for_one_url_opens_the_title() {
    let (url, exp) = ("https://a.example/harbour/sd/m.m3u8?x=1", NOW + 60);
    let of = |claims: Value| {
        let claims = serde_json::from_value(claims).unwrap();
        let url = cloud_front::mint(url, &claims, &pair().public(), &sign(&pair())).unwrap().url;
        grant(&url, &policy("cloud_front", &json!({}))).unwrap().0.folder
    };
    assert_eq!(of(json!({ "exp": exp })), None);
    assert_eq!(of(json!({ "exp": exp, "resource": url })), None);
    assert_eq!(
        of(json!({ "exp": exp, "resource": "https://a.example/harbour/sd/?.m3u8?x=1" })),
        Some("sd/".into())
    );
    assert_eq!(of(json!({ "exp": exp, "resource": "http*://*/harbour/sd/*" })), Some("sd/".into()));
    assert_eq!(of(json!({ "exp": exp, "resource": "*/harbour/sd/*" })), Some("sd/".into()));
    let acl = |patterns: Value| {
        let policy = policy("edge_auth", &json!({}));
        let [Acceptance::EdgeAuth(own)] = policy.accept.as_slice() else { panic!("another dialect") };
        let claims = serde_json::from_value(json!({ "exp": exp, "acl": patterns })).unwrap();
        let url = edge_auth::mint(url, &claims, own, &sign(&secret())).unwrap().url;
        grant(&url, &policy).unwrap().0.folder
    };
    assert_eq!(acl(json!(null)), None);
    assert_eq!(acl(json!(["/harbour/sd/m.m3u8"])), None);
    assert_eq!(acl(json!(["/harbour/sd/m.m3u8", "/harbour/sd/*"])), Some("sd/".into()));
    assert_eq!(acl(json!(["/harbour/*", "/harbour/sd/*"])), None);
    assert_eq!(acl(json!(["/harbour/hd/*", "/harbour/sd/*"])), Some("sd/".into()));
}

#[test]
fn a_formula_limits_by_what_decided() {
    let of = |claims: Value| {
        let mut claims = claims;
        claims["exp"] = (NOW + 60).into();
        let token = cat::mint(&secret(), claims.as_object().unwrap()).unwrap().replace('+', "%2B");
        let url = format!("https://a.example/harbour/sd/a/m.m3u8?CAT={token}");
        grant(&url, &policy("cat", &json!({}))).unwrap().0.folder
    };
    let prefix = |path: &str| json!({ "catu": { "path": { "prefix": path } } });
    for (claims, expected) in [
        (json!({ "or": [prefix("/harbour/hd/"), prefix("/harbour/sd/")] }), Some("sd/")),
        (json!({ "or": [prefix("/harbour/"), prefix("/harbour/sd/")] }), None),
        (json!({ "and": [prefix("/harbour/sd/a/"), prefix("/harbour/sd/")] }), Some("sd/a/")),
        (json!({ "nor": [prefix("/harbour/sd/b/c/")] }), None),
        (json!({ "catu": { "parent-path": { "prefix": "/harbour/sd/" } } }), Some("sd/")),
        (json!({ "catu": { "parent-path": { "prefix": "/harbour/s" } } }), None),
        (json!({ "catu": { "path": { "exact": "/harbour/sd/a/m.m3u8" } } }), None),
    ] {
        assert_eq!(of(claims.clone()).as_deref(), expected, "{claims}");
    }
}

#[test]
fn a_secure_link_for_a_folder() {
    let key: Jwk = secret().public();
    for (expression, expected) in [
        ("{expires}{folder} {secret}", Some("sd/")),
        ("{expires}{uri} {secret}", None),
        ("{expires}{folder}{uri} {secret}", None),
        ("{expires}{title} {secret}", None),
    ] {
        let policy = policy("secure_link", &json!({ "expression": expression }));
        let [Acceptance::SecureLink(own)] = policy.accept.as_slice() else { panic!("another dialect") };
        let url = "https://a.example/harbour/sd/m.m3u8";
        let claims = serde_json::from_value(json!({ "exp": NOW + 60 })).unwrap();
        let url = secure_link::mint(url, &claims, own, &facts(url), &key).unwrap().url;
        assert_eq!(grant(&url, &policy).unwrap().0.folder.as_deref(), expected, "{expression}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// A session of the token opens no path that the pattern does not cover.
    #[test]
    fn what_lies_outside_the_folder_stays_closed(
        kind in prop::sample::select(KINDS.to_vec()),
        folders in prop::collection::vec("[ab]{1,2}", 0..4), depth in 0usize..4,
        other in prop::collection::vec("[ab]{1,2}", 0..4),
    ) {
        let folder = |of: &[String]| format!("/harbour/{}", of.iter().map(|one| format!("{one}/")).collect::<String>());
        let prefix = match kind {
            Kind::CatParent => folder(&folders),
            _ => folder(&folders[..depth.min(folders.len())]),
        };
        let entry = format!("{}m.m3u8", folder(&folders));
        let (grant, path) = below(kind, &prefix, &entry).unwrap();
        prop_assert_eq!(&path, &entry);
        prop_assert!(covers(&grant, &entry, &entry));
        let other = format!("{}1.ts", folder(&other));
        prop_assert_eq!(covers(&grant, &entry, &other), other.starts_with(&prefix), "{} {}", prefix, other);
    }
}
