//! Which renditions are in a language that rights give.
//!
//! | `TYPE` | limit |
//! | --- | --- |
//! | `AUDIO` | `audio` |
//! | `SUBTITLES`, `CLOSED-CAPTIONS` | `subtitles` |
//! | `VIDEO` | none |
//!
//! `LANGUAGE` decides, and it alone: `ASSOC-LANGUAGE` names a language that the rendition goes well with, not one that it
//! is in. `eng` and `en` are one language. A rendition that says nothing of its language stays, and so does one in `und`
//! or `zxx`, which say the same.
//!
//! [draft-pantos-hls-rfc8216bis-22 section 4.4.6.1](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.6.1)

use super::groups::Media;
use super::iso_639::canonical;
use super::value::Value;
use crate::catalog::Caps;

/// Whether a rendition with this `LANGUAGE` is within the limits.
pub(super) fn allows(caps: &Caps, media: Media, language: &Value<'_>) -> bool {
    let allowed = match media {
        Media::Audio => caps.audio.as_deref(),
        Media::Subtitles | Media::ClosedCaptions => caps.subtitles.as_deref(),
        Media::Video => None,
    };
    language.is_within(allowed, |allowed, tag| {
        let tag = tag.trim();
        let says_nothing = ["", "und", "zxx"].iter().any(|none| tag.eq_ignore_ascii_case(none));
        says_nothing || allowed.iter().any(|range| includes(range, tag))
    })
}

/// Whether a language range includes a tag ([RFC 4647 section 3.3.1], basic filtering): `en` includes `en-GB`, and `eng`,
/// which is the same language.
///
/// [RFC 4647 section 3.3.1]: https://www.rfc-editor.org/rfc/rfc4647#section-3.3.1
fn includes(range: &str, tag: &str) -> bool {
    let language = |tag: &str| tag.find('-').unwrap_or(tag.len());
    let (range, wanted) = range.split_at(language(range));
    let (tag, found) = tag.split_at(language(tag));
    canonical(range).eq_ignore_ascii_case(canonical(tag))
        && found.get(..wanted.len()).is_some_and(|start| start.eq_ignore_ascii_case(wanted))
        && matches!(found.as_bytes().get(wanted.len()), None | Some(b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages() {
        let list = |tags: &[&str]| Some(tags.iter().map(|tag| (*tag).to_owned()).collect());
        let caps = Caps {
            audio: list(&["en", "zh-Hant", "AR", "ger", "iw"]),
            subtitles: list(&[]),
            ..Caps::default()
        };
        for (media, language, expected) in [
            (Media::Audio, "en", true),
            (Media::Audio, "EN-gb", true),
            (Media::Audio, " en ", true),
            (Media::Audio, "eng", true),
            (Media::Audio, "ENG-GB", true),
            (Media::Audio, "enga", false),
            (Media::Audio, "de", true),
            (Media::Audio, "deu-AT", true),
            (Media::Audio, "he", true),
            (Media::Audio, "heb", true),
            (Media::Audio, "zho-Hant", true),
            (Media::Audio, "chi-Hant-HK", true),
            (Media::Audio, "chi-Hantx", false),
            (Media::Audio, "chi", false),
            (Media::Audio, "-GB", false),
            (Media::Audio, "e", false),
            (Media::Audio, "zh-Hant-TW", true),
            (Media::Audio, "zh", false),
            (Media::Audio, "zh-Hans", false),
            (Media::Audio, "ar-EG", true),
            (Media::Audio, "é", false),
            (Media::Audio, "", true),
            (Media::Audio, "und", true),
            (Media::Audio, "ZXX", true),
            (Media::Audio, "mul", false),
            (Media::Subtitles, "en", false),
            (Media::ClosedCaptions, "en", false),
            (Media::Subtitles, "und", true),
            (Media::Video, "fr", true),
        ] {
            assert_eq!(
                allows(&caps, media, &Value::Known(language.into())),
                expected,
                "{media:?} {language}"
            );
        }
        assert!(!allows(&caps, Media::Audio, &Value::Unknown));
        assert!(allows(&Caps::default(), Media::Audio, &Value::Unknown));
    }
}
