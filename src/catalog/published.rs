//! JWK Sets as issuers publish them, with keys for other purposes and other readers among them.

use serde_json::{Map, Value};

use super::{Algorithm, Issuer, Jwk, KeyId, KeyMaterial, KeySet};
use crate::json;

/// The most keys of a set; further keys are skipped.
const MOST: usize = 64;

/// Longer sets are not read. Sixty-four keys with certificates fit.
const LONGEST: usize = 256 * 1024;

/// The reason why a whole published set cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishedError {
    /// It is too long.
    #[error("expected {LONGEST} bytes at most, found {0}")]
    Long(usize),
    /// It is not a JWK Set.
    #[error("expected a JWK Set: {0}")]
    Form(String),
}

/// A key that is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedKey {
    /// Its place in the set, from 0.
    pub at: usize,
    /// Its name, if it can be shown.
    pub kid: Option<KeyId>,
    /// The reason why it is not used.
    pub why: String,
}

impl KeySet {
    /// Reads the set that an issuer publishes ([RFC 7517 section 5]), and lists the keys that are not used: keys for
    /// encryption, keys of unsupported types, curves or algorithms, keys that are too small, and repeated names.
    ///
    /// A key without `kid` is named by its thumbprint ([RFC 7638]). A shared secret is never taken from a set that
    /// everybody can read: everybody could sign with it.
    ///
    /// [RFC 7517 section 5]: https://www.rfc-editor.org/rfc/rfc7517#section-5
    /// [RFC 7638]: https://www.rfc-editor.org/rfc/rfc7638
    pub fn from_published(issuer: &Issuer, bytes: &[u8]) -> Result<(Self, Vec<SkippedKey>), PublishedError> {
        if bytes.len() > LONGEST {
            return Err(PublishedError::Long(bytes.len()));
        }
        let mut set = json::object(bytes).map_err(|error| PublishedError::Form(error.to_string()))?;
        let Some(Value::Array(found)) = set.remove("keys") else {
            return Err(PublishedError::Form("expected the member `keys` with an array".to_owned()));
        };
        let (mut keys, mut skipped) = (Vec::<Jwk>::new(), Vec::new());
        for (at, key) in found.iter().enumerate() {
            let read = match key {
                _ if keys.len() >= MOST => Err(format!("the set has {MOST} keys before it")),
                Value::Object(members) => public(members),
                _ => Err("expected an object".to_owned()),
            };
            let distinct = read.and_then(|key| {
                if keys.iter().any(|known| known.kid == key.kid) {
                    return Err("another key has the same `kid`".to_owned());
                }
                Ok(key)
            });
            match distinct {
                Ok(key) => keys.push(key),
                Err(why) => {
                    let kid = key.get("kid").and_then(Value::as_str).and_then(|kid| kid.parse().ok());
                    skipped.push(SkippedKey { at, kid, why });
                }
            }
        }
        Ok((Self { issuer: issuer.clone(), keys, published: None }, skipped))
    }

    /// These keys and the keys of a published set. Of two keys with one name, this one stays.
    #[must_use]
    pub fn with(mut self, published: &Self) -> Self {
        for key in &published.keys {
            if self.key(key.kid.as_str()).is_none() {
                self.keys.push(key.clone());
            }
        }
        self
    }
}

fn public(members: &Map<String, Value>) -> Result<Jwk, String> {
    let key = read(members)?;
    if matches!(key.material, KeyMaterial::Symmetric { .. }) {
        return Err("a published shared secret is no secret".to_owned());
    }
    Ok(key)
}

/// Reads one key that is meant to verify signatures, or says why it cannot be used. Members that do not matter for that
/// (`x5c`, private numbers) are ignored.
pub(crate) fn read(members: &Map<String, Value>) -> Result<Jwk, String> {
    let kid = match members.get("kid") {
        None => None,
        Some(kid) => Some(
            kid.as_str()
                .and_then(|kid| kid.parse::<KeyId>().ok())
                .ok_or("`kid`: expected 1 to 128 visible ASCII characters")?,
        ),
    };
    purpose(members)?;
    let material = KeyMaterial::read(members)?;
    let alg = match members.get("alg") {
        // A frequent misspelling: the curve has 521 bits, the hash 512.
        Some(Value::String(alg)) if alg == "ES521" => Some(Algorithm::ES512),
        _ => Jwk::algorithm(members)?,
    };
    if let Some(weakness) = material.weakness() {
        return Err(weakness.to_owned());
    }
    let kid = kid.unwrap_or_else(|| material.thumbprint());
    Jwk::new(kid, alg, material).map_err(|error| error.to_string())
}

/// `use` and `key_ops` say what a key is for ([RFC 7517 section 4.2] and [section 4.3]). An asymmetric key that signs
/// has a public half that verifies. A secret with `sign` alone is not meant for a verifier.
///
/// [RFC 7517 section 4.2]: https://www.rfc-editor.org/rfc/rfc7517#section-4.2
/// [section 4.3]: https://www.rfc-editor.org/rfc/rfc7517#section-4.3
fn purpose(members: &Map<String, Value>) -> Result<(), String> {
    match members.get("use") {
        None => {}
        Some(purpose) if purpose == "sig" => {}
        Some(_) => return Err("`use`: expected sig".to_owned()),
    }
    let Some(operations) = members.get("key_ops") else { return Ok(()) };
    let has = |name: &str| operations.as_array().is_some_and(|names| names.iter().any(|known| known == name));
    let private = members.get("kty").is_some_and(|kty| kty != "oct") && members.contains_key("d");
    if has("verify") || (private && has("sign")) {
        Ok(())
    } else {
        Err("`key_ops`: expected verify".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

    fn elliptic(more: &Value) -> Value {
        let mut key = json!({ "kty": "EC", "crv": "P-256", "x": X, "y": Y });
        key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        key
    }

    fn read(keys: &Value) -> (KeySet, Vec<SkippedKey>) {
        let set = json!({ "keys": keys }).to_string();
        KeySet::from_published(&"https://id.example.com/".parse().unwrap(), set.as_bytes()).unwrap()
    }

    #[test]
    fn what_can_be_used_is_and_the_rest_is_named() {
        let modulus = "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw";
        let rsa = |more: Value| {
            let mut key = json!({ "kty": "RSA", "n": modulus, "e": "AQAB" });
            key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            key
        };
        let table = [
            ("plain", elliptic(&json!({ "kid": "a", "alg": "ES256", "use": "sig" })), None),
            (
                "no alg, a certificate",
                elliptic(&json!({ "kid": "b", "x5c": ["MII"], "x5t": "a", "status": 1 })),
                None,
            ),
            ("no kid", elliptic(&json!({})), None),
            ("operations", elliptic(&json!({ "kid": "c", "key_ops": ["verify"] })), None),
            ("RSA", rsa(json!({ "kid": "+/r=", "alg": "RS256" })), None),
            (
                "Ed25519",
                json!({ "kty": "OKP", "crv": "Ed25519", "kid": "o", "x": X, "alg": "Ed25519" }),
                None,
            ),
            ("for encryption", rsa(json!({ "kid": "d", "use": "enc", "alg": "RSA-OAEP" })), Some("`use`")),
            ("an encryption algorithm", rsa(json!({ "kid": "e", "alg": "RSA-OAEP" })), Some("`alg`")),
            ("for wrapping", elliptic(&json!({ "kid": "f", "key_ops": ["deriveKey"] })), Some("`key_ops`")),
            (
                "another curve",
                json!({ "kty": "EC", "crv": "secp256k1", "kid": "g", "x": X, "y": Y }),
                Some("`crv`"),
            ),
            ("another curve", json!({ "kty": "OKP", "crv": "Ed448", "kid": "h", "x": X }), Some("`crv`")),
            ("another type", json!({ "kty": "AKP", "kid": "i", "pub": "AAAA" }), Some("`kty`")),
            ("a second of a name", elliptic(&json!({ "kid": "a" })), Some("same `kid`")),
            ("a shared secret", json!({ "kty": "oct", "kid": "j", "k": modulus }), Some("shared secret")),
            ("another algorithm's", rsa(json!({ "kid": "k", "alg": "ES256" })), Some("`kty` EC")),
            ("too small", json!({ "kty": "RSA", "kid": "l", "n": X, "e": "AQAB" }), Some("2,048")),
            ("exponent 1", rsa(json!({ "kid": "m", "e": "AQ" })), Some("exponent")),
            ("a name with a space", elliptic(&json!({ "kid": "two words" })), Some("`kid`")),
            ("no object", json!(7), Some("expected an object")),
            ("padding", elliptic(&json!({ "kid": "n", "x": format!("{X}=") })), Some("`x`")),
        ];
        let keys: Vec<_> = table.iter().map(|(_, key, _)| key.clone()).collect();
        let (set, skipped) = read(&json!(keys));
        for (at, (name, _, why)) in table.iter().enumerate() {
            let found = skipped.iter().find(|skipped| skipped.at == at).map(|skipped| skipped.why.as_str());
            assert_eq!(found.is_some(), why.is_some(), "{name}: {found:?}");
            assert!(found.unwrap_or_default().contains(why.unwrap_or_default()), "{name}: {found:?}");
        }
        assert_eq!(set.keys.len(), 6);
        assert!(set.key("oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U").is_some(), "{set:?}");
    }

    #[test]
    fn size_and_number_are_bounded() {
        let issuer = "id".parse().unwrap();
        let many: Vec<_> = (0..MOST + 2).map(|n| elliptic(&json!({ "kid": n.to_string() }))).collect();
        let (set, skipped) = read(&json!(many));
        assert_eq!((set.keys.len(), skipped.len()), (MOST, 2));
        let long = vec![b' '; LONGEST + 1];
        assert_eq!(KeySet::from_published(&issuer, &long), Err(PublishedError::Long(LONGEST + 1)));
        for bad in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#, "<html>"] {
            let error = KeySet::from_published(&issuer, bad.as_bytes()).unwrap_err();
            assert!(matches!(error, PublishedError::Form(_)), "{bad}");
        }
    }

    #[test]
    fn the_documents_own_keys_come_first() {
        let own: KeySet = serde_json::from_value(json!({ "issuer": "id", "keys": [
            elliptic(&json!({ "kid": "a", "alg": "ES256" }))] }))
        .unwrap();
        let (published, _) =
            read(&json!([elliptic(&json!({ "kid": "a" })), elliptic(&json!({ "kid": "b" }))]));
        let both = own.with(&published);
        assert_eq!(both.issuer.as_str(), "id");
        assert_eq!(both.keys.iter().map(|key| key.kid.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(both.keys[0].alg, Some(Algorithm::ES256));
    }
}
