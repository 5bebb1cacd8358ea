//! What is wrong with a playlist: findings, each with its place and the clause that it goes against.
//!
//! A playlist is read twice: once for its outline (its kind, version and target durations), once line by line. Each file
//! here has the rules of one subject, and looks at each line once. What is checked is the playlist alone: not what its
//! URIs lead to, nor what it was before. Takes time linear in the playlist's length, or a logarithm more where names have
//! to be told apart, and tells at most [`FINDINGS_MAX`](crate::manifest::FINDINGS_MAX) findings.

mod dateranges;
mod entry;
mod keys;
mod lines;
mod low_latency;
mod outline;
mod placement;
mod renditions;
mod rule;
mod scalar;
mod segments;
mod session;
mod splice;
#[cfg(test)]
mod tests;
mod uris;
mod values;
mod variables;
mod version;

pub use rule::Rule;

use super::read::attributes::Attribute;
use super::read::event::events;
use super::read::tag::{Tag, Value};
use crate::manifest::Finding;
use entry::Entry;
use outline::Outline;

/// The findings so far.
type Report = crate::manifest::Report<Rule>;

/// The rules of one subject.
trait Check<'a> {
    /// Looks at a line.
    fn line(&mut self, entry: &Entry<'a, '_>, outline: &Outline, report: &mut Report);

    /// Looks back when there is no more.
    fn end(&mut self, _outline: &Outline, _report: &mut Report) {}
}

/// Checks a playlist. The findings are in the order of their places.
pub fn check(playlist: &[u8]) -> Vec<Finding> {
    let outline = Outline::of(playlist);
    let mut report = Report::default();
    let mut checks: [Box<dyn Check<'_>>; 13] = [
        Box::new(lines::Lines::new(playlist)),
        Box::new(placement::Placement::default()),
        Box::new(values::Values),
        Box::new(uris::Uris),
        Box::new(version::Version::default()),
        Box::new(segments::Segments::default()),
        Box::new(keys::Keys::default()),
        Box::new(low_latency::LowLatency::default()),
        Box::new(dateranges::DateRanges::default()),
        Box::new(splice::Splice),
        Box::new(renditions::Renditions::default()),
        Box::new(session::Session::default()),
        Box::new(variables::Variables::default()),
    ];
    let mut attributes: Vec<Attribute<'_>> = Vec::new();
    for event in events(playlist) {
        attributes.clear();
        if let Some(Value::List(_)) = event.tag().map(Tag::value) {
            attributes.extend(event.attributes());
        }
        let entry = Entry { event, attributes: &attributes };
        for check in &mut checks {
            check.line(&entry, &outline, &mut report);
        }
    }
    for check in &mut checks {
        check.end(&outline, &mut report);
    }
    report.finish(playlist)
}
