//! Events that present another MPD, MPDs that list others, and MPDs that are listed (ISO/IEC 23009-1, 6th edition).

use super::outline::{Outline, time};
use super::rule::{Report, Rule};
use super::scalar::integer;
use crate::dash::document::Element;
use crate::manifest::{is_relative, quote};

const ALTERNATIVE: &str = "urn:mpeg:dash:event:alternativeMPD:";

/// The profile of MPDs that list others.
const LIST: &str = "urn:mpeg:dash:profile:list:2024";

/// The profile of MPDs that can be listed.
const SINGLE: &str = "urn:mpeg:dash:profile:sps:2024";

pub(super) fn check(outline: &Outline<'_, '_>, report: &mut Report) {
    for period in &outline.periods {
        for stream in period.element.children_named("EventStream") {
            let scheme = stream.value("schemeIdUri").unwrap_or_default();
            let Some(kind) = scheme.strip_prefix(ALTERNATIVE) else { continue };
            self::stream(outline, kind, stream, report);
        }
    }
    let has_profile = |profile: &str| {
        let profiles = outline.mpd.value("profiles").unwrap_or_default();
        profiles.split(',').any(|one| one.trim_ascii() == profile)
    };
    if outline.mpd.value("type").is_some_and(|kind| kind == "list") {
        if !has_profile(LIST) {
            report.add(Rule::ListProfile, outline.mpd.tag().start, || {
                format!("expected the profile `{LIST}` of an MPD of the type `list`, found another")
            });
        }
        self::list(outline, report);
    }
    if has_profile(SINGLE) && (outline.is_dynamic || outline.periods.len() != 1) {
        report.add(Rule::ListedPeriods, outline.mpd.tag().start, || {
            let kind = if outline.is_dynamic { "dynamic" } else { "static" };
            format!("expected a static MPD of one Period, found a {kind} one of {}", outline.periods.len())
        });
    }
}

fn stream(outline: &Outline<'_, '_>, kind: &str, stream: Element<'_, '_>, report: &mut Report) {
    let is_insert = kind.starts_with("insert:");
    if is_insert && outline.is_dynamic {
        report.add(Rule::AlternativeType, stream.tag().start, || {
            "expected an event stream of the kind `insert` in a static MPD only, found it in a dynamic one".to_owned()
        });
    }
    for event in stream.children_named("Event") {
        let at = event.tag().start;
        let number =
            |element: Element<'_, '_>, name| element.value(name).and_then(|text| integer(text.trim_ascii()));
        if number(event, "id").is_none() {
            report
                .add(Rule::AlternativeId, at, || "expected an `id` that is a number, found none".to_owned());
        }
        let presented = ["InsertPresentation", "ReplacePresentation"];
        let Some(presented) = event.children().find(|child| presented.contains(&child.name())) else {
            continue;
        };
        let lasts = |element, name| number(element, name).is_some_and(|ticks| ticks > 0);
        let returns = !is_insert && lasts(presented, "returnOffset");
        if !lasts(event, "duration") && !returns {
            report.add(Rule::AlternativeDuration, at, || {
                "expected a `duration` of the event, found none".to_owned()
            });
        }
        if let Some(uri) = presented.attribute("uri").filter(|uri| is_relative(&uri.value())) {
            report.add(Rule::AlternativeRelative, uri.at, || {
                format!("expected a URI with its scheme and host, found {}", quote(uri.raw.as_bytes()))
            });
        }
    }
}

fn list(outline: &Outline<'_, '_>, report: &mut Report) {
    for period in &outline.periods {
        let Some(imported) = period.element.child("ImportedMPD") else { continue };
        if time(period.element, "duration").is_none() {
            report.add(Rule::ListedDuration, period.element.tag().start, || {
                "expected `duration` of a Period with `ImportedMPD`, found none".to_owned()
            });
        }
        if imported.content().is_some_and(|uri| uri.trim_ascii().is_empty()) {
            report.add(Rule::ListedUri, imported.tag().start, || {
                "expected the URI of an MPD, found nothing".to_owned()
            });
        }
    }
}

#[cfg(test)]
pub(super) mod rows {
    use crate::dash::check::tests::{Row, live, mpd};

    macro_rules! event {
        ($kind:literal, $event:literal, $presented:literal) => {
            concat!(
                "<Period id='1' start='PT0S'><EventStream schemeIdUri='urn:mpeg:dash:event:alternativeMPD:",
                $kind,
                ":2025'><Event ",
                $event,
                "><",
                $presented,
                "/></Event></EventStream></Period>"
            )
        };
    }

    macro_rules! insert {
        ($event:literal, $presented:literal) => {
            mpd!("", event!("insert", $event, $presented))
        };
    }

    macro_rules! list {
        ($profile:literal, $period:literal, $import:literal) => {
            concat!(
                "<MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='list' minBufferTime='PT1S' profiles='",
                $profile,
                "'><Period ",
                $period,
                "><ImportedMPD>",
                $import,
                "</ImportedMPD></Period></MPD>"
            )
        };
    }

    macro_rules! single {
        ($kind:literal, $periods:literal) => {
            concat!(
                "<MPD profiles='a, urn:mpeg:dash:profile:sps:2024' type='",
                $kind,
                "'>",
                $periods,
                "</MPD>"
            )
        };
    }

    pub(in crate::dash::check) const ROWS: &[Row] = &[
        (
            "alternative-type",
            live!("", event!("insert", "", "InsertPresentation")),
            insert!("", "InsertPresentation"),
        ),
        (
            "alternative-type",
            live!("", event!("insert", "", "InsertPresentation")),
            mpd!("", event!("replace", "", "ReplacePresentation")),
        ),
        ("alternative-id", insert!("", "InsertPresentation"), insert!("id='1'", "InsertPresentation")),
        ("alternative-id", insert!("id='a'", "InsertPresentation"), insert!("id='1'", "InsertPresentation")),
        (
            "alternative-duration",
            insert!("", "InsertPresentation returnOffset='1'"),
            insert!("duration='1'", "InsertPresentation"),
        ),
        (
            "alternative-duration",
            live!("", event!("replace", "duration='0'", "ReplacePresentation")),
            live!("", event!("replace", "", "ReplacePresentation returnOffset='5'")),
        ),
        (
            "alternative-relative",
            insert!("", "InsertPresentation uri='a/b.mpd'"),
            insert!("", "InsertPresentation uri='https://a.example/b.mpd'"),
        ),
        (
            "list-profile",
            list!("urn:mpeg:dash:profile:isoff-live:2011", "duration='PT1S'", "a"),
            list!("a,urn:mpeg:dash:profile:list:2024", "duration='PT1S'", "a"),
        ),
        (
            "listed-duration",
            list!("urn:mpeg:dash:profile:list:2024", "", "a"),
            list!("urn:mpeg:dash:profile:list:2024", "duration='PT1S'", "a"),
        ),
        (
            "listed-uri",
            list!("urn:mpeg:dash:profile:list:2024", "duration='PT1S'", " "),
            list!("urn:mpeg:dash:profile:list:2024", "duration='PT1S'", "a"),
        ),
        ("listed-periods", single!("static", "<Period/><Period/>"), single!("static", "<Period/>")),
        ("listed-periods", single!("dynamic", "<Period/>"), "<MPD type='dynamic'><Period/></MPD>"),
    ];
}
