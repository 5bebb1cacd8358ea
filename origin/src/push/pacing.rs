//! When a document may be sent: not before its last write has settled, and not to an edge that is down.

use std::collections::HashMap;
use std::time::Duration;

use stagedoor::catalog::DocumentKey;
use tokio::time::Instant;

use super::backoff;

/// The times that pace the worker.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The shortest time between two writes of one key: Workers KV accepts [one a second].
    ///
    /// [one a second]: https://developers.cloudflare.com/kv/platform/limits/
    pub key_interval: Duration,
    /// The longest wait after the first failure. It doubles with each further failure.
    pub backoff_base: Duration,
    /// The longest wait after any number of failures.
    pub backoff_cap: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            key_interval: Duration::from_secs(1),
            backoff_base: Duration::from_millis(500),
            backoff_cap: Duration::from_secs(30),
        }
    }
}

/// The waits in force. A restart forgets them, and sends everything pending once, without a wait.
#[derive(Debug)]
pub(super) struct Pacing {
    pace: Pace,
    edge: Hold,
    keys: HashMap<DocumentKey, Hold>,
}

#[derive(Clone, Copy, Debug)]
struct Hold {
    failures: u32,
    until: Instant,
}

impl Pacing {
    pub(super) fn new(pace: Pace, now: Instant) -> Self {
        Self { pace, edge: Hold { failures: 0, until: now }, keys: HashMap::new() }
    }

    /// The end of the wait for all documents, if there is one.
    pub(super) fn edge_held_until(&self, now: Instant) -> Option<Instant> {
        Some(self.edge.until).filter(|until| *until > now)
    }

    /// Removes the waits that have passed, and returns the number of keys that still wait.
    pub(super) fn keys_held(&mut self, now: Instant) -> usize {
        self.keys.retain(|_, hold| hold.until > now || hold.failures > 0);
        self.keys.len()
    }

    /// The end of the wait for this document, if there is one.
    pub(super) fn key_held_until(&self, key: &DocumentKey, now: Instant) -> Option<Instant> {
        self.keys.get(key).map(|hold| hold.until).filter(|until| *until > now)
    }

    /// The edge has answered.
    pub(super) fn edge_answered(&mut self, now: Instant) {
        self.edge = Hold { failures: 0, until: now };
    }

    /// The edge, or the service's own database, has failed. Returns the wait.
    pub(super) fn edge_failed(&mut self, now: Instant) -> Duration {
        self.edge = self.next(self.edge.failures, now, Duration::ZERO);
        self.edge.until - now
    }

    /// The document was written, or refused.
    pub(super) fn key_settled(&mut self, key: &DocumentKey, now: Instant) {
        self.keys.insert(key.clone(), Hold { failures: 0, until: now + self.pace.key_interval });
    }

    /// The document could not be written now. `took` is the time for which it alone occupied the edge. It gets at most a tenth of
    /// the edge's time.
    pub(super) fn key_failed(&mut self, key: &DocumentKey, now: Instant, took: Duration) {
        let failures = self.keys.get(key).map_or(0, |hold| hold.failures);
        let least = self.pace.key_interval.max(took.saturating_mul(10));
        self.keys.insert(key.clone(), self.next(failures, now, least));
    }

    fn next(&self, failures: u32, now: Instant, least: Duration) -> Hold {
        let failures = failures.saturating_add(1);
        let Pace { backoff_base, backoff_cap, .. } = self.pace;
        let wait = backoff::delay(failures, backoff_base, backoff_cap, backoff::random());
        Hold { failures, until: now + wait.max(least) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_once_a_second_and_others_meanwhile() {
        let start = Instant::now();
        let (one, other) = ("v1/title/one".parse().unwrap(), "v1/title/other".parse().unwrap());
        let mut pacing = Pacing::new(Pace::default(), start);
        pacing.key_settled(&one, start);
        assert_eq!(pacing.key_held_until(&one, start), Some(start + Duration::from_secs(1)));
        assert_eq!(pacing.key_held_until(&other, start), None);
        assert_eq!(pacing.keys_held(start), 1);
        assert_eq!(pacing.keys_held(start + Duration::from_secs(1)), 0, "memory of it does not grow");
    }

    #[test]
    fn a_key_that_keeps_failing_waits_longer_and_at_least_a_second() {
        let start = Instant::now();
        let key = "v1/title/one".parse().unwrap();
        let mut pacing = Pacing::new(Pace::default(), start);
        for _ in 0..9 {
            pacing.key_failed(&key, start, Duration::ZERO);
            let wait = pacing.key_held_until(&key, start).unwrap() - start;
            assert!(wait >= Duration::from_secs(1) && wait <= Duration::from_secs(30), "{wait:?}");
        }
        assert_eq!(pacing.keys_held(start + Duration::from_secs(60)), 1, "its failures are remembered");
        pacing.key_settled(&key, start);
        assert_eq!(pacing.keys_held(start + Duration::from_secs(60)), 0);
    }

    #[test]
    fn an_edge_that_answers_is_not_held() {
        let start = Instant::now();
        let mut pacing = Pacing::new(Pace::default(), start);
        let waits: Vec<_> = (0..50).map(|_| pacing.edge_failed(start)).collect();
        assert!(waits.iter().all(|wait| *wait <= Duration::from_secs(30)));
        assert!(waits.iter().any(|wait| *wait > Duration::from_secs(1)), "{waits:?}");
        pacing.edge_answered(start);
        assert_eq!(pacing.edge_held_until(start), None);
    }
}
