//! VMAP documents.

use std::rc::Rc;

use crate::ads::vmap::Vmap;
use crate::shelf::{Fetched, Policy, Times, Weighed, jittered};

/// An isolate's memory of a VMAP document.
pub type KnownVmap = Fetched<Weighed<Rc<Vmap>>, ()>;

/// After a failure, the document is left alone for a while, and its title goes without the breaks if there is no older one.
pub const VMAP_POLICY: Policy = Policy { retry_ms: 10_000, retry_without_ms: 10_000, alone_ms: 0 };

/// For how long a document may serve: it is fresh for a minute, served while it is fetched again until it is ten minutes old, and
/// for an hour while its server fails. `chance` is a random number from 0 to 1, so that isolates do not all ask at once.
pub fn vmap_times(asked_at_ms: u64, chance: f64) -> Times {
    Times {
        fresh_until_ms: asked_at_ms + jittered(60_000, chance),
        stale_until_ms: asked_at_ms + 10 * 60_000,
        error_until_ms: asked_at_ms + 60 * 60_000,
    }
}
