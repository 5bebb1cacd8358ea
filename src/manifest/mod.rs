//! What playlists and MPDs have in common: where they lie, how their URIs carry the session, what they are compiled into,
//! and how it is told what is wrong with them.

mod frame;
mod reference;
mod report;
mod template;

pub use frame::{Frame, Signing};
pub(crate) use reference::{below, is_local, is_relative, plain, with_parameter};
pub(crate) use report::{Checked, Report, quote};
pub use report::{FINDINGS_MAX, Finding, Severity};
pub use template::Template;
