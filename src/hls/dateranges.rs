//! The date ranges that may leave a live playlist.
//!
//! > The server MUST NOT remove an EXT-X-DATERANGE tag from a Playlist if any date in the range maps to a Media Segment in
//! > the Playlist.
//!
//! [draft-pantos-hls-rfc8216bis-22 section 6.2.1](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-6.2.1).
//! So those leave that are over before any segment that stays. All others stay: without an end, or with a planned one
//! alone; with a `CUE`, whose action need not lie within the range; with dates that cannot be read. Where any of them has
//! no start of its own, or ends with the next one of its class, all stay: what one says depends on others there.

use chrono::NaiveDateTime;
use memchr::memmem;

use super::attributes::{Attribute, attributes};
use super::cut::Cut;
use super::in_force::Next;
use super::live::Live;
use super::moment::Moment;
use super::seconds::seconds;

/// Judges date ranges by the dates of the segments that stay.
#[derive(Clone, Copy, Debug)]
pub(super) struct Over {
    /// The earliest date of a segment that stays.
    earliest: NaiveDateTime,
}

impl Over {
    /// `None`: all stay.
    pub(super) fn before(playlist: &[u8], live: &Live, cut: &Cut<'_>) -> Option<Self> {
        if cut.left == 0 || !live.has_dateranges || !live.dateranges_stand_alone {
            return None;
        }
        let start = match Next::at(playlist, cut.window_start).date {
            Some(date) => Moment::read(date),
            None => cut.clock.read(),
        };
        // Dates may go back, where what was recorded is played again.
        let rest = playlist.get(cut.window_start..)?;
        let mut earliest = start?.instant()?;
        for at in memmem::find_iter(rest, DATE) {
            let value = rest.get(at + DATE.len()..)?;
            let end = memchr::memchr(b'\n', value).unwrap_or(value.len());
            earliest = earliest.min(Moment::read(value.get(..end)?)?.instant()?);
        }
        Some(Self { earliest })
    }

    /// Whether a date range is over before.
    pub(super) fn is_over(self, list: &[u8]) -> bool {
        self.end(list).is_some_and(|end| end < self.earliest)
    }

    fn end(self, list: &[u8]) -> Option<NaiveDateTime> {
        let (mut start, mut end, mut duration) = (None, None, None);
        for Attribute { name, value, .. } in attributes(list) {
            match name {
                b"START-DATE" => start = Some(Moment::read(value)?),
                b"END-DATE" => end = Some(Moment::read(value)?.instant()?),
                b"DURATION" => duration = Some(seconds(value)?),
                b"CUE" => return None,
                _ => {}
            }
        }
        let by_duration = match duration {
            Some(duration) => Some(start?.plus(duration)?.instant()?),
            None => None,
        };
        start?;
        end.max(by_duration)
    }
}

const DATE: &[u8] = b"#EXT-X-PROGRAM-DATE-TIME:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_still_touch_the_window_stays() {
        let over = Over { earliest: Moment::read(b"2026-01-01T00:01:00Z").unwrap().instant().unwrap() };
        for (list, expected) in [
            (r#"ID="a",START-DATE="2026-01-01T00:00:00Z",DURATION=59.999"#, true),
            (r#"ID="a",START-DATE="2026-01-01T00:00:00Z",DURATION=60"#, false),
            (r#"ID="a",START-DATE="2026-01-01T04:00:00+04:00",END-DATE="2026-01-01T04:00:30+04:00""#, true),
            (
                r#"ID="a",START-DATE="2026-01-01T00:00:00Z",END-DATE="2026-01-01T00:00:30Z",DURATION=90"#,
                false,
            ),
            (r#"ID="a",START-DATE="2026-01-01T00:00:00Z""#, false),
            (r#"ID="a",START-DATE="2026-01-01T00:00:00Z",PLANNED-DURATION=30"#, false),
            (r#"ID="a",START-DATE="2026-01-01T00:00:00Z",DURATION=30,CUE="PRE""#, false),
            (r#"ID="a",START-DATE="yesterday",DURATION=30"#, false),
            (r#"ID="a",START-DATE="2026-01-01T00:00:00Z",DURATION=x"#, false),
            (r#"ID="a",END-DATE="2026-01-01T00:00:00Z""#, false),
            ("", false),
        ] {
            assert_eq!(over.is_over(list.as_bytes()), expected, "{list}");
        }
    }
}
