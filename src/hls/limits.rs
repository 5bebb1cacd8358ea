//! What of a Multivariant Playlist is within an offer's limits.
//!
//! | limit | leaves out | unless it does not say |
//! | --- | --- | --- |
//! | `max_height` | variants with more in `RESOLUTION` | stays |
//! | `max_bitrate_kbps` | variants with more in `BANDWIDTH` | stays |
//! | `hdr: false` | variants with `VIDEO-RANGE` PQ or HLG, or Dolby Vision in `CODECS` | stays |
//! | `codecs` | variants of which one of `CODECS` begins with none of these | stays |
//! | `audio`, `subtitles` | renditions with another `LANGUAGE`: `en` includes `en-GB` | stays |
//!
//! A variant whose group of sound has lost all its renditions is left out too; where that happened to its group of
//! subtitles, it loses the attribute that names it.
//!
//! [RFC 8216 section 4.3.4](https://www.rfc-editor.org/rfc/rfc8216#section-4.3.4)

use std::ops::Range;

use super::attributes::{Attribute, attribute, attributes};
use super::lines::{Kind, Line};
use crate::catalog::Caps;

/// The limits that concern playlists, and what they left of each group of renditions.
pub(super) struct Limits<'a> {
    caps: &'a Caps,
    /// Groups of sound and of subtitles that had renditions and have none left.
    empty: Vec<(&'static [u8], &'a [u8])>,
}

/// A kind of rendition: its `TYPE`, which is also the attribute by which a variant names its group.
const AUDIO: &[u8] = b"AUDIO";
const SUBTITLES: &[u8] = b"SUBTITLES";

impl<'a> Limits<'a> {
    /// Looks at the renditions of a playlist; without limits of languages, at nothing.
    pub(super) fn new(caps: &'a Caps, lines: impl Iterator<Item = Line<'a>>) -> Self {
        let mut limits = Self { caps, empty: Vec::new() };
        if caps.audio.is_none() && caps.subtitles.is_none() {
            return limits;
        }
        let mut kept: Vec<(&[u8], &[u8])> = Vec::new();
        for line in lines {
            let Kind::Tag(_, tag) = line.kind() else { continue };
            let Some(list) = tag.strip_prefix(b"#EXT-X-MEDIA:") else { continue };
            let (Some(kind), Some(group)) = (kind(list), attribute(list, b"GROUP-ID")) else { continue };
            let found = (kind, group);
            if limits.rendition(list) {
                kept.push(found);
            } else if !limits.empty.contains(&found) {
                limits.empty.push(found);
            }
        }
        limits.empty.retain(|group| !kept.contains(group));
        limits
    }

    /// Whether a variant stream is within them.
    pub(super) fn variant(&self, list: &[u8]) -> bool {
        self.picture(list) && !self.lost(list, AUDIO)
    }

    /// Whether an I-frame stream is within them.
    pub(super) fn picture(&self, list: &[u8]) -> bool {
        let Caps { max_height, max_bitrate_kbps, hdr, codecs, .. } = self.caps;
        let below = |limit: Option<u32>, found: Option<u64>| {
            limit.zip(found).is_none_or(|(limit, found)| found <= limit.into())
        };
        let named = |name| attribute(list, name).and_then(|value| str::from_utf8(value).ok());
        let number = |text: &str| text.trim().parse::<u64>().ok();
        let height = named(b"RESOLUTION").and_then(|size| number(size.trim().split_once(['x', 'X'])?.1));
        let kbps = named(b"BANDWIDTH").and_then(number).map(|bits| bits.div_ceil(1000));
        let range = named(b"VIDEO-RANGE").unwrap_or_default().trim();
        let names = || named(b"CODECS").unwrap_or_default().split(',').map(str::trim);
        let dynamic = matches!(range, "PQ" | "HLG")
            || names()
                .any(|name| ["dvh1", "dvhe", "dva1", "dvav"].iter().any(|dolby| name.starts_with(dolby)));
        let listed = |name: &str| {
            let codecs = codecs.as_deref().unwrap_or_default();
            codecs.iter().any(|codec| name.starts_with(codec.as_str()))
        };
        below(*max_height, height)
            && below(*max_bitrate_kbps, kbps)
            && (*hdr != Some(false) || !dynamic)
            && (codecs.is_none() || names().filter(|name| !name.is_empty()).all(listed))
    }

    /// Whether a rendition is within them.
    pub(super) fn rendition(&self, list: &[u8]) -> bool {
        let allowed = match kind(list) {
            Some(AUDIO) => &self.caps.audio,
            Some(SUBTITLES) => &self.caps.subtitles,
            _ => &None,
        };
        let language = attribute(list, b"LANGUAGE").and_then(|value| str::from_utf8(value).ok());
        match (allowed, language) {
            (Some(allowed), Some(language)) => allowed.iter().any(|tag| includes(tag, language.trim())),
            _ => true,
        }
    }

    /// The part of a variant's list that names a group of subtitles that has no rendition left, with its comma.
    pub(super) fn dangling(&self, list: &[u8]) -> Option<Range<usize>> {
        if !self.lost(list, SUBTITLES) {
            return None;
        }
        let Attribute { name, value, at, .. } = attributes(list).find(|found| found.name == SUBTITLES)?;
        // NAME="value", with the comma behind it, or else the one before it.
        let quote = usize::from(list.get(at.checked_sub(1)?) == Some(&b'"'));
        let start = at.checked_sub(quote + 1 + name.len())?;
        let end = at + value.len() + quote;
        if list.get(end) == Some(&b',') { Some(start..end + 1) } else { Some(start.saturating_sub(1)..end) }
    }

    fn lost(&self, list: &[u8], kind: &'static [u8]) -> bool {
        attribute(list, kind).is_some_and(|group| self.empty.contains(&(kind, group)))
    }
}

fn kind(list: &[u8]) -> Option<&'static [u8]> {
    match attribute(list, b"TYPE")? {
        b"AUDIO" => Some(AUDIO),
        b"SUBTITLES" => Some(SUBTITLES),
        _ => None,
    }
}

/// Whether a language range includes a tag ([RFC 4647 section 3.3.1], basic filtering).
///
/// [RFC 4647 section 3.3.1]: https://www.rfc-editor.org/rfc/rfc4647#section-3.3.1
fn includes(range: &str, tag: &str) -> bool {
    tag.get(..range.len()).is_some_and(|start| start.eq_ignore_ascii_case(range))
        && matches!(tag.as_bytes().get(range.len()), None | Some(b'-'))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::hls::lines::lines;

    const MASTER: &[u8] = b"#EXTM3U\n\
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"English\",LANGUAGE=\"en-GB\",URI=\"en.m3u8\"\n\
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"Arabic\",LANGUAGE=\"ar\",URI=\"ar.m3u8\"\n\
        #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"French\",LANGUAGE=\"fr\",URI=\"fr.m3u8\"\n\
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"d\",NAME=\"Description\",URI=\"d.m3u8\"\n";

    fn with<T>(caps: &Value, ask: impl FnOnce(&Limits<'_>) -> T) -> T {
        let caps: Caps = serde_json::from_value(caps.clone()).unwrap();
        ask(&Limits::new(&caps, lines(MASTER)))
    }

    #[test]
    fn every_limit_both_ways() {
        let variant =
            r#"BANDWIDTH=2000001,RESOLUTION=1920x1080,CODECS="hvc1.2.4,mp4a.40.2",VIDEO-RANGE=PQ,AUDIO="a""#;
        for (caps, within) in [
            (json!({}), true),
            (json!({ "max_height": 1080 }), true),
            (json!({ "max_height": 1079 }), false),
            (json!({ "max_bitrate_kbps": 2001 }), true),
            (json!({ "max_bitrate_kbps": 2000 }), false),
            (json!({ "hdr": true }), true),
            (json!({ "hdr": false }), false),
            (json!({ "codecs": ["hvc1", "mp4a"] }), true),
            (json!({ "codecs": ["hvc1"] }), false),
            (json!({ "codecs": [] }), false),
            (json!({ "audio": ["ar"] }), true),
            (json!({ "audio": ["en"] }), true),
            (json!({ "audio": ["EN-gb"] }), true),
            (json!({ "audio": ["en-US", "e"] }), false),
            (json!({ "audio": [] }), false),
            (json!({ "subtitles": [] }), true),
        ] {
            assert_eq!(with(&caps, |limits| limits.variant(variant.as_bytes())), within, "{caps}");
        }
        let silent = b"BANDWIDTH=x,AUDIO=\"d\"";
        let narrow =
            json!({ "max_height": 1, "max_bitrate_kbps": 1, "hdr": false, "codecs": ["x"], "audio": ["x"] });
        assert!(with(&narrow, |limits| limits.variant(silent)), "what says nothing is left out");
        let dolby = b"CODECS=\"dvh1.05.06\"";
        assert!(!with(&json!({ "hdr": false }), |limits| limits.picture(dolby)));
    }

    #[test]
    fn a_variant_loses_the_name_of_a_group_that_is_gone() {
        for (list, left) in [
            ("BANDWIDTH=1,SUBTITLES=\"s\",AUDIO=\"a\"", "BANDWIDTH=1,AUDIO=\"a\""),
            ("BANDWIDTH=1,SUBTITLES=\"s\"", "BANDWIDTH=1"),
            ("SUBTITLES=\"s\",BANDWIDTH=1", "BANDWIDTH=1"),
        ] {
            let span = with(&json!({ "subtitles": ["en"] }), |limits| limits.dangling(list.as_bytes()));
            let mut found = list.to_owned();
            found.replace_range(span.unwrap(), "");
            assert_eq!(found, left);
        }
        let kept = b"SUBTITLES=\"s\"";
        assert_eq!(with(&json!({ "subtitles": ["fr"] }), |limits| limits.dangling(kept)), None);
    }
}
