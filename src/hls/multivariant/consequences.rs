//! Streams and renditions that go with others that were left out.
//!
//! | what | goes when |
//! | --- | --- |
//! | a variant | its group of sound has lost all its renditions |
//! | a rendition | variants named its group, and none of them remains |
//! | a stream of I-frames or images | variants had its resolution, or its pathway, and none of them remains |
//!
//! A playlist that was broken before stays so: a group that nobody has named, a name that no group has.

use std::collections::BTreeMap;

use super::groups::Group;
use super::left_out;
use super::master::{Master, Variant};
use crate::catalog::Caps;
use crate::hls::error::CompileError;

/// Leaves out streams and renditions that go with others. At least one variant that had a URI has to remain.
pub(super) fn leave_out(master: &mut Master<'_>, caps: &Caps) -> Result<(), CompileError> {
    let Master { variants, groups, .. } = &mut *master;
    for variant in &mut *variants {
        let [audio, ..] = variant.groups;
        variant.is_kept &= !groups.is_lost(audio);
    }
    share_fate(variants);
    let has_uri = |variant: &&Variant<'_>| variant.uri.is_some();
    let played = variants.iter().filter(has_uri).count();
    let left = variants.iter().filter(has_uri).filter(|variant| variant.is_kept).count();
    if left == 0 && played > 0 {
        return Err(CompileError::NoVariant { left_out: left_out::describe(master, caps) });
    }
    let Master { variants, pictures, renditions, groups, .. } = master;
    if variants.iter().chain(&*pictures).all(|variant| variant.is_kept) {
        return Ok(());
    }
    let resolutions = Remaining::of(variants, |variant| variant.resolution);
    let pathways = Remaining::of(variants, |variant| Some(&*variant.pathway));
    for picture in &mut *pictures {
        picture.is_kept &= !picture.resolution.is_some_and(|resolution| resolutions.lost(resolution))
            && !pathways.lost(&picture.pathway);
    }
    for variant in variants.iter().chain(&*pictures) {
        groups.name(&variant.groups, variant.is_kept);
    }
    for rendition in renditions {
        rendition.is_kept &= !groups.get(rendition.group).is_some_and(Group::is_forgotten);
    }
    Ok(())
}

/// Variants with the same URI stay or go together: players disagree which of them the URI belongs to.
fn share_fate(variants: &mut [Variant<'_>]) {
    for together in variants.chunk_by_mut(|variant, _| variant.shares_uri) {
        if together.iter().any(|variant| !variant.is_kept) {
            together.iter_mut().for_each(|variant| variant.is_kept = false);
        }
    }
}

/// Which values of an attribute variants had, and whether one of those variants remains.
pub(super) struct Remaining<'v>(BTreeMap<&'v [u8], bool>);

impl<'v> Remaining<'v> {
    pub(super) fn of<'a>(
        variants: &'v [Variant<'a>],
        value: impl Fn(&'v Variant<'a>) -> Option<&'v [u8]>,
    ) -> Self {
        let mut found = BTreeMap::new();
        for variant in variants {
            if let Some(value) = value(variant) {
                *found.entry(value).or_insert(false) |= variant.is_kept;
            }
        }
        Self(found)
    }

    /// Whether variants had it, and none of them remains.
    pub(super) fn lost(&self, value: &[u8]) -> bool {
        self.0.get(value) == Some(&false)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::hls::CompileError;
    use crate::hls::multivariant::testing::{edited, try_rows};

    #[test]
    fn what_goes_with_what() {
        try_rows(&[
            (
                "a variant without sound",
                r#"#EXTM3U
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="fr",LANGUAGE="fr",URI="a-fr" =>
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="b",NAME="fr",LANGUAGE="fr",URI="b-fr" =>
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="b",NAME="en",LANGUAGE="en",URI="b-en"
                #EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a" =>
                1 =>
                #EXT-X-STREAM-INF:BANDWIDTH=2,AUDIO="b"
                2
                #EXT-X-STREAM-INF:BANDWIDTH=3,AUDIO="none-of-these"
                3"#,
                json!({ "audio": ["en"] }),
            ),
            (
                "renditions of variants that are gone, and renditions that no variant named",
                r#"#EXTM3U
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="low",NAME="x",DEFAULT=YES,URI="low"
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="high",NAME="x",DEFAULT=YES,URI="high" =>
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="free",NAME="x",DEFAULT=YES,URI="free"
                #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="high",NAME="x",URI="same name"
                #EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="v",NAME="x",URI="camera" =>
                #EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=640x360,AUDIO="low",SUBTITLES="high"
                1
                #EXT-X-STREAM-INF:BANDWIDTH=2,RESOLUTION=1280x720,AUDIO="high",SUBTITLES="high",VIDEO="v" =>
                2 =>"#,
                json!({ "max_height": 360 }),
            ),
            (
                "a variant without pictures has no height",
                r#"#EXTM3U
                #EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="mp4a.40.2"
                sound
                #EXT-X-STREAM-INF:BANDWIDTH=2,RESOLUTION=640x360 =>
                1 =>"#,
                json!({ "max_height": 240 }),
            ),
            (
                "I-frames and images of a resolution that is gone",
                r#"#EXTM3U
                #EXT-X-STREAM-INF:BANDWIDTH=1000000,RESOLUTION=640x360
                1
                #EXT-X-STREAM-INF:BANDWIDTH=5000000,RESOLUTION=1920x1080 =>
                2 =>
                #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=100000,RESOLUTION=640x360,URI="i1"
                #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=500000,RESOLUTION=1920x1080,URI="i2" =>
                #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=500000,RESOLUTION=416x234,URI="i3"
                #EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1000,RESOLUTION=1920x1080,CODECS="jpeg",URI="p2" =>
                #EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1000,RESOLUTION=320x180,CODECS="jpeg",URI="p1""#,
                json!({ "max_bitrate_kbps": 3000 }),
            ),
            (
                "I-frames of a pathway that is gone",
                r#"#EXTM3U
                #EXT-X-STREAM-INF:BANDWIDTH=1000000,PATHWAY-ID="A"
                1
                #EXT-X-STREAM-INF:BANDWIDTH=5000000,PATHWAY-ID="B" =>
                2 =>
                #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=100000,PATHWAY-ID="A",URI="i1"
                #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=100000,PATHWAY-ID="B",URI="i2" =>"#,
                json!({ "max_bitrate_kbps": 3000 }),
            ),
            (
                "I-frames above a limit, and nothing else",
                r#"#EXTM3U
                #EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="i",NAME="x",URI="camera" =>
                #EXT-X-STREAM-INF:BANDWIDTH=1
                1
                #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=5000000,VIDEO="i",URI="i2" =>"#,
                json!({ "max_bitrate_kbps": 3000 }),
            ),
            (
                "two tags and one URI: the one goes with the other",
                r#"#EXTM3U
                #EXT-X-STREAM-INF:BANDWIDTH=5000000 =>
                #EXT-X-STREAM-INF:BANDWIDTH=1000000 =>
                1 =>
                #EXT-X-STREAM-INF:BANDWIDTH=1000000 =>
                #EXT-X-STREAM-INF:BANDWIDTH=5000000 =>
                2 =>
                #EXT-X-STREAM-INF:BANDWIDTH=1000000
                #EXT-X-STREAM-INF:BANDWIDTH=1000000
                3
                #EXT-X-STREAM-INF:BANDWIDTH=5000000 =>"#,
                json!({ "max_bitrate_kbps": 3000 }),
            ),
            (
                "comments, blank lines and tags between a tag and its URI stay",
                "#EXTM3U
                # one
                #EXT-X-STREAM-INF:BANDWIDTH=5000000 =>

                # two
                #EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"k\"
                 1 =>
                #EXT-X-STREAM-INF:BANDWIDTH=1
                2",
                json!({ "max_bitrate_kbps": 3000 }),
            ),
            (
                "variables",
                r#"#EXTM3U
                #EXT-X-DEFINE:NAME="lang",VALUE="fr"
                #EXT-X-DEFINE:NAME="group",VALUE="a"
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="1",LANGUAGE="{$lang}-CA",URI="1" =>
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{$group}",NAME="2",LANGUAGE="{$unknown}",URI="2" =>
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{$other}",NAME="3",LANGUAGE="de",URI="3" =>
                #EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="{$group}" =>
                1 =>
                #EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="{$other}" =>
                2 =>
                #EXT-X-STREAM-INF:BANDWIDTH=1
                3"#,
                json!({ "audio": ["en"] }),
            ),
            (
                "odd spacing",
                "#EXTM3U
                #EXT-X-MEDIA: TYPE=AUDIO , GROUP-ID = \"a\", LANGUAGE = \"fr\" =>
                \t#EXT-X-STREAM-INF: BANDWIDTH=1 , AUDIO=\"a\" =>
                1 =>
                #EXT-X-STREAM-INF:BANDWIDTH=1,audio=\"a\"
                2",
                json!({ "audio": ["en"] }),
            ),
        ]);
    }

    #[test]
    fn without_a_variant_there_is_no_playlist() {
        let sound = "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"x\",LANGUAGE=\"fr\"\n";
        let frames = "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI=\"i\"\n";
        let open = "#EXT-X-STREAM-INF:BANDWIDTH=1\n";
        let variant = "#EXT-X-STREAM-INF:BANDWIDTH=9000,AUDIO=\"a\"\nv\n";
        for (rest, caps) in [
            (variant.to_owned(), json!({ "max_bitrate_kbps": 8 })),
            ([variant, frames].concat(), json!({ "max_bitrate_kbps": 8 })),
            ([variant, open].concat(), json!({ "max_bitrate_kbps": 8 })),
            ([sound, variant].concat(), json!({ "audio": ["en"] })),
        ] {
            let playlist = format!("#EXTM3U\n{rest}");
            let found = edited(&playlist, &caps, None);
            assert!(matches!(found, Err(CompileError::NoVariant { .. })), "{rest}: {found:?}");
            assert_eq!(edited(&playlist, &json!({}), None), Ok(playlist));
        }
        // One that never had any stays what it was.
        let none = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n";
        assert_eq!(edited(none, &json!({ "max_bitrate_kbps": 8 }), None).as_deref(), Ok(none));
    }
}
