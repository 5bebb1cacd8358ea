//! No VMAP document panics. Its breaks have ids of their own, and stay within the limit.

use std::collections::HashSet;

use stagedoor::ads::vast::Vast;
use stagedoor::ads::vmap::{AdSource, BREAKS_MAX, Vmap};

/// Takes one input.
pub fn run(document: &[u8]) {
    let Ok(vmap) = Vmap::read(document) else { return };
    assert!(vmap.breaks.len() <= BREAKS_MAX);
    let ids: HashSet<_> = vmap.breaks.iter().map(|found| &found.id).collect();
    assert_eq!(ids.len(), vmap.breaks.len());
    assert_eq!(vmap.schedule().len(), vmap.breaks.len());
    for found in &vmap.breaks {
        if let AdSource::Vast(text) = &found.source {
            // It stands alone as it stood in the document; only its version may be refused.
            let _ = Vast::read(text.as_bytes());
        }
    }
}
