//! Signatures that have been verified, so that a reload or a second player does not pay for it again.
//!
//! What is remembered is a mathematical fact, "this signature over this message was made with this key", under a hash of
//! all of it. Nothing of a viewer is kept: claims are read and held against the request every time, so that no request
//! can be given another one's grant.

use super::isolate::isolate;
use super::{crypto, now_ms};
use crate::stop::Stop;
use crate::token::{Challenge, genuine};

/// The first challenge that is met.
pub(super) async fn settle<'c, 'a>(challenges: &'c [Challenge<'a>]) -> Result<&'c Challenge<'a>, Stop> {
    for challenge in challenges {
        if is_met(challenge).await? {
            return Ok(genuine(Some(challenge))?);
        }
    }
    Ok(genuine(None)?)
}

/// Whether a challenge is met.
pub(super) async fn is_met(challenge: &Challenge<'_>) -> Result<bool, Stop> {
    match challenge.symmetric() {
        Some(met) => Ok(met),
        None => asymmetric(challenge).await,
    }
}

async fn asymmetric(challenge: &Challenge<'_>) -> Result<bool, Stop> {
    let fact = challenge.fingerprint();
    let memory = &isolate().proofs;
    if memory.find(&fact, |()| ()).is_some() {
        return Ok(true);
    }
    let met = crypto::verify(challenge).await?;
    if met {
        memory.insert(fact, (), now_ms());
    }
    Ok(met)
}
