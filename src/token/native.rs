//! Signatures verified in Rust: for the command, the origin and the tests. The Worker asks `crypto.subtle`
//! for asymmetric ones, which takes a seventh of the time there.

use jwt_simple::claims::NoCustomClaims;
use jwt_simple::prelude::{
    Duration, ECDSAP256PublicKeyLike, ES256PublicKey, UnixTimeStamp, VerificationOptions,
};
use serde_json::json;

use super::Challenge;
use crate::catalog::{Algorithm, KeyMaterial};

/// Whether a challenge is met.
pub fn settle(challenge: &Challenge<'_>) -> bool {
    challenge.symmetric().unwrap_or_else(|| asymmetric(challenge))
}

fn asymmetric(challenge: &Challenge<'_>) -> bool {
    match (challenge.key.alg, &challenge.key.material) {
        (Algorithm::ES256, KeyMaterial::EllipticCurve { x, y, .. }) => {
            let jwk = json!({ "kty": "EC", "crv": "P-256", "x": x.encoded(), "y": y.encoded() }).to_string();
            // The claims are `Presented::grant`'s to judge: at time 0 with no tolerance, no `exp` has passed,
            // and what lies in the future is accepted.
            let options = VerificationOptions {
                accept_future: true,
                artificial_time: Some(UnixTimeStamp::from_secs(0)),
                time_tolerance: Some(Duration::from_secs(0)),
                ..VerificationOptions::default()
            };
            ES256PublicKey::from_jwk(&jwk)
                .and_then(|key| key.verify_token::<NoCustomClaims>(challenge.token.expose(), Some(options)))
                .is_ok()
        }
        _ => false,
    }
}
