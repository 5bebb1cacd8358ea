//! A key with its name and its algorithm.

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};

use super::{Algorithm, Curve, KeyId, KeyMaterial, OctetCurve};
use crate::json;

/// The reason why a set of keys cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// Two keys have one id, so that a token's `kid` would not name a key.
    #[error("expected a `kid` of its own for each key, found `{0}` twice")]
    DuplicateKeyId(KeyId),
    /// The key is of another type than its algorithm needs.
    #[error("expected {expected} for `alg` {algorithm}")]
    Mismatch {
        /// The key.
        kid: KeyId,
        /// Its algorithm.
        algorithm: &'static str,
        /// What the algorithm needs.
        expected: &'static str,
    },
    /// The key's numbers are not of its type's size.
    #[error("expected {expected}")]
    Size {
        /// The key.
        kid: KeyId,
        /// What its type needs.
        expected: &'static str,
    },
}

/// One key, as a JSON Web Key ([RFC 7517 section 4]). Other members are allowed and ignored.
///
/// [RFC 7517 section 4]: https://www.rfc-editor.org/rfc/rfc7517#section-4
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Jwk {
    /// The key's id, by which a token's header names it.
    pub kid: KeyId,
    /// The only algorithm with which the key may be used. Absent: any algorithm that the key's type and the token's
    /// dialect allow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<Algorithm>,
    /// The key's own parameters, by its type `kty`.
    #[serde(flatten)]
    pub material: KeyMaterial,
}

impl<'de> Deserialize<'de> for Jwk {
    /// An error names the key and its member, and quotes no value, which may be a secret.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(&Members::deserialize(deserializer)?.0).map_err(de::Error::custom)
    }
}

/// The members of a key, each of them once.
pub(super) struct Members(pub(super) Map<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::members(deserializer).map(Self)
    }
}

impl Jwk {
    pub(super) fn read(members: &Map<String, Value>) -> Result<Self, String> {
        let kid = members.get("kid").and_then(Value::as_str).and_then(|kid| kid.parse::<KeyId>().ok());
        let name = kid.as_ref().map_or("without a name", KeyId::as_str).to_owned();
        let read = || {
            let kid = kid.ok_or("`kid`: expected 1 to 128 visible ASCII characters")?;
            let alg = Self::algorithm(members)?;
            Self::new(kid, alg, KeyMaterial::read(members)?).map_err(|error| error.to_string())
        };
        read().map_err(|why| format!("key `{name}`: {why}"))
    }

    /// The algorithm that a key names, if it does.
    pub(super) fn algorithm(members: &Map<String, Value>) -> Result<Option<Algorithm>, String> {
        match members.get("alg") {
            None | Some(Value::Null) => Ok(None),
            Some(alg) => match alg.as_str().and_then(Algorithm::named) {
                Some(known) => Ok(Some(known)),
                None => {
                    let known: Vec<_> = Algorithm::ALL.iter().map(|known| known.name()).collect();
                    Err(format!(
                        "`alg`: expected a signature algorithm, one of {}, found {}",
                        known.join(", "),
                        json::found(alg)
                    ))
                }
            },
        }
    }

    /// Puts a key together, if its numbers are of its type's size and fit its algorithm.
    pub fn new(kid: KeyId, alg: Option<Algorithm>, material: KeyMaterial) -> Result<Self, KeySetError> {
        if let Some(expected) = material.wrong_size() {
            return Err(KeySetError::Size { kid, expected });
        }
        let key = Self { kid, alg, material };
        match alg {
            Some(alg) if !key.fits(alg) => {
                Err(KeySetError::Mismatch { kid: key.kid, algorithm: alg.name(), expected: alg.needs() })
            }
            _ => Ok(key),
        }
    }

    /// Whether the key may be used with an algorithm: its own, or any that its type and size allow when it names
    /// none.
    pub fn permits(&self, alg: Algorithm) -> bool {
        self.alg.is_none_or(|own| own == alg) && self.fits(alg)
    }

    /// As [`Self::permits`], for dialects that are no JSON Web Signatures and whose shared secrets may have any length
    /// ([RFC 2104 section 3]). A key that names its `alg` has the length that [RFC 7518 section 3.2] asks for.
    ///
    /// [RFC 2104 section 3]: https://www.rfc-editor.org/rfc/rfc2104#section-3
    /// [RFC 7518 section 3.2]: https://www.rfc-editor.org/rfc/rfc7518#section-3.2
    pub fn permits_at_any_size(&self, alg: Algorithm) -> bool {
        use Algorithm as A;
        let secret = matches!(self.material, KeyMaterial::Symmetric { .. });
        let any_size = secret && matches!(alg, A::HS256 | A::HS384 | A::HS512);
        self.permits(alg) || (self.alg.is_none() && any_size)
    }

    /// [RFC 7518 section 3.2]: a key of the size of the hash output, or larger, MUST be used with HMAC.
    ///
    /// [RFC 7518 section 3.2]: https://www.rfc-editor.org/rfc/rfc7518#section-3.2
    fn fits(&self, alg: Algorithm) -> bool {
        use Algorithm as A;
        match &self.material {
            KeyMaterial::Symmetric { k } => {
                let size = k.expose().0.len();
                match alg {
                    A::HS256 => size >= 32,
                    A::HS384 => size >= 48,
                    A::HS512 => size >= 64,
                    A::HS1 | A::HMD5 | A::MD5 => true,
                    _ => false,
                }
            }
            KeyMaterial::EllipticCurve { crv, .. } => matches!(
                (alg, crv),
                (A::ES256 | A::ES1, Curve::P256) | (A::ES384, Curve::P384) | (A::ES512, Curve::P521)
            ),
            KeyMaterial::Rsa { .. } => {
                matches!(alg, A::RS1 | A::RS256 | A::RS384 | A::RS512 | A::PS256 | A::PS384 | A::PS512)
            }
            KeyMaterial::OctetKeyPair { crv: OctetCurve::Ed25519, .. } => alg == A::EdDSA,
        }
    }
}
