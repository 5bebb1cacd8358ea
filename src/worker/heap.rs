//! How many bytes of WebAssembly's memory are allocated.
//!
//! The types of a parsed document (lists in lists, tables, texts) do not say how many bytes it has. So the allocator counts:
//! a document has the bytes that were allocated while it was read.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static ALLOCATED: AtomicUsize = AtomicUsize::new(0);

/// The bytes that the allocator writes in front of each allocation.
const HEADER: usize = 8;

#[expect(
    unsafe_code,
    reason = "an allocator cannot be written without; each call goes to the system's own as it came"
)]
// SAFETY: every call is passed on with its own arguments.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(layout.size() + HEADER, Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(layout.size() + HEADER, Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(layout.size() + HEADER, Relaxed);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATED.fetch_add(size, Relaxed);
        ALLOCATED.fetch_sub(layout.size(), Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// How many bytes are allocated.
pub(super) fn allocated() -> usize {
    ALLOCATED.load(Relaxed)
}

/// Makes a value, and counts the bytes that it keeps allocated. `make` must not free anything older.
pub(super) fn weighed<T>(make: impl FnOnce() -> T) -> (T, usize) {
    let before = allocated();
    let made = make();
    let bytes = allocated().saturating_sub(before);
    (made, bytes)
}
