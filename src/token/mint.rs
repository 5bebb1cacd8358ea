//! Private keys and signing, for the command and the tests. The edge makes no asymmetric signatures.
//!
//! An error describes a key's defect, and never quotes the key.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use rsa::rand_core::{self, CryptoRng, RngCore};
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPrivateKey};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::challenge::tag;
use super::native::{SHA1_DIGEST_INFO, hash};
use crate::catalog::{Algorithm, Base64Url, Curve, Jwk, KeyId, KeyMaterial, OctetCurve};
use crate::redacted::Redacted;

/// A key that signs, read from a private JWK ([RFC 7518 section 6], [RFC 8037 section 2]).
///
/// [RFC 7518 section 6]: https://www.rfc-editor.org/rfc/rfc7518#section-6
/// [RFC 8037 section 2]: https://www.rfc-editor.org/rfc/rfc8037#section-2
pub struct PrivateKey {
    kid: Option<KeyId>,
    public: Jwk,
    secret: Secret,
}

enum Secret {
    /// The secret is the public part's own.
    Symmetric,
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(p521::ecdsa::SigningKey),
    Rsa(Box<RsaPrivateKey>),
    Ed25519(ed25519_compact::SecretKey),
}

/// Why a key cannot be read or used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MintError {
    /// It is no JSON.
    #[error("expected a JWK: {0}")]
    Json(String),
    /// A member is missing or has another form.
    #[error("`{member}`: expected {expected}")]
    Member {
        /// The member.
        member: &'static str,
        /// The expected value.
        expected: &'static str,
    },
    /// The key cannot be used with the algorithm.
    #[error("expected {expected} for `alg` {algorithm}")]
    Algorithm {
        /// The algorithm.
        algorithm: &'static str,
        /// The missing requirement.
        expected: &'static str,
    },
    /// The key's numbers are no key of its type.
    #[error("expected the numbers of {0}")]
    Numbers(&'static str),
}

impl PrivateKey {
    /// Reads a private JWK.
    pub fn from_slice(json: &[u8]) -> Result<Self, MintError> {
        let jwk = serde_json::from_slice(json).map_err(|error| MintError::Json(error.to_string()))?;
        Self::from_jwk(&jwk)
    }

    /// Takes a private JWK. What can be computed of its public part (of `EC` and `OKP` keys) may be missing, and so may
    /// `kid` and `alg`; other members are ignored.
    pub fn from_jwk(jwk: &Map<String, Value>) -> Result<Self, MintError> {
        let kid: Option<KeyId> = match jwk.get("kid") {
            None => None,
            Some(kid) => {
                Some(kid.as_str().and_then(|kid| kid.parse().ok()).ok_or(MintError::Member {
                    member: "kid",
                    expected: "1 to 128 visible ASCII characters",
                })?)
            }
        };
        let alg = match jwk.get("alg") {
            None => None,
            Some(alg) => Some(alg.as_str().and_then(Algorithm::named).ok_or(MintError::Member {
                member: "alg",
                expected: "the name of a signature algorithm, such as ES256",
            })?),
        };
        let (material, secret) = match text(jwk, "kty", "oct, EC, RSA or OKP")? {
            "oct" => symmetric(jwk)?,
            "EC" => elliptic(jwk, alg)?,
            "RSA" => rsa(jwk)?,
            "OKP" => octets(jwk)?,
            _ => return Err(MintError::Member { member: "kty", expected: "oct, EC, RSA or OKP" }),
        };
        let named = match &kid {
            Some(kid) => kid.clone(),
            None => material.thumbprint(),
        };
        let public = Jwk::new(named, alg, material).map_err(|error| match error {
            crate::catalog::KeySetError::Mismatch { algorithm, expected, .. } => {
                MintError::Algorithm { algorithm, expected }
            }
            crate::catalog::KeySetError::Size { expected, .. } => MintError::Numbers(expected),
            crate::catalog::KeySetError::DuplicateKeyId(_) => MintError::Numbers("one key"),
        })?;
        Ok(Self { kid, public, secret })
    }

    /// The key's own name, if it has one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_ref().map(KeyId::as_str)
    }

    /// What verifies: without the private numbers, but with the secret of a symmetric key. A key without `kid` is
    /// named by its thumbprint ([RFC 7638](https://www.rfc-editor.org/rfc/rfc7638)).
    pub fn public(&self) -> Jwk {
        self.public.clone()
    }

    /// The algorithm that the key names, or the usual one for its type.
    pub fn algorithm(&self) -> Algorithm {
        self.public.alg.unwrap_or(match &self.public.material {
            KeyMaterial::Symmetric { .. } => Algorithm::HS256,
            KeyMaterial::EllipticCurve { crv: Curve::P256, .. } => Algorithm::ES256,
            KeyMaterial::EllipticCurve { crv: Curve::P384, .. } => Algorithm::ES384,
            KeyMaterial::EllipticCurve { crv: Curve::P521, .. } => Algorithm::ES512,
            KeyMaterial::Rsa { .. } => Algorithm::RS256,
            KeyMaterial::OctetKeyPair { .. } => Algorithm::EdDSA,
        })
    }

    /// Signs a message. An ECDSA signature is `r` and `s` side by side. The same message gets the same signature every
    /// time: no randomness is asked for (ECDSA by [RFC 6979], the salt of RSASSA-PSS in the same spirit).
    ///
    /// [RFC 6979]: https://www.rfc-editor.org/rfc/rfc6979
    pub fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, MintError> {
        use Algorithm as A;
        let unfit = || MintError::Algorithm { algorithm: algorithm.name(), expected: algorithm.needs() };
        if !self.public.permits(algorithm) {
            return Err(unfit());
        }
        let hash = || hash(algorithm, message).ok_or_else(unfit);
        let failed = |_| MintError::Numbers("a key that can sign");
        Ok(match &self.secret {
            Secret::Symmetric => {
                let KeyMaterial::Symmetric { k } = &self.public.material else { return Err(unfit()) };
                tag(algorithm, &k.expose().0, message).ok_or_else(unfit)?
            }
            Secret::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign_prehash(&hash()?).map_err(failed)?;
                signature.to_bytes().to_vec()
            }
            Secret::P384(key) => {
                let signature: p384::ecdsa::Signature = key.sign_prehash(&hash()?).map_err(failed)?;
                signature.to_bytes().to_vec()
            }
            Secret::P521(key) => {
                let signature: p521::ecdsa::Signature = key.sign_prehash(&hash()?).map_err(failed)?;
                signature.to_bytes().to_vec()
            }
            Secret::Ed25519(key) => key.sign(message, None).to_vec(),
            Secret::Rsa(key) => {
                let hash = hash()?;
                let mut salt = Salt::new(key, &hash);
                match algorithm {
                    A::RS1 => {
                        let prefix = SHA1_DIGEST_INFO.into();
                        key.sign(Pkcs1v15Sign { hash_len: Some(20), prefix }, &hash)
                    }
                    A::RS256 => key.sign(Pkcs1v15Sign::new::<rsa::sha2::Sha256>(), &hash),
                    A::RS384 => key.sign(Pkcs1v15Sign::new::<rsa::sha2::Sha384>(), &hash),
                    A::RS512 => key.sign(Pkcs1v15Sign::new::<rsa::sha2::Sha512>(), &hash),
                    A::PS256 => key.sign_with_rng(&mut salt, Pss::new::<rsa::sha2::Sha256>(), &hash),
                    A::PS384 => key.sign_with_rng(&mut salt, Pss::new::<rsa::sha2::Sha384>(), &hash),
                    A::PS512 => key.sign_with_rng(&mut salt, Pss::new::<rsa::sha2::Sha512>(), &hash),
                    _ => return Err(unfit()),
                }
                .map_err(|_| MintError::Numbers("an RSA key that is long enough for the hash"))?
            }
        })
    }

    /// Signs a payload as a JWS in compact serialisation ([RFC 7515 section 7.1]), with `alg` and, where the key has one,
    /// `kid` in front of the header's other members.
    ///
    /// [RFC 7515 section 7.1]: https://www.rfc-editor.org/rfc/rfc7515#section-7.1
    pub fn jws(
        &self,
        algorithm: Algorithm,
        members: Map<String, Value>,
        payload: &[u8],
    ) -> Result<String, MintError> {
        let mut header = Map::from_iter([("alg".to_owned(), algorithm.name().into())]);
        header.extend(self.kid().map(|kid| ("kid".to_owned(), kid.into())));
        header.extend(members);
        let header = Value::Object(header).to_string();
        let mut token = [URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload)].join(".");
        let signature = self.sign(algorithm, token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey")
            .field("kid", &self.kid)
            .field("alg", &self.public.alg)
            .finish_non_exhaustive()
    }
}

fn symmetric(jwk: &Map<String, Value>) -> Result<(KeyMaterial, Secret), MintError> {
    let k = Redacted::new(Base64Url(bytes(jwk, "k")?));
    Ok((KeyMaterial::Symmetric { k }, Secret::Symmetric))
}

/// Without a curve in the key, `alg` decides.
fn elliptic(jwk: &Map<String, Value>, alg: Option<Algorithm>) -> Result<(KeyMaterial, Secret), MintError> {
    let d = bytes(jwk, "d")?;
    let crv = match (jwk.get("crv").map(|crv| crv.as_str().unwrap_or_default()), alg) {
        (Some("P-256"), _) | (None, Some(Algorithm::ES256 | Algorithm::ES1)) => Curve::P256,
        (Some("P-384"), _) | (None, Some(Algorithm::ES384)) => Curve::P384,
        (Some("P-521"), _) | (None, Some(Algorithm::ES512)) => Curve::P521,
        _ => return Err(MintError::Member { member: "crv", expected: "P-256, P-384 or P-521" }),
    };
    let unfit = |_| MintError::Member { member: "d", expected: "a private key of the curve" };
    // RFC 7518 section 6.2.2.1: the length of `d` is the curve's own.
    if d.len() != crv.size() {
        return Err(MintError::Member { member: "d", expected: "as many bytes as the curve's order has" });
    }
    let (point, secret) = match crv {
        Curve::P256 => {
            let key = p256::ecdsa::SigningKey::from_slice(&d).map_err(unfit)?;
            (key.verifying_key().to_sec1_point(false).as_bytes().to_vec(), Secret::P256(key))
        }
        Curve::P384 => {
            let key = p384::ecdsa::SigningKey::from_slice(&d).map_err(unfit)?;
            (key.verifying_key().to_sec1_point(false).as_bytes().to_vec(), Secret::P384(key))
        }
        Curve::P521 => {
            let key = p521::ecdsa::SigningKey::from_slice(&d).map_err(unfit)?;
            (key.verifying_key().to_sec1_point(false).as_bytes().to_vec(), Secret::P521(key))
        }
    };
    let (Some(x), Some(y)) = (point.get(1..=crv.size()), point.get(crv.size() + 1..)) else {
        return Err(MintError::Numbers("a point of the curve"));
    };
    same_public(jwk, "x", x)?;
    same_public(jwk, "y", y)?;
    let material = KeyMaterial::EllipticCurve { crv, x: Base64Url(x.to_vec()), y: Base64Url(y.to_vec()) };
    Ok((material, secret))
}

fn rsa(jwk: &Map<String, Value>) -> Result<(KeyMaterial, Secret), MintError> {
    let number = |member| Ok(BigUint::from_bytes_be(&bytes(jwk, member)?));
    let mut primes = Vec::new();
    for member in ["p", "q"] {
        if jwk.contains_key(member) {
            primes.push(number(member)?);
        }
    }
    let key =
        RsaPrivateKey::from_components(number("n")?, number("e")?, number("d")?, primes).map_err(|_| {
            MintError::Numbers("an RSA private key: `n`, `e` and `d`, with both of `p` and `q` or neither")
        })?;
    let material =
        KeyMaterial::Rsa { n: Base64Url(key.n().to_bytes_be()), e: Base64Url(key.e().to_bytes_be()) };
    Ok((material, Secret::Rsa(Box::new(key))))
}

fn octets(jwk: &Map<String, Value>) -> Result<(KeyMaterial, Secret), MintError> {
    if text(jwk, "crv", "Ed25519")? != "Ed25519" {
        return Err(MintError::Member { member: "crv", expected: "Ed25519" });
    }
    let seed = ed25519_compact::Seed::from_slice(&bytes(jwk, "d")?)
        .map_err(|_| MintError::Member { member: "d", expected: "32 bytes" })?;
    let pair = ed25519_compact::KeyPair::from_seed(seed);
    same_public(jwk, "x", &*pair.pk)?;
    let x = Base64Url(pair.pk.to_vec());
    Ok((KeyMaterial::OctetKeyPair { crv: OctetCurve::Ed25519, x }, Secret::Ed25519(pair.sk)))
}

/// A public member has to match the private one.
fn same_public(jwk: &Map<String, Value>, member: &'static str, computed: &[u8]) -> Result<(), MintError> {
    if jwk.contains_key(member) && bytes(jwk, member)? != computed {
        return Err(MintError::Member { member, expected: "the public key that belongs to `d`" });
    }
    Ok(())
}

fn text<'a>(
    jwk: &'a Map<String, Value>,
    member: &'static str,
    expected: &'static str,
) -> Result<&'a str, MintError> {
    jwk.get(member).and_then(Value::as_str).ok_or(MintError::Member { member, expected })
}

fn bytes(jwk: &Map<String, Value>, member: &'static str) -> Result<Vec<u8>, MintError> {
    const EXPECTED: &str = "base64url without padding";
    URL_SAFE_NO_PAD
        .decode(text(jwk, member, EXPECTED)?)
        .map_err(|_| MintError::Member { member, expected: EXPECTED })
}

/// The salt of an RSASSA-PSS signature, derived from the private key and the message, as [RFC 6979] derives the nonce
/// of ECDSA: so minting needs no source of randomness, and tests can repeat it.
///
/// [RFC 6979]: https://www.rfc-editor.org/rfc/rfc6979
struct Salt {
    seed: [u8; 32],
    block: u64,
}

impl Salt {
    fn new(key: &RsaPrivateKey, hash: &[u8]) -> Self {
        use rsa::traits::PrivateKeyParts as _;
        let seed = Sha256::new()
            .chain_update("stagedoor PSS salt\0")
            .chain_update(key.d().to_bytes_be())
            .chain_update(hash);
        Self { seed: seed.finalize().into(), block: 0 }
    }
}

impl RngCore for Salt {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, to: &mut [u8]) {
        for chunk in to.chunks_mut(32) {
            let block =
                Sha256::new().chain_update(self.seed).chain_update(self.block.to_be_bytes()).finalize();
            self.block += 1;
            for (to, from) in chunk.iter_mut().zip(block) {
                *to = from;
            }
        }
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(to);
        Ok(())
    }
}

impl CryptoRng for Salt {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::token::{Challenge, native};

    fn key(jwk: &Value) -> Result<PrivateKey, MintError> {
        PrivateKey::from_jwk(jwk.as_object().unwrap())
    }

    /// RFC 7520 section 3.4.
    fn rsa_key() -> Value {
        serde_json::from_str(include_str!(
            "../../tests/fixtures/tokens/ietf-jose-cookbook/jwk/3_4.rsa_private_key.json"
        ))
        .unwrap()
    }

    #[test]
    fn what_is_signed_verifies_with_every_algorithm() {
        let seed = URL_SAFE_NO_PAD.encode([7; 32]);
        let oct = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode([7; 64]) });
        let elliptic = |crv: &str, size: usize| {
            let mut d = vec![7; size];
            d[0] = 0;
            json!({ "kty": "EC", "crv": crv, "d": URL_SAFE_NO_PAD.encode(d) })
        };
        let okp = json!({ "kty": "OKP", "crv": "Ed25519", "d": seed });
        for algorithm in Algorithm::ALL {
            let name = algorithm.name();
            let jwk = match name {
                "ES256" | "ES1" => elliptic("P-256", 32),
                "ES384" => elliptic("P-384", 48),
                "ES512" => elliptic("P-521", 66),
                "EdDSA" => okp.clone(),
                _ if name.starts_with("RS") || name.starts_with("PS") => rsa_key(),
                _ => oct.clone(),
            };
            let key = key(&jwk).unwrap();
            let signature = key.sign(*algorithm, b"message").unwrap();
            assert_eq!(key.sign(*algorithm, b"message").unwrap(), signature, "{name}: signs the same twice");
            let public = key.public();
            let settles = |message: &[u8]| {
                native::settle(&Challenge {
                    key: &public,
                    algorithm: *algorithm,
                    message: message.to_vec().into(),
                    signature: signature.clone().into(),
                })
            };
            assert!(settles(b"message"), "{name}");
            assert!(!settles(b"massage"), "{name}");
        }
    }

    #[test]
    fn a_key_signs_with_its_own_algorithms_only() {
        let key = key(
            &json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "d": URL_SAFE_NO_PAD.encode([7; 32]) }),
        );
        let key = key.unwrap();
        assert_eq!(key.algorithm(), Algorithm::ES256);
        for algorithm in [Algorithm::ES1, Algorithm::ES384, Algorithm::HS256] {
            assert!(matches!(key.sign(algorithm, b""), Err(MintError::Algorithm { .. })));
        }
    }

    #[test]
    fn errors_and_debug_tell_no_secret() {
        let secret = URL_SAFE_NO_PAD.encode([0xa5; 32]);
        let table = [
            (json!({ "kty": "oct", "k": 7 }), "`k`: expected base64url without padding"),
            (json!({ "kty": "oct", "k": format!("{secret}=") }), "`k`: expected base64url"),
            (json!({ "kty": "oct", "k": secret, "alg": "HS512" }), "64 bytes or more in `k` for `alg` HS512"),
            (json!({ "kty": "oct", "k": secret, "alg": "none" }), "`alg`: expected the name"),
            (json!({ "kty": "EC", "crv": "P-384", "d": secret }), "as many bytes as the curve's order has"),
            (
                json!({ "kty": "EC", "crv": "P-256", "d": URL_SAFE_NO_PAD.encode([0xff; 32]) }),
                "a private key of the curve",
            ),
            (json!({ "kty": "EC", "crv": "P-256", "d": secret, "x": secret }), "that belongs to `d`"),
            (json!({ "kty": "OKP", "crv": "Ed25519", "d": "AAAA" }), "`d`: expected 32 bytes"),
            (json!({ "kty": "OKP", "crv": "X25519", "d": secret }), "`crv`: expected Ed25519"),
            (json!({ "kty": "RSA", "n": secret, "e": "AQAB", "d": secret }), "an RSA private key"),
            (json!({ "kid": "two words", "kty": "oct", "k": secret }), "`kid`: expected"),
            (json!({ "kty": secret }), "`kty`: expected oct, EC, RSA or OKP"),
        ];
        for (jwk, why) in table {
            let error = key(&jwk).unwrap_err().to_string();
            assert!(error.contains(why), "{error} does not say {why}");
            assert!(!error.contains(&secret), "{error}");
        }
        let debug = format!("{:?}", key(&json!({ "kty": "oct", "kid": "a", "k": secret })).unwrap());
        assert_eq!(debug, r#"PrivateKey { kid: Some(KeyId("a")), alg: None, .. }"#);
    }
}
