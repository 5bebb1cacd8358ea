//! Pods that were decided for viewers.

use std::rc::Rc;
use std::time::Duration;

use crate::ads::Pod;
use crate::shelf::{Flight, Slot, Weigh, allocation};

/// How long a pod is remembered, in milliseconds: for the retries of a player, and for a viewer who goes back a little. Later
/// the break is decided anew.
pub const POD_KEPT_MS: u64 = 30 * 60 * 1000;

/// How long it is remembered that a break is left to the content, in milliseconds: an ad server that failed may answer again.
const EMPTY_KEPT_MS: u64 = 60 * 1000;

/// An isolate's memory of a viewer's break.
#[derive(Debug, Default)]
pub struct KnownPod {
    pod: Option<Rc<Pod>>,
    bytes: usize,
    until_ms: u64,
    flight: Flight,
}

impl KnownPod {
    /// The pod, if it was decided lately.
    pub fn decided(&self, now_ms: u64) -> Option<&Rc<Pod>> {
        self.pod.as_ref().filter(|_| now_ms < self.until_ms)
    }

    /// Takes the decision on: `true` for the request that is to make it.
    pub fn begin(&mut self, now_ms: u64, patience: Duration) -> bool {
        self.decided(now_ms).is_none() && self.flight.begin(now_ms, patience)
    }

    /// Whether a request is deciding.
    pub fn is_under_way(&self, now_ms: u64) -> bool {
        self.flight.is_under_way(now_ms)
    }

    /// Takes the decision in.
    pub fn settle(&mut self, pod: &Rc<Pod>, now_ms: u64) {
        // As text, a pod takes about as many bytes as on the heap. Twice that leaves room for its allocations.
        let text = serde_json::to_vec(&**pod).map_or(0, |json| json.len());
        *self = Self {
            pod: Some(Rc::clone(pod)),
            bytes: 2 * text,
            until_ms: now_ms.saturating_add(if pod.is_empty() { EMPTY_KEPT_MS } else { POD_KEPT_MS }),
            flight: Flight::default(),
        };
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
        self.is_under_way(now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_decides_for_all() {
        let patience = Duration::from_secs(10);
        let mut known = KnownPod::default();
        assert!(known.begin(1_000, patience));
        assert!(!known.begin(2_000, patience), "another request is deciding");
        assert!(known.is_busy(2_000) && !known.is_spent(2_000));
        let pod = Rc::new(Pod::empty("pre".parse().unwrap()));
        known.settle(&pod, 3_000);
        assert_eq!(known.decided(3_001), Some(&pod));
        assert!(!known.begin(3_001, patience) && !known.is_busy(3_001));
        let later = 3_000 + EMPTY_KEPT_MS;
        assert!(known.decided(later).is_none() && known.is_spent(later));
        assert!(known.begin(later, patience));
        // The runtime cuts a request off without notice.
        assert!(known.begin(later + 10_000, patience));
    }
}
