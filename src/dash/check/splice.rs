//! Events of SCTE 35: each has its message, as XML or as the bytes of a splice information section.

use super::events::{decoded, message};
use super::outline::Outline;
use super::rule::{Report, Rule};
use crate::dash::document::Element;
use crate::manifest::quote;
use crate::scte35::{self, Broken};

const SCHEMES: &str = "urn:scte:scte35:";

pub(super) fn check(outline: &Outline<'_, '_>, report: &mut Report) {
    for period in &outline.periods {
        for stream in period.element.children_named("EventStream") {
            let scheme = stream.value("schemeIdUri").unwrap_or_default();
            let Some(kind) = scheme.strip_prefix(SCHEMES) else { continue };
            let is_binary = kind.ends_with(":bin");
            for event in stream.children_named("Event") {
                self::event(event, is_binary, report);
            }
        }
    }
}

fn event(event: Element<'_, '_>, is_binary: bool, report: &mut Report) {
    let mut has_element = false;
    for element in event.descendants() {
        has_element = true;
        if element.name() == "Binary" {
            section(&element.content().unwrap_or_default(), element.tag().start, report);
        }
    }
    let said = message(event).filter(|said| !said.trim_ascii().is_empty());
    match said {
        Some(said) if is_binary => section(&said, event.tag().start, report),
        None if !has_element => report.add(Rule::SpliceMissing, event.tag().start, || {
            "expected a message of SCTE 35, found none".to_owned()
        }),
        _ => {}
    }
}

fn section(text: &str, at: usize, report: &mut Report) {
    match decoded(text).map(|bytes| scte35::check(&bytes)) {
        Some(Ok(())) => {}
        None | Some(Err(Broken::Table { .. })) => report.add(Rule::SpliceBinary, at, || {
            format!(
                "expected a splice information section in base64, found {}",
                quote(text.trim_ascii().as_bytes())
            )
        }),
        Some(Err(broken)) => report.add(Rule::SpliceSection, at, || broken.to_string()),
    }
}

#[cfg(test)]
pub(super) mod rows {
    use crate::dash::check::tests::{Row, period};

    macro_rules! splice {
        ($scheme:literal, $inner:literal) => {
            period!(
                "",
                concat!("<EventStream schemeIdUri='", $scheme, "'><Event>", $inner, "</Event></EventStream>")
            )
        };
    }

    pub(in crate::dash::check) const ROWS: &[Row] = &[
        (
            "splice-missing",
            splice!("urn:scte:scte35:2014:xml+bin", " "),
            splice!(
                "urn:scte:scte35:2014:xml+bin",
                "<Signal><Binary>/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg==</Binary></Signal>"
            ),
        ),
        (
            "splice-missing",
            splice!("urn:scte:scte35:2013:xml", ""),
            splice!("urn:scte:scte35:2013:xml", "<s:SpliceInfoSection/>"),
        ),
        (
            "splice-binary",
            splice!("urn:scte:scte35:2014:xml+bin", "<Signal><Binary>!</Binary></Signal>"),
            splice!("urn:scte:scte35:2014:xml+bin", "<Signal><Binary> /DA\nA </Binary></Signal>"),
        ),
        (
            "splice-section",
            splice!("urn:scte:scte35:2014:xml+bin", "<Signal><Binary>/DA=</Binary></Signal>"),
            splice!("urn:scte:scte35:2014:xml+bin", "<Signal><Binary>!</Binary></Signal>"),
        ),
        (
            "splice-section",
            splice!(
                "urn:scte:scte35:2013:bin",
                "/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfw=="
            ),
            splice!(
                "urn:scte:scte35:2013:bin",
                "/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg=="
            ),
        ),
        (
            "splice-binary",
            splice!("urn:scte:scte35:2014:bin", "AAAA"),
            splice!("urn:scte:scte35:2013:bin", "/DA="),
        ),
    ];
}
