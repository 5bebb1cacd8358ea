//! Challenges: conditions under which a token is genuine.

use std::borrow::Cow;
use std::fmt;

use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::catalog::{Algorithm, Jwk, KeyMaterial};

/// A signature, or an authentication tag, over a message.
///
/// `Debug` leaves the bytes out: with a shared secret in the message (nginx), they are one.
pub struct Challenge<'a> {
    /// The key. It permits the algorithm: the dialect has seen to that.
    pub key: &'a Jwk,
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The signed bytes.
    pub message: Cow<'a, [u8]>,
    /// The signature, or the authentication tag, as the dialect carries it; ECDSA as `r` and `s` side by side.
    pub signature: Cow<'a, [u8]>,
}

impl Challenge<'_> {
    /// Verifies an HMAC or a hash, in constant time. `None` for an asymmetric signature, which the caller verifies.
    pub fn symmetric(&self) -> Option<bool> {
        let KeyMaterial::Symmetric { k } = &self.key.material else { return None };
        let (k, message, tag) = (&k.expose().0, &self.message, &self.signature);
        Some(match self.algorithm {
            Algorithm::HS256 => authentic::<Hmac<Sha256>>(k, message, tag),
            Algorithm::HS384 => authentic::<Hmac<Sha384>>(k, message, tag),
            Algorithm::HS512 => authentic::<Hmac<Sha512>>(k, message, tag),
            Algorithm::HS1 => authentic::<Hmac<Sha1>>(k, message, tag),
            Algorithm::HMD5 => authentic::<Hmac<Md5>>(k, message, tag),
            Algorithm::MD5 => {
                let mut hash = Md5::new();
                hash.update(message);
                let expected = hash.finalize();
                expected.len() == tag.len() && same(&expected, tag)
            }
            _ => false,
        })
    }

    /// A hash of algorithm, key, message and signature. Challenges with one fingerprint have the same answer for every
    /// viewer.
    pub fn fingerprint(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let key: [&[u8]; 3] = match &self.key.material {
            KeyMaterial::Symmetric { k } => [b"oct", &k.expose().0, &[]],
            KeyMaterial::EllipticCurve { crv, x, y } => [crv.name().as_bytes(), &x.0, &y.0],
            KeyMaterial::Rsa { n, e } => [b"RSA", &n.0, &e.0],
            KeyMaterial::OctetKeyPair { x, .. } => [b"OKP", &x.0, &[]],
        };
        let parts = key.into_iter().chain([self.algorithm.name().as_bytes(), &self.signature, &self.message]);
        for part in parts {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }
}

impl fmt::Debug for Challenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge")
            .field("key", &self.key.kid)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// The authentication tag of a message, where the key is a shared secret for one of the algorithms of a JWS.
pub(super) fn authenticate(key: &Jwk, algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
    let KeyMaterial::Symmetric { k } = &key.material else { return None };
    if !key.permits(algorithm) || !algorithm.is_jose() {
        return None;
    }
    tag(algorithm, &k.expose().0, message)
}

/// The authentication tag, or the hash, of a message under a secret of any length; `None` for the algorithms of public
/// keys.
pub(super) fn tag(algorithm: Algorithm, secret: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    match algorithm {
        Algorithm::HS256 => keyed::<Hmac<Sha256>>(secret, message),
        Algorithm::HS384 => keyed::<Hmac<Sha384>>(secret, message),
        Algorithm::HS512 => keyed::<Hmac<Sha512>>(secret, message),
        Algorithm::HS1 => keyed::<Hmac<Sha1>>(secret, message),
        Algorithm::HMD5 => keyed::<Hmac<Md5>>(secret, message),
        Algorithm::MD5 => Some(Md5::digest(message).to_vec()),
        _ => None,
    }
}

fn keyed<M: Mac + KeyInit>(secret: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let mut mac = <M as KeyInit>::new_from_slice(secret).ok()?;
    mac.update(message);
    Some(mac.finalize().into_bytes().to_vec())
}

/// An HMAC takes a key of any length ([RFC 2104 section 3]).
///
/// [RFC 2104 section 3]: https://www.rfc-editor.org/rfc/rfc2104#section-3
fn authentic<M: Mac + KeyInit>(key: &[u8], message: &[u8], tag: &[u8]) -> bool {
    <M as KeyInit>::new_from_slice(key).is_ok_and(|mut mac| {
        mac.update(message);
        mac.verify_slice(tag).is_ok()
    })
}

/// Compares two texts; the time does not reveal the place of the first difference.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.iter().zip(b).fold(0, |differences, (a, b)| differences | (a ^ b)) == 0
}
