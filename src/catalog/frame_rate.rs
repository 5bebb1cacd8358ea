//! A frame rate, to three decimal places.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A number of frames a second, in thousandths, as in playlists.
///
/// > FRAME-RATE […] The value is a decimal-floating-point describing the maximum frame rate for all the video in the Variant
/// > Stream, rounded to three decimal places.
///
/// [draft-pantos-hls-rfc8216bis-22 section 4.4.6.2](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.6.2).
/// In JSON it is a number, `30` or `59.94`, from 0.001 to 1,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "f64", extend("minimum" = 0.001, "maximum" = 1000)))]
pub struct FrameRate(u64);

impl FrameRate {
    const GREATEST: u64 = 1_000_000;

    /// Reads `1*DIGIT [ "." *DIGIT ]`, rounded to three places; of any size, since a playlist may say anything.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
            return None;
        }
        let whole = whole.parse().unwrap_or(u64::MAX);
        let digits = fraction.bytes().map(|byte| u64::from(byte - b'0')).chain(std::iter::repeat(0));
        let ten_thousandths = digits.take(4).fold(0, |sum, digit| sum * 10 + digit);
        Some(Self(whole.saturating_mul(1000).saturating_add((ten_thousandths + 5) / 10)))
    }

    /// Reads a rate of an MPD, `1*DIGIT [ "/" 1*DIGIT ]` (ISO/IEC 23009-1, `FrameRateType`), rounded to three places; a
    /// rate with a decimal fraction is read too.
    pub(crate) fn read_ratio(text: &str) -> Option<Self> {
        let Some((frames, seconds)) = text.split_once('/') else { return Self::read(text) };
        let seconds = Self::read(seconds)?.0;
        let frames = Self::read(frames)?.0;
        let thousandths =
            (u128::from(frames) * 1000 + u128::from(seconds) / 2).checked_div(seconds.into())?;
        Some(Self(u64::try_from(thousandths).unwrap_or(u64::MAX)))
    }

    /// The thousandths.
    pub const fn thousandths(self) -> u64 {
        self.0
    }
}

impl Serialize for FrameRate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(1000) {
            return serializer.serialize_u64(self.0 / 1000);
        }
        #[expect(clippy::cast_precision_loss, reason = "a million is exact")]
        serializer.serialize_f64(self.0 as f64 / 1000.0)
    }
}

impl<'de> Deserialize<'de> for FrameRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rate = serde_json::Number::deserialize(deserializer)?;
        let found = Self::read(&rate.to_string()).filter(|rate| (1..=Self::GREATEST).contains(&rate.0));
        found.ok_or_else(|| {
            de::Error::custom(format_args!("expected 0.001 to 1000 frames a second, found {rate}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_of_playlists() {
        for (text, thousandths) in [
            ("30", Some(30_000)),
            ("29.97", Some(29_970)),
            (" 23.976 ", Some(23_976)),
            ("23.97602", Some(23_976)),
            ("59.9400599", Some(59_940)),
            ("59.9995", Some(60_000)),
            ("60.", Some(60_000)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("", None),
            (".5", None),
            ("1e3", None),
            ("-1", None),
            ("30/1", None),
        ] {
            assert_eq!(FrameRate::read(text).map(FrameRate::thousandths), thousandths, "{text}");
        }
    }

    #[test]
    fn rates_of_mpds() {
        for (text, thousandths) in [
            ("25", Some(25_000)),
            ("30000/1001", Some(29_970)),
            (" 60000 / 1001 ", Some(59_940)),
            ("24000/1001", Some(23_976)),
            ("50/1", Some(50_000)),
            ("29.97", Some(29_970)),
            ("1/3", Some(333)),
            ("99999999999999999999/1", Some(u64::MAX)),
            ("30/0", None),
            ("30/", None),
            ("/1001", None),
            ("30/1/1", None),
            ("fast", None),
        ] {
            assert_eq!(FrameRate::read_ratio(text).map(FrameRate::thousandths), thousandths, "{text}");
        }
    }

    #[test]
    fn rates_of_documents() {
        for json in ["30", "59.94", "0.001", "1000"] {
            let rate: FrameRate = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&rate).unwrap(), json);
        }
        for bad in ["0", "-1", "1000.001", "1e30", "\"30\"", "null", "0.0001"] {
            assert!(serde_json::from_str::<FrameRate>(bad).is_err(), "{bad} was taken for a rate");
        }
    }
}
