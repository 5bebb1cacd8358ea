//! The known elements, in the order of the schema, and their attributes.
//!
//! The schema of ISO/IEC 23009-1:2022, the fifth edition, with the additions of the sixth, and `ContentSteering` of
//! ETSI TS 103 998. The clause of an element is the one that describes it.
mod elements;
mod shared;
mod types;

pub use elements::SPECIFICATION;
pub use types::{Attribute, Child, Known, Type};
