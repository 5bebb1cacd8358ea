//! Signatures that have been verified, so that a reload or a second player does not pay again.
//!
//! The memory holds a mathematical fact, "this signature over this message was made with this key", under a hash of all
//! three. It holds nothing of a viewer: claims are read and checked against every request, so no request can get the grant of
//! another.

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
