//! Descriptors whose values are words of a scheme: roles.

use super::outline::Outline;
use super::rule::{Report, Rule};
use crate::manifest::quote;

const ROLES: &str = "urn:mpeg:dash:role:2011";

/// The roles of the scheme, of every edition.
const WORDS: [&str; 15] = [
    "caption",
    "subtitle",
    "main",
    "alternate",
    "supplementary",
    "commentary",
    "dub",
    "description",
    "sign",
    "metadata",
    "enhanced-audio-intelligibility",
    "emergency",
    "forced-subtitle",
    "easyreader",
    "karaoke",
];

pub(super) fn check(outline: &Outline<'_, '_>, report: &mut Report) {
    let is_role = |name: &str| matches!(name, "Role" | "Accessibility");
    for descriptor in outline.mpd.descendants().filter(|one| is_role(one.name())) {
        if descriptor.value("schemeIdUri").is_none_or(|scheme| scheme != ROLES) {
            continue;
        }
        let value = descriptor.attribute("value");
        let word = value.map(|value| value.value()).unwrap_or_default();
        if !WORDS.contains(&&*word) {
            let at = value.map_or(descriptor.tag().start, |value| value.at);
            report.add(Rule::RoleUnknown, at, || {
                format!("expected one of {}, found {}", WORDS.join(", "), quote(word.as_bytes()))
            });
        }
    }
}

#[cfg(test)]
pub(super) mod rows {
    use crate::dash::check::tests::{Row, set};

    pub(in crate::dash::check) const ROWS: &[Row] = &[
        (
            "role-unknown",
            set!("", "<Role schemeIdUri='urn:mpeg:dash:role:2011' value='primary'/>"),
            set!("", "<Role schemeIdUri='urn:x' value='primary'/>"),
        ),
        (
            "role-unknown",
            set!("", "<Accessibility schemeIdUri='urn:mpeg:dash:role:2011'/>"),
            set!("", "<Accessibility schemeIdUri='urn:mpeg:dash:role:2011' value='sign'/>"),
        ),
    ];
}
