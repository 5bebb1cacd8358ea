//! A file that is kept, and when it was fetched.
//!
//! The Cache API knows neither stale-while-revalidate nor stale-if-error, and counts in whole seconds. So the edge
//! keeps its own records in a header of each stored reply, and has the Cache API keep the reply to the end of its
//! longest time:
//!
//! ```text
//! Stagedoor-Kept: kind=live;at=1795370400123;fresh=2000;stale=2000;error=10000
//! ```

use std::fmt;
use std::rc::Rc;

use super::{FileKind, Lifetime};
use crate::shelf::{Freshness, Times, Weigh};

/// A file with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The file. Where a newer fetch brought the same bytes, it is the same allocation.
    pub bytes: Rc<[u8]>,
    /// When it was fetched, and for how long it is kept.
    pub stamp: Stamp,
}

/// When a file was fetched, and for how long it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// When the media origin made the reply, in Unix milliseconds: its arrival less its `Age`.
    pub made_at_ms: u64,
    /// For how long.
    pub lifetime: Lifetime,
}

impl Weigh for Kept {
    fn heap_bytes(&self) -> usize {
        self.bytes.heap_bytes()
    }
}

impl Stamp {
    /// The stamp of a reply that came just now, so old.
    pub const fn new(now_ms: u64, age_ms: u64, lifetime: Lifetime) -> Self {
        Self { made_at_ms: now_ms.saturating_sub(age_ms), lifetime }
    }

    /// The header that it stands in.
    pub const HEADER: &str = "Stagedoor-Kept";

    /// The instants at which it stops serving.
    pub const fn times(&self) -> Times {
        let Lifetime { fresh_ms, stale_ms, error_ms, .. } = self.lifetime;
        let fresh_until_ms = self.made_at_ms.saturating_add(fresh_ms);
        Times {
            fresh_until_ms,
            stale_until_ms: fresh_until_ms.saturating_add(stale_ms),
            error_until_ms: fresh_until_ms.saturating_add(error_ms),
        }
    }

    /// How old it is.
    pub const fn freshness(&self, now_ms: u64) -> Freshness {
        self.times().freshness(now_ms)
    }

    /// The `Age` for the player. Low-latency players derive from it how far the playlist has moved on ([appendix
    /// C](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#appendix-C)).
    pub const fn age_s(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.made_at_ms) / 1000
    }

    /// The `Age` of a file that a player is told. `None`: the file never changes, and its age does not matter.
    pub fn file_age_s(&self, now_ms: u64) -> Option<u64> {
        (!self.lifetime.immutable).then(|| self.age_s(now_ms))
    }

    /// The Cache API's `Cache-Control`: to the end of its times, from now on. `None`: not worth keeping.
    pub fn for_cache(&self, now_ms: u64) -> Option<String> {
        let end_ms = self.made_at_ms.saturating_add(self.lifetime.whole_ms());
        let left_s = end_ms.saturating_sub(now_ms).div_ceil(1000);
        (left_s > 0).then(|| format!("public, max-age={left_s}"))
    }

    /// Reads the header. A header in another build's format counts as absent.
    pub fn read(header: &str) -> Option<Self> {
        let mut kind = None;
        let mut times = [None; 4];
        let mut immutable = false;
        for part in header.split(';') {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            if name == "kind" {
                kind = FileKind::from_name(value);
            } else if name == "immutable" {
                immutable = true;
            } else if let Some(at) = TIMES.iter().position(|known| *known == name) {
                *times.get_mut(at)? = value.parse().ok();
            }
        }
        let [Some(made_at_ms), Some(fresh_ms), Some(stale_ms), Some(error_ms)] = times else { return None };
        Some(Self { made_at_ms, lifetime: Lifetime { kind: kind?, fresh_ms, stale_ms, error_ms, immutable } })
    }
}

const TIMES: [&str; 4] = ["at", "fresh", "stale", "error"];

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Lifetime { kind, fresh_ms, stale_ms, error_ms, immutable } = self.lifetime;
        write!(f, "kind={}", kind.name())?;
        for (name, value) in TIMES.iter().zip([self.made_at_ms, fresh_ms, stale_ms, error_ms]) {
            write!(f, ";{name}={value}")?;
        }
        if immutable { f.write_str(";immutable") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Lifetime = Lifetime {
        kind: FileKind::Live,
        fresh_ms: 2_000,
        stale_ms: 1_000,
        error_ms: 10_000,
        immutable: false,
    };
    const STAMP: Stamp = Stamp { made_at_ms: 50_000, lifetime: LIFETIME };

    #[test]
    fn a_file_ages() {
        for (now_ms, expected, age_s, cache) in [
            (49_000, Freshness::Fresh, 0, Some("public, max-age=13")),
            (50_000, Freshness::Fresh, 0, Some("public, max-age=12")),
            (51_999, Freshness::Fresh, 1, Some("public, max-age=11")),
            (52_000, Freshness::Stale, 2, Some("public, max-age=10")),
            (53_000, Freshness::OnError, 3, Some("public, max-age=9")),
            (61_999, Freshness::OnError, 11, Some("public, max-age=1")),
            (62_000, Freshness::Over, 12, None),
        ] {
            assert_eq!(STAMP.freshness(now_ms), expected, "{now_ms}");
            assert_eq!((STAMP.age_s(now_ms), STAMP.for_cache(now_ms).as_deref()), (age_s, cache), "{now_ms}");
        }
    }

    #[test]
    fn a_stamp_is_read_as_it_was_written() {
        assert_eq!(STAMP.to_string(), "kind=live;at=50000;fresh=2000;stale=1000;error=10000");
        for kind in FileKind::ALL {
            for immutable in [false, true] {
                let stamp = Stamp { lifetime: Lifetime { kind: *kind, immutable, ..LIFETIME }, ..STAMP };
                assert_eq!(Stamp::read(&stamp.to_string()), Some(stamp));
            }
        }
        for other in [
            "",
            "kind=live",
            "kind=none;at=1;fresh=1;stale=1;error=1",
            "kind=live;at=x;fresh=1;stale=1;error=1",
        ] {
            assert_eq!(Stamp::read(other), None, "{other}");
        }
    }
}
