//! Whole tokens: from a request to a grant.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::cbor::Value;
use super::{cose, mint};
use crate::catalog::{Algorithm, KeySet, Lock, TokenPolicy};
use crate::denial::{Denial, Reason};
use crate::facts::{Connection, Facts, Headers, Method};
use crate::redacted::Redacted;
use crate::time::UnixTime;
use crate::token::{Asked, Grant, Replay, mint::PrivateKey, native::prove, present};

const NOW: u64 = 1_795_370_400;

fn key(kid: &str, alg: &str) -> PrivateKey {
    let seed = URL_SAFE_NO_PAD.encode([9; 32]);
    let mut jwk = match alg {
        "ES256" => json!({ "kty": "EC", "crv": "P-256", "d": seed }),
        "EdDSA" => json!({ "kty": "OKP", "crv": "Ed25519", "d": seed }),
        "PS256" => serde_json::from_str(include_str!(
            "../../../tests/fixtures/tokens/ietf-jose-cookbook/jwk/3_4.rsa_private_key.json"
        ))
        .unwrap(),
        _ => json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode([9; 64]) }),
    };
    jwk["kid"] = kid.into();
    jwk["alg"] = alg.into();
    PrivateKey::from_jwk(jwk.as_object().unwrap()).unwrap()
}

const ALGORITHMS: [&str; 6] = ["HS256", "HS384", "HS512", "ES256", "EdDSA", "PS256"];

fn keys() -> KeySet {
    let keys = ALGORITHMS.iter().map(|alg| key(alg, alg).public()).collect();
    KeySet { issuer: "id".parse().unwrap(), keys, published: None }
}

fn minted(claims: &Json) -> String {
    mint(&key("HS256", "HS256"), claims.as_object().unwrap()).unwrap()
}

/// A request for `/harbour/live/main.m3u8` from Dubai, with a token in the query and one parameter beside it.
fn facts(token: &str) -> Facts {
    let header = |name: &str, value: &str| (name.to_owned(), Redacted::new(value.to_owned()));
    Facts {
        host: "watch.example.com".to_owned(),
        path: "/harbour/live/main.m3u8".to_owned(),
        query: Redacted::new(format!("CAT={}&q=1", token.replace('+', "%2B"))),
        headers: Headers { all: vec![header("user-agent", "Player/7")], ..Headers::default() },
        address: "192.0.2.9".parse().ok(),
        geography: "AE-DU;asn=64496;lat=25.2048;lon=55.2708".parse().unwrap(),
        connection: Connection { alpn: Some("h2".to_owned()), ja3: None, ja4: Some("t13d".to_owned()) },
        ..Facts::default()
    }
}

fn policy(own: &Json) -> TokenPolicy {
    serde_json::from_value(json!({ "issuers": ["id"], "accept": [{ "cat": own }] })).unwrap()
}

fn verify_as(facts: &Facts, policy: &TokenPolicy) -> Result<Grant, Denial> {
    let presented = present(facts, policy)?;
    prove(presented.as_ref(), &keys(), &Asked { facts, policy, now: UnixTime::from_secs(NOW) })
}

/// What the claims, with `iss` added, come to.
fn verify(claims: &Json) -> Result<Grant, Denial> {
    let mut claims = claims.clone();
    claims.as_object_mut().unwrap().entry("iss").or_insert("id".into());
    verify_as(&facts(&minted(&claims)), &policy(&json!({})))
}

#[test]
fn every_algorithm_makes_a_grant() {
    for alg in ALGORITHMS {
        let claims = json!({ "iss": "id", "sub": "v1", "exp": NOW + 60, "iat": NOW, "cti": "0a0b" });
        let token = mint(&key(alg, alg), claims.as_object().unwrap()).unwrap();
        let grant = verify_as(&facts(&token), &policy(&json!({}))).unwrap();
        assert_eq!((grant.key.as_str(), grant.subject.as_deref()), (alg, Some("v1")));
        assert_eq!(grant.expires_at, Some(UnixTime::from_secs(NOW + 60)));
        assert_eq!(grant.issued_at, Some(UnixTime::from_secs(NOW)));
        assert_eq!((grant.token_id.as_deref(), grant.titles), (Some("0a0b"), None));
    }
}

#[test]
fn a_token_is_found_in_every_place_and_read_in_every_base64() {
    // `sub` brings the characters in which the two alphabets differ, and padding.
    let token = minted(&json!({ "iss": "id", "sub": "~~~~>>>>????\u{fff}\u{fff}" }));
    let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
    let texts = [token.clone(), URL_SAFE.encode(&bytes), STANDARD.encode(&bytes)];
    assert!(texts[0] != texts[1] && texts[2].contains('+') && texts[2].contains('/'));
    for text in &texts {
        assert!(verify_as(&facts(text), &policy(&json!({}))).is_ok(), "{text}");
    }
    let raw = Facts { query: Redacted::new(format!("CAT={}", texts[2])), ..facts("") };
    assert!(verify_as(&raw, &policy(&json!({}))).is_ok(), "with plus signs that are not percent-encoded");
    let with = |name: &str, value: String| Facts {
        headers: Headers { all: vec![(name.to_owned(), Redacted::new(value))], ..Headers::default() },
        query: Redacted::default(),
        ..facts("")
    };
    for facts in [
        with("cta-common-access-token", token.clone()),
        with("common-access-token", token.clone()),
        with("cookie", format!("a=b; CTA-Common-Access-Token={token}")),
        with("cookie", format!("Common-Access-Token=\"{token}\"")),
        Facts { query: Redacted::new(format!("token={token}")), ..facts("") },
    ] {
        assert!(verify_as(&facts, &policy(&json!({}))).is_ok(), "{facts:?}");
    }
    let own = json!({ "placements": [{ "path": "before" }] });
    let in_path =
        Facts { path: format!("/{token}/harbour/live/main.m3u8"), query: Redacted::default(), ..facts("") };
    let presented = present(&in_path, &policy(&own)).unwrap();
    assert_eq!(presented.path(), Some("/harbour/live/main.m3u8"));
    assert_eq!(verify_as(&facts(&token), &policy(&own)).unwrap_err().reason, Reason::TokenMissing);
}

/// Each claim, met and not met. `None`: it is met.
#[test]
fn every_claim_is_held_against_the_request() {
    use Reason as R;
    for (claims, expected) in [
        (json!({}), None),
        (json!({ "sub": 7 }), Some(R::TokenClaims)),
        (json!({ "iss": "other" }), Some(R::TokenIssuer)),
        (json!({ "iss": 7 }), Some(R::TokenClaims)),
        (json!({ "aud": "tv" }), Some(R::TokenAudience)),
        (json!({ "aud": ["tv", 7] }), Some(R::TokenClaims)),
        (json!({ "exp": NOW + 1 }), None),
        (json!({ "exp": NOW }), Some(R::TokenExpired)),
        (json!({ "exp": NOW as f64 + 0.5 }), Some(R::TokenExpired)),
        (json!({ "exp": -1 }), Some(R::TokenExpired)),
        (json!({ "exp": "soon" }), Some(R::TokenClaims)),
        (json!({ "exp": 1e300 }), Some(R::TokenClaims)),
        (json!({ "exp": null }), Some(R::TokenClaims)),
        (json!({ "nbf": NOW }), None),
        (json!({ "nbf": NOW + 1 }), Some(R::TokenNotYetValid)),
        (json!({ "nbf": NOW as f64 + 0.5 }), Some(R::TokenNotYetValid)),
        (json!({ "iat": NOW + 1 }), Some(R::TokenNotYetValid)),
        (json!({ "cti": "h'01'" }), None),
        (json!({ "cti": 7 }), Some(R::TokenClaims)),
        (json!({ "cnf": {} }), Some(R::TokenClaims)),
        (json!({ "catreplay": 0 }), None),
        (json!({ "catreplay": 1, "cti": "01" }), None),
        (json!({ "catreplay": 2 }), Some(R::TokenClaims)),
        (json!({ "catreplay": 3, "cti": "01" }), Some(R::TokenClaims)),
        (json!({ "catpor": [50] }), Some(R::TokenClaims)),
        (json!({ "catv": 1 }), None),
        (json!({ "catv": 2 }), Some(R::TokenClaims)),
        (json!({ "catnip": ["192.0.2.0/24", 1] }), None),
        (json!({ "catnip": [64496] }), None),
        (json!({ "catnip": ["198.51.100.0/24", "2001:db8::/32", 1] }), Some(R::TokenAddress)),
        (json!({ "catnip": {} }), Some(R::TokenClaims)),
        (json!({ "catu": { "path": { "prefix": "/harbour/" }, "scheme": { "exact": "https" } } }), None),
        (json!({ "catu": { "query": { "exact": "q=1" } } }), None),
        (json!({ "catu": { "path": { "prefix": "/other/" } } }), Some(R::TokenUrl)),
        (json!({ "catu": { "9": { "prefix": "/" } } }), Some(R::TokenClaims)),
        (json!({ "catu": null }), Some(R::TokenClaims)),
        (json!({ "catm": ["GET", "HEAD"] }), None),
        (json!({ "catm": ["POST"] }), Some(R::TokenBinding)),
        (json!({ "catalpn": ["h2", "h'6833'"] }), None),
        (json!({ "catalpn": ["h3"] }), Some(R::TokenBinding)),
        (json!({ "cath": { "User-Agent": { "prefix": "Player/" } } }), None),
        (json!({ "cath": { "User-Agent": { "prefix": "Other/" } } }), Some(R::TokenBinding)),
        (json!({ "cath": { "X-Absent": { "prefix": "" } } }), Some(R::TokenBinding)),
        (json!({ "catgeoiso3166": ["GB", "AE-DU"] }), None),
        (json!({ "catgeoiso3166": ["GB", "AE-AZ"] }), Some(R::TokenPlace)),
        (json!({ "catgeocoord": [[25, 55, 50_000]] }), None),
        (json!({ "catgeocoord": [[51.5, -0.1, 50_000]] }), Some(R::TokenPlace)),
        (json!({ "geohash": "thrr" }), None),
        (json!({ "geohash": ["gcpv", "ezs42"] }), Some(R::TokenPlace)),
        (json!({ "catgeoalt": [0, 100] }), Some(R::TokenClaims)),
        (json!({ "cattpk": "h'01'" }), Some(R::TokenClaims)),
        (json!({ "catdpop": {} }), Some(R::TokenClaims)),
        (json!({ "cattprint": { "fingerprint-type": "JA4", "fingerprint-value": "T13D" } }), None),
        (json!({ "cattprint": { "0": 2, "1": "t12d" } }), Some(R::TokenBinding)),
        (json!({ "cattprint": { "0": 0, "1": "t13d" } }), Some(R::TokenClaims)),
        (json!({ "catif": {}, "catifdata": "x" }), None),
        (json!({ "catr": null }), None),
        (json!({ "enc": [] }), Some(R::TokenClaims)),
        (json!({ "crit": ["catu", 4] }), None),
        (json!({ "crit": ["catpor"] }), Some(R::TokenClaims)),
        (json!({ "crit": [9999] }), Some(R::TokenClaims)),
        (json!({ "crit": [] }), Some(R::TokenClaims)),
        // What is registered and restricts nothing, what is not known, and what is not a label.
        (json!({ "10": "nonce", "256": "h'01'" }), None),
        (json!({ "9": "scope" }), Some(R::TokenClaims)),
        (json!({ "325": 1 }), Some(R::TokenClaims)),
        (json!({ "-70001": 1 }), Some(R::TokenClaims)),
        (json!({ "private": 1 }), Some(R::TokenClaims)),
    ] {
        let found = verify(&claims);
        assert_eq!(found.as_ref().err().map(|denial| denial.reason), expected, "{claims}: {found:?}");
    }
}

/// What is not known of the viewer is refused, met or not.
#[test]
fn what_the_edge_does_not_know_is_refused() {
    for claims in [
        json!({ "catnip": ["0.0.0.0/0", "::/0"] }),
        json!({ "catnip": [64496] }),
        json!({ "catalpn": ["h2"] }),
        json!({ "catgeoiso3166": ["AE"] }),
        json!({ "catgeocoord": [[0, 0, 99_999_999]] }),
        json!({ "geohash": ["t", "e", "s"] }),
        json!({ "cattprint": { "0": 2, "1": "t13d" } }),
    ] {
        for claims in [claims.clone(), json!({ "nor": [claims] })] {
            let mut all = claims.clone();
            all["iss"] = "id".into();
            let known = facts(&minted(&all));
            let facts = Facts {
                address: None,
                geography: "".parse().unwrap(),
                connection: Connection::default(),
                ..known
            };
            let denial = verify_as(&facts, &policy(&json!({}))).unwrap_err();
            assert_eq!(denial.reason, Reason::TokenClaims, "{claims}: {denial}");
        }
    }
}

#[test]
fn sets_of_claims_make_a_formula() {
    use Reason as R;
    let (yes, no, unclear) =
        (json!({ "catm": ["GET"] }), json!({ "catm": ["POST"] }), json!({ "unknown": 1 }));
    let mut deep = yes.clone();
    for _ in 0..5 {
        deep = json!({ "and": [deep] });
    }
    for (claims, expected) in [
        (json!({ "or": [no, yes] }), None),
        (json!({ "or": [unclear, yes] }), None),
        (json!({ "or": [no, no] }), Some(R::TokenBinding)),
        (json!({ "or": [unclear, no] }), Some(R::TokenClaims)),
        (json!({ "or": [] }), Some(R::TokenClaims)),
        (json!({ "or": [7] }), Some(R::TokenClaims)),
        (json!({ "or": yes }), Some(R::TokenClaims)),
        (json!({ "nor": [no, no] }), None),
        (json!({ "nor": [no, yes] }), Some(R::TokenBinding)),
        (json!({ "nor": [unclear, no] }), Some(R::TokenClaims)),
        (json!({ "nor": [] }), Some(R::TokenClaims)),
        (json!({ "and": [yes, yes] }), None),
        (json!({ "and": [yes, no] }), Some(R::TokenBinding)),
        (json!({ "and": [yes, unclear] }), Some(R::TokenClaims)),
        (json!({ "and": [{ "or": [no, { "nor": [no] }] }] }), None),
        (json!({ "nor": [{ "or": [no, { "nor": [no] }] }] }), Some(R::TokenBinding)),
        (json!({ "nor": [{ "nor": [unclear] }] }), Some(R::TokenClaims)),
        (json!({ "nor": [{ "nor": [yes, unclear] }] }), None),
        (json!({ "or": [{ "iss": "id" }] }), None),
        (json!({ "or": [{ "iss": "other" }] }), Some(R::TokenIssuer)),
        (deep, Some(R::TokenClaims)),
    ] {
        let found = verify(&claims);
        assert_eq!(found.as_ref().err().map(|denial| denial.reason), expected, "{claims}: {found:?}");
    }
}

/// A session may last, and move, no further than the claims that let it in would let it.
#[test]
fn a_grant_is_as_narrow_as_the_claims_that_decided() {
    let open = Lock::default();
    let asn = Lock { asn: true, ..open };
    for (claims, end, lock, titles) in [
        (json!({}), None, open, None),
        (json!({ "exp": NOW + 60, "and": [{ "exp": NOW + 30 }] }), Some(30), open, None),
        (json!({ "exp": NOW + 60, "or": [{ "exp": NOW }, { "exp": NOW + 30 }] }), Some(30), open, None),
        (json!({ "or": [{ "exp": NOW + 10, "catm": ["PUT"] }, { "exp": NOW + 30 }] }), Some(30), open, None),
        // In ten seconds, what must not hold will hold.
        (json!({ "nor": [{ "nbf": NOW + 10 }] }), Some(10), open, None),
        (json!({ "catnip": [64496] }), None, asn, None),
        (json!({ "catnip": ["192.0.2.0/24"] }), None, Lock { network: true, ..open }, None),
        (json!({ "catnip": ["192.0.2.0/28"] }), None, Lock { address: true, ..open }, None),
        (json!({ "nor": [{ "catnip": [1, "10.0.0.0/8"] }] }), None, Lock { address: true, ..asn }, None),
        (
            json!({ "or": [{ "catnip": [1] }, { "catgeoiso3166": ["AE"] }] }),
            None,
            Lock { country: true, ..open },
            None,
        ),
        (json!({ "geohash": "t" }), None, Lock { country: true, subdivision: true, ..open }, None),
        (json!({ "catgeoiso3166": ["AE", "GB"] }), None, Lock { country: true, ..open }, None),
        (
            json!({ "catgeoiso3166": ["AE-DU"] }),
            None,
            Lock { country: true, subdivision: true, ..open },
            None,
        ),
        (
            json!({ "nor": [{ "catgeoiso3166": ["AE-AZ"] }] }),
            None,
            Lock { country: true, subdivision: true, ..open },
            None,
        ),
        (
            json!({ "catgeocoord": [[25, 55, 99_000]] }),
            None,
            Lock { country: true, subdivision: true, ..open },
            None,
        ),
        (json!({ "catu": { "path": { "prefix": "/" } } }), None, open, Some(vec!["harbour"])),
        (json!({ "catu": { "host": { "suffix": ".com" } } }), None, open, None),
        (
            json!({ "nor": [{ "catu": { "extension": { "exact": ".mpd" } } }] }),
            None,
            open,
            Some(vec!["harbour"]),
        ),
    ] {
        let grant = verify(&claims).unwrap_or_else(|denial| panic!("{claims}: {denial}"));
        assert_eq!(grant.expires_at, end.map(|end| UnixTime::from_secs(NOW + end)), "{claims}");
        assert_eq!(grant.lock, lock, "{claims}");
        let found = grant.titles.map(|titles| titles.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(found, titles.map(|titles| titles.iter().map(ToString::to_string).collect()), "{claims}");
    }
    for (catreplay, replay) in [(0, Replay::Permit), (1, Replay::Prohibit), (2, Replay::Detect)] {
        let grant = verify(&json!({ "and": [{ "catreplay": catreplay }], "cti": "01" })).unwrap();
        assert_eq!(grant.replay, replay);
    }
    let elsewhere = Facts {
        path: "/_/x".to_owned(),
        ..facts(&minted(&json!({ "iss": "id", "catu": { "path": { "prefix": "/" } } })))
    };
    assert_eq!(verify_as(&elsewhere, &policy(&json!({}))).unwrap().titles, Some(vec![]));
}

#[test]
fn a_use_is_remembered_until_no_alternative_is_left() {
    let until = |mut claims: Json| {
        claims["iss"] = "id".into();
        let grant = verify_as(&facts(&minted(&claims)), &policy(&json!({}))).unwrap();
        (grant.expires_at.map(UnixTime::as_secs), grant.accepted_until.map(UnixTime::as_secs))
    };
    let (soon, late) = (json!({ "exp": NOW + 10 }), json!({ "exp": NOW + 900 }));
    let leeway = until(soon.clone()).0.unwrap() - NOW - 10;
    let at = |seconds| Some(NOW + leeway + seconds);
    for (claims, expected) in [
        (soon.clone(), (at(10), at(10))),
        (json!({ "or": [soon, late] }), (at(10), at(900))),
        (json!({ "or": [soon, late], "exp": NOW + 60 }), (at(10), at(60))),
        (json!({ "or": [soon, { "sub": "v" }] }), (at(10), None)),
        (json!({ "and": [soon, late] }), (at(10), at(10))),
        (json!({ "and": [{ "or": [soon, late] }, { "sub": "v" }] }), (at(10), at(900))),
        (json!({ "nor": [{ "exp": NOW + 900, "catm": ["PUT"] }] }), (at(900), None)),
    ] {
        assert_eq!(until(claims.clone()), expected, "{claims}");
    }
}

#[test]
fn a_site_says_what_it_accepts() {
    let token = |claims: Json| facts(&minted(&claims));
    let verify = |claims, own: Json| verify_as(&token(claims), &policy(&own)).map_err(|denial| denial.reason);
    let unnamed = json!({ "sub": "v" });
    assert_eq!(verify(unnamed.clone(), json!({})), Err(Reason::TokenClaims));
    assert_eq!(verify(unnamed, json!({ "keys": "id" })).unwrap().issuer.as_str(), "id");
    let audience = json!({ "audience": "tv" });
    for (claims, expected) in [
        (json!({ "iss": "id", "aud": "tv" }), None),
        (json!({ "iss": "id", "aud": ["radio", "tv"] }), None),
        (json!({ "iss": "id", "or": [{ "aud": "tv" }] }), None),
        (json!({ "iss": "id", "aud": "radio" }), Some(Reason::TokenAudience)),
        (json!({ "iss": "id" }), Some(Reason::TokenAudience)),
        (json!({ "iss": "id", "nor": [{ "aud": "tv", "catm": ["PUT"] }] }), Some(Reason::TokenAudience)),
    ] {
        assert_eq!(verify(claims.clone(), audience.clone()).err(), expected, "{claims}");
    }
    for (claims, own, expected) in [
        (json!({ "iss": "id", "aud": "tv" }), json!({}), Some(Reason::TokenAudience)),
        (json!({ "iss": "id", "or": [{ "aud": "tv" }] }), json!({}), Some(Reason::TokenAudience)),
        (json!({ "iss": "id", "nor": [{ "aud": "tv" }] }), json!({}), Some(Reason::TokenAudience)),
        (json!({ "iss": "id", "aud": "tv" }), json!({ "audience": "*" }), None),
        (json!({ "iss": "id" }), json!({ "audience": "*" }), None),
    ] {
        assert_eq!(verify(claims.clone(), own).err(), expected, "{claims}");
    }
    let ignoring = json!({ "ignored": ["-70001", "private", "catpor", "exp"] });
    let private = json!({ "iss": "id", "-70001": 1, "private": 1, "catpor": [50] });
    assert!(verify(private, ignoring.clone()).is_ok());
    assert_eq!(verify(json!({ "iss": "id", "exp": NOW }), ignoring), Err(Reason::TokenExpired));
    let planned = |plans: Json| verify(json!({ "iss": "id", "-70002": plans }), json!({ "plans": "-70002" }));
    assert_eq!(planned(json!(["gold", "news"])).unwrap().plans.len(), 2);
    assert_eq!(planned(json!("gold")).unwrap().plans.len(), 1);
    assert_eq!(planned(json!(7)), Err(Reason::TokenClaims));
}

#[test]
fn a_token_says_how_it_wants_to_be_refused() {
    let denied = |claims: Json| verify(&claims).unwrap_err();
    let reply = |claims: Json| denied(claims).reply.map(|reply| *reply);
    let catif = |wanted: Json| json!({ "exp": NOW, "catif": { "exp": wanted } });
    let wanted = reply(catif(json!([307, { "Location": "https://id.example.com/", "X-A": "b" }]))).unwrap();
    let headers: Vec<_> =
        wanted.headers.iter().map(|(name, value)| (name.as_str(), value.expose().as_str())).collect();
    assert_eq!((wanted.status, headers), (307, vec![("x-a", "b"), ("location", "https://id.example.com/")]));

    // A new token behind the URL.
    let claims = json!({ "1": null, "6": null, "2": null, "4": NOW + 10, "999": null });
    let mut token = catif(json!([302, { "Location": ["https://id.example.com/?CAT=", claims] }, "HS256"]));
    token["sub"] = "v1".into();
    let wanted = reply(token).unwrap();
    let (_, new) = wanted.headers[0].1.expose().split_once("?CAT=").unwrap();
    let grant = verify_as(&facts(new), &policy(&json!({}))).unwrap();
    assert_eq!((grant.subject.as_deref(), grant.issued_at), (Some("v1"), Some(UnixTime::from_secs(NOW))));
    assert_eq!(grant.expires_at, Some(UnixTime::from_secs(NOW + 10)));

    let no_reply = [
        catif(json!([200, {}])),
        catif(json!([600, {}])),
        catif(json!([302, {}])),
        catif(json!([302, { "Location": "a\r\nb: c" }])),
        catif(json!([302, { "Loc ation": "a" }])),
        catif(json!([302, { "Location": ["a", {}] }, "other"])),
        catif(json!([302])),
        json!({ "catm": ["PUT"], "catif": { "exp": [403, {}] } }),
        json!({ "nor": [{ "exp": NOW + 1 }], "catif": { "exp": [403, {}] } }),
    ];
    for claims in no_reply {
        let denial = denied(claims.clone());
        assert_eq!(denial.reply, None, "{claims}");
    }
    // A claim within a formula is the formula's; headers of how the reply is sent stay ours.
    let formula = json!({ "or": [{ "exp": NOW }], "catif": { "or": [403, { "Cache-Control": "public", "Retry-After": "9" }] } });
    let wanted = reply(formula).unwrap();
    assert_eq!((wanted.status, wanted.headers.len()), (403, 1));
    // Nobody gets a reply that a forged token wants.
    let mut bytes = URL_SAFE_NO_PAD
        .decode(minted(&json!({ "iss": "id", "exp": 1, "catif": { "exp": [403, {}] } })))
        .unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    let denial = verify_as(&facts(&URL_SAFE_NO_PAD.encode(bytes)), &policy(&json!({}))).unwrap_err();
    assert_eq!((denial.reason, denial.reply), (Reason::TokenSignature, None));
}

#[test]
fn a_token_is_renewed_before_it_ends() {
    let claims = |exp: u64, catr: Json| json!({ "iss": "id", "sub": "v1", "cti": "01", "iat": 1, "exp": NOW + exp, "catr": catr });
    let at = |facts: &Facts| verify_as(facts, &policy(&json!({}))).unwrap().renewal;
    let renewal = |exp, catr: Json| at(&facts(&minted(&claims(exp, catr))));
    let redirect = json!({ "type": "redirect", "expadd": 120, "deadline": 30 });
    let (status, url) = renewal(30, redirect.clone()).unwrap().redirect.unwrap();
    let (before, new) = url.expose().split_once("CAT=").unwrap();
    assert_eq!((status, before), (302, "https://watch.example.com/harbour/live/main.m3u8?q=1&"));
    let grant = verify_as(&facts(new), &policy(&json!({}))).unwrap();
    assert_eq!(grant.expires_at, Some(UnixTime::from_secs(NOW + 120)));
    assert_eq!((grant.issued_at, grant.subject.as_deref()), (Some(UnixTime::from_secs(NOW)), Some("v1")));
    assert_eq!((grant.token_id.as_deref(), grant.renewal), (Some("01"), None), "the same token, and not due");

    for (name, exp, catr) in [
        ("not due", 31, redirect),
        ("it would be due again at once", 5, json!({ "type": 3, "expadd": 30, "deadline": 30 })),
        ("no longer than the old one", 60, json!({ "type": 2, "expadd": 60 })),
        ("no type", 5, json!({ "expadd": 60 })),
        ("no expadd", 5, json!({ "type": 2 })),
        ("an unknown type", 5, json!({ "type": 4, "expadd": 60 })),
        ("a bad name", 5, json!({ "type": "cookie", "expadd": 60, "cookie-name": "a b" })),
        ("a bad parameter", 5, json!({ "type": "cookie", "expadd": 60, "cookie-params": ["a\nb"] })),
        ("a nested parameter", 5, json!({ "type": "header", "expadd": 60, "header-params": [[["a"]]] })),
    ] {
        assert_eq!(renewal(exp, catr), None, "{name}");
    }
    for (catr, name, ending) in [
        (json!({ "type": "header", "expadd": 99 }), "CTA-Common-Access-Token", ""),
        (json!({ "type": 2, "expadd": 99, "header-name": "X-T", "header-params": "a=1" }), "X-T", "; a=1"),
        (
            json!({ "type": "cookie", "expadd": 99, "cookie-params": ["Secure", ["Max-Age", 60], ["HttpOnly", true]] }),
            "Set-Cookie",
            "; Secure; Max-Age=60; HttpOnly",
        ),
        (json!({ "type": 1, "expadd": 99, "cookie-params": { "Path": "/" } }), "Set-Cookie", "; Path=/"),
    ] {
        let found = renewal(60, catr.clone()).unwrap();
        let (header, value) = &found.headers[0];
        assert_eq!(header, name, "{catr}");
        assert!(value.expose().ends_with(ending) && found.redirect.is_none(), "{catr}");
    }
    // Automatic: as it came.
    let automatic = minted(&claims(5, json!({ "type": "automatic", "expadd": 99 })));
    let with = |name: &str, value: &str| Facts {
        headers: Headers {
            all: vec![(name.to_owned(), Redacted::new(value.to_owned()))],
            ..Headers::default()
        },
        query: Redacted::default(),
        ..facts("")
    };
    assert!(at(&facts(&automatic)).unwrap().redirect.is_some());
    let header = at(&with("cta-common-access-token", &automatic)).unwrap();
    assert_eq!(header.headers[0].0, "CTA-Common-Access-Token");
    let cookie = at(&with("cookie", &format!("CTA-Common-Access-Token={automatic}"))).unwrap();
    assert_eq!(cookie.headers[0].0, "Set-Cookie");
    // A token that may be used once gets another name; one that a public key verifies is not renewed.
    let mut once = claims(5, json!({ "type": "header", "expadd": 99 }));
    once["catreplay"] = 1.into();
    let renewed = at(&facts(&minted(&once))).unwrap().headers[0].1.expose().clone();
    assert_ne!(verify_as(&facts(&renewed), &policy(&json!({}))).unwrap().token_id.as_deref(), Some("01"));
    let signed = mint(&key("ES256", "ES256"), once.as_object().unwrap()).unwrap();
    assert_eq!(at(&facts(&signed)), None);
}

/// Builds a token out of its parts, authenticated with the key `HS256`.
fn message(tags: &[u64], protected: &Value, unprotected: Value, payload: Value) -> String {
    let protected = match protected {
        Value::Map(header) if header.is_empty() => vec![],
        header => header.write(),
    };
    let text = |text: &str| Value::Text(text.to_owned());
    let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec());
    let signed = Value::Array(vec![text("MAC0"), bytes(&protected), bytes(&[]), payload.clone()]).write();
    let tag =
        crate::token::challenge::authenticate(&key("HS256", "HS256").public(), Algorithm::HS256, &signed)
            .unwrap();
    let message = Value::Array(vec![bytes(&protected), unprotected, payload, bytes(&tag)]);
    let tagged = tags.iter().rev().fold(message, |message, tag| Value::Tag(*tag, Box::new(message)));
    URL_SAFE_NO_PAD.encode(tagged.write())
}

#[test]
fn the_envelope_is_read_and_nothing_else() {
    use Reason as R;
    let map = |entries: &[(i64, Value)]| {
        Value::Map(entries.iter().map(|(label, value)| (Value::Integer(*label), value.clone())).collect())
    };
    let int = Value::Integer;
    let bytes = |text: &str| Value::Bytes(text.as_bytes().to_vec());
    let claims = bytes("\u{0}");
    let claims = match claims {
        Value::Bytes(_) => Value::Bytes(map(&[(1, Value::Text("id".to_owned()))]).write()),
        other => other,
    };
    let alg = map(&[(1, int(5))]);
    let kid = map(&[(4, bytes("HS256"))]);
    let none = map(&[]);
    let with_crit = |labels: Vec<Value>| map(&[(1, int(5)), (2, Value::Array(labels))]);
    for (name, token, expected) in [
        ("with tag 61", message(&[61, 17], &alg, kid.clone(), claims.clone()), None),
        ("without tag 61", message(&[17], &alg, kid.clone(), claims.clone()), None),
        ("without any tag", message(&[], &alg, kid.clone(), claims.clone()), None),
        ("tag 61 alone", message(&[61], &alg, kid.clone(), claims.clone()), None),
        ("without `kid`", message(&[17], &alg, none.clone(), claims.clone()), None),
        (
            "`kid` as text, protected",
            message(
                &[17],
                &map(&[(1, int(5)), (4, Value::Text("HS256".to_owned()))]),
                none.clone(),
                claims.clone(),
            ),
            None,
        ),
        (
            "unprotected `alg`",
            message(&[17], &none, map(&[(1, int(5)), (4, bytes("HS256"))]), claims.clone()),
            None,
        ),
        (
            "unknown header",
            message(&[17], &map(&[(1, int(5)), (99, int(1))]), kid.clone(), claims.clone()),
            None,
        ),
        (
            "`crit` that is understood",
            message(&[17], &with_crit(vec![int(1)]), kid.clone(), claims.clone()),
            None,
        ),
        (
            "`crit` that is not",
            message(
                &[17],
                &map(&[(1, int(5)), (2, Value::Array(vec![int(99)])), (99, int(1))]),
                kid.clone(),
                claims.clone(),
            ),
            Some(R::TokenMalformed),
        ),
        (
            "empty `crit`",
            message(&[17], &with_crit(vec![]), kid.clone(), claims.clone()),
            Some(R::TokenMalformed),
        ),
        (
            "`crit` of what is not there",
            message(&[17], &with_crit(vec![int(4)]), kid.clone(), claims.clone()),
            Some(R::TokenMalformed),
        ),
        (
            "unprotected `crit`",
            message(&[17], &alg, map(&[(2, Value::Array(vec![int(1)]))]), claims.clone()),
            Some(R::TokenMalformed),
        ),
        ("`alg` twice", message(&[17], &alg, alg.clone(), claims.clone()), Some(R::TokenMalformed)),
        (
            "`kid` twice",
            message(
                &[17],
                &alg,
                Value::Map(vec![(int(4), bytes("HS256")), (Value::Text("4".to_owned()), bytes("HS256"))]),
                claims.clone(),
            ),
            Some(R::TokenMalformed),
        ),
        ("no `alg`", message(&[17], &none, kid.clone(), claims.clone()), Some(R::TokenAlgorithm)),
        ("a signature's tag", message(&[18], &alg, kid.clone(), claims.clone()), Some(R::TokenAlgorithm)),
        (
            "a MAC's tag",
            message(&[17], &map(&[(1, int(-7))]), kid.clone(), claims.clone()),
            Some(R::TokenAlgorithm),
        ),
        (
            "a tag of 64 bits",
            message(&[17], &map(&[(1, int(4))]), kid.clone(), claims.clone()),
            Some(R::TokenAlgorithm),
        ),
        (
            "the algorithm of another key",
            message(&[17], &map(&[(1, int(6))]), kid.clone(), claims.clone()),
            Some(R::TokenAlgorithm),
        ),
        (
            "an unknown `kid`",
            message(&[17], &alg, map(&[(4, bytes("x"))]), claims.clone()),
            Some(R::TokenKeyUnknown),
        ),
        (
            "a MAC with a public key",
            message(&[17], &alg, map(&[(4, bytes("ES256"))]), claims.clone()),
            Some(R::TokenAlgorithm),
        ),
        ("another tag", message(&[96], &alg, kid.clone(), claims.clone()), Some(R::TokenMalformed)),
        ("tag 61 twice", message(&[61, 61, 17], &alg, kid.clone(), claims.clone()), Some(R::TokenMalformed)),
        ("no map of claims", message(&[17], &alg, kid.clone(), bytes("\u{1}")), Some(R::TokenMalformed)),
        (
            "a text of no digits",
            message(&[17], &alg, kid.clone(), Value::Text("xy".to_owned())),
            Some(R::TokenMalformed),
        ),
        ("no payload", message(&[17], &alg, kid, Value::Null), Some(R::TokenMalformed)),
        ("no base64url", "a.b.c".to_owned(), Some(R::TokenMalformed)),
        ("too long", "A".repeat(8193), Some(R::TokenMalformed)),
    ] {
        let found = verify_as(&facts(&token), &policy(&json!({})));
        assert_eq!(found.as_ref().err().map(|denial| denial.reason), expected, "{name}: {found:?}");
    }
}

#[test]
fn a_binary_kid_is_named_by_its_digits_or_base64url() {
    let claims = Value::Bytes(Value::Map(vec![(Value::Integer(1), Value::Text("id".to_owned()))]).write());
    let header = |label, value| Value::Map(vec![(Value::Integer(label), value)]);
    let kid = header(4, Value::Bytes(vec![0, 255, 7]));
    let token = message(&[61, 17], &header(1, Value::Integer(5)), kid, claims);
    for (name, expected) in [("00ff07", true), ("00FF07", true), ("AP8H", true), ("00ff08", false)] {
        let mut keys = keys();
        keys.keys = vec![key(name, "HS256").public()];
        let facts = facts(&token);
        let policy = policy(&json!({}));
        let presented = present(&facts, &policy).unwrap();
        let asked = Asked { facts: &facts, policy: &policy, now: UnixTime::from_secs(NOW) };
        assert_eq!(prove(presented.as_ref(), &keys, &asked).is_ok(), expected, "{name}");
    }
}

#[test]
fn no_secret_is_quoted() {
    let token = minted(&json!({ "iss": "id", "exp": 1, "cath": { "x": { "exact": "s3cret" } } }));
    let denial = verify_as(&facts(&token), &policy(&json!({}))).unwrap_err();
    assert!(!denial.to_string().contains(&token[..20]) && !denial.to_string().contains("s3cret"));
}

/// Flipping any bit leaves no genuine token, but for the unprotected header, which nobody signs: there it may leave one
/// that names no key, and proves the same.
#[test]
fn no_bit_of_a_token_can_be_flipped() {
    for alg in ["HS256", "ES256", "EdDSA"] {
        let claims = json!({ "iss": "id", "exp": NOW + 60, "catu": { "path": { "prefix": "/harbour/" } } });
        let token = mint(&key(alg, alg), claims.as_object().unwrap()).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        let whole = verify_as(&facts(&token), &policy(&json!({}))).unwrap();
        // 61(18([h'a1…', {4: …: the map begins behind tags, the array's head and the protected header.
        let protected = usize::from(bytes[4] & 0x1f);
        let header = 5 + protected..5 + protected + 3 + alg.len();
        assert_eq!(&bytes[header.clone()][..2], &[0xa1, 0x04]);
        // Of a signature that takes long to verify, one bit of each byte.
        let bits = (0..bytes.len() * 8).filter(|at| alg == "HS256" || at % 8 == at / 8 % 8);
        for at in bits {
            let mut flipped = bytes.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            let found = verify_as(&facts(&URL_SAFE_NO_PAD.encode(&flipped)), &policy(&json!({})));
            if let Ok(grant) = found {
                assert!(header.contains(&(at / 8)), "bit {at} of a token with {alg}");
                assert_eq!(grant, whole);
            }
        }
    }
    // In the text, too: what would decode to the same bytes is not the same text.
    let token = minted(&json!({ "iss": "id", "sub": "a" }));
    for at in 0..token.len() * 7 {
        let mut flipped = token.clone().into_bytes();
        flipped[at / 7] ^= 1 << (at % 7);
        let flipped = String::from_utf8(flipped).unwrap();
        let header = |name: &str| (name.to_owned(), Redacted::new(flipped.clone()));
        let all = vec![header("cta-common-access-token")];
        let facts =
            Facts { query: Redacted::default(), headers: Headers { all, ..Headers::default() }, ..facts("") };
        if let Ok(grant) = verify_as(&facts, &policy(&json!({}))) {
            assert_eq!(grant.subject.as_deref(), Some("a"), "bit {at}: {flipped}");
            assert!((8..28).contains(&(at / 7)), "bit {at}: {flipped}");
        }
    }
}

/// A set of claims in which some hold and some do not.
fn claim_sets() -> impl Strategy<Value = Json> {
    let claim = prop_oneof![
        (0..40_u64).prop_map(|late| json!({ "exp": NOW + late })),
        (0..40_u64).prop_map(|late| json!({ "nbf": NOW - 20 + late })),
        prop::bool::ANY.prop_map(|get| json!({ "catm": [if get { "GET" } else { "PUT" }] })),
        prop::sample::select(vec!["192.0.2.0/24", "192.0.2.9", "10.0.0.0/8"])
            .prop_map(|net| json!({ "catnip": [net] })),
        (64_495..64_498_u32).prop_map(|asn| json!({ "catnip": [asn] })),
        prop::sample::select(vec!["AE", "GB", "AE-DU", "AE-AZ"])
            .prop_map(|place| json!({ "catgeoiso3166": [place] })),
        prop::sample::select(vec!["/harbour/", "/other/"])
            .prop_map(|path| json!({ "catu": { "path": { "prefix": path } } })),
        Just(json!({ "unknown": 1 })),
    ];
    claim.prop_recursive(3, 16, 3, |set| {
        (prop::sample::select(vec!["or", "nor", "and"]), prop::collection::vec(set, 1..3))
            .prop_map(|(formula, sets)| json!({ formula: sets }))
    })
}

proptest! {
    /// As long as a session lasts, and for everybody whom its lock lets by, the token itself would be good.
    #[test]
    fn a_grant_is_narrower_than_its_token(
        one in claim_sets(), other in claim_sets(), later in 0..50_u64, moved in prop::bool::ANY,
        roamed in prop::bool::ANY, travelled in 0..3, turned in prop::bool::ANY,
    ) {
        let claims = json!({ "iss": "id", "and": [one, other] });
        let policy = policy(&json!({}));
        let at_entry = facts(&minted(&claims));
        if let Ok(grant) = verify_as(&at_entry, &policy) {
            let mut then = at_entry;
            // The address moves within its /24, then to another network, then to another emirate or
            // country.
            if moved {
                then.address = "192.0.2.200".parse().ok();
            }
            if roamed {
                then.address = "10.1.2.3".parse().ok();
                then.geography.asn = Some(64_497);
            }
            if travelled == 1 {
                then.geography.subdivision = Some("AZ".to_owned());
            } else if travelled == 2 {
                then.geography.country = "GB".parse().ok();
            }
            if turned {
                then.path = "/other/main.m3u8".to_owned();
            }
            let lock = grant.lock;
            let held = (!lock.address || !(moved || roamed))
                && (!lock.network || !roamed)
                && (!lock.asn || !roamed)
                && (!lock.country || travelled != 2)
                && (!lock.subdivision || travelled == 0)
                && (grant.titles.is_none() || !turned);
            let now = UnixTime::from_secs(NOW + later);
            if held && grant.expires_at.is_none_or(|end| now < end) {
                let presented = present(&then, &policy).unwrap();
                let again = prove(presented.as_ref(), &keys(), &Asked { facts: &then, policy: &policy, now });
                prop_assert!(again.is_ok(), "{claims}: {again:?}");
            }
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = cose::Message::read(&bytes);
        if let Ok(value) = Value::read(&bytes) {
            // `NaN` is no two times the same.
            let again = Value::read(&value.write()).unwrap();
            prop_assert_eq!(again.write(), value.write());
        }
    }

    #[test]
    fn no_claims_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let header = |label, value| Value::Map(vec![(Value::Integer(label), value)]);
        let token = message(&[], &header(1, Value::Integer(5)), Value::Map(vec![]), Value::Bytes(bytes));
        let _ = verify_as(&facts(&token), &policy(&json!({ "keys": "id" })));
    }
}

#[test]
fn head_is_not_get() {
    let facts = Facts { method: Method::Head, ..facts(&minted(&json!({ "iss": "id", "catm": ["GET"] }))) };
    assert_eq!(verify_as(&facts, &policy(&json!({}))).unwrap_err().reason, Reason::TokenBinding);
}
