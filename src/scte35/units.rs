//! Values that fields of several commands and descriptors have, and how JSON writes them.

use std::fmt::{self, Write as _};
use std::time::Duration;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

/// A time or a duration in ticks of the 90 kHz clock. JSON has it as `{"ticks": 90000, "seconds": 1.0}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticks(pub u64);

impl Ticks {
    /// Ticks of a second.
    pub const RATE: u64 = 90_000;

    /// The bits of a time on the clock, which begins again after 26.5 hours.
    const CLOCK_BITS: u32 = 33;

    /// As a duration.
    pub const fn duration(self) -> Duration {
        let (seconds, rest) = (self.0 / Self::RATE, self.0 % Self::RATE);
        // The greatest product is 90,000 × 100,000.
        Duration::from_secs(seconds).saturating_add(Duration::from_nanos(rest * 100_000 / 9))
    }

    /// A duration in ticks, as a time on the clock.
    pub fn of(duration: Duration) -> Self {
        let ticks = duration.as_nanos() * u128::from(Self::RATE) / 1_000_000_000;
        Self(u64::try_from(ticks % (1 << Self::CLOCK_BITS)).unwrap_or_default())
    }

    /// This time on the clock, moved later by `by`: the sum without its carry (section 9.6.1, `pts_adjustment`).
    #[must_use]
    pub const fn adjusted(self, by: Self) -> Self {
        Self(self.0.wrapping_add(by.0) & ((1 << Self::CLOCK_BITS) - 1))
    }

    /// The time from `earlier` to this time on the clock, which may have begun again between them.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self(self.0.wrapping_sub(earlier.0) & ((1 << Self::CLOCK_BITS) - 1))
    }
}

impl Serialize for Ticks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Ticks", 2)?;
        fields.serialize_field("ticks", &self.0)?;
        fields.serialize_field("seconds", &self.duration().as_secs_f64())?;
        fields.end()
    }
}

/// Bytes whose meaning is private, unknown, or of no use here. JSON has them as `0x` and hexadecimal digits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bytes(pub Vec<u8>);

impl Bytes {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A registered identifier of four characters (ISO/IEC 13818-1 `format_identifier`). JSON has its characters if all of them can be
/// printed, and else hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identifier(pub u32);

impl Identifier {
    /// `CUEI`, of the descriptors of the standard (section 10.2).
    pub const CUEI: Self = Self(0x4355_4549);
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0.to_be_bytes();
        if bytes.iter().all(|byte| (0x20..0x7f).contains(byte)) {
            bytes.iter().try_for_each(|byte| f.write_char(char::from(*byte)))
        } else {
            write!(f, "{:#010x}", self.0)
        }
    }
}

impl Serialize for Identifier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_on_the_clock_begin_again() {
        let last = Ticks((1 << 33) - 1);
        assert_eq!(last.adjusted(Ticks(90_001)), Ticks(90_000));
        assert_eq!(Ticks(90_000).since(last), Ticks(90_001));
        assert_eq!(Ticks(1_924_989_008).duration(), Duration::from_nanos(21_388_766_755_555));
        assert_eq!(Ticks::of(Duration::from_secs(60)), Ticks(5_400_000));
    }

    #[test]
    fn what_cannot_be_printed_is_in_digits() {
        assert_eq!(Identifier::CUEI.to_string(), "CUEI");
        assert_eq!(Identifier(0x0043_5545).to_string(), "0x00435545");
        assert_eq!(Bytes(vec![0, 0xff]).to_string(), "0x00ff");
    }
}
