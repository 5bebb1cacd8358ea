//! The language that a player starts with: audio sets are put in the order of `audio`, text sets in the order of
//! `subtitles`.
//!
//! | comes first | |
//! | --- | --- |
//! | the set in the language that the limits name first | sets without a language come last |
//! | sets for everybody | before sets for a special audience (purpose.rs) |
//! | sets with the role `main` | |
//! | sets with a higher `@selectionPriority` | the default is 1 (ISO/IEC 23009-1 table 5) |
//! | the set that came first | |
//!
//! Players take the first set where nothing else distinguishes them. dash.js looks at `@selectionPriority` before
//! anything else, so no set keeps a higher priority than the set in front of it: it gets the priority of that set.
//!
//! Only the positions of these sets among themselves change. Video sets, with sound or without, stay where they are.

use std::cmp::Reverse;

use super::content::Content;
use super::patches;
use super::period::trick_modes;
use super::purpose::{is_for_some, is_main};
use super::stated::{Stated, number};
use crate::dash::change::Changes;
use crate::dash::document::{Document, Element};
use crate::dash::edits::Edits;
use crate::dash::error::CompileError;
use crate::manifest::{Misplaced, language};
use crate::sorting;

/// Puts sets in the order of their languages.
pub(in crate::dash) fn put_in_order(
    document: &Document<'_>,
    edits: &Edits<'_>,
) -> Result<Changes, CompileError> {
    let mut changes = Changes::default();
    let mpd = document.root();
    let lists =
        [(Content::SOUND, edits.caps.audio.as_deref()), (Content::TEXT, edits.caps.subtitles.as_deref())];
    for period in mpd.children_named("Period") {
        let sets: Vec<_> = period
            .children_named("AdaptationSet")
            .filter(|set| trick_modes(*set).next().is_none())
            .map(|set| (Content::of(set), set))
            .collect();
        for (content, languages) in lists {
            let Some(languages) = languages else { continue };
            let places = sets.iter().filter(|(found, _)| *found == content).map(|(_, set)| *set);
            put(&places.collect::<Vec<_>>(), languages, &mut changes)?;
        }
    }
    patches::leave_out(mpd, &mut changes);
    Ok(changes)
}

/// Puts sorted sets into the positions of the unsorted ones.
fn put(places: &[Element<'_, '_>], languages: &[String], changes: &mut Changes) -> Result<(), Misplaced> {
    let mut sets: Vec<_> = places.iter().map(|set| (rank(*set, languages), *set)).collect();
    sorting::by_key(&mut sets, |(rank, _)| *rank);
    let mut least = u64::MAX;
    for (place, ((.., Reverse(priority)), set)) in places.iter().zip(sets) {
        least = least.min(priority);
        let change = (least < priority).then(|| set.with_attribute(PRIORITY, &least.to_string()));
        if place.id() == set.id() {
            if let Some((range, text)) = change {
                changes.replace(range, text);
            }
            continue;
        }
        let end = set.range().end;
        let (cut, text) = change.unwrap_or((end..end, String::new()));
        let mut rest = set.span();
        let before = rest.take_to(cut.start)?;
        rest.take_to(cut.end)?;
        changes.replace(place.range(), [before.text(), &text, rest.text()].concat());
    }
    Ok(())
}

/// The lowest rank comes first.
type Rank = (usize, bool, bool, Reverse<u64>);

fn rank(set: Element<'_, '_>, languages: &[String]) -> Rank {
    let components = set.children_named("ContentComponent").filter_map(|component| component.value("lang"));
    let tag = components.chain(set.value("lang")).next().unwrap_or_default();
    let place = language::position(languages, &tag).unwrap_or(languages.len());
    let priority = Stated::read(set, set, PRIORITY, number).known().unwrap_or(1);
    (place, is_for_some(set), !is_main(set), Reverse(priority))
}

const PRIORITY: &str = "selectionPriority";

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::dash::limits::testing::{edited, period};

    const ROLE: &str = "urn:mpeg:dash:role:2011";

    /// A Period of sets: `en:audio` `@` an attribute or a role.
    fn mpd(sets: &[&str]) -> String {
        let set = |text: &&str| {
            let (language, rest) = text.split_once(':').unwrap();
            let (kind, more) = rest.split_once('@').unwrap_or((rest, ""));
            let (attribute, role) = if more.contains('=') {
                (format!(" selectionPriority=\"{}\"", more.trim_start_matches('=')), String::new())
            } else if more.is_empty() {
                (String::new(), String::new())
            } else {
                (String::new(), format!("\n      <Role schemeIdUri=\"{ROLE}\" value=\"{more}\"/>"))
            };
            let language = if language.is_empty() { String::new() } else { format!(" lang=\"{language}\"") };
            format!(
                "\n    <AdaptationSet{attribute} contentType=\"{kind}\"{language}>{role}\n      <Representation/>\n    </AdaptationSet>"
            )
        };
        format!("<MPD>\n  {}\n</MPD>", period(&(sets.iter().map(set).collect::<String>() + "\n  ")))
    }

    #[test]
    fn languages_stand_in_the_order_of_the_limits() {
        let audio = |languages: &[&str]| json!({ "audio": languages });
        let rows: [(&[&str], Value, &[&str]); 12] = [
            (&["fr:audio", "en:audio"], audio(&["en", "fr"]), &["en:audio", "fr:audio"]),
            (
                &["fr:audio", "v:video", "x:text", "eng:audio", "de:audio"],
                audio(&["en", "fr"]),
                &["eng:audio", "v:video", "x:text", "fr:audio"],
            ),
            (
                &["fr:text", "fr:audio", "en:text", "en:audio"],
                json!({ "audio": ["en", "fr"], "subtitles": ["fr", "en"] }),
                &["fr:text", "en:audio", "en:text", "fr:audio"],
            ),
            (
                &[":audio", "fr:audio", "und:audio"],
                audio(&["en", "fr"]),
                &["fr:audio", ":audio", "und:audio"],
            ),
            (
                &["en:audio@description", "en:audio", "en:audio@main", "fr:audio@main"],
                audio(&["en", "fr"]),
                &["en:audio@main", "en:audio", "en:audio@description", "fr:audio@main"],
            ),
            (
                &["en:text@forced-subtitle", "en:text@caption", "en:text@main"],
                json!({ "subtitles": ["en"] }),
                &["en:text@main", "en:text@caption", "en:text@forced-subtitle"],
            ),
            (&["en:audio@=1", "en:audio@=5"], audio(&["en"]), &["en:audio@=5", "en:audio@=1"]),
            // What stands behind has no more priority than what stands in front.
            (&["fr:audio@=5", "en:audio@=2"], audio(&["en", "fr"]), &["en:audio@=2", "fr:audio@=2"]),
            (&["en:audio", "fr:audio@=5"], audio(&["en", "fr"]), &["en:audio", "fr:audio@=1"]),
            (&["en:audio@=0", "fr:audio"], audio(&["en", "fr"]), &["en:audio@=0", "fr:audio@=0"]),
            (
                &["fr:audio", "en:audio@=0", "ar:audio@=9"],
                audio(&["en", "ar", "fr"]),
                &["en:audio@=0", "ar:audio@=0", "fr:audio@=0"],
            ),
            (&["fr:audio", "en:audio"], json!({ "subtitles": ["en"] }), &["fr:audio", "en:audio"]),
        ];
        for (before, caps, after) in rows {
            let (before, after) = (mpd(before), mpd(after));
            assert_eq!(edited(&before, &caps).as_deref(), Ok(&*after), "{caps}: {before}");
            assert_eq!(edited(&after, &caps).as_deref(), Ok(&*after), "{caps}: {after}, again");
        }
    }

    #[test]
    fn trick_modes_and_sound_with_pictures_stay_where_they_are() {
        let trick = "<AdaptationSet contentType='audio' lang='fr'><EssentialProperty schemeIdUri='http://dashif.org/guidelines/trickmode' value='x'/><Representation/></AdaptationSet>";
        let muxed = "<AdaptationSet contentType='video' codecs='avc1,mp4a.40.2' lang='fr'><Representation/></AdaptationSet>";
        let sound = "<AdaptationSet contentType='audio' lang='en'><Representation/></AdaptationSet>";
        let mpd = format!("<MPD>{}</MPD>", period(&[trick, muxed, sound].concat()));
        assert_eq!(edited(&mpd, &json!({ "audio": ["en", "fr"] })), Ok(mpd.clone()));
    }
}
