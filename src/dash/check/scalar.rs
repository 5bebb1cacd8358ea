//! The values of attributes: their lexical forms in the schema.
//!
//! ```text
//! dateTime  = date "T" time [ "Z" / ( "+" / "-" ) 2DIGIT ":" 2DIGIT ]
//! ratio     = 1*DIGIT ":" 1*DIGIT
//! frameRate = 1*DIGIT [ "/" 1*DIGIT ]
//! range     = 1*DIGIT "-" [ 1*DIGIT ]
//! language  = 1*8ALPHA *( "-" 1*8( ALPHA / DIGIT ) )
//! UUID      = 8HEXDIG "-" 4HEXDIG "-" 4HEXDIG "-" 4HEXDIG "-" 12HEXDIG
//! ```
//!
//! ISO/IEC 23009-1 section 5.2.2, and [XML Schema](https://www.w3.org/TR/xmlschema11-2/).

use chrono::{DateTime, NaiveDateTime};

use crate::dash::digits::are_digits;

/// An integer that is not negative.
pub(super) fn integer(text: &str) -> Option<u64> {
    are_digits(text).then(|| text.parse().ok()).flatten()
}

/// An integer.
pub(super) fn signed(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    are_digits(digits).then(|| text.parse().ok()).flatten()
}

/// A number: `1.5`, `1e3`, `INF`.
pub(super) fn number(text: &str) -> Option<f64> {
    match text {
        "INF" | "+INF" => Some(f64::INFINITY),
        "-INF" => Some(f64::NEG_INFINITY),
        "NaN" => Some(f64::NAN),
        _ => {
            let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-');
            text.bytes().all(plain).then(|| text.parse().ok()).flatten()
        }
    }
}

/// An instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Instant {
    pub(super) unix_ms: i64,
    /// Whether the text tells its time zone.
    pub(super) has_zone: bool,
}

/// A date and a time.
pub(super) fn date(text: &str) -> Option<Instant> {
    if let Ok(date) = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%:z") {
        return Some(Instant { unix_ms: date.timestamp_millis(), has_zone: true });
    }
    let (local, has_zone) = text.strip_suffix('Z').map_or((text, false), |local| (local, true));
    let date = NaiveDateTime::parse_from_str(local, "%Y-%m-%dT%H:%M:%S%.f").ok()?;
    Some(Instant { unix_ms: date.and_utc().timestamp_millis(), has_zone })
}

/// Two integers with a colon between them.
pub(super) fn ratio(text: &str) -> Option<(u64, u64)> {
    let (left, right) = text.split_once(':')?;
    integer(left).zip(integer(right))
}

/// Frames, and in how many seconds.
pub(super) fn frame_rate(text: &str) -> Option<(u64, u64)> {
    let (frames, seconds) = text.split_once('/').unwrap_or((text, "1"));
    integer(frames).zip(integer(seconds).filter(|seconds| *seconds > 0))
}

/// The first byte, and the last.
pub(super) fn range(text: &str) -> Option<(u64, Option<u64>)> {
    let (first, last) = text.split_once('-')?;
    Some((integer(first)?, if last.is_empty() { None } else { Some(integer(last)?) }))
}

/// Whether a text may be a tag of BCP 47.
pub(super) fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let is_first = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_part =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    parts.next().is_some_and(|part| is_part(part) && is_first(part) && (part.len() > 1 || text.len() > 1))
        && parts.all(is_part)
}

/// The digits of a UUID.
pub(super) fn uuid(text: &str) -> Option<[u8; 16]> {
    let lengths = text.split('-').map(str::len);
    if !lengths.eq([8, 4, 4, 4, 12]) {
        return None;
    }
    let mut uuid = [0; 16];
    let mut digits = text.chars().filter(|sign| *sign != '-').map(|digit| digit.to_digit(16));
    for byte in &mut uuid {
        *byte = u8::try_from(digits.next()?? * 16 + digits.next()??).ok()?;
    }
    Some(uuid)
}

/// Ticks in milliseconds.
pub(super) fn milliseconds(ticks: u64, timescale: u64) -> u64 {
    let exact = u128::from(ticks) * 1000 / u128::from(timescale.max(1));
    u64::try_from(exact).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_both_ways() {
        assert_eq!((integer("0"), integer("18446744073709551615")), (Some(0), Some(u64::MAX)));
        assert_eq!([integer(""), integer("-1"), integer("1.0"), integer("18446744073709551616")], [None; 4]);
        assert_eq!((signed("-1"), signed("+1"), signed("--1"), signed("-")), (Some(-1), Some(1), None, None));
        assert_eq!(
            (number("1.5"), number("INF"), number("inf"), number("")),
            (Some(1.5), Some(f64::INFINITY), None, None)
        );
        assert_eq!((ratio("16:9"), ratio("16/9"), ratio(":9")), (Some((16, 9)), None, None));
        assert_eq!((frame_rate("25"), frame_rate("30000/1001")), (Some((25, 1)), Some((30_000, 1001))));
        assert_eq!([frame_rate("25.0"), frame_rate("25/0"), frame_rate("25/")], [None; 3]);
        assert_eq!((range("0-9"), range("9-"), range("-9")), (Some((0, Some(9))), Some((9, None)), None));
        for right in ["en", "ar-EG", "zh-Hant-TW", "qaa", "und", "x-klingon", "de-1996"] {
            assert!(is_language(right), "{right}");
        }
        for wrong in ["", "e", "en_US", "English (US)", "en-", "123"] {
            assert!(!is_language(wrong), "{wrong}");
        }
        assert_eq!(uuid("00000000-0000-0000-0000-0000000000fF").map(|uuid| uuid[15]), Some(255));
        assert_eq!(uuid("0000000000000000-0000-0000-0000000000ff"), None);
        assert_eq!(uuid("0000000g-0000-0000-0000-000000000000"), None);
        assert_eq!((milliseconds(3, 2), milliseconds(u64::MAX, 1)), (1500, u64::MAX));
    }

    #[test]
    fn dates() {
        let instant = |unix_ms, has_zone| Some(Instant { unix_ms, has_zone });
        for (text, expected) in [
            ("2010-02-19T06:54:23.031Z", instant(1_266_562_463_031, true)),
            ("2010-02-19T14:54:23.031+08:00", instant(1_266_562_463_031, true)),
            ("2010-02-19T06:54:23", instant(1_266_562_463_000, false)),
            ("1970-01-01T00:00:00Z", instant(0, true)),
            ("2010-02-19", None),
            ("2010-02-19 06:54:23Z", None),
            ("", None),
        ] {
            assert_eq!(date(text), expected, "{text:?}");
        }
    }
}
