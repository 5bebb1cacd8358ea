//! Rights: which media a viewer may watch, and where. They end in a permit or a denial.

mod ads;
mod cmcd;
mod continent;
mod decide;
mod device;
mod hearing;
mod index;
mod offers;
mod permit;
mod place;
mod prepared;
mod proved;
mod question;
mod rating;
mod start;
mod trace;
mod whereabouts;
mod words;

pub use cmcd::of as cmcd;
pub use continent::{countries, countries_of, unassigned};
pub use decide::{decide, explain, explain_resume, resume};
pub use device::device;
pub use permit::{Class, Permit, Replaced};
pub use place::is_inside;
pub use prepared::Prepared;
pub use proved::{Entitled, Proved};
pub use question::{Decision, Policies, Resumed, Viewer};
pub use start::start;
pub use trace::{Decided, Finding, Trace};
pub use whereabouts::{Places, Whereabouts};
pub use words::in_words;
