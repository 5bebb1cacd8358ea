//! Which renditions are in a language that the caps allow.
//!
//! | `TYPE` | limit |
//! | --- | --- |
//! | `AUDIO` | `audio` |
//! | `SUBTITLES`, `CLOSED-CAPTIONS` | `subtitles` |
//! | `VIDEO` | none |
//!
//! Only `LANGUAGE` decides. The rendition is not in the language that `ASSOC-LANGUAGE` names: that language is only
//! associated with it.
//!
//! [draft-pantos-hls-rfc8216bis-22 section 4.4.6.1](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.6.1)

use super::groups::Media;
use super::value::Value;
use crate::catalog::Caps;
use crate::manifest::language;

/// Whether a rendition with this `LANGUAGE` is within the limits.
pub(super) fn allows(caps: &Caps, media: Media, language: &Value<'_>) -> bool {
    let allowed = match media {
        Media::Audio => caps.audio.as_deref(),
        Media::Subtitles | Media::ClosedCaptions => caps.subtitles.as_deref(),
        Media::Video => None,
    };
    language.is_within(allowed, language::allows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_a_list_of_its_own() {
        let caps =
            Caps { audio: Some(vec!["en".to_owned()]), subtitles: Some(Vec::new()), ..Caps::default() };
        for (media, language, expected) in [
            (Media::Audio, "en-GB", true),
            (Media::Audio, "fr", false),
            (Media::Subtitles, "en", false),
            (Media::ClosedCaptions, "en", false),
            (Media::Subtitles, "und", true),
            (Media::Video, "fr", true),
        ] {
            let found = allows(&caps, media, &Value::Known(language.into()));
            assert_eq!(found, expected, "{media:?} {language}");
        }
        assert!(!allows(&caps, Media::Audio, &Value::Unknown));
        assert!(allows(&Caps::default(), Media::Audio, &Value::Unknown));
    }
}
