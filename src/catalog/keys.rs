//! `v1/keys/{issuer}`: the keys that an issuer's tokens, or a site's sessions, are verified with.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Issuer, KeyId};
use crate::redacted::Redacted;

/// An issuer and its keys, as a JWK Set ([RFC 7517 section 5]) with the issuer beside it.
///
/// [RFC 7517 section 5]: https://www.rfc-editor.org/rfc/rfc7517#section-5
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(!try_from))]
#[serde(try_from = "RawKeySet")]
pub struct KeySet {
    /// Under which it is stored, and the `iss` of the tokens that it verifies.
    pub issuer: Issuer,
    /// The keys, each with its own `kid`.
    pub keys: Vec<Jwk>,
}

impl KeySet {
    /// The key of this id.
    pub fn key(&self, kid: &str) -> Option<&Jwk> {
        self.keys.iter().find(|key| key.kid.as_str() == kid)
    }
}

/// Why a set of keys cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// Two keys have one id, so that a token's `kid` would not name a key.
    #[error("expected a `kid` of its own for each key, found `{0}` twice")]
    DuplicateKeyId(KeyId),
    /// The key is of another type than its algorithm needs.
    #[error("expected {expected} for `alg` {algorithm} of key `{kid}`")]
    Mismatch {
        /// The key.
        kid: KeyId,
        /// Its algorithm.
        algorithm: &'static str,
        /// What the algorithm needs.
        expected: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(rename = "KeySet")]
struct RawKeySet {
    issuer: Issuer,
    keys: Vec<Jwk>,
}

impl TryFrom<RawKeySet> for KeySet {
    type Error = KeySetError;

    fn try_from(RawKeySet { issuer, keys }: RawKeySet) -> Result<Self, KeySetError> {
        let mut seen = BTreeSet::new();
        for key in &keys {
            if !seen.insert(&key.kid) {
                return Err(KeySetError::DuplicateKeyId(key.kid.clone()));
            }
        }
        Ok(Self { issuer, keys })
    }
}

/// One key, as a JSON Web Key ([RFC 7517 section 4]). Other members are allowed and ignored.
///
/// [RFC 7517 section 4]: https://www.rfc-editor.org/rfc/rfc7517#section-4
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(!try_from))]
#[serde(try_from = "RawJwk")]
pub struct Jwk {
    /// Names the key in a token's header.
    pub kid: KeyId,
    /// The one algorithm that it may be used with.
    pub alg: Algorithm,
    /// The key itself, by its type `kty`.
    #[serde(flatten)]
    pub material: KeyMaterial,
}

#[derive(Deserialize)]
#[serde(rename = "Jwk")]
struct RawJwk {
    kid: KeyId,
    alg: Algorithm,
    #[serde(flatten)]
    material: KeyMaterial,
}

impl TryFrom<RawJwk> for Jwk {
    type Error = KeySetError;

    fn try_from(RawJwk { kid, alg, material }: RawJwk) -> Result<Self, KeySetError> {
        // RFC 7518 section 3.2: a key of the size of the hash output, or larger, MUST be used.
        let (fits, expected) = match (alg, &material) {
            (Algorithm::HS256, KeyMaterial::Symmetric { k }) => (k.expose().0.len() >= 32, SYMMETRIC),
            (Algorithm::HS256, KeyMaterial::EllipticCurve { .. }) => (false, SYMMETRIC),
            (Algorithm::ES256, KeyMaterial::EllipticCurve { x, y, .. }) => {
                (x.0.len() == 32 && y.0.len() == 32, ELLIPTIC)
            }
            (Algorithm::ES256, KeyMaterial::Symmetric { .. }) => (false, ELLIPTIC),
        };
        if fits {
            Ok(Self { kid, alg, material })
        } else {
            Err(KeySetError::Mismatch { kid, algorithm: alg.name(), expected })
        }
    }
}

const SYMMETRIC: &str = "`kty` oct with 32 bytes or more in `k`";
const ELLIPTIC: &str = "`kty` EC with `crv` P-256 and 32 bytes each in `x` and `y`";

/// Signature algorithms by their JWA names ([RFC 7518 section 3.1]).
///
/// [RFC 7518 section 3.1]: https://www.rfc-editor.org/rfc/rfc7518#section-3.1
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Algorithm {
    /// HMAC with SHA-256.
    HS256,
    /// ECDSA with P-256 and SHA-256.
    ES256,
}

impl Algorithm {
    /// The name in a token's header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HS256 => "HS256",
            Self::ES256 => "ES256",
        }
    }
}

/// A key's own parameters ([RFC 7518 section 6]).
///
/// [RFC 7518 section 6]: https://www.rfc-editor.org/rfc/rfc7518#section-6
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kty")]
pub enum KeyMaterial {
    /// A shared secret.
    #[serde(rename = "oct")]
    Symmetric {
        /// The secret.
        k: Redacted<Base64Url>,
    },
    /// A public key on an elliptic curve.
    #[serde(rename = "EC")]
    EllipticCurve {
        /// The curve.
        crv: Curve,
        /// The x coordinate.
        x: Base64Url,
        /// The y coordinate.
        y: Base64Url,
    },
}

/// Curves by their JWA names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Curve {
    /// NIST P-256, secp256r1.
    #[serde(rename = "P-256")]
    P256,
}

/// Bytes that stand in JSON as base64url without padding ([RFC 7515 section 2]).
///
/// [RFC 7515 section 2]: https://www.rfc-editor.org/rfc/rfc7515#section-2
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String", extend("pattern" = "^[A-Za-z0-9_-]*$")))]
pub struct Base64Url(pub Vec<u8>);

impl Base64Url {
    /// The text that stands in JSON.
    pub fn encoded(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.0)
    }
}

impl Serialize for Base64Url {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.encoded())
    }
}

impl<'de> Deserialize<'de> for Base64Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The text may be a secret: it is not quoted.
        URL_SAFE_NO_PAD
            .decode(String::deserialize(deserializer)?)
            .map(Self)
            .map_err(|error| de::Error::custom(format_args!("expected base64url without padding: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(keys: &str) -> Result<KeySet, serde_json::Error> {
        serde_json::from_str(&format!(r#"{{"issuer":"https://id.example.com/","keys":[{keys}]}}"#))
    }

    const OCT: &str = r#"{"kty":"oct","kid":"a","alg":"HS256","use":"sig","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#;
    // RFC 7515 appendix A.3.1.
    const EC: &str = r#"{"kty":"EC","kid":"b","alg":"ES256","crv":"P-256",
        "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

    #[test]
    fn reads_a_jwk_set_and_ignores_other_members() {
        let set = read(&format!("{OCT},{EC}")).unwrap();
        assert_eq!(set.keys.len(), 2);
        let written = serde_json::to_string(&set).unwrap();
        assert_eq!(serde_json::from_str::<KeySet>(&written).unwrap(), set);
    }

    #[test]
    fn refuses_what_cannot_be_used() {
        for (bad, why) in [
            (format!("{OCT},{OCT}"), "found `a` twice"),
            (OCT.replace("HS256", "ES256"), "`kty` EC"),
            (EC.replace("ES256", "HS256"), "`kty` oct"),
            (OCT.replace("AAAAAAAA", ""), "32 bytes or more"),
            (OCT.replace("HS256", "none"), "unknown variant `none`"),
            (EC.replace("P-256", "P-384"), "unknown variant `P-384`"),
        ] {
            let error = read(&bad).unwrap_err().to_string();
            assert!(error.contains(why), "{error} does not say {why}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let set = read(OCT).unwrap();
        assert!(format!("{set:?}").contains("[redacted]"));
        assert!(!format!("{set:?}").contains("0, 0"));
    }
}
