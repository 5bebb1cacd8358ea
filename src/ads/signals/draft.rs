//! A break while its signals are folded.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::actions::{Action, Open};
use super::signal::Moment;
use crate::ads::{Break, BreakId, Ending, Opening, Place};
use crate::scte35::{SegmentationType, Ticks};
use crate::time::UnixMillis;

/// Times closer than this are one splice: marks of several kinds, and roundings.
pub(super) const TOLERANCE: Duration = Duration::from_secs(1);

/// How long behind its planned end a break may be closed by a mark that does not name it. A later one belongs to a break whose
/// beginning was lost.
const LATEST_RETURN: Duration = Duration::from_secs(300);

/// The time between marks without an id that are repeated for each segment.
const REPEATED_WITHIN: Duration = Duration::from_secs(20);

/// A break while its signals are folded.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    at: Moment,
    id: Option<String>,
    pub(super) event_id: Option<u32>,
    pts: Option<Ticks>,
    open: Open,
    /// Another duration that a repeated mark states.
    planned_anew: Option<Duration>,
    ended: Option<Ended>,
    /// The start on the axis of the fold.
    pub(super) start: Duration,
    /// The time of its latest mark.
    latest: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    After(Duration),
    Cancelled,
}

impl Draft {
    pub(super) fn new(action: &Action<'_>, open: Open, start: Duration) -> Self {
        Self {
            at: action.at,
            id: action.id.map(str::to_owned),
            event_id: action.event_id,
            pts: action.pts,
            open,
            planned_anew: None,
            ended: None,
            start,
            latest: start,
        }
    }

    /// The duration, as far as it is known.
    fn duration(&self) -> Option<Duration> {
        match self.ended {
            Some(Ended::After(duration)) => Some(duration),
            Some(Ended::Cancelled) => Some(Duration::ZERO),
            None => self.planned_anew.or(self.open.planned),
        }
    }

    /// Whether a time lies within it.
    fn holds(&self, time: Duration) -> bool {
        time >= self.start
            && self.duration().is_none_or(|duration| time < self.start.saturating_add(duration))
    }

    /// Whether a mark that opens a break opens this one again, or a part of it.
    pub(super) fn takes(&self, action: &Action<'_>, open: &Open, time: Duration) -> bool {
        let is_near = time.abs_diff(self.start) <= TOLERANCE;
        if is_near || (action.id.is_some() && action.id == self.id.as_deref()) {
            return true;
        }
        // A break that was closed is not opened again, but for a mark that says that it has gone on since.
        let holds = self.holds(time);
        if action.event_id.is_some() && action.event_id == self.event_id {
            return if action.pts.is_some() && self.pts.is_some() { action.pts == self.pts } else { holds };
        }
        if !holds {
            return false;
        }
        let is_inner = open.layer > self.open.layer;
        // A mark without an id, within a break: it is repeated for each segment, or for players that join. Within a break that
        // has no planned end, it may be another whose predecessor's end was lost.
        let is_repeated = action.event_id.is_none()
            && action.id.is_none()
            && (self.duration().is_some() || time.saturating_sub(self.latest) <= REPEATED_WITHIN);
        is_inner || is_repeated || open.is_continued
    }

    /// Adds what another mark of it says.
    pub(super) fn add(&mut self, action: &Action<'_>, open: Open, time: Duration) {
        self.latest = self.latest.max(time);
        let is_same = action.event_id.is_some() && action.event_id == self.event_id;
        let is_near = time.abs_diff(self.start) <= TOLERANCE;
        if is_same || open.is_continued || (action.id.is_some() && action.id == self.id.as_deref()) {
            self.plan_anew(&open, time);
        }
        if !is_near {
            return;
        }
        if action.at.is_stated && !self.at.is_stated {
            self.at = action.at;
            self.start = time;
        }
        // The outermost message names it.
        let names = action.event_id.is_some() && (self.event_id.is_none() || open.layer < self.open.layer);
        if names {
            self.event_id = action.event_id;
            self.pts = action.pts;
            self.open.kind = open.kind;
        }
        self.open.auto_return |= open.auto_return && names;
        self.pts = self.pts.or(action.pts.filter(|_| is_same));
        self.id = self.id.take().or_else(|| action.id.map(str::to_owned));
        self.open.planned = self.open.planned.or(open.planned);
        self.open.tag = self.open.tag.take().or(open.tag);
    }

    /// Takes another duration from a repeated mark, unless it states the time that is left.
    fn plan_anew(&mut self, open: &Open, time: Duration) {
        let (Some(planned), Some(anew)) = (self.planned_anew.or(self.open.planned), open.planned) else {
            return;
        };
        let left = planned.saturating_sub(time.saturating_sub(self.start));
        if anew.abs_diff(planned) > TOLERANCE && anew.abs_diff(left) > TOLERANCE {
            self.planned_anew = Some(anew);
        }
    }

    /// Ends it where another break begins, if it has not ended.
    pub(super) fn give_way(&mut self, time: Duration) {
        if self.ended.is_none() && self.holds(time) {
            self.ended = Some(Ended::After(time - self.start));
        }
    }

    /// Takes a mark that closes a break of `kind`, if it is about this one.
    pub(super) fn close(&mut self, action: &Action<'_>, kind: Option<SegmentationType>, time: Duration) {
        if self.ended.is_some() || time <= self.start {
            return;
        }
        let is_named = (action.id.is_some() && action.id == self.id.as_deref())
            || (action.event_id.is_some() && action.event_id == self.event_id);
        let is_its_kind = match (kind, self.open.kind) {
            (None, _) => true,
            (Some(end), Some(start)) => end.0.checked_sub(1) == Some(start.0),
            // It was opened by a mark without a message.
            (Some(_), None) => self.event_id.is_none(),
        };
        if !is_named && !is_its_kind {
            return;
        }
        let planned = self.planned_anew.or(self.open.planned);
        let mut after = time - self.start;
        if let (Some(end), Some(start)) = (action.pts, self.pts) {
            let exact = end.since(start).duration();
            // The clock of a stream may begin anew.
            if exact.abs_diff(after) <= 2 * TOLERANCE {
                after = exact;
            }
        }
        if let Some(planned) = planned {
            let is_late = after > planned.saturating_add(TOLERANCE);
            let is_too_late = self.open.auto_return || after > planned.saturating_add(LATEST_RETURN);
            if is_late && is_too_late && (self.open.auto_return || !is_named) {
                return;
            }
            if after.abs_diff(planned) <= TOLERANCE / 2 {
                after = planned;
            }
        }
        self.ended = Some(Ended::After(Duration::from_millis(millis(after))));
    }

    /// Cancels it; closes it if it has begun.
    pub(super) fn cancel(&mut self, time: Duration) {
        let begun = time.saturating_sub(self.start);
        if begun <= TOLERANCE / 2 {
            self.ended = Some(Ended::Cancelled);
        } else if self.ended.is_none() && self.holds(time) {
            self.ended = Some(Ended::After(begun));
        }
    }

    /// The break.
    pub(super) fn finish(self) -> Option<Break> {
        let whole = |duration| Duration::from_millis(millis(duration));
        let ending = match (self.ended, self.planned_anew) {
            (Some(Ended::After(duration)), _) | (None, Some(duration)) => Ending::After(whole(duration)),
            (Some(Ended::Cancelled), _) => Ending::Cancelled,
            (None, None) => Ending::Planned,
        };
        let opening = Opening {
            // Invariant: each form of a name is of the signs and within the length of an id.
            id: self.name().parse().ok()?,
            place: Place::MidRoll,
            start: self.at.start,
            date: self.at.date,
            planned: self.open.planned.map(whole),
            event_id: self.event_id,
            tag: self.open.tag,
        };
        Some(Break { opening, ending })
    }

    /// Its id: from the event and its time on the clock of the stream, else from the id of its mark, else from its time.
    fn name(&self) -> String {
        let time = match (self.at.date, self.at.start) {
            (Some(UnixMillis(ms)), _) => ms,
            (None, start) => start.map_or(0, millis),
        };
        match (self.event_id, self.pts, &self.id) {
            (Some(event), Some(Ticks(pts)), _) => format!("event-{event}-{pts}"),
            (_, _, Some(id)) => of_mark(id),
            (Some(event), None, None) => format!("event-{event}-at-{time}"),
            (None, _, None) => format!("at-{time}"),
        }
    }
}

/// The id of a break of a mark's id: the same if its signs allow, and else a hash of it.
fn of_mark(id: &str) -> String {
    let name = format!("range-{id}");
    if name.parse::<BreakId>().is_ok() {
        return name;
    }
    let hash =
        Sha256::digest(id).iter().take(12).fold(String::new(), |hash, byte| hash + &format!("{byte:02x}"));
    format!("range-{hash}")
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
