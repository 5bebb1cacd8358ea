//! An XML document as a flat tree over its text ([XML 1.0]), read with `quick-xml`'s events.
//!
//! An element knows where it stands, and nothing is copied: what is not edited is written again byte for byte. Readers of
//! MPDs differ in what they forgive. So what is not well-formed is refused, and so is what some take for one thing and some
//! for another: document types and their entities, other encodings than UTF-8, markup within processing instructions.
//!
//! Namespaces are not resolved: players look at names alone, most of them without the prefix.
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
pub(super) use malformed::{line_of, text};
pub(super) use read::small;
pub(super) use tree::{Attribute, Document, Element, resolved};
