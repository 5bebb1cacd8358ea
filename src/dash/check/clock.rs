//! The clock of live streams: `UTCTiming`.

use super::outline::Outline;
use super::rule::{Report, Rule};
use crate::manifest::quote;

/// The prefixes of known schemes, and the endings that each allows.
const SCHEMES: &str = "urn:mpeg:dash:utc:";
const KINDS: [&str; 7] = ["ntp", "sntp", "http-head", "http-xsdate", "http-iso", "http-ntp", "direct"];
const YEARS: [&str; 2] = ["2012", "2014"];

pub(super) fn check(outline: &Outline<'_, '_>, report: &mut Report) {
    for timing in outline.mpd.descendants().filter(|element| element.name() == "UTCTiming") {
        let Some(scheme) = timing.attribute("schemeIdUri") else { continue };
        let text = scheme.value();
        let is_known = text
            .trim_ascii()
            .strip_prefix(SCHEMES)
            .and_then(|rest| rest.rsplit_once(':'))
            .is_some_and(|(kind, year)| KINDS.contains(&kind) && YEARS.contains(&year));
        if !is_known {
            report.add(Rule::ClockScheme, scheme.at, || {
                format!(
                    "expected `{SCHEMES}` and one of {}, found {}",
                    KINDS.join(", "),
                    quote(text.as_bytes())
                )
            });
        } else if timing.value("value").is_none_or(|value| value.trim_ascii().is_empty()) {
            report.add(Rule::ClockValue, timing.tag().start, || "expected `value`, found none".to_owned());
        }
    }
}

#[cfg(test)]
pub(super) mod rows {
    use crate::dash::check::tests::{Row, mpd};

    pub(in crate::dash::check) const ROWS: &[Row] = &[
        (
            "clock-scheme",
            mpd!("", "<UTCTiming schemeIdUri='urn:mpeg:dash:utc:https-iso:2014' value='a'/>"),
            mpd!("", "<UTCTiming schemeIdUri='urn:mpeg:dash:utc:http-iso:2014' value='a'/>"),
        ),
        (
            "clock-value",
            mpd!("", "<UTCTiming schemeIdUri='urn:mpeg:dash:utc:http-iso:2014'/>"),
            mpd!("", "<UTCTiming schemeIdUri='urn:mpeg:dash:utc:http-iso:2014' value='a'/>"),
        ),
    ];
}
