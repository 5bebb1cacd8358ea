//! Viewer tokens for the flows.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_simple::prelude::*;
use serde_json::{Map, Value};

/// A private key of an algorithm.
#[derive(Deserialize)]
pub(crate) struct PrivateKey {
    alg: String,
    k: Option<String>,
    d: Option<String>,
}

/// A token for a flow: signed by `key`, with `kid`, and with claims that replace the usual ones.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    key: String,
    kid: Option<String>,
    #[serde(default)]
    claims: Map<String, Value>,
}

/// Mints a token.
pub(crate) fn mint(
    wanted: &Wanted,
    usual: &Map<String, Value>,
    keys: &BTreeMap<String, PrivateKey>,
) -> String {
    let mut claims = usual.clone();
    claims.extend(wanted.claims.clone());
    claims.retain(|_, value| !value.is_null());
    let claims: JWTClaims<Map<String, Value>> = serde_json::from_value(Value::Object(claims)).unwrap();
    let key = &keys[&wanted.key];
    let kid = wanted.kid.as_ref().unwrap_or(&wanted.key);
    let bytes = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_ref().unwrap()).unwrap();
    match key.alg.as_str() {
        "HS256" => HS256Key::from_bytes(&bytes(&key.k)).with_key_id(kid).authenticate(claims),
        "ES256" => ES256KeyPair::from_bytes(&bytes(&key.d)).unwrap().with_key_id(kid).sign(claims),
        other => panic!("no key of {other}"),
    }
    .unwrap()
}

/// Changes the last byte of the signature.
pub(crate) fn tamper(token: &str) -> String {
    let Some((signed, signature)) = token.rsplit_once('.') else { return String::new() };
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(bytes))
}
