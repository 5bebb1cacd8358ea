//! The variant that a player begins with.
//!
//! Before a player has measured anything, it takes the first variant of the playlist. So one that fits the viewer's device
//! or network is moved to the front. All others keep their order, and streams of I-frames stay where they are. The chosen
//! variant differs from the playlist's first variant in size only: families of codecs, range and pathway are the same, as
//! the playlist's author prefers them. If any variant has pictures, the chosen one has them.
//!
//! [draft-pantos-hls-rfc8216bis-22 section 4.4.6.2](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.6.2)

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Range;

use super::limits::{is_low_enough, number};
use super::master::{Master, Variant};
use crate::catalog::Start;
use crate::manifest::codecs::{family, is_text, items};

/// The move of a variant to the front.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Move {
    /// The lines of the variant, from its tag to its URI.
    pub(super) variant: Range<usize>,
    /// The line in front of which they are put.
    pub(super) to: usize,
}

/// The move that makes a variant the first: the variant with the most bits within `start`, or else the one with the fewest
/// bits of all. `None`: the variant is the first already, or moving a line may change the meaning of another line (a variant
/// has no URI, a tag stands between a variant's tag and its URI, or a variable is defined between variants).
pub(super) fn choose(master: &Master<'_>, start: &Start) -> Option<Move> {
    let kept = || master.variants.iter().filter(|variant| variant.is_kept);
    let stands_alone =
        |variant: &Variant<'_>| variant.uri.is_some() && !variant.is_split && !variant.shares_uri;
    let first = kept().next()?;
    let to = first.tag.line.start();
    if to < master.last_define || !kept().all(stands_alone) {
        return None;
    }
    let model = Likeness::of(kept().find(|variant| has_pictures(variant)).unwrap_or(first));
    let alike = kept().filter(|variant| Likeness::of(variant) == model);
    let sized = || alike.clone().filter_map(|variant| Some((number(variant.text(b"BANDWIDTH")?)?, variant)));
    let is_within = |(bits, variant): &(u64, &Variant<'_>)| {
        let resolution = variant.text(b"RESOLUTION");
        start.max_bitrate_kbps.is_none_or(|limit| bits.div_ceil(1000) <= u64::from(limit))
            && start.max_height.zip(resolution).is_none_or(|(limit, found)| is_low_enough(limit, found))
    };
    let fitting = sized().filter(is_within).min_by_key(|(bits, _)| Reverse(*bits));
    let (_, best) = fitting.or_else(|| sized().min_by_key(|(bits, _)| *bits))?;
    let variant = best.tag.line.start()..best.uri?.end();
    (variant.start != to).then_some(Move { variant, to })
}

/// Whether a variant has pictures, as far as it tells.
fn has_pictures(variant: &Variant<'_>) -> bool {
    let codecs = variant.text(b"CODECS").unwrap_or_default();
    variant.resolution.is_some()
        || items(codecs).next().is_none()
        || items(codecs).any(|name| !is_sound(name) && !is_text(name))
}

/// Sample entries of sound ([MP4 Registration Authority], names that players know).
///
/// [MP4 Registration Authority]: https://mp4ra.org/registered-types/sampleentries
fn is_sound(codec: &str) -> bool {
    const SOUND: [&str; 14] = [
        "mp4a", "ac-3", "ec-3", "ac-4", "alac", "flac", "opus", "mp3", "dtsc", "dtse", "dtsh", "dtsx",
        "mha1", "mhm1",
    ];
    SOUND.iter().any(|known| family(codec).eq_ignore_ascii_case(known))
}

/// The properties in which variants differ, but for their size.
#[derive(PartialEq, Eq)]
struct Likeness<'v> {
    codecs: BTreeSet<&'v str>,
    range: &'v str,
    pathway: &'v [u8],
}

impl<'v> Likeness<'v> {
    fn of(variant: &'v Variant<'_>) -> Self {
        Self {
            codecs: items(variant.text(b"CODECS").unwrap_or_default()).map(family).collect(),
            range: variant.text(b"VIDEO-RANGE").map_or("SDR", str::trim),
            pathway: &variant.pathway,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::hls::multivariant::testing::edited;

    /// Variants by the last line of each, in the order in which they come.
    fn order(playlist: &str, caps: &serde_json::Value, start: Start) -> String {
        let found = edited(playlist, caps, Some(start)).unwrap();
        let mut lines: Vec<_> = found.lines().collect();
        let mut before: Vec<_> = playlist.lines().collect();
        let uris = lines.iter().filter(|line| !line.starts_with('#')).copied().collect();
        lines.sort_unstable();
        before.sort_unstable();
        assert!(*caps != json!({}) || lines == before, "lines were lost: {found}");
        uris
    }

    const fn rate(kbps: u32) -> Start {
        Start { max_bitrate_kbps: Some(kbps), max_height: None }
    }

    const fn height(height: u32) -> Start {
        Start { max_bitrate_kbps: None, max_height: Some(height) }
    }

    const LADDER: &str = r#"#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS="mp4a.40.2"
a
#EXT-X-STREAM-INF:BANDWIDTH=2000000,RESOLUTION=1280x720,CODECS="avc1.1,mp4a.40.2"
b
#EXT-X-STREAM-INF:BANDWIDTH=5000000,RESOLUTION=1920x1080,CODECS="avc1.2,mp4a.40.2"
c
#EXT-X-STREAM-INF:BANDWIDTH=1500000,RESOLUTION=1280x720,CODECS="hvc1.1,mp4a.40.2"
d
#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=640x360,CODECS="mp4a.40.5,avc1.3"
e
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,RESOLUTION=640x360,URI="i"
#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=640x360,CODECS="avc1.3,mp4a.40.5"
f"#;

    #[test]
    fn the_start_variant_comes_first_and_the_others_follow_in_their_order() {
        for (name, caps, start, expected) in [
            ("nothing is asked for", json!({}), Start::default(), "cabdef"),
            ("the most bits within", json!({}), rate(2000), "bacdef"),
            ("of equals the first; hvc1 is another family", json!({}), rate(1999), "eabcdf"),
            ("nothing fits, so the fewest bits, with pictures", json!({}), rate(70), "eabcdf"),
            ("by height", json!({}), height(1080), "cabdef"),
            ("by height", json!({}), height(720), "bacdef"),
            ("by both", json!({}), Start { max_height: Some(1080), max_bitrate_kbps: Some(900) }, "eabcdf"),
            ("nothing is low enough", json!({}), height(100), "eabcdf"),
            ("within the limits", json!({ "max_height": 720 }), rate(9000), "badef"),
            ("it is the first", json!({ "codecs": ["mp4a"] }), rate(9000), "a"),
        ] {
            assert_eq!(order(LADDER, &caps, start), expected, "{name}");
        }
    }

    #[test]
    fn sizes_are_those_of_the_limits_and_text_is_no_picture() {
        const SIZES: &str = r#"#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS="mp4a.40.2,wvtt"
a
#EXT-X-STREAM-INF:BANDWIDTH=5000000,RESOLUTION=1280x536,CODECS="avc1.1,mp4a.40.2,wvtt"
b
#EXT-X-STREAM-INF:BANDWIDTH=2000000,RESOLUTION=576x1024,CODECS="avc1.1,mp4a.40.2,wvtt"
c"#;
        assert_eq!(order(SIZES, &json!({}), height(576)), "cab");
        assert_eq!(order(SIZES, &json!({}), height(720)), "bac");
    }

    #[test]
    fn bytes_move_whole() {
        for (playlist, expected) in [
            (
                "\u{feff}#EXTM3U\r\n#EXT-X-STREAM-INF:BANDWIDTH=9000000\r\na\r\n\r\n#EXT-X-STREAM-INF:BANDWIDTH=1\r\n# of b\r\n\r\nb",
                "\u{feff}#EXTM3U\r\n#EXT-X-STREAM-INF:BANDWIDTH=1\r\n# of b\r\n\r\nb\r\n#EXT-X-STREAM-INF:BANDWIDTH=9000000\r\na\r\n\r\n",
            ),
            (
                "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9000000\na\n#EXT-X-STREAM-INF:BANDWIDTH=1\nb",
                "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nb\n#EXT-X-STREAM-INF:BANDWIDTH=9000000\na\n",
            ),
        ] {
            assert_eq!(edited(playlist, &json!({}), Some(rate(10))).as_deref(), Ok(expected));
        }
        // Changes in the lines of the variant move with it.
        let subtitles = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9000000,SUBTITLES=\"s\"\na\n#EXT-X-STREAM-INF:BANDWIDTH=1,SUBTITLES=\"s\"\nb\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",LANGUAGE=\"fr\",URI=\"s\"\n";
        assert_eq!(
            edited(subtitles, &json!({ "subtitles": [] }), Some(rate(10))).as_deref(),
            Ok("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nb\n#EXT-X-STREAM-INF:BANDWIDTH=9000000\na\n")
        );
    }

    #[test]
    fn where_an_order_has_a_meaning_it_stays() {
        for between in [
            "#EXT-X-DEFINE:NAME=\"x\",VALUE=\"y\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{$x}",
            "#EXT-X-STREAM-INF:BANDWIDTH=1\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\"\nb",
            "#EXT-X-STREAM-INF:BANDWIDTH=1\n#EXT-X-STREAM-INF:BANDWIDTH=2\nb",
            "#EXT-X-STREAM-INF:BANDWIDTH=1\nb\n#EXT-X-STREAM-INF:BANDWIDTH=1\n",
            "#EXT-X-STREAM-INF:BANDWIDTH=?\nb",
            "#EXT-X-STREAM-INF:BANDWIDTH=1,PATHWAY-ID=\"B\"\nb",
            "#EXT-X-STREAM-INF:BANDWIDTH=1,VIDEO-RANGE=PQ\nb",
        ] {
            let playlist = format!("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9000000\na\n{between}");
            assert_eq!(edited(&playlist, &json!({}), Some(rate(10))), Ok(playlist.clone()), "{between}");
        }
        let media = "#EXTM3U\n#EXTINF:4,\na\n";
        assert_eq!(edited(media, &json!({}), Some(rate(10))).as_deref(), Ok(media));
    }
}
