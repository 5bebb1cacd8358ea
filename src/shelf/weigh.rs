//! How many bytes a key or a value has on the heap.

use std::rc::Rc;

/// A value that knows how many bytes it has allocated, beside the bytes of its own struct.
///
/// A shared value (`Rc`) counts with each holder: the last one to let go frees it. Bytes that JavaScript holds for a value
/// count like bytes of WebAssembly's memory: an isolate has one limit for both.
pub trait Weigh {
    /// The bytes on the heap.
    fn heap_bytes(&self) -> usize;
}

/// A value whose bytes were counted by the allocator while it was made: no type tells them.
#[derive(Clone, Debug)]
pub struct Weighed<T> {
    /// The value.
    pub value: T,
    /// Its bytes on the heap.
    pub bytes: usize,
}

impl<T> Weigh for Weighed<T> {
    fn heap_bytes(&self) -> usize {
        self.bytes
    }
}

/// The bytes of an allocation beside its contents: the allocator's header, and rounding up.
pub(super) const ALLOCATION: usize = 16;

/// The bytes of an allocation with contents of this size.
pub(crate) const fn allocation(bytes: usize) -> usize {
    if bytes == 0 { 0 } else { bytes + ALLOCATION }
}

/// The counts of an `Rc`.
const COUNTS: usize = 2 * size_of::<usize>();

macro_rules! without_heap {
    ($($type:ty),*) => {
        $(impl Weigh for $type {
            fn heap_bytes(&self) -> usize {
                0
            }
        })*
    };
}

without_heap!((), &'static str, bool, u8, u16, u32, u64, usize, i32, i64);

impl<const N: usize> Weigh for [u8; N] {
    fn heap_bytes(&self) -> usize {
        0
    }
}

impl Weigh for String {
    fn heap_bytes(&self) -> usize {
        allocation(self.capacity())
    }
}

impl Weigh for Box<str> {
    fn heap_bytes(&self) -> usize {
        allocation(self.len())
    }
}

impl Weigh for Rc<str> {
    fn heap_bytes(&self) -> usize {
        allocation(COUNTS + self.len())
    }
}

impl Weigh for Rc<[u8]> {
    fn heap_bytes(&self) -> usize {
        allocation(COUNTS + self.len())
    }
}

impl<T: Weigh> Weigh for Rc<T> {
    fn heap_bytes(&self) -> usize {
        allocation(COUNTS + size_of::<T>()) + T::heap_bytes(self)
    }
}

impl<T: Weigh> Weigh for Option<T> {
    fn heap_bytes(&self) -> usize {
        self.as_ref().map_or(0, T::heap_bytes)
    }
}

impl<T: Weigh> Weigh for Vec<T> {
    fn heap_bytes(&self) -> usize {
        allocation(self.capacity() * size_of::<T>()) + self.iter().map(T::heap_bytes).sum::<usize>()
    }
}

impl<T: Weigh> Weigh for Box<[T]> {
    fn heap_bytes(&self) -> usize {
        allocation(size_of_val::<[T]>(self)) + self.iter().map(T::heap_bytes).sum::<usize>()
    }
}

impl<A: Weigh, B: Weigh> Weigh for (A, B) {
    fn heap_bytes(&self) -> usize {
        self.0.heap_bytes() + self.1.heap_bytes()
    }
}

impl<A: Weigh, B: Weigh, C: Weigh> Weigh for (A, B, C) {
    fn heap_bytes(&self) -> usize {
        self.0.heap_bytes() + self.1.heap_bytes() + self.2.heap_bytes()
    }
}
