//! `InitializationSet`: properties that sets of all Periods share, so that a player can set up its decoders at once.
//!
//! An `InitializationSet` that only removed sets referred to is removed, together with its id in groups and
//! presentations (ISO/IEC 23009-1 section 5.3.12).

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::erase;
use super::list::{Remaining, ids, without_items};
use super::period::Period;
use crate::dash::change::Changes;
use crate::dash::document::Element;

/// Removes the `InitializationSet` elements that no remaining set refers to.
pub(super) fn repair(mpd: Element<'_, '_>, periods: &[Period<'_, '_>], changes: &mut Changes) {
    let sets = || periods.iter().flat_map(|period| &period.sets);
    let named = |is_kept: bool| -> BTreeSet<Cow<'_, str>> {
        sets()
            .filter(|set| set.is_kept == is_kept)
            .flat_map(|set| ids(set.element, "initializationSetRef"))
            .collect()
    };
    let mut gone = named(false);
    if gone.is_empty() {
        return;
    }
    let kept = named(true);
    gone.retain(|id| !kept.contains(id));
    for child in mpd.children() {
        match child.name() {
            "InitializationSet" if child.value("id").is_some_and(|id| gone.contains(id.trim())) => {
                erase::element(child, changes);
            }
            "InitializationGroup" | "InitializationPresentation" => {
                let (Some(inner), Some(list)) = (child.inner(), child.inner_text()) else { continue };
                match without_items(list, |_, id| gone.contains(id)) {
                    Remaining::All => {}
                    Remaining::Some(list) => changes.replace(inner, list),
                    Remaining::None => erase::element(child, changes),
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::dash::limits::testing::try_rows;

    #[test]
    fn an_initialization_set_without_references_is_removed() {
        try_rows(&[(
            "one that a later Period names stays, and one that none has named",
            "<MPD>
               <InitializationSet id='1' contentType='video'/>
               <InitializationSet id='2' contentType='audio'/> =>
               <InitializationSet id='3' contentType='audio'/>
               <InitializationSet id='4' contentType='text'/>
               <InitializationGroup id='9'>1 2 3</InitializationGroup> => <InitializationGroup id='9'>1 3</InitializationGroup>
               <InitializationGroup id='8'>2</InitializationGroup> =>
               <InitializationPresentation>1 3</InitializationPresentation>
               <Period>
                 <AdaptationSet contentType='audio' lang='fr' initializationSetRef='2 3'><Representation/></AdaptationSet> =>
                 <AdaptationSet contentType='audio' lang='en' initializationSetRef='1'><Representation/></AdaptationSet>
               </Period>
               <Period>
                 <AdaptationSet contentType='audio' lang='en' initializationSetRef='3'><Representation/></AdaptationSet>
               </Period>
             </MPD>",
            json!({ "audio": ["en"] }),
        )]);
    }
}
