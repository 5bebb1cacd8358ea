//! Reads the JSON that people write, and says in plain words what is wrong with it.
//!
//! The edge reads documents with `serde_json` and ignores members that it does not know. Where an editor can still correct an
//! error, documents are read here: by the origin service and by the `stagedoor` command. Each error has the member's path, and
//! says what was expected and what was found. Unknown members and repeated members are errors too. No message names a type of
//! this program.
//!
//! 1. [`Tree::parse`]: bytes to a tree of JSON values. Its error is a [`Malformed`], with line and column.
//! 2. [`Tree::read`]: the tree to a document of a type that `serde` can read. Its errors are [`FieldError`]s.
//!
//! `serde` stops at the first value that it cannot read. Unknown and repeated members before that value are reported with it.

mod error;
mod field;
mod quote;
mod spelling;
mod syntax;
mod tree;
mod value;

use serde::de::DeserializeOwned;

pub use field::{FieldError, MOST_ERRORS};
pub(crate) use quote::Quoted;
pub use spelling::nearest;
pub use syntax::Malformed;
pub use tree::{DEEPEST, Tree};

/// The reason why bytes are not a document of a type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// They are not JSON.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Members are wrong.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Fields(Vec<FieldError>),
}

/// Reads a document, or says everything that is known to be wrong with it.
pub fn read<D: DeserializeOwned>(json: &[u8]) -> Result<D, Unreadable> {
    match Tree::parse(json)?.read() {
        (Some(document), errors) if errors.is_empty() => Ok(document),
        (_, errors) => Err(Unreadable::Fields(errors)),
    }
}

#[cfg(test)]
mod tests;
