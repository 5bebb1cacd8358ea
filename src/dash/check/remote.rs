//! Remote elements (`xlink:href`): when they are fetched, and that none contains another.

use super::outline::Outline;
use super::rule::{Report, Rule};

/// Elements that may be remote.
const REMOTE: [&str; 5] = ["Period", "AdaptationSet", "EventStream", "SegmentList", "InitializationSet"];

const ZERO: &str = "urn:mpeg:dash:resolve-to-zero:2013";

pub(super) fn check(outline: &Outline<'_, '_>, report: &mut Report) {
    let mut outer_end = 0;
    for element in outline.mpd.descendants().filter(|element| REMOTE.contains(&element.name())) {
        let of = |name: &str| {
            element.attributes().find(|attribute| attribute.name != name && attribute.local_name() == name)
        };
        let Some(href) = of("href") else { continue };
        let range = element.range();
        if range.start < outer_end {
            report.add(Rule::XlinkNested, href.at, || {
                "expected no remote element in another, found one".to_owned()
            });
        }
        outer_end = outer_end.max(range.end);
        if href.value() == ZERO {
            report.add(Rule::XlinkZero, href.at, || {
                format!("expected an element, found one that is to be left out: `{ZERO}`")
            });
        } else if of("actuate").is_none() {
            report.add(Rule::XlinkActuate, href.at, || {
                "expected `xlink:actuate`, found none: it is `onRequest`".to_owned()
            });
        }
    }
}

#[cfg(test)]
pub(super) mod rows {
    use crate::dash::check::tests::{Row, mpd};

    pub(in crate::dash::check) const ROWS: &[Row] = &[
        (
            "xlink-actuate",
            mpd!("", "<Period xlink:href='a'/>"),
            mpd!("", "<Period xlink:href='a' xlink:actuate='onLoad'/>"),
        ),
        (
            "xlink-nested",
            mpd!("", "<Period xlink:href='a'><AdaptationSet xlink:href='b'/></Period>"),
            mpd!("", "<Period xlink:href='a'/><Period><AdaptationSet xlink:href='b'/></Period>"),
        ),
        (
            "xlink-zero",
            mpd!("", "<Period xlink:href='urn:mpeg:dash:resolve-to-zero:2013'/>"),
            mpd!("", "<Period xlink:href='a'/>"),
        ),
    ];
}
