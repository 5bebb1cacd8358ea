//! Whether a Period still has something to play. If not, the refusal tells the author of the limits why.
//!
//! A Period that loses all pictures would play as sound alone or not at all. A Period that loses all sound would be silent.
//! Neither is served: the limits allow nothing of the title. Trick modes and thumbnails do not count as content.

use super::period::{Period, Representation};
use crate::catalog::Caps;
use crate::dash::error::CompileError;
use crate::manifest::{Limit, language};

/// Refuses a Period with nothing left to play. `number` is its position in the MPD, from 1.
pub(super) fn check(period: &Period<'_, '_>, number: usize, caps: &Caps) -> Result<(), CompileError> {
    let content = |one: &Representation<'_, '_>| {
        period.set_of(one).filter(|set| !set.is_trick_mode).map(|set| set.content).unwrap_or_default()
    };
    // All text may be removed where other content remains.
    let is_read = !period.representations.iter().map(content).any(|one| one.pictures || one.sound);
    for kind in ["pictures", "sound", "text", "all"] {
        let is_it = |one: &&Representation<'_, '_>| match kind {
            "pictures" => content(one).pictures,
            "sound" => content(one).sound,
            "text" => is_read && content(one).text,
            _ => true,
        };
        let all = || period.representations.iter().filter(is_it);
        if all().next().is_some() && !all().any(|one| one.is_kept) {
            let left_out = format!("{kind} of period {number}: {}", describe(period, all(), caps));
            return Err(CompileError::NoRepresentation { left_out });
        }
    }
    Ok(())
}

/// Counts the Representations that each limit removed. A Representation that exceeds several limits counts for the first.
fn describe<'p>(
    period: &'p Period<'_, '_>,
    all: impl Iterator<Item = &'p Representation<'p, 'p>>,
    caps: &Caps,
) -> String {
    let mut beyond = [0_usize; Limit::ALL.len()];
    let [mut sounds, mut texts, mut bound] = [0_usize; 3];
    for one in all {
        match (one.beyond, period.set_of(one)) {
            (Some(limit), _) => {
                if let Some(count) = beyond.get_mut(limit as usize) {
                    *count += 1;
                }
            }
            (None, Some(set)) if set.is_foreign && set.content.sound => sounds += 1,
            (None, Some(set)) if set.is_foreign => texts += 1,
            (None, _) => bound += 1,
        }
    }
    let found = |sound: bool| {
        let sets = period.sets.iter().filter(|set| set.is_foreign && set.content.sound == sound);
        let tags: Vec<_> = sets.filter_map(|set| set.element.value("lang")).collect();
        language::found_languages(tags.iter().map(|tag| &**tag))
    };
    let mut parts: Vec<String> = Vec::new();
    for (limit, count) in Limit::ALL.into_iter().zip(beyond).filter(|(_, count)| *count > 0) {
        parts.push(format!("{count} {}", limit.describe(caps)));
    }
    if sounds > 0 {
        parts.push(format!("{sounds} with another audio language{}", found(true)));
    }
    if texts > 0 {
        parts.push(format!("{texts} with another subtitle language{}", found(false)));
    }
    if bound > 0 {
        parts.push(format!("{bound} without what it goes with"));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::dash::limits::testing::{edited, period};

    const PICTURES: &str = "<AdaptationSet contentType='video'><Representation id='1' height='360'/><Representation id='2' height='1080'/></AdaptationSet>";

    #[test]
    fn each_limit_is_named_with_what_it_left_out() {
        let sound = |languages: &str| {
            let set = |tag| {
                format!(
                    "<AdaptationSet contentType='audio' lang='{tag}'><Representation bandwidth='64000'/></AdaptationSet>"
                )
            };
            PICTURES.to_owned() + &languages.split(' ').map(set).collect::<String>()
        };
        let all = "<AdaptationSet contentType='video'>\
            <Representation id='1' height='1080' bandwidth='9000000'/><Representation height='1080'/>\
            <Representation bandwidth='9000000'/><Representation frameRate='60'/><Representation codecs='dvh1.05.06'/>\
            <Representation codecs='avc1'/><Representation dependencyId='1'/></AdaptationSet>";
        let limits = json!({ "max_height": 720, "max_bitrate_kbps": 3000, "max_frame_rate": 29.97, "hdr": false,
            "codecs": ["hvc1", "dvh1"] });
        let long = "x".repeat(17);
        for (text, caps, expected) in [
            (
                all.to_owned(),
                limits,
                "pictures of period 2: 2 above max_height 720, 1 above max_bitrate_kbps 3000, 1 above max_frame_rate 29.97, \
                 1 with hdr, 1 with other codecs, 1 without what it goes with",
            ),
            (
                sound("eng ara eng"),
                json!({ "audio": ["fr"] }),
                "sound of period 2: 3 with another audio language (found eng, ara)",
            ),
            (
                sound(&format!("{long} a b c d a e f")),
                json!({ "audio": ["fr"] }),
                "sound of period 2: 8 with another audio language (found a, b, c, d and others)",
            ),
            (
                sound("eng"),
                json!({ "max_bitrate_kbps": 10 }),
                "sound of period 2: 1 above max_bitrate_kbps 10",
            ),
            (
                "<AdaptationSet contentType='text' lang='fr'><Representation/></AdaptationSet>".to_owned(),
                json!({ "subtitles": [] }),
                "text of period 2: 1 with another subtitle language (found fr)",
            ),
            (
                "<AdaptationSet mimeType='image/jpeg'><Representation height='180'/></AdaptationSet>"
                    .to_owned(),
                json!({ "max_height": 90 }),
                "all of period 2: 1 above max_height 90",
            ),
            (
                "<AdaptationSet mimeType='application/x'><Representation codecs='y'/></AdaptationSet>"
                    .to_owned(),
                json!({ "codecs": [] }),
                "all of period 2: 1 with other codecs",
            ),
        ] {
            let mpd = format!("<MPD><Period/>{}</MPD>", period(&text));
            let error = edited(&mpd, &caps).unwrap_err().to_string();
            assert_eq!(error, format!("no Representation is within the limits: {expected}"), "{text}");
        }
    }

    #[test]
    fn a_period_with_pictures_and_sound_is_served() {
        let pictures = |inner: &str| format!("<AdaptationSet contentType='video'>{inner}</AdaptationSet>");
        let high = pictures("<Representation height='1080'/>");
        let trick = pictures(
            "<EssentialProperty schemeIdUri='http://dashif.org/guidelines/trickmode' value='x'/><Representation height='240'/>",
        );
        let images = "<AdaptationSet contentType='image'><Representation height='90'/></AdaptationSet>";
        let sound = "<AdaptationSet contentType='audio'><Representation/></AdaptationSet>";
        let text = "<AdaptationSet contentType='text' lang='fr'><Representation/></AdaptationSet>";
        let caps = json!({ "max_height": 360, "subtitles": [] });
        for (inner, is_served) in [
            (PICTURES.to_owned(), true),
            ([PICTURES, sound].concat(), true),
            ([&*high, sound].concat(), false),
            ([&*high, PICTURES].concat(), true),
            ([&*high, &*trick].concat(), false),
            ([&*high, images].concat(), false),
            ([PICTURES, text].concat(), true),
            ([text, images].concat(), false),
            (trick.clone(), true),
            (images.to_owned(), true),
            (pictures(""), true),
            (String::new(), true),
        ] {
            let mpd = format!("<MPD>{}</MPD>", period(&inner));
            assert_eq!(edited(&mpd, &caps).is_ok(), is_served, "{inner}");
            assert_eq!(edited(&mpd, &json!({})), Ok(mpd.clone()));
        }
    }
}
