//! Guided insertion: the breaks of a playlist as interstitials, which players fill by asking for the pod of each.
//!
//! ```text
//! #EXT-X-DATERANGE:ID="sd-…",CLASS="com.apple.hls.interstitial",START-DATE="…",PLANNED-DURATION=30,
//!   X-ASSET-LIST="_stagedoor/break/….json?_HLS_interstitial_id=sd-…",X-SNAP="OUT,IN",…
//! ```
//!
//! [draft-pantos-hls-rfc8216bis-22 appendices D and F](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#appendix-D).
//! The lines are the same in every rendition and for every viewer of a class: each is made of the break's opening, whose address
//! leads to the pod from any folder of the title.
//!
//! | | insertion on demand | in place of content |
//! | --- | --- | --- |
//! | where | the policy's breaks, and marks without a length | live, and marks with a length |
//! | `X-RESUME-OFFSET` | 0: the content goes on where it stopped | none: it goes on behind the ads, and hls.js appends in place |
//! | `X-SNAP` | none: the position is the policy's | `OUT,IN`: to the segments between which the mark stands |
//! | `CUE` | `ONCE` | none |
//!
//! A break that ends early gets new attributes, and no attribute ever changes: hls.js drops a range whose values change. Shaka
//! Player heeds a new `X-PLAYOUT-LIMIT` alone.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat};

use super::marks::{Clock, Marks};
use crate::ads::address::Listing;
use crate::ads::signaling::Seconds;
use crate::ads::signals;
use crate::ads::{Break, BreakId, Ending, Opening, Place, Plan, Presentation};
use crate::catalog::{Insertion, Restriction};
use crate::time::UnixMillis;

/// The date at which a playlist on demand begins that has no dates. Players map dates to its times, and show no date.
const SYNTHETIC: UnixMillis = UnixMillis(946_684_800_000);

/// The date of the break before a live stream. The action of `CUE=PRE` does not depend on it, and every later date would move with
/// the window.
const ALWAYS: UnixMillis = UnixMillis(0);

/// The lines of a playlist's breaks, to stand in front of its first segment; empty if it has none.
///
/// `first` is the time of the first segment that is left in a live window, from the first segment of `marks`. Breaks that are over
/// by then are not told any more.
///
/// A break is left out if its line would be longer than `longest_line`, or its address longer than the edge serves.
///
/// There are no lines in a live playlist without dates, which players could not map; in a playlist of subtitles or pictures
/// without dates, since the dates of the pictures are not known there; and without a key that seals addresses.
pub(super) fn lines(marks: &Marks<'_>, plan: &Plan<'_>, first: Duration, longest_line: usize) -> String {
    let has_dates = marks.clock.is_some();
    if !has_dates && (!marks.is_whole || marks.is_aside) {
        return String::new();
    }
    let synthetic = Clock::beginning(SYNTHETIC);
    let clock = marks.clock.as_ref().unwrap_or(&synthetic);
    let marked = signals::breaks(&marks.signals());
    let replacing: BTreeSet<BreakId> = marked
        .iter()
        .filter(|found| found.duration() != Some(Duration::ZERO))
        .map(|found| found.opening.id.clone())
        .collect();
    let marked = if marks.is_whole { marked.into_iter().map(insertion).collect() } else { marked };
    let presentation =
        Presentation { duration: marks.is_whole.then_some(marks.duration), is_live: !marks.is_whole };
    let window = clock.date(first);
    let mut text = String::new();
    let mut latest = clock.date(Duration::ZERO);
    for found in plan.breaks(marked, presentation) {
        let is_within = found.opening.place == Place::MidRoll;
        let replaces = is_within && (!marks.is_whole || replacing.contains(&found.opening.id));
        let Some(start) = start(&found.opening, marks, clock, latest) else { continue };
        latest = latest.max(start);
        // A live stream goes on while ads play, so a mark that takes no time has no room for any.
        let is_over = !marks.is_whole
            && is_within
            && (is_over(&found, window) || found.duration() == Some(Duration::ZERO));
        if is_over || found.ending == Ending::Cancelled {
            continue;
        }
        let Some(address) = plan.seal.address(&found.opening, Listing::Assets) else { continue };
        let range = Range {
            found: &found,
            start,
            replaces,
            is_live: !marks.is_whole,
            insertion: &plan.policy.insertion,
            address,
        };
        let before = text.len();
        range.preload(&mut text, clock.date(Duration::ZERO));
        let preload_ends = text.len();
        range.write(&mut text);
        if (preload_ends - before).max(text.len() - preload_ends) > longest_line {
            text.truncate(before);
        }
    }
    if !text.is_empty() && !has_dates {
        let _ = writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:{}", date(SYNTHETIC));
    }
    text
}

/// The break of a mark without a length: how long it lasts is the policy's decision.
fn insertion(found: Break) -> Break {
    if found.duration() != Some(Duration::ZERO) {
        return found;
    }
    Break { opening: Opening { planned: None, ..found.opening }, ending: Ending::Planned }
}

/// When a break begins. `latest` is the latest start of the breaks in front of it.
fn start(opening: &Opening, marks: &Marks<'_>, clock: &Clock, latest: UnixMillis) -> Option<UnixMillis> {
    match opening.place {
        Place::PreRoll if !marks.is_whole => Some(ALWAYS),
        Place::PostRoll if !marks.is_whole => None,
        Place::PreRoll => Some(clock.date(Duration::ZERO)),
        // Renditions end at different times, and their breaks have to be the same. Shaka Player plays no break that starts in front
        // of the break that it has played last.
        Place::PostRoll => Some(latest),
        Place::MidRoll if marks.is_whole => Some(clock.date(opening.start?)),
        Place::MidRoll => opening.date,
    }
}

/// Whether a break is over before the first segment.
fn is_over(found: &Break, window: UnixMillis) -> bool {
    let (Some(UnixMillis(start)), Some(duration)) = (found.opening.date, found.duration()) else {
        return false;
    };
    let lasts = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    start.saturating_add(lasts) <= window.0
}

/// A break as date ranges.
struct Range<'a> {
    found: &'a Break,
    start: UnixMillis,
    /// Its ads take the place of content.
    replaces: bool,
    is_live: bool,
    insertion: &'a Insertion,
    address: String,
}

impl Range<'_> {
    fn list_uri(&self) -> String {
        format!("{}?_HLS_interstitial_id=sd-{}", self.address, self.found.opening.id)
    }

    /// The interstitial.
    fn write(&self, text: &mut String) {
        let Self { found, start, replaces, is_live, insertion, .. } = self;
        let Opening { id, place, planned, .. } = &found.opening;
        let start = date(*start);
        let head = format!(
            "#EXT-X-DATERANGE:ID=\"sd-{id}\",CLASS=\"com.apple.hls.interstitial\",START-DATE=\"{start}\""
        );
        let mut attributes = vec![head];
        let mut add = |attribute: String| attributes.push(attribute);
        match place {
            Place::PreRoll => add("CUE=\"PRE,ONCE\"".to_owned()),
            Place::PostRoll => add("CUE=\"POST,ONCE\"".to_owned()),
            Place::MidRoll if !replaces => add("CUE=\"ONCE\"".to_owned()),
            Place::MidRoll => {}
        }
        // Shaka Player passes a range over whose planned end is in the past.
        let is_dateless = *is_live && *place == Place::PreRoll;
        if let Some(planned) = planned.filter(|_| !is_dateless) {
            add(format!("PLANNED-DURATION={}", Seconds(planned)));
        }
        add(format!("X-ASSET-LIST=\"{}\"", self.list_uri()));
        if *replaces {
            add("X-SNAP=\"OUT,IN\"".to_owned());
        } else if !is_live {
            add("X-RESUME-OFFSET=0".to_owned());
        }
        if !insertion.restrict.is_empty() {
            let has = |word| insertion.restrict.contains(&word);
            let words = [(Restriction::Skip, "SKIP"), (Restriction::Jump, "JUMP")];
            let words: Vec<_> =
                words.into_iter().filter(|(word, _)| has(*word)).map(|(_, name)| name).collect();
            add(format!("X-RESTRICT=\"{}\"", words.join(",")));
        }
        if let Some(skip) = &insertion.skip {
            add(format!("X-SKIP-CONTROL-OFFSET={}", skip.offset_s));
            if let Some(duration_s) = skip.duration_s {
                add(format!("X-SKIP-CONTROL-DURATION={duration_s}"));
            }
            if let Some(label) = skip.label.as_deref().filter(|label| is_quotable(label)) {
                add(format!("X-SKIP-CONTROL-LABEL-ID=\"{label}\""));
            }
        }
        add("X-CONTENT-MAY-VARY=\"YES\"".to_owned());
        if insertion.occupies_range {
            add("X-TIMELINE-OCCUPIES=\"RANGE\"".to_owned());
        }
        if insertion.primary_style {
            add("X-TIMELINE-STYLE=\"PRIMARY\"".to_owned());
        }
        // All that may be added later.
        if let Ending::After(duration) = found.ending {
            add(format!("DURATION={}", Seconds(duration)));
            if planned.is_none_or(|planned| duration < planned) {
                add(format!("X-PLAYOUT-LIMIT={}", Seconds(duration)));
            }
        }
        text.push_str(&attributes.join(","));
        text.push('\n');
    }

    /// The range within which players load the pod at a random time (appendix F).
    fn preload(&self, text: &mut String, earliest: UnixMillis) {
        let Self { found: Break { opening: Opening { id, place, .. }, .. }, start, .. } = self;
        let Some(secs) = self.insertion.preload_s.filter(|secs| *secs > 0 && *place == Place::MidRoll) else {
            return;
        };
        let ahead = u64::from(secs).saturating_mul(1000);
        // In live, the earliest date moves on.
        let least = if self.is_live { 0 } else { earliest.0 };
        let from = UnixMillis(start.0.saturating_sub(ahead).max(least));
        let lasts = Seconds(Duration::from_millis(start.0.saturating_sub(from.0)));
        let (from, uri) = (date(from), self.list_uri());
        let _ = writeln!(
            text,
            "#EXT-X-DATERANGE:ID=\"sd-{id}-preload\",CLASS=\"com.apple.hls.preload\",START-DATE=\"{from}\",DURATION={lasts},\
             X-URI=\"{uri}\",X-TARGET-ID=\"sd-{id}\",X-TARGET-CLASS=\"com.apple.hls.interstitial\""
        );
    }
}

/// Whether a text may stand in quotes, and means the same to every player: no quote, line end, control character, or variable.
fn is_quotable(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|sign| !sign.is_control() && !matches!(sign, '"' | '\\' | '{' | '\u{2028}' | '\u{2029}'))
}

/// A date in UTC, with milliseconds.
fn date(UnixMillis(ms): UnixMillis) -> String {
    let instant = i64::try_from(ms).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default();
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests;
