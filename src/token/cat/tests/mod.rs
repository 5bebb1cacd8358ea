//! Whole tokens: from a request to a grant.

mod claims;
mod envelope;
mod properties;
mod replies;

use super::cbor::Value;
use super::{cose, mint};
use crate::catalog::{Algorithm, KeySet, Lock, TokenPolicy};
use crate::denial::{Denial, Reason};
use crate::facts::{Connection, Facts, Headers, Method};
use crate::redacted::Redacted;
use crate::time::UnixTime;
use crate::token::{Asked, Grant, Replay, mint::PrivateKey, native::prove, present};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Value as Json, json};

const NOW: u64 = 1_795_370_400;

fn key(kid: &str, alg: &str) -> PrivateKey {
    let seed = URL_SAFE_NO_PAD.encode([9; 32]);
    let mut jwk = match alg {
        "ES256" => json!({ "kty": "EC", "crv": "P-256", "d": seed }),
        "EdDSA" => json!({ "kty": "OKP", "crv": "Ed25519", "d": seed }),
        "PS256" => serde_json::from_str(include_str!(
            "../../../../tests/fixtures/tokens/ietf-jose-cookbook/jwk/3_4.rsa_private_key.json"
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
