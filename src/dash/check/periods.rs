//! Periods: their times, and how one continues another.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::outline::{Outline, Period};
use super::rule::{Report, Rule};
use crate::dash::document::Element;
use crate::manifest::quote;

/// Schemes of descriptors that name the Period that a set continues.
const CONTINUED: [&str; 2] =
    ["urn:mpeg:dash:period-continuity:2015", "urn:mpeg:dash:period-connectivity:2015"];

/// The largest gap between two Periods that counts as rounding.
const ROUNDED_MS: u64 = 1;

pub(super) fn check(outline: &Outline<'_, '_>, report: &mut Report) {
    if outline.periods.is_empty() {
        report.add(Rule::PeriodMissing, outline.mpd.tag().start, || {
            "expected a `Period`, found none".to_owned()
        });
    }
    let mut before: Option<&Period<'_, '_>> = None;
    for period in &outline.periods {
        contents(outline, period, report);
        times(outline, before, period, report);
        before = Some(period);
    }
    continuity(outline, report);
}

fn contents(outline: &Outline<'_, '_>, period: &Period<'_, '_>, report: &mut Report) {
    let element = period.element;
    if outline.is_dynamic && element.attribute("id").is_none() {
        report.add(Rule::PeriodIdMissing, element.tag().start, || {
            "expected `id` in a Period of a dynamic MPD, found none".to_owned()
        });
    }
    let is_empty = period.sets.is_empty()
        && !period.is_remote
        && period.duration_ms != Some(0)
        && (period.start_ms.is_some() || !outline.is_dynamic)
        && ["EmptyAdaptationSet", "ImportedMPD"].iter().all(|name| element.child(name).is_none());
    if is_empty {
        report.add(Rule::PeriodEmpty, element.tag().start, || {
            "expected an `AdaptationSet`, found none".to_owned()
        });
    }
}

fn times(
    outline: &Outline<'_, '_>,
    before: Option<&Period<'_, '_>>,
    period: &Period<'_, '_>,
    report: &mut Report,
) {
    let at = period.element.attribute("start").map_or(period.element.tag().start, |start| start.at);
    let Some(start_ms) = period.start_ms else {
        if before.is_some_and(|before| before.is_remote) {
            return;
        }
        let rule = if outline.is_dynamic { Rule::PeriodEarly } else { Rule::PeriodStartUnknown };
        report.add(rule, at, || {
            "expected `start`, or `duration` of the Period before, found neither".to_owned()
        });
        return;
    };
    let Some(before) = before else { return };
    if before.start_ms.is_some_and(|before_ms| start_ms < before_ms) {
        report.add(Rule::PeriodOrder, at, || {
            format!("expected a start behind that of the Period before, found one at {start_ms} ms")
        });
        return;
    }
    let Some(end_ms) =
        before.start_ms.zip(before.duration_ms).map(|(start, length)| start.saturating_add(length))
    else {
        return;
    };
    if start_ms + ROUNDED_MS < end_ms {
        report.add(Rule::PeriodOverlap, at, || {
            format!(
                "expected a start at {end_ms} ms, where the Period before ends, found one at {start_ms} ms"
            )
        });
    } else if start_ms > end_ms.saturating_add(ROUNDED_MS) {
        report.add(Rule::PeriodGap, at, || {
            format!(
                "expected a start at {end_ms} ms, where the Period before ends, found one at {start_ms} ms"
            )
        });
    }
}

/// A live MPD may no longer contain the Period that another one continues.
fn continuity(outline: &Outline<'_, '_>, report: &mut Report) {
    let named: BTreeMap<Cow<'_, str>, Option<Asset<'_>>> = outline
        .periods
        .iter()
        .filter_map(|period| Some((period.element.value("id")?, asset(period.element))))
        .collect();
    for period in &outline.periods {
        let own = asset(period.element);
        let descriptors = period.sets.iter().flat_map(|set| {
            let properties = |property: &Element<'_, '_>| {
                matches!(property.name(), "SupplementalProperty" | "EssentialProperty")
            };
            set.element.children().filter(properties)
        });
        for descriptor in descriptors {
            if !descriptor.value("schemeIdUri").is_some_and(|scheme| CONTINUED.contains(&&*scheme)) {
                continue;
            }
            let Some(value) = descriptor.attribute("value") else { continue };
            match named.get(&value.value()) {
                None if !outline.is_dynamic => report.add(Rule::ContinuityUnknown, value.at, || {
                    format!("expected the id of a Period, found {}", quote(value.raw.as_bytes()))
                }),
                Some(Some(other)) if own.as_ref().is_some_and(|own| own != other) => {
                    report.add(Rule::ContinuityAsset, value.at, || {
                        format!(
                            "expected a Period with the same `AssetIdentifier`, found {}",
                            quote(value.raw.as_bytes())
                        )
                    });
                }
                _ => {}
            }
        }
    }
}

/// The asset of a Period: a scheme and a value.
type Asset<'a> = (Cow<'a, str>, Cow<'a, str>);

fn asset<'a>(period: Element<'_, 'a>) -> Option<Asset<'a>> {
    let asset = period.child("AssetIdentifier")?;
    Some((asset.value("schemeIdUri")?, asset.value("value")?))
}

#[cfg(test)]
pub(super) mod rows {
    use crate::dash::check::tests::{Row, live, mpd, period};

    macro_rules! continued {
        ($first:literal, $second:literal, $id:literal) => {
            concat!(
                "<MPD><Period id='a' duration='PT1S'>",
                $first,
                "</Period><Period>",
                $second,
                "<AdaptationSet><SupplementalProperty schemeIdUri='urn:mpeg:dash:period-continuity:2015' value='",
                $id,
                "'/></AdaptationSet></Period></MPD>"
            )
        };
    }

    pub(in crate::dash::check) const ROWS: &[Row] = &[
        ("period-missing", mpd!("", ""), mpd!("", "<Period/>")),
        ("period-empty", period!("", ""), period!("", "<AdaptationSet/>")),
        ("period-empty", period!("duration='PT1S'", ""), period!("duration='PT0S'", "")),
        ("period-empty", live!("", "<Period start='PT0S'/>"), live!("", "<Period/>")),
        (
            "period-id-missing",
            live!("", "<Period start='PT0S'/>"),
            live!("", "<Period id='1' start='PT0S'/>"),
        ),
        (
            "period-start-unknown",
            "<MPD><Period/><Period/></MPD>",
            "<MPD><Period duration='PT1S'/><Period/><Period start='PT2S'/></MPD>",
        ),
        ("period-early", live!("", "<Period/>"), live!("", "<Period start='PT0S'/>")),
        (
            "period-order",
            "<MPD><Period start='PT2S'/><Period start='PT1S'/></MPD>",
            "<MPD><Period start='PT1S'/><Period start='PT2S'/></MPD>",
        ),
        (
            "period-overlap",
            "<MPD><Period duration='PT2S'/><Period start='PT1.9S'/></MPD>",
            "<MPD><Period duration='PT2S'/><Period start='PT1.999S'/></MPD>",
        ),
        (
            "period-gap",
            "<MPD><Period duration='PT2S'/><Period start='PT2.1S'/></MPD>",
            "<MPD><Period duration='PT2S'/><Period start='PT2.001S'/></MPD>",
        ),
        ("continuity-unknown", continued!("", "", "b"), continued!("", "", "a")),
        (
            "continuity-asset",
            continued!(
                "<AssetIdentifier schemeIdUri='u' value='1'/>",
                "<AssetIdentifier schemeIdUri='u' value='2'/>",
                "a"
            ),
            continued!(
                "<AssetIdentifier schemeIdUri='u' value='1'/>",
                "<AssetIdentifier schemeIdUri='u' value='1'/>",
                "a"
            ),
        ),
    ];
}
