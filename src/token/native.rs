//! Signatures verified in Rust: for the command, the origin and the tests. The Worker asks `crypto.subtle`, which takes
//! a seventh of the time there.

use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use rsa::sha2::{Sha256, Sha384, Sha512};
use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPublicKey};
use sha2::Digest as _;

use super::{Asked, Challenge, Grant, Presented, genuine};
use crate::catalog::{Algorithm, Curve, KeyMaterial, KeySet};
use crate::denial::Denial;

/// Whether a challenge is met.
pub fn settle(challenge: &Challenge<'_>) -> bool {
    challenge.symmetric().unwrap_or_else(|| asymmetric(challenge).unwrap_or(false))
}

/// Verifies a token, reads its claims and checks them against the request.
pub fn prove(presented: &dyn Presented, keys: &KeySet, asked: &Asked<'_>) -> Result<Grant, Denial> {
    let challenges = presented.challenges(keys)?;
    let met = challenges.iter().find(|challenge| settle(challenge));
    presented.grant(genuine(met)?.key, asked)
}

/// `None` if the key or the signature has a wrong form.
fn asymmetric(challenge: &Challenge<'_>) -> Option<bool> {
    use Algorithm as A;
    let Challenge { key, algorithm, message, signature } = challenge;
    Some(match &key.material {
        KeyMaterial::Symmetric { .. } => false,
        KeyMaterial::OctetKeyPair { x, .. } => {
            let key = ed25519_compact::PublicKey::from_slice(&x.0).ok()?;
            let signature = ed25519_compact::Signature::from_slice(signature).ok()?;
            *algorithm == A::EdDSA && key.verify(message, &signature).is_ok()
        }
        KeyMaterial::EllipticCurve { crv, x, y } => {
            let point = [&[4], x.0.as_slice(), &y.0].concat();
            let hash = hash(*algorithm, message)?;
            match crv {
                Curve::P256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(&point)
                    .ok()?
                    .verify_prehash(&hash, &p256::ecdsa::Signature::from_slice(signature).ok()?)
                    .is_ok(),
                Curve::P384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(&point)
                    .ok()?
                    .verify_prehash(&hash, &p384::ecdsa::Signature::from_slice(signature).ok()?)
                    .is_ok(),
                Curve::P521 => p521::ecdsa::VerifyingKey::from_sec1_bytes(&point)
                    .ok()?
                    .verify_prehash(&hash, &p521::ecdsa::Signature::from_slice(signature).ok()?)
                    .is_ok(),
            }
        }
        KeyMaterial::Rsa { n, e } => {
            let (n, e) = (BigUint::from_bytes_be(&n.0), BigUint::from_bytes_be(&e.0));
            let key = RsaPublicKey::new_with_max_size(n, e, 8192).ok()?;
            let hash = hash(*algorithm, message)?;
            match algorithm {
                A::RS1 => {
                    let scheme = Pkcs1v15Sign { hash_len: Some(20), prefix: SHA1_DIGEST_INFO.into() };
                    key.verify(scheme, &hash, signature)
                }
                A::RS256 => key.verify(Pkcs1v15Sign::new::<Sha256>(), &hash, signature),
                A::RS384 => key.verify(Pkcs1v15Sign::new::<Sha384>(), &hash, signature),
                A::RS512 => key.verify(Pkcs1v15Sign::new::<Sha512>(), &hash, signature),
                A::PS256 => key.verify(Pss::new::<Sha256>(), &hash, signature),
                A::PS384 => key.verify(Pss::new::<Sha384>(), &hash, signature),
                A::PS512 => key.verify(Pss::new::<Sha512>(), &hash, signature),
                _ => return None,
            }
            .is_ok()
        }
    })
}

pub(super) fn hash(algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
    use Algorithm as A;
    Some(match algorithm {
        A::RS1 | A::ES1 => sha1::Sha1::digest(message).to_vec(),
        A::RS256 | A::PS256 | A::ES256 => sha2::Sha256::digest(message).to_vec(),
        A::RS384 | A::PS384 | A::ES384 => sha2::Sha384::digest(message).to_vec(),
        A::RS512 | A::PS512 | A::ES512 => sha2::Sha512::digest(message).to_vec(),
        A::HS256 | A::HS384 | A::HS512 | A::HS1 | A::HMD5 | A::MD5 | A::EdDSA => return None,
    })
}

/// The prefix of a SHA-1 hash in a PKCS #1 v1.5 signature ([RFC 8017 section 9.2], note 1).
///
/// [RFC 8017 section 9.2]: https://www.rfc-editor.org/rfc/rfc8017#section-9.2
pub(super) const SHA1_DIGEST_INFO: [u8; 15] =
    [0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14];
