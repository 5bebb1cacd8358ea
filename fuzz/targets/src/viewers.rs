//! Viewers of several sites share an isolate, and each gets the reply of a fresh isolate.

use crate::shared_isolate;

/// Takes one input.
pub fn run(bytes: &[u8]) {
    shared_isolate::run(bytes);
}
