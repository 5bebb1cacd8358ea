//! Manifests as the media origin gave them.

use std::rc::Rc;

use crate::cache::Kept;
use crate::shelf::Fetched;
use crate::stop::Stop;

/// An isolate's memory of a manifest.
pub type KnownManifest = Fetched<Rc<Kept>, Stop>;

/// The newer of the known manifest and the fetched one. A manifest with the same bytes keeps their allocation, by which its
/// templates are recognised without a look at the bytes.
pub fn newest(known: &KnownManifest, mut fetched: Kept) -> Rc<Kept> {
    if let Some(held) = known.held() {
        if held.stamp.made_at_ms > fetched.stamp.made_at_ms {
            return Rc::clone(held);
        }
        if held.bytes == fetched.bytes {
            fetched.bytes = Rc::clone(&held.bytes);
        }
    }
    Rc::new(fetched)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::{FileKind, Lifetime, Stamp};
    use crate::shelf::Times;

    fn kept(made_at_ms: u64, bytes: &[u8]) -> Kept {
        let lifetime =
            Lifetime { kind: FileKind::Live, fresh_ms: 1, stale_ms: 1, error_ms: 1, immutable: false };
        Kept { bytes: bytes.into(), stamp: Stamp { made_at_ms, lifetime } }
    }

    #[test]
    fn a_manifest_that_has_not_changed_keeps_its_allocation() {
        let mut known = KnownManifest::default();
        let first = newest(&known, kept(10, b"a"));
        known.hold(Rc::clone(&first), Times::default());
        let again = newest(&known, kept(11, b"a"));
        assert!(Rc::ptr_eq(&again.bytes, &first.bytes) && again.stamp.made_at_ms == 11);
        assert_eq!(newest(&known, kept(11, b"b")).bytes, b"b"[..].into());
        // The cache of the data centre may lag behind.
        assert!(Rc::ptr_eq(&newest(&known, kept(9, b"b")), &first));
    }
}
