//! Signatures that have been verified, so that a reload or a second player does not pay for it again.
//!
//! What is remembered is a mathematical fact, "this signature over this message was made with this key", under a hash of
//! all of it. Nothing of a viewer is kept: claims are read and held against the request every time, so that no request
//! can be given another one's grant.

use std::cell::RefCell;
use std::collections::HashSet;

use super::crypto;
use crate::pipeline::Stop;
use crate::token::{Challenge, genuine};

/// The most facts that an isolate remembers, 32 bytes each. When it is full, it starts anew.
const MOST: usize = 4_000;

thread_local! {
    static VERIFIED: RefCell<HashSet<[u8; 32]>> = RefCell::default();
}

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
    if VERIFIED.with_borrow(|verified| verified.contains(&fact)) {
        return Ok(true);
    }
    let met = crypto::verify(challenge).await?;
    if met {
        VERIFIED.with_borrow_mut(|verified| {
            if verified.len() >= MOST {
                verified.clear();
            }
            verified.insert(fact);
        });
    }
    Ok(met)
}
