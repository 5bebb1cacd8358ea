//! Signatures that have been verified, so that a reload or a second player does not pay again.
//!
//! The memory holds a mathematical fact, "this signature over this message was made with this key", under a hash of all
//! three. It holds nothing of a viewer: claims are read and checked against every request, so no request can get the grant of
//! another.

use super::crypto;
use super::isolate::isolate;
use super::runtime::now_ms;
use crate::fault::Fault;
use crate::token::Challenge;

/// Whether it is remembered that a signature is genuine.
pub(super) fn is_remembered(challenge: &Challenge<'_>) -> bool {
    isolate().proofs.find(&challenge.fingerprint(), |()| ()).is_some()
}

/// Whether an asymmetric signature is genuine.
pub(super) async fn is_genuine(challenge: &Challenge<'_>) -> Result<bool, Fault> {
    let fact = challenge.fingerprint();
    let memory = &isolate().proofs;
    if memory.find(&fact, |()| ()).is_some() {
        return Ok(true);
    }
    let is_genuine = crypto::verify(challenge).await?;
    if is_genuine {
        memory.insert(fact, (), now_ms());
    }
    Ok(is_genuine)
}
