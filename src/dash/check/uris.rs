//! URIs as element content, and the spelling of all URIs.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::outline::Outline;
use super::rule::{Report, Rule};
use crate::dash::document::Element;
use crate::manifest::quote;

pub(super) fn check(outline: &Outline<'_, '_>, report: &mut Report) {
    let mut services: BTreeSet<(usize, Cow<'_, str>)> = BTreeSet::new();
    let mut locations: BTreeSet<Cow<'_, str>> = BTreeSet::new();
    let mut steering = Vec::new();
    for element in outline.mpd.descendants() {
        match element.name() {
            "BaseURL" => base_url(element, report),
            "Location" | "PatchLocation" | "ImportedMPD" => content(element, report),
            "ContentSteering" => {
                content(element, report);
                steering.push(element);
            }
            _ => continue,
        }
        let Some(service) = element.attribute("serviceLocation") else { continue };
        locations.insert(service.value());
        let level = element.parent().map_or(0, Element::id);
        if element.name() == "BaseURL" && !services.insert((level, service.value())) {
            report.add(Rule::ServiceLocationRepeated, service.at, || {
                format!(
                    "expected another service location than those before, found {} again",
                    quote(service.raw.as_bytes())
                )
            });
        }
    }
    for element in steering {
        let Some(start) = element.attribute("defaultServiceLocation") else {
            report.add(Rule::SteeringDefault, element.tag().start, || {
                "expected `defaultServiceLocation`, on which players begin, found none".to_owned()
            });
            continue;
        };
        if !locations.contains(&start.value()) {
            report.add(Rule::SteeringUnknown, start.at, || {
                format!(
                    "expected the `serviceLocation` of a `BaseURL`, found {}",
                    quote(start.raw.as_bytes())
                )
            });
        }
    }
}

fn base_url(element: Element<'_, '_>, report: &mut Report) {
    let is_empty = element.content().is_some_and(|content| content.trim_ascii().is_empty());
    if is_empty {
        report.add(Rule::BaseUrlEmpty, element.tag().start, || "expected a URL, found none".to_owned());
    }
    content(element, report);
}

/// Checks the URI in the content of an element.
fn content(element: Element<'_, '_>, report: &mut Report) {
    let (Some(inner), Some(content)) = (element.inner(), element.content()) else { return };
    let text = content.trim_ascii();
    // References or comments shift the offsets.
    let is_as_it_stands = matches!(content, Cow::Borrowed(_));
    let start = if is_as_it_stands { content.len() - content.trim_ascii_start().len() } else { 0 };
    spelt(text, inner.start + start, is_as_it_stands, report);
}

/// Checks the spelling of a URI; templates are checked as they are written.
pub(super) fn spelling(uri: &str, at: usize, report: &mut Report) {
    spelt(uri, at, true, report);
}

fn spelt(uri: &str, at: usize, is_as_it_stands: bool, report: &mut Report) {
    if uri.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http:")) {
        report.add(Rule::BaseUrlPlain, at, || format!("expected `https:`, found {}", quote(uri.as_bytes())));
    }
    let is_odd = |sign: char| sign.is_whitespace() || sign.is_control() || "\"<>\\^`{|}".contains(sign);
    if let Some((place, sign)) = uri.char_indices().find(|(_, sign)| is_odd(*sign)) {
        let place = if is_as_it_stands { place } else { 0 };
        report.add(Rule::UriSyntax, at + place, || {
            format!(
                "expected a URI, where {} has no place, found {}",
                quote(sign.to_string().as_bytes()),
                quote(uri.as_bytes())
            )
        });
    }
}

#[cfg(test)]
pub(super) mod rows {
    use crate::dash::check::tests::{Row, mpd, set};

    pub(in crate::dash::check) const ROWS: &[Row] = &[
        ("base-url-empty", mpd!("", "<BaseURL> </BaseURL>"), mpd!("", "<BaseURL>./</BaseURL>")),
        ("base-url-empty", mpd!("", "<BaseURL/>"), mpd!("", "<BaseURL><![CDATA[a]]></BaseURL>")),
        (
            "base-url-plain",
            mpd!("", "<BaseURL>HTTP://cdn.example/</BaseURL>"),
            mpd!("", "<BaseURL>https://cdn.example/</BaseURL>"),
        ),
        (
            "base-url-plain",
            set!("", "<SegmentTemplate media='http://cdn.example/$Number$'/>"),
            set!("", "<SegmentTemplate media='//cdn.example/$Number$'/>"),
        ),
        ("uri-syntax", mpd!("", "<BaseURL>a b/</BaseURL>"), mpd!("", "<BaseURL>\n  a%20b/\n</BaseURL>")),
        ("uri-syntax", mpd!("", "<Location>a&#x7c;b</Location>"), mpd!("", "<Location>a&amp;b</Location>")),
        (
            "uri-syntax",
            set!("", "<SegmentTemplate media='a b'/>"),
            set!("", "<SegmentTemplate media='a+b$Number%05d$'/>"),
        ),
        (
            "service-location-repeated",
            mpd!("", "<BaseURL serviceLocation='a'>a/</BaseURL><BaseURL serviceLocation='a'>b/</BaseURL>"),
            mpd!(
                "",
                "<BaseURL serviceLocation='a'>a/</BaseURL><Period><BaseURL serviceLocation='a'>b/</BaseURL></Period>"
            ),
        ),
        (
            "steering-default",
            mpd!("", "<ContentSteering>a</ContentSteering>"),
            mpd!(
                "",
                "<BaseURL serviceLocation='a'>a/</BaseURL><ContentSteering defaultServiceLocation='a'>a</ContentSteering>"
            ),
        ),
        (
            "steering-unknown",
            mpd!(
                "",
                "<BaseURL serviceLocation='a'>a/</BaseURL><ContentSteering defaultServiceLocation='b'>a</ContentSteering>"
            ),
            mpd!(
                "",
                "<ContentSteering defaultServiceLocation='b'>a</ContentSteering><Period><BaseURL serviceLocation='b'>a/</BaseURL></Period>"
            ),
        ),
    ];
}
