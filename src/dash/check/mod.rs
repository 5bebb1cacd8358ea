//! The checks of an MPD: findings, each with its position and the clause that it violates.
//!
//! An MPD is read once into its tree and its outline: the levels, the start of each Period, and the addressing of
//! segments. Each file here has the rules of one subject, and visits each element once. The checks look at the MPD
//! alone, neither at the files that its URIs lead to nor at its earlier versions. They take time linear in the MPD's
//! length, or a logarithm more where names are compared, and report at most
//! [`FINDINGS_MAX`](crate::manifest::FINDINGS_MAX) findings.

mod addressing;
mod alternative;
mod clock;
mod descriptors;
mod early;
mod events;
mod ids;
mod known;
mod names;
mod outline;
mod periods;
mod presentation;
mod protection;
mod references;
mod remote;
mod representations;
mod rule;
mod scalar;
mod sets;
mod splice;
mod templates;
#[cfg(test)]
mod tests;
mod timelines;
mod types;
mod uris;

pub use known::{Attribute as KnownAttribute, Child as KnownChild, Known, SPECIFICATION, Type};
pub use rule::Rule;

use super::document::{Document, Malformed, utf8};
use crate::manifest::{Finding, quote};
use outline::Outline;
use rule::Report;

/// The rules of one subject.
type Check = fn(&Outline<'_, '_>, &mut Report);

const CHECKS: &[Check] = &[
    names::check,
    ids::check,
    presentation::check,
    periods::check,
    sets::check,
    representations::check,
    references::check,
    descriptors::check,
    addressing::check,
    templates::check,
    timelines::check,
    early::check,
    uris::check,
    remote::check,
    clock::check,
    events::check,
    alternative::check,
    splice::check,
    protection::check,
];

/// Checks an MPD. The findings are in the order of their places.
pub fn check(mpd: &[u8]) -> Vec<Finding> {
    let mut report = Report::default();
    match utf8(mpd).and_then(Document::read) {
        Err(malformed) => tell_malformed(mpd, &malformed, &mut report),
        Ok(document) if document.root().name() != "MPD" => {
            let root = document.root();
            report.add(Rule::RootName, root.tag().start, || {
                format!(
                    "expected an element `MPD` in front of anything else, found {}",
                    quote(root.name().as_bytes())
                )
            });
        }
        Ok(document) => {
            let outline = Outline::of(document.root());
            for check in CHECKS {
                check(&outline, &mut report);
            }
        }
    }
    report.finish(mpd)
}

fn tell_malformed(mpd: &[u8], malformed: &Malformed, report: &mut Report) {
    let rule = if malformed.is_forbidden { Rule::Forbidden } else { Rule::Malformed };
    // The error has a line but no column: report the start of the line.
    let before = malformed.line.saturating_sub(1);
    let start = if before == 0 {
        0
    } else {
        memchr::memchr_iter(b'\n', mpd).nth(before - 1).map_or(mpd.len(), |end| end + 1)
    };
    report.add(rule, start, || malformed.why.clone());
}
