//! Durations in attributes of an MPD.
//!
//! ```text
//! duration = "P" [1*DIGIT "Y"] [1*DIGIT "M"] [1*DIGIT "D"] ["T" [1*DIGIT "H"] [1*DIGIT "M"] [1*DIGIT ["." 1*DIGIT] "S"]]
//! ```
//!
//! [XML Schema section 3.3.6](https://www.w3.org/TR/xmlschema11-2/#duration), without a sign: no duration of an MPD is
//! negative. A year counts as 365 days and a month as 30, as in dash.js and Shaka Player.

use super::digits::are_digits;

/// Reads a duration in milliseconds; fractions of a millisecond are cut off. `None`: not a duration, or longer than 584
/// million years.
pub(super) fn milliseconds(text: &str) -> Option<u64> {
    let (date, time) = match text.trim_ascii().strip_prefix('P')?.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (text.trim_ascii().strip_prefix('P').filter(|date| !date.is_empty())?, ""),
    };
    let days = sum(date, &[('Y', 365 * DAY_MS), ('M', 30 * DAY_MS), ('D', DAY_MS)])?;
    let seconds = sum(time, &[('H', 3_600_000), ('M', 60_000), ('S', 1_000)])?;
    days.checked_add(seconds)
}

/// Writes whole seconds as a duration.
pub(super) fn of_seconds(seconds: u64) -> String {
    format!("PT{seconds}S")
}

/// Writes milliseconds as a duration.
pub(super) fn of_milliseconds(milliseconds: u64) -> String {
    let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
    if rest == 0 {
        return of_seconds(seconds);
    }
    let rest = format!("{rest:03}");
    format!("PT{seconds}.{}S", rest.trim_end_matches('0'))
}

const DAY_MS: u64 = 86_400_000;

/// Adds up numbers with units, in the order of the units.
fn sum(text: &str, units: &[(char, u64)]) -> Option<u64> {
    let mut rest = text;
    let mut sum: u64 = 0;
    for (unit, unit_ms) in units {
        let Some((number, behind)) = rest.split_once(*unit) else { continue };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        if !are_digits(whole) || !are_digits(fraction) || (number.contains('.') && *unit != 'S') {
            return None;
        }
        let thousandths: u64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
        let number_ms = whole.parse::<u64>().ok()?.checked_mul(*unit_ms)?;
        sum = sum.checked_add(number_ms)?.checked_add(if *unit == 'S' { thousandths } else { 0 })?;
        rest = behind;
    }
    rest.is_empty().then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, expected) in [
            ("PT0S", Some(0)),
            ("PT4S", Some(4_000)),
            ("PT1.97S", Some(1_970)),
            ("PT0.0009S", Some(0)),
            (" PT0H0M49.598000000S ", Some(49_598)),
            ("P1DT1H1M1.5S", Some(86_400_000 + 3_661_500)),
            ("P1Y2M", Some((365 + 60) * DAY_MS)),
            ("PT95725984.571S", Some(95_725_984_571)),
            ("P", None),
            ("PT", None),
            ("P1", None),
            ("PT1", None),
            ("PT1.5H", None),
            ("PT.5S", None),
            ("PT1S1M", None),
            ("-PT1S", None),
            ("4", None),
            ("", None),
            ("PTxS", None),
            ("PT99999999999999999999S", None),
        ] {
            assert_eq!(milliseconds(text), expected, "{text}");
        }
        assert_eq!(milliseconds(&of_seconds(90)), Some(90_000));
        for (milliseconds, text) in [(0, "PT0S"), (90_000, "PT90S"), (1_040, "PT1.04S"), (7, "PT0.007S")] {
            assert_eq!(of_milliseconds(milliseconds), text);
        }
    }
}
