//! Extremes over the Representations of a set: `@maxHeight` and the like (ISO/IEC 23009-1 section 5.3.3.2).
//!
//! When a set loses Representations, its extremes are recomputed from the remaining ones. Where a remaining
//! Representation lacks the value, the extreme is unknown, and the attribute is removed.

use std::borrow::Cow;

use super::erase;
use super::period::Period;
use super::stated::{Stated, number};
use crate::catalog::FrameRate;
use crate::dash::change::Changes;
use crate::dash::document::Element;

/// Recomputes the extremes of the sets of a Period.
pub(super) fn repair(period: &Period<'_, '_>, changes: &mut Changes) {
    for (index, set) in period.sets.iter().enumerate().filter(|(_, set)| set.is_kept) {
        if period.of_set(index).all(|one| one.is_kept) {
            continue;
        }
        let kept: Vec<_> = period.of_set(index).filter(|one| one.is_kept).map(|one| one.element).collect();
        for attribute in set.element.attributes() {
            let Some((bound, of)) = bound_of(attribute.name) else { continue };
            let told = Stated::read(set.element, set.element, attribute.name, |text| of.read(text));
            let found = kept.iter().map(|one| of.stated(*one, set.element));
            let found: Option<Vec<_>> = found.map(Stated::known).collect();
            let furthest = found.and_then(|all| match bound {
                Bound::Max => all.into_iter().max_by_key(|(value, _)| *value),
                Bound::Min => all.into_iter().min_by_key(|(value, _)| *value),
            });
            match furthest {
                None => erase::attribute(set.element, &attribute, changes),
                Some((value, text)) => {
                    let is_right = told.known().is_some_and(|told| match bound {
                        Bound::Max => told <= value,
                        Bound::Min => told >= value,
                    });
                    if !is_right {
                        changes.replace(attribute.range(), text);
                    }
                }
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Bound {
    Max,
    Min,
}

/// A quantity with `@min…` and `@max…` attributes.
#[derive(Clone, Copy)]
enum Measure {
    Width,
    Height,
    Bandwidth,
    FrameRate,
}

fn bound_of(name: &str) -> Option<(Bound, Measure)> {
    let (bound, of) = match (name.strip_prefix("max"), name.strip_prefix("min")) {
        (Some(of), _) => (Bound::Max, of),
        (None, of) => (Bound::Min, of?),
    };
    let of = match of {
        "Width" => Measure::Width,
        "Height" => Measure::Height,
        "Bandwidth" => Measure::Bandwidth,
        "FrameRate" => Measure::FrameRate,
        _ => return None,
    };
    Some((bound, of))
}

impl Measure {
    fn read(self, text: &str) -> Option<u64> {
        match self {
            Self::FrameRate => FrameRate::read_ratio(text).map(FrameRate::thousandths),
            Self::Width | Self::Height | Self::Bandwidth => number(text),
        }
    }

    /// The value of a Representation, as a number and as it is written: digits, points and slashes.
    fn stated(self, one: Element<'_, '_>, set: Element<'_, '_>) -> Stated<(u64, String)> {
        let read = |text: &str| Some((self.read(text)?, Cow::from(text).into_owned()));
        match self {
            Self::Width => Stated::read(one, set, "width", read),
            Self::Height => Stated::read(one, set, "height", read),
            Self::Bandwidth => Stated::read(one, one, "bandwidth", read),
            Self::FrameRate => Stated::read(one, set, "frameRate", read),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::dash::limits::testing::try_rows;

    #[test]
    fn extremes_are_those_of_what_remains() {
        try_rows(&[
            (
                "the greatest and the least",
                "<AdaptationSet contentType='video' maxWidth='1920' maxHeight='1080' maxFrameRate=\"60000/1001\" maxBandwidth='9000' minBandwidth='1' minHeight='180' par='16:9'> => <AdaptationSet contentType='video' maxWidth='640' maxHeight='360' maxFrameRate=\"30000/1001\" maxBandwidth='800' minBandwidth='300' minHeight='180' par='16:9'>
                   <Representation width='1920' height='1080' frameRate='60000/1001' bandwidth='9000'/> =>
                   <Representation width='640' height='360' frameRate='30000/1001' bandwidth='800'/>
                   <Representation width='320' height='180' frameRate='15' bandwidth='300'/>
                 </AdaptationSet>",
                json!({ "max_height": 360 }),
            ),
            (
                "of what does not say, nobody knows; and what the set says, all say",
                "<AdaptationSet contentType='video' frameRate='25' maxHeight='1080' maxFrameRate='50' minBandwidth='x'> => <AdaptationSet contentType='video' frameRate='25' maxFrameRate='25' minBandwidth='300'>
                   <Representation height='1080' frameRate='50' bandwidth='9000'/> =>
                   <Representation height='360' bandwidth='800'/>
                   <Representation bandwidth='300'/>
                 </AdaptationSet>",
                json!({ "max_height": 360 }),
            ),
            (
                "a set that has lost none says what it said",
                "<AdaptationSet contentType='video' maxHeight='1080'>
                   <Representation height='360'/>
                 </AdaptationSet>
                 <AdaptationSet contentType='audio' lang='fr'><Representation/></AdaptationSet> =>
                 <AdaptationSet contentType='audio' lang='en'><Representation/></AdaptationSet>",
                json!({ "max_height": 360, "audio": ["en"] }),
            ),
        ]);
    }
}
