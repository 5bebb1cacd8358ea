//! Languages: whether a list includes the language of a track, and how a message lists the languages found.
//!
//! `eng` and `en` are the same language. A track without a language matches every list, and so do `und` and `zxx`.

use std::fmt::Write;

use super::iso_639::canonical;

/// Whether a tag is in one of these languages, or names none.
pub(crate) fn allows(allowed: &[String], tag: &str) -> bool {
    let tag = tag.trim();
    says_nothing(tag) || allowed.iter().any(|range| includes(range, tag))
}

/// The position of a tag in these languages; `None`: it is in none of them, or names none.
pub(crate) fn position(languages: &[String], tag: &str) -> Option<usize> {
    languages.iter().position(|range| includes(range, tag.trim()))
}

fn says_nothing(tag: &str) -> bool {
    ["", "und", "zxx"].iter().any(|none| tag.eq_ignore_ascii_case(none))
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

/// The languages found, shortened, as a suffix of a message: ` (found eng, ara)`.
pub(crate) fn found_languages<'a>(tags: impl Iterator<Item = &'a str>) -> String {
    let mut languages: Vec<&str> = Vec::new();
    let mut others = false;
    for language in tags.map(str::trim).filter(|tag| is_tag(tag)) {
        if languages.contains(&language) {
            continue;
        }
        if languages.len() == LANGUAGES_MAX {
            others = true;
            break;
        }
        languages.push(language);
    }
    let mut text = String::new();
    if !languages.is_empty() {
        let rest = if others { " and others" } else { "" };
        let _ = write!(text, " (found {}{rest})", languages.join(", "));
    }
    text
}

/// Whether a text looks like a language tag: an origin may send text of any length.
fn is_tag(text: &str) -> bool {
    (1..=LANGUAGE_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

const LANGUAGES_MAX: usize = 4;
const LANGUAGE_BYTES_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages() {
        let allowed = ["en", "zh-Hant", "AR", "ger", "iw"].map(str::to_owned);
        for (language, expected) in [
            ("en", true),
            ("EN-gb", true),
            (" en ", true),
            ("eng", true),
            ("ENG-GB", true),
            ("enga", false),
            ("de", true),
            ("deu-AT", true),
            ("he", true),
            ("heb", true),
            ("zho-Hant", true),
            ("chi-Hant-HK", true),
            ("chi-Hantx", false),
            ("chi", false),
            ("-GB", false),
            ("e", false),
            ("zh-Hant-TW", true),
            ("zh", false),
            ("zh-Hans", false),
            ("ar-EG", true),
            ("é", false),
            ("", true),
            ("und", true),
            ("ZXX", true),
            ("mul", false),
        ] {
            assert_eq!(allows(&allowed, language), expected, "{language}");
        }
        assert!(!allows(&[], "en") && allows(&[], "und"));
        let places = ["heb", "zh-Hant", "und", "fr"].map(|tag| position(&allowed, tag));
        assert_eq!(places, [Some(4), Some(1), None, None]);
    }

    #[test]
    fn some_are_named() {
        let long = "x".repeat(17);
        for (tags, expected) in [
            ("eng ara eng", " (found eng, ara)"),
            ("a b c d a e f", " (found a, b, c, d and others)"),
            (&*format!("{long} é"), ""),
            ("", ""),
        ] {
            assert_eq!(found_languages(tags.split(' ')), expected, "{tags}");
        }
    }
}
