//! The values of attributes and tags: what they are by the letter of the specification.
//!
//! ```text
//! decimal-integer               = 1*20DIGIT                     ; up to 2^64-1
//! decimal-floating-point        = 1*DIGIT [ "." *DIGIT ] / "." 1*DIGIT
//! signed-decimal-floating-point = [ "-" ] decimal-floating-point
//! hexadecimal-sequence          = ( "0x" / "0X" ) 1*( DIGIT / %x41-46 )
//! decimal-resolution            = decimal-integer "x" decimal-integer
//! range                         = decimal-integer [ "@" decimal-integer ]
//! ```
//!
//! [draft-pantos-hls-rfc8216bis-22 section 4.2](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.2)

use chrono::{DateTime, NaiveDateTime};

/// A decimal-integer.
pub(super) fn integer(text: &[u8]) -> Option<u64> {
    let digits = !text.is_empty() && text.len() <= 20 && text.iter().all(u8::is_ascii_digit);
    if digits { str::from_utf8(text).ok()?.parse().ok() } else { None }
}

/// A decimal-floating-point.
pub(super) fn float(text: &[u8]) -> Option<f64> {
    let plain = text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    if plain { str::from_utf8(text).ok()?.parse().ok() } else { None }
}

/// A signed-decimal-floating-point.
pub(super) fn signed(text: &[u8]) -> Option<f64> {
    match text.strip_prefix(b"-") {
        Some(rest) => float(rest).map(|value| -value),
        None => float(text),
    }
}

/// The digits of a hexadecimal-sequence; small letters, which are against the letter, are read too.
pub(super) fn hexadecimal(text: &[u8]) -> Option<&[u8]> {
    let digits = text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"0X"))?;
    (!digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit)).then_some(digits)
}

/// A decimal-resolution.
pub(super) fn resolution(text: &[u8]) -> Option<(u64, u64)> {
    let (width, height) = split(text, b'x')?;
    integer(width).zip(integer(height))
}

/// A length, and an offset that may be missing.
pub(super) fn range(text: &[u8]) -> Option<(u64, Option<u64>)> {
    match split(text, b'@') {
        Some((length, offset)) => Some((integer(length)?, Some(integer(offset)?))),
        None => Some((integer(text)?, None)),
    }
}

/// An instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Instant {
    pub(super) unix_ms: i64,
    /// Whether the text tells its time zone.
    pub(super) has_zone: bool,
}

/// A date and a time of ISO 8601, in its extended or its basic format, with a zone or without.
pub(super) fn date(text: &[u8]) -> Option<Instant> {
    let text = str::from_utf8(text).ok()?;
    for format in ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y%m%dT%H%M%S%.f%#z", "%Y-%m-%dT%H:%M%#z"] {
        if let Ok(date) = DateTime::parse_from_str(text, format) {
            return Some(Instant { unix_ms: date.timestamp_millis(), has_zone: true });
        }
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y%m%dT%H%M%S%.f"] {
        if let Ok(date) = NaiveDateTime::parse_from_str(text, format) {
            return Some(Instant { unix_ms: date.and_utc().timestamp_millis(), has_zone: false });
        }
    }
    None
}

fn split(text: &[u8], sign: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(sign, text)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_both_ways() {
        assert_eq!(integer(b"18446744073709551615"), Some(u64::MAX));
        for wrong in ["", "18446744073709551616", "-1", "+1", "1.0", " 1", "000000000000000000001"] {
            assert_eq!(integer(wrong.as_bytes()), None, "{wrong:?}");
        }
        assert_eq!((float(b"4.5"), float(b".5"), float(b"4.")), (Some(4.5), Some(0.5), Some(4.0)));
        for wrong in ["", ".", "1.2.3", "-1", "1e3", "NaN", "inf"] {
            assert_eq!(float(wrong.as_bytes()), None, "{wrong:?}");
        }
        assert_eq!((signed(b"-4.5"), signed(b"4"), signed(b"--4")), (Some(-4.5), Some(4.0), None));
        assert_eq!(
            (hexadecimal(b"0xAF"), hexadecimal(b"0X0"), hexadecimal(b"0x")),
            (Some(&b"AF"[..]), Some(&b"0"[..]), None)
        );
        assert_eq!((hexadecimal(b"0xaf"), hexadecimal(b"AF")), (Some(&b"af"[..]), None));
        assert_eq!((resolution(b"1x2"), resolution(b"1X2"), resolution(b"1x")), (Some((1, 2)), None, None));
        assert_eq!((range(b"1@2"), range(b"1"), range(b"1@")), (Some((1, Some(2))), Some((1, None)), None));
    }

    #[test]
    fn dates_in_every_spelling() {
        let instant = |unix_ms, has_zone| Some(Instant { unix_ms, has_zone });
        for (text, expected) in [
            ("2010-02-19T14:54:23.031+08:00", instant(1_266_562_463_031, true)),
            ("2010-02-19T06:54:23.031Z", instant(1_266_562_463_031, true)),
            ("2010-02-19T14:54:23.031+0800", instant(1_266_562_463_031, true)),
            ("2010-02-19T14:54:23.031+08", instant(1_266_562_463_031, true)),
            ("20100219T065423.031Z", instant(1_266_562_463_031, true)),
            ("2010-02-19T06:54:23", instant(1_266_562_463_000, false)),
            ("2010-02-19", None),
            ("2010-13-19T06:54:23Z", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(date(text.as_bytes()), expected, "{text:?}");
        }
    }
}
