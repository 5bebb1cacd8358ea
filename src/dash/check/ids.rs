//! Identifiers: each is unique in its scope.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::outline::Outline;
use super::rule::{Report, Rule};
use crate::dash::document::Element;
use crate::manifest::quote;

pub(super) fn check(outline: &Outline<'_, '_>, report: &mut Report) {
    unique(outline.periods.iter().map(|period| period.element), "ISO/IEC 23009-1 5.3.2.2", report);
    for period in &outline.periods {
        unique(period.sets.iter().map(|set| set.element), "ISO/IEC 23009-1 5.3.3.2", report);
        let mut before: BTreeSet<&str> = BTreeSet::new();
        for set in &period.sets {
            let all = || set.representations.iter();
            unique(all().map(|representation| representation.element), "ISO/IEC 23009-1 5.3.5.2", report);
            for representation in all() {
                if let Some(id) = representation.id.as_deref().filter(|id| before.contains(id)) {
                    report.add(Rule::IdShared, at_id(representation.element), || {
                        format!(
                            "expected an id of no other AdaptationSet, found {} again",
                            quote(id.as_bytes())
                        )
                    });
                }
            }
            before.extend(all().filter_map(|representation| representation.id.as_deref()));
        }
    }
}

fn unique<'d, 'a: 'd>(
    elements: impl Iterator<Item = Element<'d, 'a>>,
    clause: &'static str,
    report: &mut Report,
) {
    let mut seen: BTreeSet<Cow<'a, str>> = BTreeSet::new();
    for element in elements {
        let Some(id) = element.value("id") else { continue };
        if seen.contains(&id) {
            report.add_to(clause, Rule::IdRepeated, at_id(element), || {
                format!(
                    "expected another `{}` to have {}, found it again",
                    element.name(),
                    quote(id.as_bytes())
                )
            });
        }
        seen.insert(id);
    }
}

fn at_id(element: Element<'_, '_>) -> usize {
    element.attribute("id").map_or(element.tag().start, |id| id.at)
}

#[cfg(test)]
pub(super) mod rows {
    use crate::dash::check::tests::{Row, mpd, period, set};

    pub(in crate::dash::check) const ROWS: &[Row] = &[
        (
            "id-repeated",
            mpd!("", "<Period id='a'/><Period id='a'/>"),
            mpd!("", "<Period id='a'/><Period id='b'/><Period/><Period/>"),
        ),
        (
            "id-repeated",
            period!("", "<AdaptationSet id='1'/><AdaptationSet id='1'/>"),
            mpd!("", "<Period><AdaptationSet id='1'/></Period><Period><AdaptationSet id='1'/></Period>"),
        ),
        (
            "id-repeated",
            set!("", "<Representation id='a' bandwidth='1'/><Representation id='a' bandwidth='2'/>"),
            set!("", "<Representation id='a' bandwidth='1'/><Representation id='b' bandwidth='2'/>"),
        ),
        (
            "id-shared",
            period!(
                "",
                "<AdaptationSet><Representation id='a'/></AdaptationSet><AdaptationSet><Representation id='a'/></AdaptationSet>"
            ),
            period!("", "<AdaptationSet><Representation id='a'/><Representation id='a'/></AdaptationSet>"),
        ),
    ];
}
