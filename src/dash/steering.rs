//! Content steering, as an MPD announces it (ETSI TS 103 998).
//!
//! ```text
//! <BaseURL serviceLocation="a">https://…</BaseURL>
//! <BaseURL serviceLocation="b">https://…</BaseURL>
//! <ContentSteering defaultServiceLocation="a" queryBeforeStart="false">…/_stagedoor/steering.json</ContentSteering>
//! ```
//!
//! A pathway is a `serviceLocation` of base URLs. Players start with the first base URL, until they have the steering
//! manifest.

use super::change::Changes;
use super::document::{Document, Element};
use super::edits::Edits;
use super::error::CompileError;
use crate::catalog::{ExistingSteering, PathwayId};
use crate::manifest::Steering;

/// Announces steering in an MPD.
///
/// An MPD with fewer than two of the pathways, clones included, announces none: there is no choice. Among the base URLs
/// of a level, the first pathway's comes first.
pub(super) fn announce(document: &Document<'_>, edits: &Edits<'_>) -> Result<Changes, CompileError> {
    let mut changes = Changes::default();
    let mpd = document.root();
    let Some(steering) = edits.steering else { return Ok(changes) };
    let mut existing = mpd.children_named("ContentSteering").peekable();
    if existing.peek().is_some() && steering.existing == ExistingSteering::Keep {
        return Ok(changes);
    }
    existing.for_each(|element| changes.remove(element.range()));
    let pathways = pathways(mpd, steering);
    let clones = steering.clones.iter().filter(|clone| pathways.contains(&&clone.base_id)).count();
    let Some(first) = pathways.first().filter(|_| pathways.len() + clones > 1) else { return Ok(changes) };
    for level in mpd.descendants().chain([mpd]) {
        put_in_front(level, first, &mut changes);
    }
    let behind = ["ProgramInformation", "BaseURL", "Location", "PatchLocation"];
    let last = mpd.children().filter(|child| behind.contains(&child.name())).last();
    let at = last.map(|last| last.range().end).or_else(|| mpd.inner().map(|inner| inner.start));
    if let Some(at) = at {
        let prefix = mpd.prefix();
        let name = format!("{prefix}ContentSteering");
        // Invariant: an id has no character that ends an attribute.
        changes.insert(
            at,
            format!(
                "<{name} defaultServiceLocation=\"{first}\" queryBeforeStart=\"false\">{}</{name}>",
                steering.server_uri
            ),
        );
    }
    Ok(changes)
}

/// The pathways that base URLs name, in the order of preference.
fn pathways<'s>(mpd: Element<'_, '_>, steering: &'s Steering<'_>) -> Vec<&'s PathwayId> {
    let bases = mpd.descendants().filter(|element| element.name() == "BaseURL");
    let named: Vec<_> = bases.filter_map(|base| base.value("serviceLocation")).collect();
    let is_named = |id: &&&PathwayId| named.iter().any(|name| name == id.as_str());
    steering.order.iter().filter(is_named).copied().collect()
}

/// Moves the base URL of a pathway in front of the others of its level.
fn put_in_front(level: Element<'_, '_>, pathway: &PathwayId, changes: &mut Changes) {
    let is_of_pathway =
        |base: &Element<'_, '_>| base.value("serviceLocation").is_some_and(|name| name == pathway.as_str());
    let found = level.children_named("BaseURL").find(is_of_pathway);
    let (Some(front), Some(found)) = (level.child("BaseURL"), found) else { return };
    if front.id() != found.id() {
        changes.replace(front.range(), found.text());
        changes.replace(found.range(), front.text());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::{Caps, PathwayClone};
    use crate::dash::compile;

    const A: &str = "<BaseURL serviceLocation=\"a\">https://a.example/</BaseURL>";
    const B: &str = "<BaseURL serviceLocation=\"b\">https://b.example/</BaseURL>";
    const THEIRS: &str = "<ContentSteering>https://s.example/</ContentSteering>";

    fn announced(mpd: &str, order: &[&str], existing: ExistingSteering) -> String {
        let ids: Vec<PathwayId> = order.iter().map(|text| text.parse().unwrap()).collect();
        let clones: Vec<PathwayClone> =
            serde_json::from_value(json!([{ "id": "c", "base_id": "a", "host": "c.example" }])).unwrap();
        let steering = Steering {
            server_uri: "_stagedoor/steering.json",
            order: ids.iter().collect(),
            clones: if order.contains(&"c") { &clones } else { &[] },
            existing,
        };
        let caps = Caps::default();
        let edits = Edits { steering: Some(&steering), ..Edits::within(&caps) };
        let template = compile(mpd.as_bytes(), None, &edits).unwrap();
        String::from_utf8(template.render("").into_owned()).unwrap()
    }

    #[test]
    fn pathways_are_announced_where_there_is_a_choice() {
        use ExistingSteering::{Keep, Replace};
        let ours = |first: &str| {
            format!(
                "<ContentSteering defaultServiceLocation=\"{first}\" queryBeforeStart=\"false\">_stagedoor/steering.json</ContentSteering>"
            )
        };
        let mpd = |inner: &str| format!("<MPD>{inner}<Period/></MPD>");
        let period = |bases: &str, top: &str| format!("<d:MPD>{top}<d:Period>{bases}</d:Period></d:MPD>");
        for (before, order, existing, after) in [
            (mpd(&format!("{A} {B}")), &["a", "b"][..], Replace, mpd(&format!("{A} {B}{}", ours("a")))),
            (mpd(&format!("{A} {B}")), &["b", "a"], Replace, mpd(&format!("{B} {A}{}", ours("b")))),
            (mpd(&format!("{A} {B}")), &["x", "b"], Replace, mpd(&format!("{A} {B}"))),
            (mpd(A), &["a", "b"], Replace, mpd(A)),
            (mpd(A), &["a", "c"], Replace, mpd(&format!("{A}{}", ours("a")))),
            (mpd(B), &["b", "a", "c"], Replace, mpd(B)),
            (mpd(&format!("{A}{B}{THEIRS}")), &["b", "a"], Keep, mpd(&format!("{A}{B}{THEIRS}"))),
            (mpd(&format!("{A}{B}{THEIRS}")), &["b", "a"], Replace, mpd(&format!("{B}{A}{}", ours("b")))),
            (mpd(&format!("{A}{THEIRS}")), &["b", "a"], Replace, mpd(A)),
            (
                period(&format!("{A}{B}"), ""),
                &["b", "a"],
                Replace,
                period(&format!("{B}{A}"), &ours("b").replace("ContentS", "d:ContentS")),
            ),
        ] {
            assert_eq!(announced(&before, order, existing), after, "{before}");
        }
    }
}
