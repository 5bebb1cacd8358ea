//! What rights allow.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::catalog::{Caps, Offer, OfferId, Plan};
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
    class: Class,
}

impl Permit {
    /// The permit that an offer gives.
    pub(super) fn of(offer: &Offer) -> Self {
        Self {
            offer: offer.id.clone(),
            caps: offer.caps,
            until: offer.window.until(),
            class: Class::of(offer),
        }
    }

    /// The class of this permit.
    pub const fn class(&self) -> Class {
        self.class
    }
}

/// A short stable id of everything in a permit that changes bytes: two viewers of one class get the same
/// bytes.
///
/// The offer's plans are part of it, since they are proved at the entry alone: a session of one offer is not good
/// for another that asks for other plans, and a session ends when its offer comes to ask for other plans.
///
/// The first four bytes of SHA-256 over plans and limits, in a fixed order. A title has a handful of offers, so
/// four bytes keep its classes apart; a session cannot be moved to another class, since its token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Class(pub [u8; 4]);

impl Class {
    /// The class of the permits that an offer gives.
    pub(super) fn of(Offer { caps: Caps { max_height }, plans, .. }: &Offer) -> Self {
        let mut hash = Sha256::new();
        let mut plans: Vec<_> = plans.iter().map(Plan::as_str).collect();
        plans.sort_unstable();
        for plan in plans {
            hash.update(plan);
            hash.update([0]);
        }
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

    fn class(plans: &[&str], max_height: Option<u32>) -> String {
        let offer = serde_json::json!({
            "id": "o", "territories": { "allow": [] }, "plans": plans, "caps": { "max_height": max_height },
        });
        Class::of(&serde_json::from_value(offer).unwrap()).to_string()
    }

    #[test]
    fn classes_are_stable_and_follow_plans_and_limits() {
        // Session tokens in flight carry these: they may not change between builds.
        assert_eq!(class(&[], None), "036ccdc5");
        assert_eq!(class(&[], Some(360)), "b76257ee");
        assert_eq!(class(&["b", "a"], Some(360)), class(&["a", "b"], Some(360)));
        let all = [
            class(&[], Some(720)),
            class(&[], Some(1080)),
            class(&["a"], Some(720)),
            class(&["b"], Some(720)),
        ];
        assert!(all.iter().all(|one| all.iter().filter(|other| *other == one).count() == 1), "{all:?}");
    }
}
