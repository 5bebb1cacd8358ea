//! The breaks of viewers that are decided ahead.

use crate::ads::{Opening, Place};
use crate::life::Ahead;
use crate::memory_key::digest;
use crate::shelf::{Slot, Weigh};

/// An isolate's memory of a viewer of a title.
#[derive(Debug, Default)]
pub struct KnownAhead {
    /// The breaks on demand of the manifest that the viewer got last: later lists tell where the viewer is. Copies, so that a
    /// viewer keeps no manifest's breaks in memory.
    breaks: Option<Vec<Opening>>,
    /// The breaks that were begun, by digest, the latest last.
    begun: Vec<u64>,
}

/// The most breaks that are remembered as begun. In live, later ones take the place of those that are over.
const BEGUN_MAX: usize = 64;

/// The most breaks of a viewer that are kept: the first ones on demand.
const KEPT_MAX: usize = 64;

impl KnownAhead {
    /// Whether nothing is to be done: nobody has to begin a decision, and the breaks of the viewer are known.
    pub fn is_settled(&self, breaks: Option<&[Opening]>, ahead: &Ahead<'_>) -> bool {
        match (breaks, &self.breaks) {
            (Some(_), None) => false,
            (Some(breaks), Some(_)) => self.due(breaks, ahead, false).is_none(),
            (None, known) => known.as_ref().is_none_or(|known| self.due(known, ahead, true).is_none()),
        }
    }

    /// The next break that is due and was not begun. It counts as begun from now on.
    pub fn take(&mut self, breaks: Option<&[Opening]>, ahead: &Ahead<'_>) -> Option<Opening> {
        let is_placed = breaks.is_none() || self.breaks.is_none();
        if let Some(breaks) = breaks {
            self.breaks = Some(on_demand(breaks));
        }
        let due = self.due(breaks.or(self.breaks.as_deref())?, ahead, is_placed)?.clone();
        if self.begun.len() == BEGUN_MAX {
            self.begun.remove(0);
        }
        self.begun.push(digest(&due.id));
        Some(due)
    }

    /// The nearest break that is due. `is_placed`: the viewer's place in content on demand is known, as it is with the first manifest and
    /// with each list, and not with later manifests.
    fn due<'o>(&self, breaks: &'o [Opening], ahead: &Ahead<'_>, is_placed: bool) -> Option<&'o Opening> {
        let breaks = breaks.iter().filter(|opening| is_placed || opening.date.is_some());
        let due = breaks.filter_map(|opening| Some((ahead.until(opening)?, opening)));
        let next = due.filter(|(_, opening)| !self.begun.contains(&digest(&opening.id)));
        next.min_by_key(|(until, _)| *until).map(|(_, opening)| opening)
    }
}

/// The breaks that a list may be followed by.
fn on_demand(breaks: &[Opening]) -> Vec<Opening> {
    let is_kept = |opening: &&Opening| {
        opening.date.is_none() && opening.place == Place::MidRoll && opening.start.is_some()
    };
    let mut kept: Vec<_> = breaks.iter().filter(is_kept).take(KEPT_MAX).cloned().collect();
    kept.shrink_to_fit();
    kept
}

impl Weigh for KnownAhead {
    fn heap_bytes(&self) -> usize {
        self.breaks.heap_bytes() + self.begun.heap_bytes()
    }
}

impl Slot for KnownAhead {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ads::address::Listing;
    use crate::catalog::SessionId;
    use crate::time::UnixMillis;

    fn opening(start_s: u64) -> Opening {
        Opening {
            id: format!("mid-{start_s}").parse().unwrap(),
            place: Place::MidRoll,
            start: Some(Duration::from_secs(start_s)),
            date: None,
            planned: None,
            event_id: None,
            tag: None,
        }
    }

    #[test]
    fn each_break_is_begun_once_and_the_nearest_first() {
        let (host, title) = ("watch.example.com".parse().unwrap(), "harbour".parse().unwrap());
        let at = |position_s: u64| Ahead {
            host: &host,
            title: &title,
            session: SessionId([1; 8]),
            listing: Listing::Assets,
            within: Duration::from_secs(100),
            position: Duration::from_secs(position_s),
            now_ms: 0,
        };
        let breaks = [opening(90), opening(30), opening(200)];
        let mut known = KnownAhead::default();
        // Nothing is known of the viewer's breaks.
        assert!(known.is_settled(None, &at(0)) && !known.is_settled(Some(&breaks), &at(500)));
        assert_eq!(known.take(None, &at(0)), None);
        assert_eq!(known.take(Some(&breaks), &at(0)), Some(opening(30)));
        // A later manifest does not tell where the viewer is, and each list does.
        assert!(known.is_settled(Some(&breaks), &at(0)) && !known.is_settled(None, &at(30)));
        assert_eq!(known.take(Some(&breaks), &at(0)), None);
        assert_eq!(known.take(None, &at(30)), Some(opening(90)));
        assert!(known.is_settled(None, &at(90)));
        assert!(!known.is_settled(None, &at(150)));
        assert_eq!(known.take(None, &at(150)), Some(opening(200)));
        assert_eq!(known.take(None, &at(150)), None);
        // In live, later breaks come without end.
        for secs in 1_000..1_200 {
            let next = Opening { date: Some(UnixMillis(secs * 1_000)), ..opening(secs) };
            let breaks = [next.clone()];
            let ahead = Ahead { now_ms: (secs - 1) * 1_000, ..at(0) };
            assert_eq!(known.take(Some(&breaks), &ahead), Some(next));
            assert!(known.is_settled(Some(&breaks), &ahead));
        }
        assert!(known.begun.len() <= BEGUN_MAX);
    }

    #[test]
    fn the_first_breaks_on_demand_are_kept() {
        let live = |secs: u64| Opening { date: Some(UnixMillis(secs * 1_000)), ..opening(secs) };
        let pre = Opening { place: Place::PreRoll, ..opening(0) };
        let breaks: Vec<_> = [pre, live(1)].into_iter().chain((2..500).map(opening)).collect();
        let kept = on_demand(&breaks);
        assert_eq!((kept.len(), kept.first()), (KEPT_MAX, Some(&opening(2))));
    }
}
