//! The parts that playlists and MPDs share: their location, how their URIs carry the session, the template, the limits
//! on streams, and the findings of checks.

mod budget;
pub(crate) mod codecs;
mod frame;
mod iso_639;
pub(crate) mod language;
mod limit;
mod picture;
mod query;
mod reference;
mod report;
mod rules;
mod span;
mod steering;
mod streams;
mod template;
mod timing;

pub(crate) use budget::{Budget, Exhausted, MOST_RESOLVED};
pub use frame::{Frame, Signing};
pub(crate) use limit::Limit;
pub(crate) use picture::is_low_enough;
pub use query::Query;
pub(crate) use reference::{
    below, descending_path, holds_session, is_local, is_relative, names_session, with_parameter,
};
pub(crate) use report::{Checked, Report, quote};
pub use report::{FINDINGS_MAX, Finding, Severity};
pub(crate) use rules::rules;
pub use span::Misplaced;
pub(crate) use span::Span;
pub use steering::Steering;
pub use streams::Streams;
pub(crate) use template::{Hole, MOST_WRITTEN, TOKEN_BYTES};
pub use template::{Own, Template};
pub(crate) use timing::LONGEST_MS;
pub use timing::Timing;
