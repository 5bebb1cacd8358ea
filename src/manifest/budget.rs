//! The work that the URIs of one manifest may cause.
//!
//! The length of a manifest does not bound that work: 32 base URLs of 8 KiB may apply to 100,000 short URIs, each of
//! which leads to another place from each of them. So resolving is counted, in bytes of base URL and URI, and a
//! manifest over the limit is refused. The unit is bytes, not time, so that the refusal is the same on every machine.

use std::cell::Cell;

/// The most bytes of base URLs and URIs that are resolved for one manifest: as much as 80,000 segments with absolute
/// paths take, a day of segments of one second.
pub(crate) const MOST_RESOLVED: usize = 12 * 1024 * 1024;

/// The overhead of each URI: it is read, compared and kept.
const OVERHEAD: usize = 64;

/// The work of one manifest so far.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    spent: Cell<usize>,
}

/// A manifest exceeds its budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted;

impl Budget {
    /// Counts the resolution of a URI against a base URL, by the bytes of both.
    pub(crate) fn resolve(&self, base_bytes: usize, uri_bytes: usize) -> Result<(), Exhausted> {
        self.spend(base_bytes.saturating_add(uri_bytes).saturating_add(OVERHEAD))
    }

    /// Counts other work, as the bytes whose resolution would take as long.
    pub(crate) fn spend(&self, bytes: usize) -> Result<(), Exhausted> {
        self.spent.set(self.spent().saturating_add(bytes));
        if self.spent() > MOST_RESOLVED { Err(Exhausted) } else { Ok(()) }
    }

    /// The work so far.
    pub(crate) const fn spent(&self) -> usize {
        self.spent.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolving_has_a_limit() {
        let budget = Budget::default();
        let one = 8 * 1024;
        let resolved = (0..10_000).take_while(|_| budget.resolve(one, one) == Ok(())).count();
        assert_eq!(resolved, MOST_RESOLVED / (2 * one + OVERHEAD));
        assert_eq!(budget.spend(usize::MAX), Err(Exhausted));
        assert_eq!(budget.spent(), usize::MAX);
    }
}
