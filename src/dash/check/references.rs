//! References between sets and Representations: each referenced element exists.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::outline::{Outline, Period};
use super::rule::{Report, Rule};
use crate::dash::document::{Attribute, Element};
use crate::manifest::quote;

const SWITCHING: &str = "urn:mpeg:dash:adaptation-set-switching:2016";
const TRICK_MODE: &str = "http://dashif.org/guidelines/trickmode";

type Ids<'a> = BTreeSet<Cow<'a, str>>;

pub(super) fn check(outline: &Outline<'_, '_>, report: &mut Report) {
    // The id of a remote set is not known yet.
    let is_whole =
        |period: &&Period<'_, '_>| !period.is_remote && period.sets.iter().all(|set| !set.is_remote);
    for period in outline.periods.iter().filter(is_whole) {
        let sets: Ids<'_> = period.sets.iter().filter_map(|set| set.id.clone()).collect();
        for set in &period.sets {
            descriptors(set.element, &sets, report);
        }
        let all = || period.sets.iter().flat_map(|set| &set.representations);
        let representations: Ids<'_> = all().filter_map(|representation| representation.id.clone()).collect();
        for representation in all() {
            for name in ["dependencyId", "associationId"] {
                let Some(ids) = representation.element.attribute(name) else { continue };
                named(&ids, Rule::DependencyUnknown, "a Representation", &[&representations], report);
            }
        }
        choices(period, &sets, report);
    }
}

fn descriptors(set: Element<'_, '_>, sets: &Ids<'_>, report: &mut Report) {
    let properties =
        set.children().filter(|child| matches!(child.name(), "SupplementalProperty" | "EssentialProperty"));
    for property in properties {
        let scheme = property.value("schemeIdUri").unwrap_or_default();
        let rule = match &*scheme {
            SWITCHING => Rule::SwitchingUnknown,
            TRICK_MODE => Rule::TrickModeUnknown,
            _ => continue,
        };
        if let Some(value) = property.attribute("value") {
            named(&value, rule, "an AdaptationSet", &[sets], report);
        }
    }
}

fn choices(period: &Period<'_, '_>, sets: &Ids<'_>, report: &mut Report) {
    for subset in period.element.children_named("Subset") {
        if let Some(contains) = subset.attribute("contains") {
            named(&contains, Rule::SubsetUnknown, "an AdaptationSet", &[sets], report);
        }
    }
    let preselections = || period.element.children_named("Preselection");
    if preselections().next().is_none() {
        return;
    }
    let components: Ids<'_> = period
        .sets
        .iter()
        .flat_map(|set| set.element.children_named("ContentComponent"))
        .filter_map(|component| component.value("id"))
        .collect();
    for preselection in preselections() {
        if let Some(named_components) = preselection.attribute("preselectionComponents") {
            let rule = Rule::PreselectionUnknown;
            named(
                &named_components,
                rule,
                "an AdaptationSet or a ContentComponent",
                &[sets, &components],
                report,
            );
        }
    }
}

/// Looks up each id of a list; some packagers separate ids with commas.
fn named(list: &Attribute<'_>, rule: Rule, of: &str, known: &[&Ids<'_>], report: &mut Report) {
    let text = list.value();
    let ids = text.split(|sign: char| sign == ',' || sign.is_ascii_whitespace()).filter(|id| !id.is_empty());
    for id in ids {
        if !known.iter().any(|known| known.contains(id)) {
            report.add(rule, list.at, || {
                format!("expected the id of {of} of the Period, found {}", quote(id.as_bytes()))
            });
        }
    }
}

#[cfg(test)]
pub(super) mod rows {
    use crate::dash::check::tests::{Row, period, set};

    pub(in crate::dash::check) const ROWS: &[Row] = &[
        (
            "switching-unknown",
            set!(
                "id='1'",
                "<SupplementalProperty schemeIdUri='urn:mpeg:dash:adaptation-set-switching:2016' value='1,2'/>"
            ),
            period!(
                "",
                "<AdaptationSet id='1'><SupplementalProperty schemeIdUri='urn:mpeg:dash:adaptation-set-switching:2016' value='2'/></AdaptationSet><AdaptationSet id='2'/>"
            ),
        ),
        (
            "trick-mode-unknown",
            set!(
                "id='1'",
                "<EssentialProperty schemeIdUri='http://dashif.org/guidelines/trickmode' value='2'/>"
            ),
            period!(
                "",
                "<AdaptationSet id='1'><EssentialProperty schemeIdUri='http://dashif.org/guidelines/trickmode' value='2'/></AdaptationSet><AdaptationSet id='2'/>"
            ),
        ),
        (
            "preselection-unknown",
            period!("", "<AdaptationSet id='1'/><Preselection preselectionComponents='1 2'/>"),
            period!(
                "",
                "<AdaptationSet id='1'><ContentComponent id='2'/></AdaptationSet><Preselection preselectionComponents='1 2'/>"
            ),
        ),
        (
            "subset-unknown",
            period!("", "<AdaptationSet id='1'/><Subset contains='1 2'/>"),
            period!("", "<AdaptationSet id='1'/><Subset contains='1'/>"),
        ),
        (
            "subset-unknown",
            period!("", "<Subset contains='1'/>"),
            period!("", "<AdaptationSet xlink:href='a'/><Subset contains='1'/>"),
        ),
        (
            "dependency-unknown",
            set!("", "<Representation id='a' dependencyId='b'/>"),
            period!(
                "",
                "<AdaptationSet><Representation id='b'/></AdaptationSet><AdaptationSet><Representation id='a' dependencyId='b'/></AdaptationSet>"
            ),
        ),
    ];
}
