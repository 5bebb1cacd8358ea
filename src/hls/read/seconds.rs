//! Seconds, as playlists write them: exact, so that sums of a hundred thousand durations do not drift.
//!
//! > decimal-floating-point: an unquoted string of characters from the set \[0..9\] and '.' that expresses a non-negative
//! > floating-point number in decimal positional notation.
//!
//! [draft-pantos-hls-rfc8216bis-22 section 4.2](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.2)

use std::time::Duration;

/// Reads the number that a text begins with, as players do; digits behind the nanosecond do not count. `None`: there is
/// none, or it is negative.
pub(in crate::hls) fn seconds(text: &[u8]) -> Option<Duration> {
    let text = text.trim_ascii_start();
    let whole = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let fraction = match text.get(whole..) {
        Some([b'.', fraction @ ..]) => fraction,
        _ => &[],
    };
    let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit());
    if whole == 0 && digits.clone().next().is_none() {
        return None;
    }
    let nanoseconds = digits.zip(PLACES).map(|(digit, place)| u32::from(*digit - b'0') * place).sum();
    Some(Duration::new(integer(text).unwrap_or(0), nanoseconds))
}

const PLACES: [u32; 9] = [100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];

/// Writes them with as many digits as they have.
pub(in crate::hls) fn write(duration: Duration) -> String {
    let (whole, nanoseconds) = (duration.as_secs(), duration.subsec_nanos());
    if nanoseconds == 0 {
        return whole.to_string();
    }
    format!("{whole}.{nanoseconds:09}").trim_end_matches('0').to_owned()
}

/// Reads the decimal integer that a text begins with; a number that is too great is the greatest.
pub(in crate::hls) fn integer(text: &[u8]) -> Option<u64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(None, |number: Option<u64>, digit| {
        Some(number.unwrap_or(0).saturating_mul(10).saturating_add(u64::from(*digit - b'0')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_players_read_them() {
        for (text, expected) in [
            ("4", Some((4, 0))),
            (" 4.00008,title 5", Some((4, 80_000))),
            ("0.5", Some((0, 500_000_000))),
            (".5", Some((0, 500_000_000))),
            ("4.", Some((4, 0))),
            ("3.0030030039", Some((3, 3_003_003))),
            ("99999999999999999999999", Some((u64::MAX, 0))),
            ("-1", None),
            ("", None),
            (".", None),
            ("x4", None),
        ] {
            let expected = expected.map(|(whole, nanoseconds)| Duration::new(whole, nanoseconds));
            assert_eq!(seconds(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn they_are_written_as_short_as_they_are() {
        for text in ["0", "4", "4.5", "36.000000001", "0.25"] {
            assert_eq!(write(seconds(text.as_bytes()).unwrap()), text);
        }
        assert_eq!(integer(b"007@9"), Some(7));
        assert_eq!((integer(b""), integer(b"x")), (None, None));
    }
}
