//! The chance by which campaigns of one priority come first.
//!
//! It is a function of the session, the break and the campaign, so every isolate throws the same dice. Each campaign of weight w
//! draws a number u between 0 and 1; the least of -ln(u) / w is first. So the first place goes to a campaign with the probability of
//! its share of the weights, and so does each further place among those that are left ([Efraimidis and Spirakis]).
//!
//! [Efraimidis and Spirakis]: https://doi.org/10.1016/j.ipl.2005.11.003

use sha2::{Digest, Sha256};

use super::Audience;

/// The chance of one break of one session.
#[derive(Clone, Copy)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn of(audience: &Audience<'_>) -> Self {
        let mut hash = Sha256::new_with_prefix(b"pod\0");
        hash.update(audience.session.0);
        hash.update(audience.opening.id.as_str());
        let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = hash.finalize().into();
        Self(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }

    /// The lot of a campaign: the least is first.
    pub(super) fn lot(self, spot: u64, weight: u32) -> f64 {
        // 53 bits, and never zero.
        let drawn = (mixed(self.0 ^ spot) >> 11) + 1;
        #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
        let share = drawn as f64 / (1_u64 << 53) as f64;
        -share.ln() / f64::from(weight)
    }

    /// The creative of a campaign that is first.
    pub(super) fn turn(self, spot: u64) -> u32 {
        u32::try_from(mixed(self.0.rotate_left(32) ^ spot) >> 33).unwrap_or_default()
    }
}

/// A number of a text, the same in every build (FNV-1a).
pub(super) fn spot(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    mixed(text.bytes().fold(0xcbf2_9ce4_8422_2325, step))
}

/// Spreads the bits of a number (the finalizer of SplitMix64).
const fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
