//! The elements that are known, in the order of the schema, and their attributes.
//!
//! The schema is that of ISO/IEC 23009-1:2022, the fifth edition, with what the sixth adds to it, and `ContentSteering` of
//! ETSI TS 103 998. Clauses are those in which an element is described.
mod elements;
mod shared;
mod types;

pub use elements::SPECIFICATION;
pub use types::{Attribute, Child, Known, Type};
