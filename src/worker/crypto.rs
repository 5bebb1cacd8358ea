//! Asymmetric signatures, verified by the runtime's own `crypto.subtle` in about a seventh of the time that WebAssembly takes.
//!
//! <https://www.w3.org/TR/webcrypto-2/>

use std::rc::Rc;

use js_sys::{Array, Object, Promise, Reflect};
use serde_json::json;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, WorkerGlobalScope};

use super::imported_key::{Imported, ImportedKey};
use super::isolate::isolate;
use super::runtime::now_ms;
use crate::catalog::{Algorithm, Jwk, KeyMaterial, OctetCurve, SessionId};
use crate::fault::{Fault, FaultKind};
use crate::token::Challenge;

/// Whether the challenge of an asymmetric signature is met.
pub(super) async fn verify(challenge: &Challenge<'_>) -> Result<bool, Fault> {
    ask(challenge).await.map_err(|error| fault(&error))
}

/// A name for a new session.
pub(super) fn session_id() -> Result<SessionId, Fault> {
    let mut id = [0; 8];
    let crypto = scope().crypto().map_err(|error| fault(&error))?;
    crypto.get_random_values_with_u8_array(&mut id).map_err(|error| fault(&error))?;
    Ok(SessionId(id))
}

async fn ask(challenge: &Challenge<'_>) -> Result<bool, JsValue> {
    let Some(imported) = import(challenge.key, challenge.algorithm).await? else { return Ok(false) };
    let Imported { key, verify_as } = &*imported;
    let promise = subtle_verify(verify_as, key, &challenge.signature, &challenge.message)?;
    Ok(JsFuture::from(promise).await?.is_truthy())
}

// As in web-sys, but without a copy of the arguments: `verify` copies them before it returns, so the views into WebAssembly's
// memory need not outlive the call.
//
// https://www.w3.org/TR/webcrypto-2/#SubtleCrypto-method-verify
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = verify)]
    fn subtle_verify(
        algorithm: &Object,
        key: &CryptoKey,
        signature: &[u8],
        message: &[u8],
    ) -> Result<Promise, JsValue>;
}

type Members = Vec<(&'static str, JsValue)>;

/// The algorithm as `importKey` and as `verify` want it.
fn names(algorithm: Algorithm) -> Option<(Members, Members)> {
    use Algorithm as A;
    let ecdsa = |curve: &str, hash: &str| {
        (
            vec![("name", JsValue::from("ECDSA")), ("namedCurve", JsValue::from(curve))],
            vec![("name", JsValue::from("ECDSA")), ("hash", JsValue::from(hash))],
        )
    };
    let rsa = |name: &str, hash: &str, salt: Option<u8>| {
        let mut verify = vec![("name", JsValue::from(name))];
        verify.extend(salt.map(|length| ("saltLength", JsValue::from(length))));
        (vec![("name", JsValue::from(name)), ("hash", JsValue::from(hash))], verify)
    };
    const PKCS1: &str = "RSASSA-PKCS1-v1_5";
    Some(match algorithm {
        A::ES256 => ecdsa("P-256", "SHA-256"),
        A::ES384 => ecdsa("P-384", "SHA-384"),
        A::ES512 => ecdsa("P-521", "SHA-512"),
        A::ES1 => ecdsa("P-256", "SHA-1"),
        A::RS1 => rsa(PKCS1, "SHA-1", None),
        A::RS256 => rsa(PKCS1, "SHA-256", None),
        A::RS384 => rsa(PKCS1, "SHA-384", None),
        A::RS512 => rsa(PKCS1, "SHA-512", None),
        // RFC 7518 section 3.5: the salt has the size of the hash.
        A::PS256 => rsa("RSA-PSS", "SHA-256", Some(32)),
        A::PS384 => rsa("RSA-PSS", "SHA-384", Some(48)),
        A::PS512 => rsa("RSA-PSS", "SHA-512", Some(64)),
        A::EdDSA => (vec![("name", JsValue::from("Ed25519"))], vec![("name", JsValue::from("Ed25519"))]),
        A::HS256 | A::HS384 | A::HS512 | A::HS1 | A::HMD5 | A::MD5 => return None,
    })
}

/// Imports a key as a JWK; `None` for a shared secret, and for a key that the runtime does not take, such as a point off the
/// curve. No signature was made with such a key, and the issuer's other keys still count.
async fn import(key: &Jwk, algorithm: Algorithm) -> Result<Option<Rc<Imported>>, JsValue> {
    let parameters: [&[u8]; 2] = match &key.material {
        KeyMaterial::Symmetric { .. } => return Ok(None),
        KeyMaterial::EllipticCurve { x, y, .. } => [&x.0, &y.0],
        KeyMaterial::Rsa { n, e } => [&n.0, &e.0],
        KeyMaterial::OctetKeyPair { x, .. } => [&x.0, &[]],
    };
    // Invariant: two keys have two names, since the algorithm tells the type and the curve, and the length of the first
    // parameter tells where the second begins.
    let [first, second] = parameters;
    let length = u32::try_from(first.len()).unwrap_or(u32::MAX).to_be_bytes();
    let name = (algorithm, [&length, first, second].concat());
    let memory = &isolate().imported;
    if let Some(known) = memory.find(&name, |ImportedKey(key)| key.clone()) {
        return Ok(known);
    }
    let Some((import_as, verify_as)) = names(algorithm) else { return Ok(None) };
    let members: Vec<(&str, String)> = match &key.material {
        KeyMaterial::Symmetric { .. } => return Ok(None),
        KeyMaterial::EllipticCurve { crv, x, y } => vec![
            ("kty", "EC".to_owned()),
            ("crv", crv.name().to_owned()),
            ("x", x.encoded()),
            ("y", y.encoded()),
        ],
        KeyMaterial::Rsa { n, e } => {
            vec![("kty", "RSA".to_owned()), ("n", n.encoded()), ("e", e.encoded())]
        }
        KeyMaterial::OctetKeyPair { crv: OctetCurve::Ed25519, x } => {
            vec![("kty", "OKP".to_owned()), ("crv", "Ed25519".to_owned()), ("x", x.encoded())]
        }
    };
    let members: Members = members.into_iter().map(|(name, value)| (name, value.into())).collect();
    let usages = Array::of1(&JsValue::from_str("verify"));
    let (jwk, import_as, verify_as) = (object(&members)?, object(&import_as)?, object(&verify_as)?);
    let subtle = scope().crypto()?.subtle();
    let imported = match subtle.import_key_with_object("jwk", &jwk, &import_as, false, &usages) {
        Ok(promise) => JsFuture::from(promise).await.and_then(JsCast::dyn_into::<CryptoKey>),
        Err(error) => Err(error),
    };
    let imported = match imported {
        Ok(key) => Some(Rc::new(Imported { key, verify_as })),
        Err(error) => {
            let detail = format!("crypto.subtle does not take it: {error:?}");
            let line = json!({ "kind": "key skipped", "key": key.kid, "algorithm": algorithm.name(), "detail": detail });
            worker::console_log!("{line}");
            None
        }
    };
    memory.insert(name, ImportedKey(imported.clone()), now_ms());
    Ok(imported)
}

fn scope() -> WorkerGlobalScope {
    js_sys::global().unchecked_into()
}

fn object(members: &[(&str, JsValue)]) -> Result<Object, JsValue> {
    let object = Object::new();
    for (name, value) in members {
        Reflect::set(&object, &JsValue::from_str(name), value)?;
    }
    Ok(object)
}

fn fault(error: &JsValue) -> Fault {
    Fault::new(FaultKind::Platform, format!("crypto.subtle: {error:?}"))
}
