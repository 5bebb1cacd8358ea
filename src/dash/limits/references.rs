//! Removes references to removed elements.
//!
//! | | |
//! | --- | --- |
//! | `Representation@associationId` | loses the id, and `@associationType` the matching type |
//! | `urn:mpeg:dash:adaptation-set-switching:2016`, trick modes | lose the id; the descriptor is removed with the last id |
//! | `urn:mpeg:dash:preselection:2016`, supplemental | is removed with any of its ids |
//! | `Preselection` | is removed with any of its components, and where it exceeds a limit itself |
//! | `Subset@contains` | loses the id; the element is removed with the last id |
//! | `@scte214:supplementalCodecs` | is removed, with `@scte214:supplementalProfiles`, where one of its codecs exceeds a limit: the codecs in `@codecs` play without it |
//!
//! ISO/IEC 23009-1 sections 5.3.5.2, 5.3.3.5, 5.3.8 and 5.3.11; ANSI/SCTE 214-1 section 7.

use std::collections::BTreeMap;

use super::beyond::SetProperties;
use super::bonds::{is_preselection, preselected};
use super::content::Content;
use super::descriptor::{Descriptor, properties};
use super::erase;
use super::list::{Remaining, ids, remove_ids, without_items};
use super::period::{Period, is_in_language};
use super::range;
use crate::catalog::Caps;
use crate::dash::change::Changes;
use crate::dash::document::{Attribute, Element};
use crate::manifest::codecs::is_listed;

/// Removes the references of a Period to removed elements.
pub(super) fn repair(period: &Period<'_, '_>, caps: &Caps, changes: &mut Changes) {
    let is_gone = |id: &str| period.gone_sets.contains(id);
    for set in period.sets.iter().filter(|set| set.is_kept) {
        supplements(set.element, caps, changes);
        for property in properties(set.element) {
            set_property(&property, is_gone, changes);
        }
    }
    for one in period.representations.iter().filter(|one| one.is_kept) {
        supplements(one.element, caps, changes);
        if !period.gone_representations.is_empty() {
            association(one.element, |id| period.gone_representations.contains(id), changes);
        }
    }
    preselections(period, caps, changes);
    for subset in period.element.children_named("Subset") {
        if subset.attribute("contains").is_some_and(|contains| remove_ids(&contains, is_gone, changes)) {
            erase::element(subset, changes);
        }
    }
}

/// Removes ids from a property of a set that names other sets.
fn set_property(property: &Descriptor<'_, '_>, is_gone: impl Fn(&str) -> bool, changes: &mut Changes) {
    let is_list = property.scheme == "urn:mpeg:dash:adaptation-set-switching:2016"
        || property.scheme == "http://dashif.org/guidelines/trickmode";
    let loses_all = if is_list {
        property.element.attribute("value").is_some_and(|value| remove_ids(&value, is_gone, changes))
    } else {
        is_preselection(&property.scheme) && preselected(&property.value()).iter().any(|id| is_gone(id))
    };
    if loses_all {
        erase::element(property.element, changes);
    }
}

/// Removes removed Representations from the associations of a Representation.
fn association(one: Element<'_, '_>, is_gone: impl Fn(&str) -> bool, changes: &mut Changes) {
    let Some(ids) = one.attribute("associationId") else { return };
    let mut gone = Vec::new();
    let left = without_items(ids.raw, |_, id| {
        gone.push(is_gone(id));
        is_gone(id)
    });
    // Invariant: a Representation is removed with the last Representation that it is associated with.
    let Remaining::Some(list) = left else { return };
    changes.replace(ids.range(), list);
    let Some(types) = one.attribute("associationType") else { return };
    match without_items(types.raw, |number, _| gone.get(number) == Some(&true)) {
        Remaining::All => {}
        Remaining::Some(list) => changes.replace(types.range(), list),
        Remaining::None => erase::attribute(one, &types, changes),
    }
}

/// Removes the preselections that lack a component or exceed a limit. A preselection has the content of its main
/// component.
fn preselections(period: &Period<'_, '_>, caps: &Caps, changes: &mut Changes) {
    let mut sets = None;
    for preselection in period.element.children_named("Preselection") {
        let sets = sets.get_or_insert_with(|| contents(period));
        let components = ids(preselection, "preselectionComponents");
        let content =
            components.first().and_then(|main| sets.get(&**main)).copied().unwrap_or(Content::SOUND);
        if components.iter().any(|id| period.gone_sets.contains(id))
            || !is_in_language(caps, content, preselection)
            || SetProperties::of(content, preselection).beyond(caps, preselection).is_some()
        {
            erase::element(preselection, changes);
        } else {
            supplements(preselection, caps, changes);
        }
    }
}

/// The content of the sets of a Period, by their ids.
fn contents(period: &Period<'_, '_>) -> BTreeMap<String, Content> {
    let named = |set: &super::period::Set<'_, '_>| Some((set.element.value("id")?.into_owned(), set.content));
    period.sets.iter().filter_map(named).collect()
}

/// Removes supplemental codecs that exceed a limit. Their list has white space or commas between its items.
fn supplements(element: Element<'_, '_>, caps: &Caps, changes: &mut Changes) {
    let prefixed = |attribute: &Attribute<'_>| attribute.local_name() != attribute.name;
    let goes = |attribute: &Attribute<'_>| {
        let value = attribute.value();
        attribute.local_name() == "supplementalCodecs"
            && prefixed(attribute)
            && !super::list::items(&value).all(|codec| {
                caps.codecs.as_deref().is_none_or(|listed| is_listed(listed, codec))
                    && (caps.hdr != Some(false) || !range::is_high_codec(codec))
            })
    };
    if !element.attributes().any(|attribute| goes(&attribute)) {
        return;
    }
    for attribute in element.attributes().filter(prefixed) {
        if matches!(attribute.local_name(), "supplementalCodecs" | "supplementalProfiles") {
            erase::attribute(element, &attribute, changes);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::dash::limits::testing::try_rows;

    #[test]
    fn nothing_refers_to_what_is_gone() {
        let caps = json!({ "max_height": 360, "audio": ["en"] });
        try_rows(&[
            (
                "associations lose their type with them",
                "<AdaptationSet contentType='video'>
                   <Representation id='1' height='360'/>
                   <Representation id='2' height='1080'/> =>
                 </AdaptationSet>
                 <AdaptationSet mimeType='application/mp4'>
                   <Representation id='3' associationId='2 1' associationType='cdsc vdep'/> => <Representation id='3' associationId='1' associationType='vdep'/>
                   <Representation id='4' associationId='2 9' associationType='cdsc'/> =>
                   <Representation id='5' associationId='1'/>
                 </AdaptationSet>",
                caps.clone(),
            ),
            (
                "sets that players may switch to, and trick modes of several",
                "<AdaptationSet id='1' contentType='video'>
                   <SupplementalProperty schemeIdUri='urn:mpeg:dash:adaptation-set-switching:2016' value='2,3'/> => <SupplementalProperty schemeIdUri='urn:mpeg:dash:adaptation-set-switching:2016' value='3'/>
                   <Representation height='360'/>
                 </AdaptationSet>
                 <AdaptationSet id='2' contentType='video'><Representation height='1080'/></AdaptationSet> =>
                 <AdaptationSet id='3' contentType='video'>
                   <SupplementalProperty schemeIdUri='urn:mpeg:dash:adaptation-set-switching:2016' value='2'/> =>
                   <SupplementalProperty schemeIdUri='urn:x' value='2'/>
                   <Representation height='360'/>
                 </AdaptationSet>
                 <AdaptationSet id='4' contentType='video'>
                   <EssentialProperty schemeIdUri='http://dashif.org/guidelines/trickmode' value='1 2'/> => <EssentialProperty schemeIdUri='http://dashif.org/guidelines/trickmode' value='1'/>
                   <Representation height='240'/>
                 </AdaptationSet>",
                caps.clone(),
            ),
            (
                "preselections and subsets",
                "<AdaptationSet id='v' contentType='video'><Representation height='360'/></AdaptationSet>
                 <AdaptationSet id='en' contentType='audio' lang='en'>
                   <SupplementalProperty schemeIdUri='urn:mpeg:dash:preselection:2016' value='1,en fr'/> =>
                   <SupplementalProperty schemeIdUri='urn:mpeg:dash:preselection:2016' value='2,en'/>
                   <Representation/>
                 </AdaptationSet>
                 <AdaptationSet id='fr' contentType='audio' lang='fr'><Representation/></AdaptationSet> =>
                 <AdaptationSet id='other' contentType='audio'><ContentComponent id='7' contentType='audio' lang='fr'/><Representation/></AdaptationSet> =>
                 <Preselection id='1' preselectionComponents='en'/>
                 <Preselection id='2' preselectionComponents='en fr'/> =>
                 <Preselection id='3' preselectionComponents='7'/> =>
                 <Preselection id='4' preselectionComponents='en' lang='fr'/> =>
                 <Preselection id='5' preselectionComponents='v' lang='fr'/>
                 <Subset contains='v en'/>
                 <Subset contains='v en fr'/> => <Subset contains='v en'/>
                 <Subset contains='fr'/> =>",
                caps,
            ),
        ]);
    }

    #[test]
    fn a_codec_that_adds_to_another_goes_alone() {
        let rows = "<AdaptationSet contentType='video' scte214:supplementalCodecs='dvh1.08.07/db1p'> => <AdaptationSet contentType='video'>
               <Representation codecs='hvc1.2.4' scte214:supplementalCodecs='dvh1.08.07/db4h' scte214:supplementalProfiles='db4h' id='1'/> => <Representation codecs='hvc1.2.4' id='1'/>
               <Representation codecs='hvc1.2.4' scte214:supplementalCodecs='hvc1.2.20/cdm4'/>
               <Representation codecs='hvc1.2.4' supplementalCodecs='dvh1.08.07'/>
             </AdaptationSet>";
        try_rows(&[
            ("of another family", rows, json!({ "codecs": ["hvc1"] })),
            ("of high range", rows, json!({ "hdr": false })),
        ]);
    }
}
