//! How often campaigns with a cap are taken, for all viewers together.

use std::collections::HashMap;

use crate::catalog::{BreakId, CampaignId, SessionId};
use crate::time::UnixTime;

/// A question to the counter of a campaign with a cap. A counter knows each decision, so that a decision that is asked about again
/// counts once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The campaign.
    pub campaign: CampaignId,
    /// The most times for all viewers together.
    pub cap: u64,
    /// How often the decision takes it: zero takes it back.
    pub ads: u32,
    /// The session, by which counters of large caps share the work.
    pub session: SessionId,
    /// The break that is decided.
    pub break_id: BreakId,
    /// When the decision is forgotten: as long as the viewer's store repeats it.
    pub until: UnixTime,
    /// Whether the counter may know the decision already. A counter that is known to be full is asked all the same.
    pub again: bool,
}

impl Count {
    /// The counter that is asked, and its part of the cap. A cap below 10,000 has one counter, which is exact; a larger cap has 16, so
    /// that no counter is asked by all viewers of a live break.
    pub fn shard(&self) -> (u8, u64) {
        const SHARDS: u8 = 16;
        if self.cap < 10_000 {
            return (0, self.cap);
        }
        let shard = self.session.0.iter().fold(0, |all, byte| all ^ byte) % SHARDS;
        let rest = u64::from(u64::from(shard) < self.cap % u64::from(SHARDS));
        (shard, self.cap / u64::from(SHARDS) + rest)
    }

    /// The name of the decision in its counter.
    pub fn decision(&self) -> String {
        format!("{}/{}", self.session, self.break_id)
    }
}

/// The total of a counter once a decision takes a campaign `ads` times, of which it has counted `before`. `None`: it would exceed the
/// cap.
pub fn total_after(total: u64, before: u64, ads: u64, cap: u64) -> Option<u64> {
    let after = total.saturating_sub(before).saturating_add(ads);
    (ads <= before || after <= cap).then_some(after)
}

/// A counter in memory, for rehearsals and tests. Those of an edge are Durable Objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    total: u64,
    decisions: HashMap<String, u64>,
}

impl Counter {
    /// Counts a decision, if the cap allows it.
    pub fn take(&mut self, count: &Count) -> bool {
        let counted = self.decisions.entry(count.decision()).or_default();
        let after = total_after(self.total, *counted, count.ads.into(), count.cap);
        if let Some(after) = after {
            (self.total, *counted) = (after, count.ads.into());
        }
        after.is_some()
    }

    /// How often the campaign was taken.
    pub fn total(&self) -> u64 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn count(session: u8, break_id: &str, ads: u32, cap: u64) -> Count {
        Count {
            campaign: "a".parse().unwrap(),
            cap,
            ads,
            session: SessionId([session, 0, 0, 0, 0, 0, 0, 0]),
            break_id: break_id.parse().unwrap(),
            until: UnixTime::from_secs(0),
            again: false,
        }
    }

    #[test]
    fn a_decision_counts_once() {
        let mut counter = Counter::default();
        for (session, break_id, ads, fits, total) in [
            (1, "pre", 1, true, 1),
            (1, "pre", 1, true, 1),
            (1, "mid", 1, true, 2),
            (2, "pre", 2, false, 2),
            (2, "pre", 1, true, 3),
            (3, "pre", 1, false, 3),
            // The decision is known, so that it is repeated while the counter is full.
            (2, "pre", 1, true, 3),
            (2, "pre", 2, false, 3),
            // It is taken back.
            (2, "pre", 0, true, 2),
            (2, "pre", 0, true, 2),
            (3, "pre", 1, true, 3),
        ] {
            assert_eq!(counter.take(&count(session, break_id, ads, 3)), fits, "{session} {break_id} {ads}");
            assert_eq!(counter.total(), total, "{session} {break_id} {ads}");
        }
        // A cap that was lowered below its total.
        assert!(counter.take(&count(1, "pre", 1, 1)) && !counter.take(&count(4, "pre", 1, 1)));
    }

    #[test]
    fn the_parts_of_a_cap_add_up_to_it() {
        let of = |cap, session| count(session, "pre", 1, cap).shard();
        assert_eq!(of(9_999, 7), (0, 9_999));
        for cap in [10_000, 10_007, u64::MAX] {
            let parts: BTreeMap<_, _> = (0..=255).map(|session| of(cap, session)).collect();
            assert_eq!((parts.len(), parts.values().sum::<u64>()), (16, cap));
        }
    }
}
