//! Attributes of variants that name renditions which were left out, and the pathway at which content steering begins.

use super::consequences::Remaining;
use super::groups::Media;
use super::master::{Master, NO_CAPTIONS, Variant};
use super::script::Script;
use crate::hls::read::attributes::attributes;
use crate::hls::write::shape::Change;

/// Takes names of groups that have no rendition left off the variants, and codecs that only add to others and are
/// not within the limits.
///
/// Where another variant says `CLOSED-CAPTIONS=NONE`, a variant that has lost its captions says so too:
///
/// > If the value is the enumerated-string value NONE, all EXT-X-STREAM-INF tags MUST have this attribute with a value of
/// > NONE […]
///
/// A codec in `SUPPLEMENTAL-CODECS` only adds to one of `CODECS`, which is played without it: the variant stays.
pub(super) fn variants<'a>(master: &Master<'a>, script: &mut Script<'a>) {
    let kept = || master.variants.iter().filter(|variant| variant.is_kept);
    let mut says_none = None;
    for variant in kept().chain(master.pictures.iter().filter(|picture| picture.is_kept)) {
        let lost =
            |media: Media| master.groups.is_lost(variant.groups.get(media as usize).copied().flatten());
        let is_lost = Media::ALL.map(lost);
        if !variant.loses_supplement && !is_lost.contains(&true) {
            continue;
        }
        let says_none =
            lost(Media::ClosedCaptions) && *says_none.get_or_insert_with(|| kept().any(has_no_captions));
        let goes = |name: &[u8]| match Media::from_name(name) {
            Some(Media::ClosedCaptions) if says_none => false,
            Some(media) => is_lost.get(media as usize) == Some(&true),
            None => name == b"SUPPLEMENTAL-CODECS" && variant.loses_supplement,
        };
        let mut changes = variant.tag.without(|attribute| goes(attribute.name));
        if says_none {
            changes.extend(without_captions(variant));
        }
        script.change(variant.tag.line, changes);
    }
}

fn has_no_captions(variant: &Variant<'_>) -> bool {
    attributes(variant.tag.list.text()).any(|attribute| {
        attribute.name == Media::ClosedCaptions.name() && attribute.value.trim_ascii() == NO_CAPTIONS
    })
}

fn without_captions(variant: &Variant<'_>) -> Vec<Change> {
    let tag = &variant.tag;
    let named =
        attributes(tag.list.text()).filter(|attribute| attribute.name == Media::ClosedCaptions.name());
    let change = named.map(|attribute| {
        let is_closed = attribute.end > attribute.at + attribute.value.len();
        let start = tag.list.start() + attribute.at - usize::from(is_closed);
        Change { at: start..tag.list.start() + attribute.end, with: "NONE".to_owned() }
    });
    change.collect()
}

/// If the first pathway of content steering was removed, the pathway of the first variant replaces it. If the name of that
/// pathway cannot be written, the attribute is removed, which leaves the choice to the player.
///
/// > Its value MUST be a legal Pathway ID according to Section 7.2 that is specified by the PATHWAY-ID attribute of one or more Variant Streams
/// > in the Multivariant Playlist.
///
/// [draft-pantos-hls-rfc8216bis-22 section 4.4.6.6](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.6.6)
pub(super) fn steering<'a>(master: &Master<'a>, script: &mut Script<'a>) {
    if master.steering.is_empty() {
        return;
    }
    let pathways = Remaining::of(&master.variants, |variant| Some(&*variant.pathway));
    let first = master.variants.iter().find(|variant| variant.is_kept).map(|variant| &*variant.pathway);
    let is_legal = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let first = first
        .filter(|pathway| !pathway.is_empty() && pathway.iter().all(is_legal))
        .and_then(|pathway| str::from_utf8(pathway).ok());
    for (tag, _) in master.steering.iter().filter(|(_, pathway)| pathways.lost(pathway)) {
        let changes = match first {
            Some(pathway) => tag.with("PATHWAY-ID", pathway),
            None => tag.without(|attribute| attribute.name == b"PATHWAY-ID"),
        };
        script.change(tag.line, changes);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::hls::multivariant::testing::try_rows;

    #[test]
    fn variants_say_nothing_of_what_is_gone() {
        try_rows(&[
            (
                "names of subtitles and captions",
                r#"#EXTM3U
                #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="fr",LANGUAGE="fr",URI="1" =>
                #EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="fr",LANGUAGE="fr",INSTREAM-ID="CC1" =>
                #EXT-X-STREAM-INF:BANDWIDTH=1,SUBTITLES="s",CLOSED-CAPTIONS="c",RESOLUTION=1x1 => #EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=1x1
                1
                #EXT-X-STREAM-INF:BANDWIDTH=1,SUBTITLES="s" , CLOSED-CAPTIONS="c" => #EXT-X-STREAM-INF:BANDWIDTH=1
                2
                #EXT-X-STREAM-INF:SUBTITLES="s",BANDWIDTH=1,CLOSED-CAPTIONS="c" => #EXT-X-STREAM-INF:BANDWIDTH=1
                3
                #EXT-X-STREAM-INF:BANDWIDTH=1,SUBTITLES="x"
                4"#,
                json!({ "subtitles": ["en"] }),
            ),
            (
                "if one has no captions, none has",
                r#"#EXTM3U
                #EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="fr",LANGUAGE="fr",INSTREAM-ID="CC1" =>
                #EXT-X-STREAM-INF:BANDWIDTH=1,CLOSED-CAPTIONS="c",RESOLUTION=1x1 => #EXT-X-STREAM-INF:BANDWIDTH=1,CLOSED-CAPTIONS=NONE,RESOLUTION=1x1
                1
                #EXT-X-STREAM-INF:BANDWIDTH=1,CLOSED-CAPTIONS=NONE
                2"#,
                json!({ "subtitles": ["en"] }),
            ),
            (
                "a codec that adds to another goes alone",
                r#"#EXTM3U
                #EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="hvc1.2.4,mp4a.40.2",SUPPLEMENTAL-CODECS="dvh1.08.07/db4h",VIDEO-RANGE=HLG => #EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="hvc1.2.4,mp4a.40.2",VIDEO-RANGE=HLG
                1
                #EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="hvc1.2.4",SUPPLEMENTAL-CODECS="hvc1.2.20/cdm4"
                2
                #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,CODECS="hvc1.2.4",SUPPLEMENTAL-CODECS="dvh1.08.07/db4h",URI="i" => #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,CODECS="hvc1.2.4",URI="i""#,
                json!({ "codecs": ["hvc1", "mp4a"] }),
            ),
            (
                "Dolby Vision that adds to pictures of standard range goes alone",
                r#"#EXTM3U
                #EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="hvc1.2.4",SUPPLEMENTAL-CODECS="dvh1.08.07/db2g",VIDEO-RANGE=SDR => #EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="hvc1.2.4",VIDEO-RANGE=SDR
                1
                #EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="hvc1.2.4",SUPPLEMENTAL-CODECS="dvh1.08.07/db4h",VIDEO-RANGE=HLG =>
                2 =>
                #EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="dvh1.05.06",VIDEO-RANGE=SDR =>
                3 =>
                #EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="hvc1.2.4",SUPPLEMENTAL-CODECS="hvc1.2.20/cdm4"
                4"#,
                json!({ "hdr": false }),
            ),
            (
                "codecs of text are no limit",
                r#"#EXTM3U
                #EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.1,mp4a.40.2,stpp.ttml.im1t,wvtt"
                1
                #EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.1,ac-3,wvtt" =>
                2 =>"#,
                json!({ "codecs": ["avc1", "mp4a"] }),
            ),
        ]);
    }

    #[test]
    fn content_steering_begins_where_there_are_variants() {
        let caps = json!({ "max_bitrate_kbps": 3000 });
        try_rows(&[
            (
                "the pathway of the first variant that remains",
                r#"#EXTM3U
                #EXT-X-CONTENT-STEERING:SERVER-URI="s",PATHWAY-ID="A" => #EXT-X-CONTENT-STEERING:SERVER-URI="s",PATHWAY-ID="B"
                #EXT-X-DEFINE:NAME="b",VALUE="B"
                #EXT-X-STREAM-INF:BANDWIDTH=5000000,PATHWAY-ID="A" =>
                1 =>
                #EXT-X-STREAM-INF:BANDWIDTH=1,PATHWAY-ID="{$b}"
                2
                #EXT-X-STREAM-INF:BANDWIDTH=1,PATHWAY-ID="C"
                3"#,
                caps.clone(),
            ),
            (
                "the pathway of a variant that names none",
                r#"#EXTM3U
                #EXT-X-CONTENT-STEERING:SERVER-URI="s",PATHWAY-ID="A" => #EXT-X-CONTENT-STEERING:SERVER-URI="s",PATHWAY-ID="."
                #EXT-X-STREAM-INF:BANDWIDTH=5000000,PATHWAY-ID="A" =>
                1 =>
                #EXT-X-STREAM-INF:BANDWIDTH=1
                2"#,
                caps.clone(),
            ),
            (
                "a pathway that cannot be written",
                r#"#EXTM3U
                #EXT-X-CONTENT-STEERING:SERVER-URI="s",PATHWAY-ID="A" => #EXT-X-CONTENT-STEERING:SERVER-URI="s"
                #EXT-X-STREAM-INF:BANDWIDTH=5000000,PATHWAY-ID="A" =>
                1 =>
                #EXT-X-STREAM-INF:BANDWIDTH=1,PATHWAY-ID="{$unknown}"
                2"#,
                caps.clone(),
            ),
            (
                "a pathway that remains, or that no variant had",
                r#"#EXTM3U
                #EXT-X-CONTENT-STEERING:SERVER-URI="s",PATHWAY-ID="A"
                #EXT-X-CONTENT-STEERING:SERVER-URI="s",PATHWAY-ID="Z"
                #EXT-X-CONTENT-STEERING:SERVER-URI="s"
                #EXT-X-STREAM-INF:BANDWIDTH=5000000,PATHWAY-ID="A" =>
                1 =>
                #EXT-X-STREAM-INF:BANDWIDTH=5000000,PATHWAY-ID="B" =>
                2 =>
                #EXT-X-STREAM-INF:BANDWIDTH=1,PATHWAY-ID="A"
                3"#,
                caps,
            ),
        ]);
    }
}
