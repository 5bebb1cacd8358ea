//! What rights allow.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::catalog::{Caps, Offer, OfferId};
use crate::time::UnixTime;

/// What a viewer may see of a title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    /// The offer that it comes from.
    pub offer: OfferId,
    /// The limits that it puts on a manifest.
    pub caps: Caps,
    /// When it ends, if the offer's window closes.
    pub until: Option<UnixTime>,
}

impl Permit {
    /// The permit that an offer gives.
    pub(super) fn of(offer: &Offer) -> Self {
        Self { offer: offer.id.clone(), caps: offer.caps, until: offer.window.until() }
    }

    /// The class of this permit.
    pub fn class(&self) -> Class {
        Class::of(&self.caps)
    }
}

/// A short stable id of everything in a permit that changes bytes: two viewers of one class get the same
/// bytes.
///
/// The first four bytes of SHA-256 over the limits, in a fixed order. A title has a handful of offers, so
/// four bytes keep its classes apart; a session cannot be moved to another class, since its token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Class(pub [u8; 4]);

impl Class {
    fn of(Caps { max_height }: &Caps) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"max_height");
        hash.update(max_height.map_or([0xff; 8], |height| u64::from(height).to_be_bytes()));
        let [a, b, c, d, ..]: [u8; 32] = hash.finalize().into();
        Self([a, b, c, d])
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_stable_and_follow_the_limits() {
        let class = |max_height| Class::of(&Caps { max_height }).to_string();
        // Session tokens in flight carry these: they may not change between builds.
        assert_eq!(class(None), "036ccdc5");
        assert_eq!(class(Some(360)), "b76257ee");
        assert_ne!(class(Some(720)), class(Some(1080)));
    }
}
