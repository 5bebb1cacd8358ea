//! Properties that hold for every token of the JOSE family.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use stagedoor::catalog::{Algorithm, KeySet, TokenPolicy};
use stagedoor::facts::Facts;
use stagedoor::redacted::Redacted;
use stagedoor::time::UnixTime;
use stagedoor::token::mint::PrivateKey;
use stagedoor::token::{Asked, Grant, native, present};

const NOW: u64 = 1_795_370_400;

fn key() -> PrivateKey {
    let jwk = json!({ "kty": "oct", "kid": "k", "k": "aHMyNTYtc2VjcmV0LW9mLXRoZS1mbG93LXRlc3RzLSE" });
    PrivateKey::from_jwk(jwk.as_object().unwrap()).unwrap()
}

fn signed(claims: &Value) -> String {
    key().jws(Algorithm::HS256, Map::new(), claims.to_string().as_bytes()).unwrap()
}

fn grant(tokens: Value, path: String, query: String, geo: &str) -> Option<Grant> {
    let policy: TokenPolicy = serde_json::from_value(tokens).unwrap();
    let keys: KeySet = serde_json::from_value(json!({ "issuer": "id", "keys": [key().public()] })).unwrap();
    let facts = Facts {
        host: "a.example".to_owned(),
        path,
        query: Redacted::new(query),
        geography: geo.parse().unwrap(),
        address: "192.0.2.7".parse().ok(),
        ..Facts::default()
    };
    let presented = present(&facts, &policy).ok()?;
    let asked = Asked { facts: &facts, policy: &policy, now: UnixTime::from_secs(NOW) };
    native::prove(presented.as_ref(), &keys, &asked).ok()
}

fn maybe<T: std::fmt::Debug + Clone>(some: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    prop_oneof![some.prop_map(Some), Just(None)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_grant_of_a_jwt_is_narrower(
        exp in 0u64..120, nbf in maybe(0u64..120), leeway in 0u64..60,
        plans in prop::collection::vec("[a-z]{1,6}", 0..4),
        titles in maybe(prop::collection::vec("[a-z]{1,6}", 0..4)),
        height in maybe(1u32..5000), places in maybe(prop::collection::vec("(AE|SA|AE-DU|AE-AZ)", 0..3)),
        geo in "(AE|SA|AE-DU|)",
    ) {
        let (exp, nbf) = (NOW - 60 + exp, nbf.map(|nbf| NOW - 60 + nbf));
        let mut claims = json!({ "iss": "id", "exp": exp, "nbf": nbf, "plan": plans, "titles": titles,
            "max_height": height, "territories": places });
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let policy = json!({ "issuers": ["id"], "leeway_s": leeway });
        let found = grant(policy, "/a/b".into(), format!("token={}", signed(&claims)), &geo);
        let timely = NOW < exp + leeway && nbf.is_none_or(|nbf| NOW + leeway >= nbf);
        let country = geo.split('-').next().unwrap();
        let inside = places.as_ref().is_none_or(|places| {
            places.iter().any(|place| !geo.is_empty() && (*place == geo || place == country))
        });
        prop_assert_eq!(found.is_some(), timely && inside);
        if let Some(grant) = found {
            prop_assert_eq!(grant.expires_at, Some(UnixTime::from_secs(exp + leeway)));
            prop_assert!(grant.plans.iter().all(|plan| plans.iter().any(|own| own == plan.as_str())));
            prop_assert_eq!(grant.titles.map(|titles| titles.iter().map(|id| id.as_str().to_owned()).collect()), titles);
            prop_assert_eq!(grant.max_height, height);
            prop_assert_eq!(grant.lock.country, places.is_some());
        }
    }

    #[test]
    fn a_grant_of_a_token_for_a_path_is_narrower(
        exp in 0u64..120, title in "[a-z]{3,8}", prefix in "/[a-z]{0,3}", bound: bool,
    ) {
        let exp = NOW - 60 + exp;
        let claims = json!({ "exp": exp, "paths": [prefix], "co": bound, "co_fallback": true });
        let path = format!("/{}/{title}/a.m3u8", signed(&claims));
        let policy = || json!({ "accept": [{ "secure_media": { "keys": "id" } }, { "uri_signing": { "keys": "id" } }] });
        // If the country is unknown, the token allows it to be missing.
        let found = grant(policy(), path, String::new(), "");
        prop_assert_eq!(found.is_some(), NOW < exp && format!("/{title}/").starts_with(&prefix));
        let uri = json!({ "exp": exp, "cdniuc": format!("regex:https://a\\.example{prefix}.*") });
        let path = format!("/{title}/a.m3u8");
        let other = grant(policy(), path, format!("URISigningPackage={}", signed(&uri)), "");
        prop_assert_eq!(other.is_some(), found.is_some());
        for grant in found.into_iter().chain(other) {
            prop_assert_eq!(grant.expires_at, Some(UnixTime::from_secs(exp)));
            prop_assert_eq!(grant.titles, Some(vec![title.parse().unwrap()]));
        }
    }

    #[test]
    fn no_payload_panics(payload in r#"\{("(exp|iss|sub|aud|paths|exc|ip|accessRules|cdniuc|titles)":("x"|[0-9]{1,12}|\[\]|\{\}|null|-1|1e99|true),?){0,6}\}"#) {
        let token = key().jws(Algorithm::HS256, Map::new(), payload.as_bytes()).unwrap();
        let all = json!({ "issuers": ["id"], "placements": [{ "query": "t" }], "accept": [
            { "jwt": {} }, { "stream": { "keys": "id" } }, { "secure_media": { "keys": "id" } }, { "uri_signing": { "keys": "id" } },
        ]});
        let _ = grant(all, format!("/{token}/a/b"), format!("t={token}&URISigningPackage={token}"), "AE");
    }
}
