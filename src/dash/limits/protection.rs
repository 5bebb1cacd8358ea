//! `ContentProtection` that is written once and referred to elsewhere: `@refId` and `@ref` (ISO/IEC 23009-1 section
//! 5.8.4.1).
//!
//! Where the full element is removed, the first reference to it becomes the full element, for the remaining references.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::period::Period;
use crate::dash::change::Changes;
use crate::dash::document::Element;

/// Restores the full elements that remaining references need.
pub(super) fn repair(mpd: Element<'_, '_>, periods: &[Period<'_, '_>], changes: &mut Changes) {
    let gone: Vec<Element<'_, '_>> = periods.iter().flat_map(gone_in).collect();
    let mut written: BTreeMap<Cow<'_, str>, Element<'_, '_>> = BTreeMap::new();
    for element in gone.iter().flat_map(|gone| gone.descendants()).filter(is_protection) {
        if let Some(id) = element.value("refId") {
            written.entry(id).or_insert(element);
        }
    }
    if written.is_empty() {
        return;
    }
    // The removed elements are in document order, and none contains another.
    let mut gone = gone.into_iter().map(Element::range).peekable();
    let mut kept = Vec::new();
    for element in mpd.descendants().filter(is_protection) {
        let at = element.range().start;
        while gone.next_if(|range| range.end <= at).is_some() {}
        if gone.peek().is_none_or(|range| range.start > at) {
            kept.push(element);
        }
    }
    for id in kept.iter().filter_map(|element| element.value("refId")) {
        written.remove(&id);
    }
    for element in kept {
        let Some(written) = element.value("ref").and_then(|id| written.remove(&id)) else { continue };
        changes.replace(element.range(), written.text());
    }
}

fn is_protection(element: &Element<'_, '_>) -> bool {
    element.name() == "ContentProtection"
}

/// The removed elements of a Period.
fn gone_in<'d, 'a>(period: &Period<'d, 'a>) -> Vec<Element<'d, 'a>> {
    let mut gone = Vec::new();
    for (index, set) in period.sets.iter().enumerate() {
        if set.is_kept {
            gone.extend(period.of_set(index).filter(|one| !one.is_kept).map(|one| one.element));
        } else {
            gone.push(set.element);
        }
    }
    gone
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::dash::limits::testing::try_rows;

    #[test]
    fn a_reference_keeps_its_full_element() {
        try_rows(&[(
            "the first that remains takes its place",
            "<MPD>
               <Period>
                 <AdaptationSet contentType='video'>
                   <ContentProtection schemeIdUri='urn:b' refId='b'/>
                   <Representation height='1080'><ContentProtection schemeIdUri='urn:a' refId='a'>pssh</ContentProtection><ContentProtection schemeIdUri='urn:b' refId='b'/></Representation> =>
                   <Representation height='360'><ContentProtection schemeIdUri='urn:a' ref='a'/><ContentProtection schemeIdUri='urn:b' ref='b'/></Representation> => <Representation height='360'><ContentProtection schemeIdUri='urn:a' refId='a'>pssh</ContentProtection><ContentProtection schemeIdUri='urn:b' ref='b'/></Representation>
                   <Representation height='360'><ContentProtection schemeIdUri='urn:a' ref='a'/><ContentProtection schemeIdUri='urn:z' ref='z'/></Representation>
                 </AdaptationSet>
               </Period>
             </MPD>",
            json!({ "max_height": 360 }),
        )]);
    }
}
