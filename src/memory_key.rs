//! Keys of values that an isolate computes and remembers.
//!
//! A remembered value depends on the input of its computation. A key written by hand sooner or later misses a part of
//! that input, and then one viewer gets a value made for another. So a remembered computation takes one value as input,
//! and its key is the bytes that the derived [`Hash`] of that value writes: all fields, in order. A new field is in the
//! key, and a field that cannot be hashed does not compile.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::shelf::Weigh;

/// A digest of a value, by a hash whose key is the same in every isolate. It resists no forgery: two values may be made that have one.
pub fn digest(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// All bytes that a value's [`Hash`] writes.
///
/// Not a hash of it: two values have one key if they are equal, and for no other reason. The standard library's
/// implementations of [`Hash`] tell texts and lists apart from what follows them, and derived ones tell the variant of an enum.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemoryKey(Vec<u8>);

impl MemoryKey {
    /// The key of a value.
    pub fn of<T: Hash + Eq + ?Sized>(value: &T) -> Self {
        let mut told = Recorded(Vec::with_capacity(USUAL));
        value.hash(&mut told);
        Self(told.0)
    }

    /// The memory that it takes, in bytes.
    pub const fn size_bytes(&self) -> usize {
        self.0.capacity()
    }

    /// The same without room to grow: a key that is kept.
    #[must_use]
    pub fn kept(mut self) -> Self {
        self.0.shrink_to_fit();
        self
    }
}

impl Weigh for MemoryKey {
    fn heap_bytes(&self) -> usize {
        self.0.heap_bytes()
    }
}

impl Borrow<[u8]> for MemoryKey {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for MemoryKey {
    /// Its length alone: it may hold a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryKey({} bytes)", self.0.len())
    }
}

/// The initial capacity, in bytes: most keys have two URLs' paths and some numbers.
const USUAL: usize = 384;

/// A hasher that records the bytes written to it.
struct Recorded(Vec<u8>);

impl Hasher for Recorded {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        // Never used.
        0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    enum Part {
        Nothing,
        Text(String),
        List(Vec<Option<u8>>),
        Pair { left: String, right: String },
    }

    fn part() -> impl Strategy<Value = Part> {
        prop_oneof![
            Just(Part::Nothing),
            "[a\u{ff}\0]{0,3}".prop_map(Part::Text),
            prop::collection::vec(prop::option::of(0u8..2), 0..3).prop_map(Part::List),
            ("[ab]{0,2}", "[ab]{0,2}").prop_map(|(left, right)| Part::Pair { left, right }),
        ]
    }

    proptest! {
        #[test]
        fn equal_values_alone_have_one_key(
            one in prop::collection::vec(part(), 0..4),
            other in prop::collection::vec(part(), 0..4),
        ) {
            prop_assert_eq!(MemoryKey::of(&one) == MemoryKey::of(&other), one == other);
            prop_assert_eq!(MemoryKey::of(&one), MemoryKey::of(&one.clone()));
        }
    }

    #[test]
    fn a_key_shows_no_token() {
        assert_eq!(format!("{:?}", MemoryKey::of("secret")), "MemoryKey(7 bytes)");
    }
}
