//! One pass over the lines, in which each subject looks at each line.

use super::entry::Entry;
use super::outline::Outline;
use super::subject::{Check, Report};
use super::{
    dateranges, keys, lines, low_latency, placement, renditions, segments, session, splice, uris, values,
    variables, version,
};
use crate::hls::read::attributes::Attribute;
use crate::hls::read::event::events;
use crate::hls::read::tag::{Tag, Value};
use crate::manifest::Finding;

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
