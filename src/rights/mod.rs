//! What a viewer may see, and from where: a permit or a denial.

mod decide;
mod permit;

pub use decide::{Viewer, decide, resume};
pub use permit::{Class, Permit};
