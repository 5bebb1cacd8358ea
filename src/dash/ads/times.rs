//! The times of an MPD's Periods on its media timeline, and by the clock (ISO/IEC 23009-1 section 5.3.2.1).

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime};

use crate::ads::signals::Moment;
use crate::dash::document::Element;
use crate::dash::duration;
use crate::time::UnixMillis;

/// The times of an MPD.
#[derive(Debug)]
pub(super) struct Times<'d, 'a> {
    /// Whether it is of a live stream.
    pub(super) is_live: bool,
    /// Its duration, if it states one.
    pub(super) duration: Option<Duration>,
    /// Its Periods whose start is known, in order.
    pub(super) periods: Vec<Period<'d, 'a>>,
    /// `availabilityStartTime` of a live stream: the date of the media time 0.
    zero: Option<UnixMillis>,
}

/// A Period whose start is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Period<'d, 'a> {
    pub(super) element: Element<'d, 'a>,
    pub(super) start: Duration,
    pub(super) end: Option<Duration>,
}

impl<'d, 'a> Times<'d, 'a> {
    pub(super) fn of(mpd: Element<'d, 'a>) -> Self {
        let is_live = mpd.value("type").is_some_and(|kind| kind == "dynamic");
        let stated = time(mpd, "mediaPresentationDuration");
        let mut periods: Vec<Period<'d, 'a>> = Vec::new();
        // The end of the Period before; that of the first is the beginning of a presentation on demand.
        let mut end = (!is_live).then_some(Duration::ZERO);
        for element in mpd.children_named("Period") {
            let Some(start) = time(element, "start").or(end) else { continue };
            // A Period ends where the next begins, whatever its duration.
            if let Some(before) = periods.last_mut() {
                before.end = Some(start);
            }
            end = time(element, "duration").map(|duration| start.saturating_add(duration));
            periods.push(Period { element, start, end });
        }
        if let Some(last) = periods.last_mut() {
            last.end = last.end.or(stated.filter(|stated| *stated >= last.start));
        }
        let duration = stated.or_else(|| periods.last()?.end);
        let zero = mpd.value("availabilityStartTime").filter(|_| is_live);
        Self { is_live, duration, periods, zero: zero.and_then(|text| date(&text)) }
    }

    /// A time on the media timeline that a mark states.
    pub(super) fn moment(&self, at: Duration) -> Moment {
        let millis = u64::try_from(at.as_millis()).ok();
        let date = self.zero.zip(millis).and_then(|(UnixMillis(zero), ms)| zero.checked_add(ms));
        Moment::stated(Some(at), date.map(UnixMillis))
    }

    /// The media time of a date.
    pub(super) fn start_of(&self, UnixMillis(date): UnixMillis) -> Option<Duration> {
        let UnixMillis(zero) = self.zero?;
        date.checked_sub(zero).map(Duration::from_millis)
    }

    /// The Period in which a media time lies: the last that has begun. `None`: no Period has begun.
    pub(super) fn period(&self, at: Duration) -> Option<usize> {
        self.periods.partition_point(|period| period.start <= at).checked_sub(1)
    }
}

/// Ticks of a timescale, to the millisecond.
pub(super) fn of_ticks(ticks: u64, timescale: u64) -> Duration {
    let millis = u128::from(ticks) * 1000 / u128::from(timescale.max(1));
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}

/// A number in an attribute.
pub(super) fn number(element: Element<'_, '_>, name: &str) -> Option<u64> {
    element.value(name)?.trim_ascii().parse().ok()
}

fn time(element: Element<'_, '_>, name: &str) -> Option<Duration> {
    element.value(name).and_then(|text| duration::milliseconds(&text)).map(Duration::from_millis)
}

/// A date, which is of UTC if it states no offset.
fn date(text: &str) -> Option<UnixMillis> {
    let text = text.trim_ascii();
    let stated = DateTime::parse_from_rfc3339(text).map(|date| date.timestamp_millis());
    let millis =
        stated.or_else(|_| text.parse::<NaiveDateTime>().map(|date| date.and_utc().timestamp_millis()));
    u64::try_from(millis.ok()?).ok().map(UnixMillis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dash::document::Document;

    fn starts(mpd: &str) -> (Vec<(u64, Option<u64>)>, Option<u64>) {
        let document = Document::read(mpd).unwrap();
        let times = Times::of(document.root());
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap();
        let periods = times.periods.iter().map(|period| (ms(period.start), period.end.map(ms)));
        (periods.collect(), times.duration.map(ms))
    }

    #[test]
    fn periods_begin_where_they_say_or_where_the_one_before_ends() {
        for (mpd, expected) in [
            (
                "<MPD mediaPresentationDuration='PT10S'><Period/></MPD>",
                (vec![(0, Some(10_000))], Some(10_000)),
            ),
            (
                "<MPD><Period duration='PT4S'/><Period start='PT5S'/><Period duration='PT1S'/></MPD>",
                (vec![(0, Some(5_000)), (5_000, None)], None),
            ),
            ("<MPD><Period duration='PT4S'/><Period duration='PT2.5S'/></MPD>", {
                (vec![(0, Some(4_000)), (4_000, Some(6_500))], Some(6_500))
            }),
            ("<MPD type='dynamic'><Period/><Period start='PT5S'/></MPD>", (vec![(5_000, None)], None)),
        ] {
            assert_eq!(starts(mpd), expected, "{mpd}");
        }
    }

    #[test]
    fn dates_are_of_the_clock_of_the_stream() {
        for (zero, at_ms, expected) in [
            ("1970-01-01T00:00:00Z", 1_684_932_467_725, Some(1_684_932_467_725)),
            ("2026-01-01T00:00:00.5+01:00", 1_000, Some(1_767_222_001_500)),
            ("2026-01-01T00:00:00", 0, Some(1_767_225_600_000)),
            ("soon", 0, None),
        ] {
            let mpd = format!("<MPD type='dynamic' availabilityStartTime='{zero}'/>");
            let document = Document::read(&mpd).unwrap();
            let times = Times::of(document.root());
            let date = times.moment(Duration::from_millis(at_ms)).date;
            assert_eq!(date, expected.map(UnixMillis), "{zero}");
            assert_eq!(
                date.and_then(|date| times.start_of(date)),
                expected.map(|_| Duration::from_millis(at_ms))
            );
        }
        let document = Document::read("<MPD availabilityStartTime='2026-01-01T00:00:00Z'/>").unwrap();
        assert_eq!(Times::of(document.root()).moment(Duration::ZERO).date, None);
    }

    #[test]
    fn a_time_lies_in_the_last_period_that_has_begun() {
        let document = Document::read("<MPD><Period start='PT5S' duration='PT1S'/><Period/></MPD>").unwrap();
        let times = Times::of(document.root());
        for (at_s, expected) in [(4, None), (5, Some(0)), (6, Some(1)), (99, Some(1))] {
            assert_eq!(times.period(Duration::from_secs(at_s)), expected, "{at_s}");
        }
        assert_eq!(of_ticks(16_849_324_677_251_439, 10_000_000).as_millis(), 1_684_932_467_725);
        assert_eq!(of_ticks(1, 0).as_millis(), 1_000);
    }
}
