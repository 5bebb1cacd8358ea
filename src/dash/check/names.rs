//! Elements and attributes: known names, the positions that the schema allows, and required attributes and children.
//!
//! Elements of other namespaces, and their content, are not checked.

use std::borrow::Cow;

use super::known::Known;
use super::outline::{Outline, is_remote};
use super::rule::{Report, Rule};
use super::types;
use crate::dash::document::Element;
use crate::manifest::quote;

/// The namespace of MPDs, of every edition.
const NAMESPACE: &str = "urn:mpeg:dash:schema:mpd:2011";

pub(super) fn check(outline: &Outline<'_, '_>, report: &mut Report) {
    let mpd = outline.mpd;
    let declaration = declaration(prefix(mpd));
    match mpd.attribute(&declaration) {
        Some(namespace) if namespace.value() == NAMESPACE => {}
        Some(namespace) => report.add(Rule::Namespace, namespace.at, || {
            format!("expected `{NAMESPACE}`, found {}", quote(namespace.raw.as_bytes()))
        }),
        None => report.add(Rule::Namespace, mpd.tag().start, || {
            format!("expected `{declaration}=\"{NAMESPACE}\"`, found no namespace")
        }),
    }
    if let Some(known) = Known::of("MPD") {
        let namespace = mpd.value(&declaration);
        Scope { prefix: prefix(mpd), declaration, namespace }.element(mpd, known, report);
    }
}

/// The prefix and the namespace by which elements of the MPD are recognised.
struct Scope<'a> {
    prefix: &'a str,
    declaration: String,
    namespace: Option<Cow<'a, str>>,
}

impl<'a> Scope<'a> {
    /// Checks an element and its descendants. Recursion is safe, since the depth of documents is limited.
    fn element(&self, element: Element<'_, 'a>, known: &'static Known, report: &mut Report) {
        self.attributes(element, known, report);
        let (mut last, mut furthest): (Option<&str>, Option<(usize, &str)>) = (None, None);
        let mut seen: Vec<usize> = Vec::new();
        for child in element.children().filter(|child| self.is_own(*child)) {
            let name = child.name();
            let at = child.tag().start;
            let Some((place, stands)) = known.children().enumerate().find(|(_, known)| known.name == name)
            else {
                report.add(Rule::ElementUnknown, at, || {
                    format!("expected an element of `{}`, found {}", known.name, quote(name.as_bytes()))
                });
                continue;
            };
            if seen.contains(&place) {
                if !stands.repeats {
                    report.add_to(known.clause, Rule::ElementRepeated, at, || {
                        format!("expected one `{name}` in `{}`, found another", known.name)
                    });
                }
            } else {
                seen.push(place);
            }
            match furthest {
                Some((before, of)) if place < before => {
                    if last != Some(name) {
                        report.add(Rule::ElementOrder, at, || {
                            format!("expected `{name}` before `{of}`, found it behind")
                        });
                    }
                }
                _ => furthest = Some((place, stands.name)),
            }
            last = Some(name);
            if let Some(known) = Known::of(name) {
                self.element(child, known, report);
            }
        }
    }

    fn attributes(&self, element: Element<'_, 'a>, known: &'static Known, report: &mut Report) {
        for attribute in element.attributes().filter(|attribute| is_plain(attribute.name)) {
            match known.attributes().find(|known| known.name == attribute.name) {
                Some(of) => types::check(known, of, &attribute, report),
                None => report.add(Rule::AttributeUnknown, attribute.at, || {
                    format!(
                        "expected an attribute of `{}`, found {}",
                        known.name,
                        quote(attribute.name.as_bytes())
                    )
                }),
            }
        }
        for required in known.attributes().filter(|attribute| attribute.required) {
            if element.attribute(required.name).is_none() && !is_remote(element) {
                report.add_to(known.clause, Rule::AttributeMissing, element.tag().start, || {
                    format!("expected `{}` in `{}`, found none", required.name, known.name)
                });
            }
        }
    }

    /// Whether an element is in the MPD's own namespace, given that its parent is.
    fn is_own(&self, element: Element<'_, 'a>) -> bool {
        prefix(element) == self.prefix
            && element.value(&self.declaration).is_none_or(|namespace| Some(namespace) == self.namespace)
    }
}

/// Whether an attribute has no namespace and declares none.
fn is_plain(name: &str) -> bool {
    !name.contains(':') && name != "xmlns"
}

fn prefix<'a>(element: Element<'_, 'a>) -> &'a str {
    element.qualified_name().split_once(':').map_or("", |(prefix, _)| prefix)
}

/// The attribute that declares the namespace of a prefix.
fn declaration(prefix: &str) -> String {
    if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") }
}

#[cfg(test)]
pub(super) mod rows {
    use crate::dash::check::tests::{Row, mpd, period, representation, set};

    pub(in crate::dash::check) const ROWS: &[Row] = &[
        ("namespace", "<MPD/>", mpd!("", "")),
        ("namespace", "<MPD xmlns='urn:mpeg:DASH:schema:MPD:2011'/>", mpd!("", "")),
        (
            "namespace",
            "<d:MPD xmlns='urn:mpeg:dash:schema:mpd:2011'/>",
            "<d:MPD xmlns:d='urn:mpeg:dash:schema:mpd:2011'/>",
        ),
        ("element-unknown", mpd!("", "<Perod/>"), mpd!("", "<x:Perod/><Perod xmlns='urn:x'><Q/></Perod>")),
        (
            "element-unknown",
            mpd!("", "<S/>"),
            period!("", "<SegmentTemplate><SegmentTimeline><S/></SegmentTimeline></SegmentTemplate>"),
        ),
        ("attribute-unknown", period!("Label='a'", ""), period!("x:Label='a' xmlns:x='urn:x'", "")),
        (
            "element-order",
            mpd!("", "<Period/><BaseURL>a</BaseURL>"),
            mpd!("", "<BaseURL>a</BaseURL><Period/>"),
        ),
        (
            "element-order",
            set!("", "<Representation id='a' bandwidth='1'/><Role schemeIdUri='a'/>"),
            set!("", "<Role schemeIdUri='a'/><Representation id='a' bandwidth='1'/>"),
        ),
        (
            "element-repeated",
            set!("", "<SegmentTemplate/><SegmentTemplate/>"),
            set!("", "<BaseURL>a</BaseURL><BaseURL>b</BaseURL><SegmentTemplate/>"),
        ),
        ("attribute-missing", "<MPD minBufferTime='PT1S'/>", "<MPD minBufferTime='PT1S' profiles='a'/>"),
        ("attribute-missing", "<MPD profiles='a'/>", "<MPD minBufferTime='PT1S' profiles='a'/>"),
        ("attribute-missing", set!("", "<Representation id='a'/>"), representation!("", "")),
        ("attribute-missing", set!("", "<Role value='main'/>"), set!("", "<Role schemeIdUri='a'/>")),
        ("attribute-missing", period!("", "<EventStream/>"), period!("", "<EventStream xlink:href='a'/>")),
    ];
}
