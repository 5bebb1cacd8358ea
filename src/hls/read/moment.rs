//! Dates of playlists: ISO 8601, with whatever offset they are written.
//!
//! > It SHOULD indicate a time zone and fractional parts of seconds, to at least millisecond accuracy. If no time zone is
//! > indicated, the client SHOULD treat the time zone as UTC.
//!
//! [draft-pantos-hls-rfc8216bis-22 section 4.4.4.6](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.4.6)

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, SecondsFormat, TimeDelta};

/// A date and time, with its zone as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hls) struct Moment<'a> {
    /// The date and time on the clock of its zone.
    local: NaiveDateTime,
    /// `Z`, `+08:00`, `+0800`, or nothing.
    zone: &'a str,
    offset: TimeDelta,
}

impl<'a> Moment<'a> {
    /// Reads a date. `None`: no calendar has the date, or players read its spelling differently.
    pub(in crate::hls) fn read(text: &'a [u8]) -> Option<Self> {
        let text = str::from_utf8(text).ok()?.trim();
        let zone_at = text.get(11..)?.find(['Z', 'z', '+', '-']).map_or(text.len(), |at| at + 11);
        let (local, zone) = text.split_at_checked(zone_at)?;
        let local = DateTime::parse_from_rfc3339(&format!("{local}Z")).ok()?.naive_utc();
        Some(Self { local, zone, offset: offset(zone)? })
    }

    /// The moment that much later.
    pub(in crate::hls) fn plus(self, duration: Duration) -> Option<Self> {
        let local = self.local.checked_add_signed(TimeDelta::from_std(duration).ok()?)?;
        Some(Self { local, ..self })
    }

    /// The nearest millisecond.
    pub(in crate::hls) fn rounded(self) -> Option<Self> {
        let later = self.plus(Duration::from_micros(500))?;
        let beyond = later.local.and_utc().timestamp_subsec_nanos() % 1_000_000;
        let local = later.local.checked_sub_signed(TimeDelta::nanoseconds(i64::from(beyond)))?;
        Some(Self { local, ..self })
    }

    /// The moment in UTC, in which moments of different offsets can be compared.
    pub(in crate::hls) fn instant(self) -> Option<NaiveDateTime> {
        self.local.checked_sub_signed(self.offset)
    }
}

/// With milliseconds.
impl fmt::Display for Moment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = self.local.and_utc().to_rfc3339_opts(SecondsFormat::Millis, true);
        write!(f, "{}{}", local.trim_end_matches('Z'), self.zone)
    }
}

fn offset(zone: &str) -> Option<TimeDelta> {
    if matches!(zone, "" | "Z" | "z") {
        return Some(TimeDelta::zero());
    }
    let (sign, digits) = zone.split_at_checked(1)?;
    let digits = digits.replace(':', "");
    let (hours, minutes) = match digits.len() {
        2 => (digits.as_str(), "0"),
        4 => digits.split_at_checked(2)?,
        _ => return None,
    };
    let minutes = hours.parse::<u8>().ok().zip(minutes.parse::<u8>().ok());
    let (hours, minutes) = minutes.filter(|(hours, minutes)| *hours < 24 && *minutes < 60)?;
    let offset = TimeDelta::minutes(i64::from(hours) * 60 + i64::from(minutes));
    match sign {
        "+" => Some(offset),
        "-" => Some(-offset),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_keep_their_offset() {
        for (text, later_ms, expected) in [
            ("2010-02-19T14:54:23.031+08:00", 1_000, "2010-02-19T14:54:24.031+08:00"),
            ("2010-02-19T14:54:23Z", 4_004, "2010-02-19T14:54:27.004Z"),
            ("2010-02-19T23:59:59.5-0330", 600, "2010-02-20T00:00:00.100-0330"),
            ("2010-02-19T14:54:23.9996+08", 0, "2010-02-19T14:54:24.000+08"),
            (" 2012-02-28T23:00:00.123456", 3_600_000, "2012-02-29T00:00:00.123"),
        ] {
            let moment = Moment::read(text.as_bytes()).unwrap().plus(Duration::from_millis(later_ms));
            assert_eq!(moment.unwrap().rounded().unwrap().to_string(), expected);
        }
    }

    #[test]
    fn instants_compare_across_offsets() {
        let instant = |text: &str| Moment::read(text.as_bytes()).unwrap().instant();
        assert_eq!(instant("2026-01-01T04:00:00+04:00"), instant("2026-01-01T00:00:00Z"));
        assert_eq!(instant("2025-12-31T20:30:00-0330"), instant("2026-01-01T00:00:00"));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "now",
            "2026-01-01",
            "2026-13-01T00:00:00Z",
            "2026-01-01T00:00:00+1",
            "2026-01-01T00:00:00+25:00",
            "\u{661}",
        ] {
            assert_eq!(Moment::read(text.as_bytes()), None, "{text}");
        }
        let last = Moment::read(b"9999-12-31T23:59:59Z").unwrap();
        assert_eq!(last.plus(Duration::MAX), None);
    }
}
