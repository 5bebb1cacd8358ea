//! The times of a playlist: whether it grows, how fast, and in which steps.
//!
//! | from | |
//! | --- | --- |
//! | `EXT-X-TARGETDURATION` | [section 4.4.3.1](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.3.1) |
//! | `EXT-X-ENDLIST` | [section 4.4.3.4](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.3.4) |
//! | `EXT-X-PART-INF` | [section 4.4.3.7](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.3.7) |
//! | `EXT-X-SERVER-CONTROL` | [section 4.4.3.8](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.3.8) |
//!
//! One pass over the lines, without an allocation. A value that cannot be read counts as absent.

use super::attributes::attribute;
use super::line::{TagLine, lines};
use super::tag::Tag;
use crate::manifest::{Span, Timing};

/// Reads the times of a playlist. Of a tag that is there twice, the first counts.
pub(crate) fn timing(playlist: &[u8]) -> Timing {
    let mut timing = Timing::default();
    for line in lines(Span::whole(playlist)) {
        if !line.text.text().starts_with(b"#EXT-X-") {
            continue;
        }
        let tag = TagLine::read(line.text);
        let value = tag.list().text();
        match tag.known {
            Some(Tag::StreamInf | Tag::IFrameStreamInf | Tag::Media) => timing.multivariant = true,
            Some(Tag::TargetDuration) => timing.target_ms = timing.target_ms.or_else(|| milliseconds(value)),
            Some(Tag::PartInf) => {
                let found = attribute(value, b"PART-TARGET").and_then(milliseconds);
                timing.part_target_ms = timing.part_target_ms.or(found);
            }
            Some(Tag::ServerControl) => {
                timing.can_block_reload |= attribute(value, b"CAN-BLOCK-RELOAD") == Some(b"YES");
            }
            Some(Tag::EndList) => timing.ended = true,
            _ => {}
        }
    }
    timing
}

/// Seconds as a decimal number, of more than nothing and a day at most.
fn milliseconds(text: &[u8]) -> Option<u32> {
    let seconds: f64 = str::from_utf8(text).ok()?.trim().parse().ok()?;
    let inside = seconds > 0.0 && seconds <= 86_400.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "86,400,000 at most")]
    inside.then_some((seconds * 1000.0).ceil() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn playlists_tell_how_they_grow() {
        let live = Timing { target_ms: Some(4_000), ..Timing::default() };
        for (name, playlist, expected) in [
            ("nothing", "", Timing::default()),
            ("live", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n", live),
            ("odd spacing", "\u{feff}#EXTM3U\r\n #EXT-X-TARGETDURATION: 4 \r\n", live),
            ("a fraction, against the specification", "#EXT-X-TARGETDURATION:3.9999\n", live),
            ("twice", "#EXT-X-TARGETDURATION:4\n#EXT-X-TARGETDURATION:9\n", live),
            ("EVENT grows", "#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:EVENT\n", live),
            ("over", "#EXT-X-TARGETDURATION:4\n#EXT-X-ENDLIST", Timing { ended: true, ..live }),
            ("VOD by type alone", "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-TARGETDURATION:4\n", live),
            (
                "VOD",
                "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-TARGETDURATION:4\n#EXT-X-ENDLIST\n",
                Timing { ended: true, ..live },
            ),
            (
                "low latency",
                "#EXT-X-TARGETDURATION:4\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.0\n\
                 #EXT-X-PART-INF:PART-TARGET=0.33334\n",
                Timing { part_target_ms: Some(334), can_block_reload: true, ..live },
            ),
            (
                "it only skips",
                "#EXT-X-TARGETDURATION:4\n#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=24,CAN-BLOCK-RELOAD=NO\n",
                live,
            ),
            (
                "multivariant",
                "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n",
                Timing { multivariant: true, ..Timing::default() },
            ),
        ] {
            assert_eq!(timing(playlist.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_said() {
        for value in ["", "x", "-1", "0", "NaN", "inf", "1e9", "86401"] {
            let playlist = format!("#EXT-X-TARGETDURATION:{value}\n#EXT-X-PART-INF:PART-TARGET={value}\n");
            assert_eq!(timing(playlist.as_bytes()), Timing::default(), "{value}");
        }
        assert_eq!(timing(b"#EXT-X-TARGETDURATIONS:4\n#EXT-X-ENDLISTS\n"), Timing::default());
    }
}
