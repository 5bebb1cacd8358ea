//! Viewers of several sites who share an isolate: each of them gets what a fresh isolate would give.

use crate::shared_isolate;

/// Takes one input.
pub fn run(bytes: &[u8]) {
    shared_isolate::run(bytes);
}
