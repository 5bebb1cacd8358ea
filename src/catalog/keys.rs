//! `v1/keys/{issuer}`: the keys that an issuer's tokens, or a site's sessions, are verified with.

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use url::Url;

use super::document::KvDocument;
use super::site::bounded;
use super::{Issuer, KeyId, published};
use crate::json;
use crate::redacted::Redacted;

/// An issuer and its keys, as a JWK Set ([RFC 7517 section 5]) with the issuer beside it.
///
/// [RFC 7517 section 5]: https://www.rfc-editor.org/rfc/rfc7517#section-5
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(!try_from))]
#[serde(try_from = "RawKeySet<Vec<Jwk>>")]
pub struct KeySet {
    /// Under which it is stored, and the `iss` of the tokens that it verifies. For dialects whose tokens name no
    /// issuer, any name that the site's document uses.
    pub issuer: Issuer,
    /// The keys, each with its own `kid`.
    pub keys: Vec<Jwk>,
    /// Where the issuer publishes further keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<PublishedKeys>,
}

/// A JWK Set that the issuer publishes ([RFC 7517 section 5]); the edge fetches and keeps it.
///
/// [RFC 7517 section 5]: https://www.rfc-editor.org/rfc/rfc7517#section-5
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PublishedKeys {
    /// The URL of the set, such as `https://id.example.com/.well-known/jwks.json`.
    pub url: Url,
    /// Seconds after which the edge asks for it again, in the background: 60 to 86,400.
    #[serde(default = "PublishedKeys::default_refresh_s", deserialize_with = "refresh")]
    #[cfg_attr(feature = "schema", schemars(range(min = 60, max = 86_400)))]
    pub refresh_s: u64,
}

impl PublishedKeys {
    const fn default_refresh_s() -> u64 {
        600
    }
}

fn refresh<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    bounded(deserializer, 60, 86_400)
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
    /// The key's numbers are not of its type's size.
    #[error("expected {expected} in key `{kid}`")]
    Size {
        /// The key.
        kid: KeyId,
        /// What its type needs.
        expected: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(rename = "KeySet")]
struct RawKeySet<K> {
    issuer: Issuer,
    keys: K,
    #[serde(default)]
    published: Option<PublishedKeys>,
}

impl TryFrom<RawKeySet<Vec<Jwk>>> for KeySet {
    type Error = KeySetError;

    fn try_from(RawKeySet { issuer, keys, published }: RawKeySet<Vec<Jwk>>) -> Result<Self, KeySetError> {
        let mut seen = BTreeSet::new();
        for key in &keys {
            if !seen.insert(&key.kid) {
                return Err(KeySetError::DuplicateKeyId(key.kid.clone()));
            }
        }
        Ok(Self { issuer, keys, published })
    }
}

/// One key, as a JSON Web Key ([RFC 7517 section 4]). Other members are allowed and ignored.
///
/// [RFC 7517 section 4]: https://www.rfc-editor.org/rfc/rfc7517#section-4
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Jwk {
    /// Names the key in a token's header.
    pub kid: KeyId,
    /// The one algorithm that it may be used with; absent: any that its type allows and the dialect names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<Algorithm>,
    /// The key itself, by its type `kty`.
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
struct Members(Map<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::members(deserializer).map(Self)
    }
}

impl Jwk {
    fn read(members: &Map<String, Value>) -> Result<Self, String> {
        let kid = members.get("kid").and_then(Value::as_str).and_then(|kid| kid.parse::<KeyId>().ok());
        let name = kid.as_ref().map_or("without a name", KeyId::as_str).to_owned();
        let read = || {
            let kid = kid.ok_or("`kid`: expected 1 to 128 visible ASCII characters")?;
            let alg = published::alg(members)?;
            Self::new(kid, alg, published::material(members)?).map_err(|error| error.to_string())
        };
        read().map_err(|why| format!("key `{name}`: {why}"))
    }
}

impl KvDocument for KeySet {
    /// Takes what can be used: a key that cannot be read takes no other down, and its tokens are refused as those of a key
    /// that is not there. The origin service takes no such document; one may come from another writer, or be older than the
    /// rule that it breaks.
    fn read(json: &[u8]) -> Result<(Self, Vec<String>), serde_json::Error> {
        let RawKeySet { issuer, keys: Usable { keys, skipped }, published } = serde_json::from_slice(json)?;
        match skipped.first().filter(|_| keys.is_empty()) {
            Some(why) => Err(de::Error::custom(why)),
            None => Ok((Self { issuer, keys, published }, skipped)),
        }
    }
}

/// The keys that can be used, and why others are not.
struct Usable {
    keys: Vec<Jwk>,
    skipped: Vec<String>,
}

impl Usable {
    /// The most reasons that are told.
    const MOST_SKIPPED: usize = 100;
}

impl<'de> Deserialize<'de> for Usable {
    /// The members of a key are dropped before the next one's are read.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> de::Visitor<'de> for Keys {
            type Value = Usable;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of keys")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut values: A) -> Result<Usable, A::Error> {
                let (mut keys, mut skipped) = (Vec::<Jwk>::new(), Vec::new());
                let mut known = BTreeSet::new();
                while let Some(Members(members)) = values.next_element()? {
                    let why = match Jwk::read(&members) {
                        Ok(key) if known.insert(key.kid.clone()) => {
                            keys.push(key);
                            continue;
                        }
                        Ok(key) => KeySetError::DuplicateKeyId(key.kid).to_string(),
                        Err(why) => why,
                    };
                    if skipped.len() < Usable::MOST_SKIPPED {
                        skipped.push(why);
                    }
                }
                Ok(Usable { keys, skipped })
            }
        }
        deserializer.deserialize_seq(Keys)
    }
}

impl Jwk {
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

macro_rules! algorithms {
    ($($(#[$attribute:meta])* $variant:ident $name:literal $needs:literal $doc:literal;)*) => {
        /// Signature algorithms, by their JWA names where they have one ([RFC 7518 section 3.1], [RFC 8037 section
        /// 3.1], and `HS1` and `RS1` of the [IANA registry], which only older CDN dialects use). `Ed25519` ([RFC 9864])
        /// is another name of `EdDSA` here, since no other curve of it is supported.
        ///
        /// [RFC 7518 section 3.1]: https://www.rfc-editor.org/rfc/rfc7518#section-3.1
        /// [RFC 8037 section 3.1]: https://www.rfc-editor.org/rfc/rfc8037#section-3.1
        /// [IANA registry]: https://www.iana.org/assignments/jose/jose.xhtml#web-signature-encryption-algorithms
        /// [RFC 9864]: https://www.rfc-editor.org/rfc/rfc9864#section-2.2
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum Algorithm {
            $(#[doc = $doc] $(#[$attribute])* $variant,)*
        }

        impl Algorithm {
            /// Every algorithm.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in a token's header and in a key's `alg`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The algorithm of this name.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    "Ed25519" => Some(Self::EdDSA),
                    _ => Self::ALL.iter().copied().find(|algorithm| algorithm.name() == name),
                }
            }

            /// Whether a JWS may name it: the others are for dialects that have no header.
            pub const fn is_jose(self) -> bool {
                !matches!(self, Self::HS1 | Self::HMD5 | Self::MD5 | Self::RS1 | Self::ES1)
            }

            /// What a key has to be for it.
            pub(crate) const fn needs(self) -> &'static str {
                match self { $(Self::$variant => $needs,)* }
            }
        }
    };
}

algorithms! {
    HS256 "HS256" "`kty` oct with 32 bytes or more in `k`" "HMAC with SHA-256.";
    HS384 "HS384" "`kty` oct with 48 bytes or more in `k`" "HMAC with SHA-384.";
    HS512 "HS512" "`kty` oct with 64 bytes or more in `k`" "HMAC with SHA-512.";
    RS256 "RS256" "`kty` RSA" "RSASSA-PKCS1-v1_5 with SHA-256.";
    RS384 "RS384" "`kty` RSA" "RSASSA-PKCS1-v1_5 with SHA-384.";
    RS512 "RS512" "`kty` RSA" "RSASSA-PKCS1-v1_5 with SHA-512.";
    PS256 "PS256" "`kty` RSA" "RSASSA-PSS with SHA-256.";
    PS384 "PS384" "`kty` RSA" "RSASSA-PSS with SHA-384.";
    PS512 "PS512" "`kty` RSA" "RSASSA-PSS with SHA-512.";
    ES256 "ES256" "`kty` EC with `crv` P-256" "ECDSA with P-256 and SHA-256.";
    ES384 "ES384" "`kty` EC with `crv` P-384" "ECDSA with P-384 and SHA-384.";
    ES512 "ES512" "`kty` EC with `crv` P-521" "ECDSA with P-521 and SHA-512.";
    #[serde(alias = "Ed25519")]
    EdDSA "EdDSA" "`kty` OKP with `crv` Ed25519" "Ed25519.";
    HS1 "HS1" "`kty` oct" "HMAC with SHA-1, of Akamai's and Google's tokens.";
    HMD5 "HMD5" "`kty` oct" "HMAC with MD5, of Akamai's tokens.";
    MD5 "MD5" "`kty` oct" "An MD5 over a text that holds the secret, of nginx's secure_link.";
    RS1 "RS1" "`kty` RSA" "RSASSA-PKCS1-v1_5 with SHA-1, of CloudFront's signatures.";
    ES1 "ES1" "`kty` EC with `crv` P-256" "ECDSA with P-256 and SHA-1, of CloudFront's signatures.";
}

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
    /// What was expected, where the numbers are of a size that the type does not have.
    fn wrong_size(&self) -> Option<&'static str> {
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
}

impl KeyMaterial {
    /// What makes the key one that others can compute the private half of, as far as that can be seen: a modulus with
    /// the fingerprint of [CVE-2017-15361] (ROCA). The primes of such keys are `k * M + 65537^a mod M`, with `M` the
    /// product of the first primes, so that the modulus is a power of 65,537 modulo each of them; of other keys, one
    /// in about 2^27 is.
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

/// Bytes that stand in JSON as base64url without padding ([RFC 7515 section 2]).
///
/// [RFC 7515 section 2]: https://www.rfc-editor.org/rfc/rfc7515#section-2
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String", extend("pattern" = "^[A-Za-z0-9_-]*$")))]
pub struct Base64Url(pub Vec<u8>);

impl Base64Url {
    /// Takes the text that stands in JSON.
    pub(super) fn decoded(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok().map(Self)
    }

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
            (OCT.replace("HS256", "none"), "key `a`: `alg`: expected a signature algorithm"),
            (EC.replace("P-256", "secp256k1"), "key `b`: `crv`: expected P-256, P-384 or P-521"),
            (EC.replace("f83OJ", "f83OJ="), "key `b`: `x`: expected base64url without padding"),
            // The bits behind the last byte are not 0.
            (EC.replace("IWI5a0", "IWI5a1"), "key `b`: `y`: expected base64url without padding"),
            (OCT.replace("\"kid\":\"a\",", ""), "key `without a name`: `kid`: expected 1 to 128"),
            (OCT.replace("\"use\"", "\"kid\""), "duplicate field `kid`"),
            (EC.replace("P-256", "P-384"), "the curve's own size"),
        ] {
            let error = read(&bad).unwrap_err().to_string();
            assert!(error.contains(why), "{error} does not say {why}");
        }
    }

    #[test]
    fn at_the_edge_a_key_that_cannot_be_read_takes_no_other_down() {
        let bad = EC.replace("IWI5a0", "IWI5a1");
        let set = format!(r#"{{"revision":1,"issuer":"i","keys":[{bad},{OCT},{OCT}]}}"#);
        assert!(serde_json::from_str::<KeySet>(&set).is_err());
        let (found, skipped) = KeySet::read(set.as_bytes()).unwrap();
        assert_eq!(found.keys.iter().map(|key| key.kid.as_str()).collect::<Vec<_>>(), ["a"]);
        assert_eq!(
            skipped,
            [
                "key `b`: `y`: expected base64url without padding",
                "expected a `kid` of its own for each key, found `a` twice"
            ]
        );
        // Of which none is left, that is told.
        let error = KeySet::read(format!(r#"{{"issuer":"i","keys":[{bad}]}}"#).as_bytes()).unwrap_err();
        assert!(error.to_string().contains("key `b`: `y`"), "{error}");
    }

    #[test]
    fn a_thumbprint_is_that_of_the_specification() {
        // RFC 7638 section 3.1.
        let key: Jwk = serde_json::from_str(
            r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#,
        )
        .unwrap();
        assert_eq!(key.material.thumbprint().as_str(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn debug_shows_no_secret() {
        let set = read(OCT).unwrap();
        assert!(format!("{set:?}").contains("[redacted]"));
        assert!(!format!("{set:?}").contains("0, 0"));
    }
}
