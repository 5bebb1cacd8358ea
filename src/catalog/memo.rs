//! What is worked out once from a document and kept beside it.

use std::fmt;
use std::sync::OnceLock;

/// A value derived from the document that holds it: worked out when it is first asked for, never written, and no part
/// of what makes two documents equal. A copy of the document starts without it.
pub struct Memo<T>(OnceLock<T>);

impl<T> Memo<T> {
    /// The value; `make` works it out the first time.
    pub fn of(&self, make: impl FnOnce() -> T) -> &T {
        self.0.get_or_init(make)
    }
}

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<T> Clone for Memo<T> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<T> PartialEq for Memo<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> Eq for Memo<T> {}

impl<T> fmt::Debug for Memo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memo")
    }
}
