//! The properties of a viewer that a session is bound to.

use sha2::{Digest, Sha256};

use crate::catalog::{CountryCode, Lock};
use crate::facts::Facts;
use crate::token::network;
use crate::token::tags::first;

/// A hash of the viewer's properties that a lock names.
pub(super) fn locked_to(lock: Lock, facts: &Facts) -> [u8; 5] {
    if lock.is_open() {
        return [0; 5];
    }
    let mut hash = Sha256::new();
    if lock.country {
        hash.update(facts.geography.country.map(CountryCode::bytes).unwrap_or_default());
    }
    if lock.subdivision {
        hash.update(facts.geography.subdivision.as_deref().unwrap_or_default());
        hash.update([0]);
    }
    if lock.network {
        hash.update(network::prefix(facts.address));
    }
    if lock.asn {
        hash.update(facts.geography.asn.unwrap_or_default().to_be_bytes());
    }
    if lock.address {
        hash.update(network::octets(facts.address));
    }
    first(hash)
}
