//! How much work the URIs of one manifest may make.
//!
//! Its length does not bound that work: 32 base URLs of 8 KiB stand in front of 100,000 short URIs, each of which leads
//! somewhere else from each of them. So what is resolved is counted, in bytes of base URL and URI, and a manifest that asks
//! for more is refused. Bytes, and not time, since a refusal has to be the same on each machine.

use std::cell::Cell;

/// The most bytes of base URLs and URIs that are resolved for a manifest: 80,000 segments whose URIs are paths take as many, which
/// is a day of segments of one second.
pub(crate) const MOST_RESOLVED: usize = 12 * 1024 * 1024;

/// What a URI counts for besides its bytes and those of its base URL: it is read, compared and kept.
const OVERHEAD: usize = 64;

/// The work that one manifest has made so far.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    spent: Cell<usize>,
}

/// A manifest makes more work than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted;

impl Budget {
    /// Counts a URI that is resolved against a base URL, by the bytes of both.
    pub(crate) fn resolve(&self, base_bytes: usize, uri_bytes: usize) -> Result<(), Exhausted> {
        self.spend(base_bytes.saturating_add(uri_bytes).saturating_add(OVERHEAD))
    }

    /// Counts other work, in what takes as long as to resolve so many bytes.
    pub(crate) fn spend(&self, bytes: usize) -> Result<(), Exhausted> {
        self.spent.set(self.spent().saturating_add(bytes));
        if self.spent() > MOST_RESOLVED { Err(Exhausted) } else { Ok(()) }
    }

    /// How much has been counted.
    pub(crate) const fn spent(&self) -> usize {
        self.spent.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_resolved_has_an_end() {
        let budget = Budget::default();
        let one = 8 * 1024;
        let resolved = (0..10_000).take_while(|_| budget.resolve(one, one) == Ok(())).count();
        assert_eq!(resolved, MOST_RESOLVED / (2 * one + OVERHEAD));
        assert_eq!(budget.spend(usize::MAX), Err(Exhausted));
        assert_eq!(budget.spent(), usize::MAX);
    }
}
