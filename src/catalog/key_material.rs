//! Keys by their types, without names.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{Base64Url, KeyId};
use crate::reading::Quoted;
use crate::redacted::Redacted;

/// A key's own parameters ([RFC 7518 section 6], [RFC 8037 section 2]).
///
/// [RFC 7518 section 6]: https://www.rfc-editor.org/rfc/rfc7518#section-6
/// [RFC 8037 section 2]: https://www.rfc-editor.org/rfc/rfc8037#section-2
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
    /// An RSA public key.
    #[serde(rename = "RSA")]
    Rsa {
        /// The modulus, 2,048 to 8,192 bits.
        n: Base64Url,
        /// The exponent.
        e: Base64Url,
    },
    /// A public key that is one string of octets.
    #[serde(rename = "OKP")]
    OctetKeyPair {
        /// The curve.
        crv: OctetCurve,
        /// The public key.
        x: Base64Url,
    },
}

impl KeyMaterial {
    /// The expected size, if a number of the key does not have the size of its type.
    pub(super) fn wrong_size(&self) -> Option<&'static str> {
        let (right, expected) = match self {
            Self::Symmetric { k } => (!k.expose().0.is_empty(), "1 byte or more in `k`"),
            Self::EllipticCurve { crv, x, y } => {
                let size = crv.size();
                (x.0.len() == size && y.0.len() == size, "`x` and `y` of the curve's own size")
            }
            Self::Rsa { n, e } => {
                // RFC 7518 section 3.3: a key of 2,048 bits or larger MUST be used.
                let modulus = n.0.iter().skip_while(|byte| **byte == 0).count();
                let exponent = e.0.iter().fold(0, |e: u64, byte| e << 8 | u64::from(*byte));
                let right = (256..=1024).contains(&modulus)
                    && (1..=4).contains(&e.0.len())
                    && exponent >= 3
                    && exponent % 2 == 1;
                (
                    right,
                    "a modulus `n` of 2,048 to 8,192 bits and an odd exponent `e` of 3 or more in 32 bits",
                )
            }
            Self::OctetKeyPair { x, .. } => (x.0.len() == 32, "32 bytes in `x`"),
        };
        (!right).then_some(expected)
    }

    /// Reads the parameters out of a key's members.
    pub(super) fn read(members: &Map<String, Value>) -> Result<Self, String> {
        let text = |name: &str| {
            members.get(name).and_then(Value::as_str).ok_or_else(|| format!("`{name}`: expected a string"))
        };
        let bytes = |name: &str| {
            Base64Url::decoded(text(name)?)
                .ok_or_else(|| format!("`{name}`: expected base64url without padding"))
        };
        Ok(match text("kty")? {
            "oct" => Self::Symmetric { k: Redacted::new(bytes("k")?) },
            "EC" => {
                let crv = match text("crv")? {
                    "P-256" => Curve::P256,
                    "P-384" => Curve::P384,
                    "P-521" => Curve::P521,
                    found => {
                        return Err(format!(
                            "`crv`: expected P-256, P-384 or P-521, found {}",
                            Quoted(found)
                        ));
                    }
                };
                Self::EllipticCurve { crv, x: bytes("x")?, y: bytes("y")? }
            }
            "RSA" => Self::Rsa { n: bytes("n")?, e: bytes("e")? },
            "OKP" if text("crv")? == "Ed25519" => {
                Self::OctetKeyPair { crv: OctetCurve::Ed25519, x: bytes("x")? }
            }
            "OKP" => return Err(format!("`crv`: expected Ed25519, found {}", Quoted(text("crv")?))),
            found => return Err(format!("`kty`: expected EC, RSA, OKP or oct, found {}", Quoted(found))),
        })
    }

    /// Why others can compute the private half of the key, as far as the public half shows it: its modulus has the
    /// fingerprint of [CVE-2017-15361] (ROCA). The primes of such keys are `k * M + 65537^a mod M`, with `M` the
    /// product of the first primes, so the modulus is a power of 65,537 modulo each of those primes. About one in 2^27
    /// other keys has the same fingerprint.
    ///
    /// [CVE-2017-15361]: https://crocs.fi.muni.cz/public/papers/rsa_ccs17
    pub(super) fn weakness(&self) -> Option<&'static str> {
        let Self::Rsa { n, .. } = self else { return None };
        SMALL_PRIMES
            .iter()
            .all(|prime| {
                let rest = n.0.iter().fold(0, |rest: u32, byte| (rest << 8 | u32::from(*byte)) % prime);
                let mut power = 1;
                // The powers repeat after `prime - 1` steps at most.
                (1..*prime).any(|_| {
                    power = power * 65_537 % prime;
                    power == rest
                })
            })
            .then_some("a modulus of a generator that is broken (CVE-2017-15361)")
    }

    /// A name that any reader of the key can compute: the SHA-256 of the members that make the key, in the order of
    /// their names ([RFC 7638 section 3]).
    ///
    /// [RFC 7638 section 3]: https://www.rfc-editor.org/rfc/rfc7638#section-3
    pub fn thumbprint(&self) -> KeyId {
        let members = match self {
            Self::Symmetric { k } => format!(r#"{{"k":"{}","kty":"oct"}}"#, k.expose().encoded()),
            Self::EllipticCurve { crv, x, y } => format!(
                r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#,
                crv.name(),
                x.encoded(),
                y.encoded()
            ),
            Self::Rsa { n, e } => {
                format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, e.encoded(), n.encoded())
            }
            Self::OctetKeyPair { crv: OctetCurve::Ed25519, x } => {
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, x.encoded())
            }
        };
        KeyId::thumbprint(&Sha256::digest(members).into())
    }
}

const SMALL_PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
    107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Curves by their JWA names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Curve {
    /// NIST P-256, secp256r1.
    #[serde(rename = "P-256")]
    P256,
    /// NIST P-384, secp384r1.
    #[serde(rename = "P-384")]
    P384,
    /// NIST P-521, secp521r1.
    #[serde(rename = "P-521")]
    P521,
}

impl Curve {
    /// The bytes of a coordinate.
    pub const fn size(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }
}

/// Curves of octet key pairs ([RFC 8037 section 2]), as far as they sign.
///
/// [RFC 8037 section 2]: https://www.rfc-editor.org/rfc/rfc8037#section-2
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum OctetCurve {
    /// Edwards25519.
    Ed25519,
}
