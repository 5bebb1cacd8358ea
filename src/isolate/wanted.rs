//! Creatives that were reported as wanted, so that an isolate does not report one with every break.

use crate::catalog::{CreativeId, Host};
use crate::shelf::{Slot, Weigh};

/// When a creative was reported last, and how often it was seen since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KnownWanted {
    told_at_ms: Option<u64>,
    times: u32,
}

/// For how long a creative is only counted after it was reported.
const TELL_EVERY_MS: u64 = 5 * 60 * 1_000;

impl KnownWanted {
    /// The name of a creative of a site.
    pub fn name(site: &Host, id: &CreativeId) -> String {
        format!("{site}/{id}")
    }

    /// Counts a sighting. If it is time to report the creative, and the site may be reported for (`is_due`): how often it was seen
    /// since the last report.
    pub fn see(&mut self, now_ms: u64, is_due: bool) -> Option<u64> {
        self.times = self.times.saturating_add(1);
        if !is_due || self.told_at_ms.is_some_and(|told| now_ms < told.saturating_add(TELL_EVERY_MS)) {
            return None;
        }
        self.told_at_ms = Some(now_ms);
        Some(std::mem::take(&mut self.times).into())
    }
}

impl Weigh for KnownWanted {
    fn heap_bytes(&self) -> usize {
        0
    }
}

impl Slot for KnownWanted {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_creative_is_reported_at_once_and_then_with_its_count() {
        let mut known = KnownWanted::default();
        let seen: Vec<_> = [0, 1, TELL_EVERY_MS - 1, TELL_EVERY_MS, TELL_EVERY_MS + 1, 3 * TELL_EVERY_MS]
            .into_iter()
            .map(|now_ms| known.see(now_ms, true))
            .collect();
        assert_eq!(seen, [Some(1), None, None, Some(3), None, Some(2)]);
        // While the site is reported for often enough, a creative is counted.
        let mut known = KnownWanted::default();
        let seen: Vec<_> = [false, false, true].into_iter().map(|is_due| known.see(0, is_due)).collect();
        assert_eq!(seen, [None, None, Some(3)]);
    }
}
