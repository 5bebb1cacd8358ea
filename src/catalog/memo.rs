//! Values that are derived from a document once and kept beside it.

use std::any::Any;
use std::fmt;
use std::sync::OnceLock;

/// The values that modules above derive from the document that holds the memo, one of each type. They are neither serialized
/// nor compared with the document, and a copy of the document starts without them.
#[derive(Default)]
pub struct Memo(OnceLock<Box<Kept>>);

struct Kept {
    value: Box<dyn Any + Send + Sync>,
    /// The values of other types.
    others: Memo,
}

impl Memo {
    /// The value of this type; `derive` makes it when it is first asked for.
    pub fn of<T: Any + Send + Sync>(&self, derive: impl Fn() -> T) -> &T {
        let mut memo = self;
        loop {
            let kept =
                memo.0.get_or_init(|| Box::new(Kept { value: Box::new(derive()), others: Self::default() }));
            match kept.value.downcast_ref() {
                Some(value) => return value,
                None => memo = &kept.others,
            }
        }
    }
}

impl Clone for Memo {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Memo {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Memo {}

impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memo")
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn each_type_has_a_value_which_is_derived_once() {
        let (memo, derived) = (Memo::default(), Cell::new(0));
        let count = || derived.set(derived.get() + 1);
        for _ in 0..2 {
            let number: &u8 = memo.of(|| {
                count();
                7
            });
            let text: &String = memo.of(|| {
                count();
                "seven".to_owned()
            });
            assert_eq!((*number, text.as_str(), derived.get()), (7, "seven", 2));
        }
        memo.clone().of(count);
        assert_eq!((derived.get(), memo == Memo::default()), (3, true));
    }
}
