//! Pods that were decided for viewers.

use std::rc::Rc;
use std::time::Duration;

use crate::ads::Pod;
use crate::shelf::{Flight, Slot, Weigh, allocation};

/// An isolate's memory of a viewer's break.
#[derive(Debug, Default)]
pub struct KnownPod {
    pod: Option<Rc<Pod>>,
    bytes: usize,
    until_ms: u64,
    flight: Flight,
}

/// The turn of a request that wants the pod of a break.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// The pod was decided lately.
    Decided(Rc<Pod>),
    /// It is to decide.
    Decide,
    /// Another request is deciding.
    Wait,
}

impl KnownPod {
    /// The pod, if it was decided lately.
    pub fn decided(&self, now_ms: u64) -> Option<&Rc<Pod>> {
        self.pod.as_ref().filter(|_| now_ms < self.until_ms)
    }

    /// The turn of a request. Who has to wait asks again: one of those who wait takes on the decision of a request that was cut off.
    pub fn turn(&mut self, now_ms: u64, patience: Duration) -> Turn {
        if let Some(pod) = self.decided(now_ms) {
            return Turn::Decided(Rc::clone(pod));
        }
        if self.flight.begin(now_ms, patience) { Turn::Decide } else { Turn::Wait }
    }

    /// Takes the decision in, which holds until then.
    pub fn settle(&mut self, pod: &Rc<Pod>, until_ms: u64) {
        // As text, a pod takes about as many bytes as on the heap. Twice that leaves room for its allocations.
        let text = serde_json::to_vec(&**pod).map_or(0, |json| json.len());
        *self = Self { pod: Some(Rc::clone(pod)), bytes: 2 * text, until_ms, flight: Flight::default() };
    }
}

impl Weigh for KnownPod {
    fn heap_bytes(&self) -> usize {
        allocation(self.bytes)
    }
}

impl Slot for KnownPod {
    fn is_spent(&self, now_ms: u64) -> bool {
        self.decided(now_ms).is_none() && !self.is_busy(now_ms)
    }

    fn is_busy(&self, now_ms: u64) -> bool {
        self.flight.is_under_way(now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_decides_for_all() {
        let patience = Duration::from_secs(10);
        let mut known = KnownPod::default();
        assert_eq!(known.turn(1_000, patience), Turn::Decide);
        assert_eq!(known.turn(2_000, patience), Turn::Wait);
        assert!(known.is_busy(2_000) && !known.is_spent(2_000));
        let pod = Rc::new(Pod::empty("pre".parse().unwrap()));
        known.settle(&pod, 5_000);
        // All who wait take it, if they look in time.
        for _ in 0..3 {
            assert_eq!(known.turn(3_001, patience), Turn::Decided(Rc::clone(&pod)));
        }
        assert!(known.decided(4_999).is_some() && !known.is_busy(3_001));
        assert!(known.decided(5_000).is_none() && known.is_spent(5_000));
        // Of those who come too late, one decides anew.
        let turns: Vec<_> = (0..3).map(|_| known.turn(5_000, patience)).collect();
        assert_eq!(turns, [Turn::Decide, Turn::Wait, Turn::Wait]);
        // The runtime cuts a request off without notice. Of those who wait, one takes its place.
        let turns: Vec<_> = (0..3).map(|_| known.turn(15_000, patience)).collect();
        assert_eq!(turns, [Turn::Decide, Turn::Wait, Turn::Wait]);
    }
}
