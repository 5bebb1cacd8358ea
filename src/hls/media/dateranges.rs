//! The date ranges that may leave a live playlist.
//!
//! > The server MUST NOT remove an EXT-X-DATERANGE tag from a Playlist if any date in the range maps to a Media Segment in
//! > the Playlist.
//!
//! [draft-pantos-hls-rfc8216bis-22 section 6.2.1](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-6.2.1).
//! Several tags of one `ID` may describe one range, such as a tag with `SCTE35-OUT` and a later tag with `SCTE35-IN` and the
//! end. They stay or leave together. A range leaves if it is over before any segment that stays. Every other range stays:
//!
//! - a range without a start or an end, or with only a planned end;
//! - a range with a `CUE`, whose action need not lie within the range;
//! - a range with two starts, or with dates that cannot be read.
//!
//! If any range ends with the next range of its class, or has a variable in its `ID`, all ranges stay: their ends depend on
//! each other.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::NaiveDateTime;
use memchr::memmem;

use super::item::Item;
use super::next::NextSegment;
use super::playlist::MediaPlaylist;
use super::timeline::Timeline;
use crate::hls::read::attributes::{Attribute, attribute, attributes};
use crate::hls::read::line::lines;
use crate::hls::read::moment::Moment;
use crate::hls::read::seconds::seconds;
use crate::hls::read::variables::OPEN;
use crate::manifest::Misplaced;

/// The date ranges of a playlist, judged by the dates of the segments that stay.
#[derive(Debug)]
pub(super) struct JudgedRanges<'a> {
    /// The earliest date of a segment that stays.
    earliest: NaiveDateTime,
    ranges: BTreeMap<&'a [u8], DateRange<'a>>,
}

impl<'a> JudgedRanges<'a> {
    /// Judges them by the segments that a window has left. `None`: all stay.
    pub(super) fn of(
        playlist: &MediaPlaylist<'a>,
        timeline: &Timeline<'a>,
    ) -> Result<Option<Self>, Misplaced> {
        // Inserted segments have no dates on the playlist's own clock.
        let first = timeline.stretches.iter().find(|stretch| !stretch.source.is_inserted);
        let Some(first) = first.filter(|_| timeline.left.segments > 0 && playlist.has_dateranges) else {
            return Ok(None);
        };
        let text = playlist.source.text;
        let rest = text.cut(first.start.at..text.end())?;
        let start = match NextSegment::of(rest).date {
            Some(date) => Moment::read(date),
            None => first.start.clock.read(),
        };
        let Some(earliest) = start.and_then(Moment::instant).and_then(|start| earliest(start, rest.text()))
        else {
            return Ok(None);
        };
        let mut judged = Self { earliest, ranges: BTreeMap::new() };
        for line in lines(text.cut(0..playlist.settings_end)?) {
            if let Item::Daterange(list) = Item::of(&line)
                && judged.pass(list.text()).is_none()
            {
                return Ok(None);
            }
        }
        Ok(Some(judged))
    }

    /// Takes the next tag; `None`: all stay.
    fn pass(&mut self, list: &'a [u8]) -> Option<()> {
        let id = attribute(list, b"ID").unwrap_or_default();
        let depends =
            memmem::find(id, OPEN.as_bytes()).is_some() || attribute(list, b"END-ON-NEXT").is_some();
        if depends {
            return None;
        }
        self.ranges.entry(id).or_default().pass(list);
        Some(())
    }

    /// Whether the date range of a tag is over before any segment that stays.
    pub(super) fn is_over(&self, list: &[u8]) -> bool {
        let id = attribute(list, b"ID").filter(|id| !id.is_empty());
        let range = id.and_then(|id| self.ranges.get(id));
        range.and_then(DateRange::end).is_some_and(|end| end < self.earliest)
    }
}

/// A date range, from all tags of its `ID`.
#[derive(Debug, Default)]
struct DateRange<'a> {
    start: Option<Moment<'a>>,
    /// The latest end in its tags.
    end: Option<NaiveDateTime>,
    /// The longest duration in its tags.
    duration: Option<Duration>,
    /// It stays, whatever its dates are.
    stays: bool,
}

impl<'a> DateRange<'a> {
    fn pass(&mut self, list: &'a [u8]) {
        for Attribute { name, value, .. } in attributes(list) {
            let is_read = match name {
                b"START-DATE" => self.starts(Moment::read(value)),
                b"END-DATE" => {
                    let end = Moment::read(value).and_then(Moment::instant);
                    self.end = self.end.max(end);
                    end.is_some()
                }
                b"DURATION" => {
                    let duration = seconds(value);
                    self.duration = self.duration.max(duration);
                    duration.is_some()
                }
                b"CUE" => false,
                _ => true,
            };
            self.stays |= !is_read;
        }
    }

    /// Whether it starts then, and at no other time.
    fn starts(&mut self, at: Option<Moment<'a>>) -> bool {
        let Some(at) = at else { return false };
        let start = *self.start.get_or_insert(at);
        start.instant() == at.instant()
    }

    fn end(&self) -> Option<NaiveDateTime> {
        let start = self.start.filter(|_| !self.stays)?;
        let by_duration = match self.duration {
            Some(duration) => Some(start.plus(duration)?.instant()?),
            None => None,
        };
        self.end.max(by_duration)
    }
}

/// The earliest date of segments from this one on. Dates may go back, where a recording is played. `None`: one
/// cannot be read.
fn earliest(start: NaiveDateTime, rest: &[u8]) -> Option<NaiveDateTime> {
    let mut earliest = start;
    for at in memmem::find_iter(rest, DATE) {
        let value = rest.get(at + DATE.len()..)?;
        let end = memchr::memchr(b'\n', value).unwrap_or(value.len());
        earliest = earliest.min(Moment::read(value.get(..end)?)?.instant()?);
    }
    Some(earliest)
}

const DATE: &[u8] = b"#EXT-X-PROGRAM-DATE-TIME:";

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(lists: &[&str]) -> Option<Vec<bool>> {
        let earliest = Moment::read(b"2026-01-01T00:01:00Z").unwrap().instant().unwrap();
        let mut over = JudgedRanges { earliest, ranges: BTreeMap::new() };
        for list in lists {
            over.pass(list.as_bytes())?;
        }
        Some(lists.iter().map(|list| over.is_over(list.as_bytes())).collect())
    }

    #[test]
    fn what_may_still_touch_the_window_stays() {
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
            (r#"START-DATE="2026-01-01T00:00:00Z",DURATION=30"#, false),
            ("", false),
        ] {
            assert_eq!(judged(&[list]), Some(vec![expected]), "{list}");
        }
    }

    #[test]
    fn the_tags_of_one_id_are_one_range() {
        const OUT: &str = r#"ID="a",START-DATE="2026-01-01T00:00:00Z",SCTE35-OUT=0xFC"#;
        const ENDS: &str = r#"ID="a",END-DATE="2026-01-01T00:00:30Z",SCTE35-IN=0xFC"#;
        for (name, lists, expected) in [
            ("an end that comes later", [OUT, ENDS], Some([true, true])),
            ("an end that came before", [ENDS, OUT], Some([true, true])),
            ("a duration that comes later", [OUT, r#"ID="a",DURATION=30"#], Some([true, true])),
            (
                "a start that is said again",
                [OUT, r#"ID="a",START-DATE="2026-01-01T04:00:00+04:00",DURATION=9"#],
                Some([true, true]),
            ),
            (
                "another start",
                [OUT, r#"ID="a",START-DATE="2026-01-01T00:00:10Z",DURATION=9"#],
                Some([false, false]),
            ),
            (
                "an end in the window",
                [
                    r#"ID="a",START-DATE="2026-01-01T00:00:00Z",DURATION=9"#,
                    r#"ID="a",END-DATE="2026-01-01T00:02:00Z""#,
                ],
                Some([false, false]),
            ),
            (
                "a cue that comes later",
                [r#"ID="a",START-DATE="2026-01-01T00:00:00Z",DURATION=9"#, r#"ID="a",CUE="PRE""#],
                Some([false, false]),
            ),
            ("another range", [OUT, r#"ID="b",END-DATE="2026-01-01T00:00:30Z""#], Some([false, false])),
            ("the next one ends it", [OUT, r#"ID="b",CLASS="c",END-ON-NEXT=YES"#], None),
            ("a variable", [OUT, r#"ID="{$a}",END-DATE="2026-01-01T00:00:30Z""#], None),
        ] {
            assert_eq!(judged(&lists), expected.map(Vec::from), "{name}");
        }
    }
}
