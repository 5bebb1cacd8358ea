//! The fold from signals to breaks.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::actions::{Action, Deed};
use super::draft::{Draft, TOLERANCE};
use super::signal::{Moment, Signal};
use crate::ads::Break;
use crate::sorting;
use crate::time::UnixMillis;

/// The most breaks of a presentation. Of more, the last are kept.
pub const BREAKS_MAX: usize = 500;

/// How long ahead of its break a cancellation counts: event ids are used again.
const CANCELLED_AHEAD: Duration = Duration::from_secs(600);

/// The breaks that signals announce, in order of their start. They do not overlap.
///
/// - A break ends after its planned duration, or where a mark closes it: early, in time, or late. With `auto_return`, it never ends
///   late.
/// - A lost IN: the planned duration counts; without one, the break ends where the next begins.
/// - An OUT that is repeated, or a mark that the break goes on, is of the same break. If it states another duration, this counts.
/// - Messages within a break about a part of it (an advertisement of a placement opportunity) change nothing.
/// - A cancelled break stays in the list, as cancelled.
///
/// Signals may come in any order. Takes time in proportion to `n log n` of their number.
pub fn breaks(signals: &[Signal]) -> Vec<Break> {
    let mut actions = Vec::with_capacity(signals.len());
    for signal in signals {
        Action::add(signal, &mut actions);
    }
    let axis = Axis::of(&actions);
    let mut timed: Vec<_> =
        actions.into_iter().filter_map(|action| Some((axis.time(action.at)?, action))).collect();
    sorting::by_key(&mut timed, |(time, action)| (*time, action.deed.rank()));

    let mut cancelled = BTreeMap::<_, Vec<Duration>>::new();
    for (time, action) in &timed {
        if let (Deed::Cancel, Some(event_id)) = (&action.deed, action.event_id) {
            cancelled.entry(event_id).or_default().push(*time);
        }
    }
    let mut fold = Fold { done: Vec::new(), current: None, cancelled, last_start: BTreeMap::new() };
    for (time, action) in timed {
        fold.take(time, &action);
    }
    fold.finish()
}

/// The times that all signals can be compared by.
#[derive(Clone, Copy, Debug)]
enum Axis {
    Date,
    Start,
}

impl Axis {
    /// Dates, unless more signals have a place on the media timeline. Signals that lack it are left out.
    fn of(actions: &[Action<'_>]) -> Self {
        let count = |has: fn(&Moment) -> bool| actions.iter().filter(|action| has(&action.at)).count();
        if count(|at| at.date.is_some()) >= count(|at| at.start.is_some()) { Self::Date } else { Self::Start }
    }

    fn time(self, at: Moment) -> Option<Duration> {
        match self {
            Self::Date => at.date.map(|UnixMillis(ms)| Duration::from_millis(ms)),
            Self::Start => at.start,
        }
    }
}

struct Fold {
    done: Vec<Draft>,
    /// The latest break, which marks may still be about.
    current: Option<Draft>,
    /// When events were cancelled, in order.
    cancelled: BTreeMap<u32, Vec<Duration>>,
    /// When an event began last.
    last_start: BTreeMap<u32, Duration>,
}

impl Fold {
    fn take(&mut self, time: Duration, action: &Action<'_>) {
        match &action.deed {
            Deed::Cancel => {
                if let Some(current) =
                    self.current.as_mut().filter(|current| current.event_id == action.event_id)
                {
                    current.cancel(time);
                }
            }
            Deed::Close { kind } => {
                if let Some(current) = &mut self.current {
                    current.close(action, *kind, time);
                }
            }
            Deed::Open(open) => {
                if self.is_cancelled(action, time) {
                    let mut draft = Draft::new(action, open.clone(), time);
                    draft.cancel(time);
                    self.done.push(draft);
                    return;
                }
                match &mut self.current {
                    Some(current) if current.takes(action, open, time) => {
                        current.add(action, open.clone(), time);
                    }
                    current => {
                        if let Some(before) = current {
                            before.give_way(time);
                        }
                        self.done.extend(current.replace(Draft::new(action, open.clone(), time)));
                    }
                }
            }
        }
    }

    /// Whether a break that a mark opens was cancelled ahead of it.
    fn is_cancelled(&mut self, action: &Action<'_>, time: Duration) -> bool {
        let Some(event_id) = action.event_id else { return false };
        let before = self.last_start.insert(event_id, time);
        let Some(times) = self.cancelled.get(&event_id) else { return false };
        let until = times.partition_point(|cancelled| *cancelled <= time.saturating_add(TOLERANCE / 2));
        let last = until.checked_sub(1).and_then(|last| times.get(last));
        last.is_some_and(|last| {
            time.saturating_sub(*last) <= CANCELLED_AHEAD
                && before.is_none_or(|before| before >= time.saturating_sub(TOLERANCE) || *last > before)
        })
    }

    fn finish(mut self) -> Vec<Break> {
        self.done.extend(self.current);
        sorting::by_key(&mut self.done, |draft| draft.start);
        let mut ids = BTreeSet::new();
        let mut breaks: Vec<Break> = self.done.into_iter().filter_map(Draft::finish).collect();
        breaks.retain(|found| ids.insert(found.opening.id.clone()));
        breaks.split_off(breaks.len().saturating_sub(BREAKS_MAX))
    }
}
