//! What an isolate remembers for one viewer reaches no other, of whatever site and in whatever order.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "support/edge.rs"]
mod edge;
#[path = "support/viewers.rs"]
mod viewers;

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn each_viewer_gets_what_a_fresh_isolate_gives(bytes in prop::collection::vec(any::<u8>(), 80..240)) {
        viewers::run(&bytes);
    }
}

#[test]
fn the_isolate_remembers() {
    // The property would hold of an isolate that forgets.
    assert!(viewers::run(&[0; 200]) > 0);
}
