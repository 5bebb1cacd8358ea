//! An XML document as a flat tree over its text ([XML 1.0]), read with `quick-xml`'s events.
//!
//! Elements are ranges of the text, and nothing is copied: unedited parts are written back byte for byte. Players'
//! parsers differ in what they tolerate. So text that is not well-formed is refused, and so are constructs that parsers
//! read differently: document types and their entities, encodings other than UTF-8, markup within processing
//! instructions.
//!
//! Namespaces are not resolved: players compare names alone, most of them without the prefix.
//!
//! [XML 1.0]: https://www.w3.org/TR/xml/

mod alike;
mod malformed;
mod read;
#[cfg(test)]
mod tests;
mod tree;

pub(super) use alike::is_of_readers;
pub use malformed::Malformed;
pub(super) use malformed::{line_of, utf8};
pub(super) use read::small;
pub(super) use tree::{Attribute, Document, Element, resolved};
