//! How many lines and attributes have been read, counted for tests: a linear edit reads a playlist a few times, however long it
//! is, and on each machine the same.

use std::cell::Cell;

thread_local! {
    static READ: Cell<usize> = const { Cell::new(0) };
}

/// A line or an attribute has been read.
pub(in crate::hls) fn read() {
    READ.set(READ.get() + 1);
}

/// How many a call reads.
pub(in crate::hls) fn of<A>(call: impl FnOnce() -> A) -> (usize, A) {
    let before = READ.get();
    let done = call();
    (READ.get() - before, done)
}
