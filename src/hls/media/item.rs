//! The subject of a Media Playlist's line: the playlist, or the segment that follows.
//!
//! [draft-pantos-hls-rfc8216bis-22 sections 4.4.3, 4.4.4 and 4.4.5](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.3)

use crate::hls::read::line::{Line, LineKind, TagLine};
use crate::hls::read::tag::{Applies, Stands, Tag};
use crate::manifest::Span;

/// A line of a Media Playlist, with the value behind a tag's colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    /// A segment's URI.
    Uri,
    /// A tag of the playlist, or of something that stands at its end.
    Playlist(Tag, Span<'a>),
    /// `EXT-X-DATERANGE`.
    Daterange(Span<'a>),
    /// A tag of the segment that follows, or of all that follow.
    Segment(Tag, Span<'a>),
    /// A tag that only Multivariant Playlists have.
    Multivariant,
    /// A tag that nobody here knows, a comment, or nothing.
    Other,
    /// A line that players read differently from one another.
    Ambiguous,
}

impl<'a> Item<'a> {
    pub(super) fn of(line: &Line<'a>) -> Self {
        match line.kind() {
            LineKind::Uri => Self::Uri,
            LineKind::Blank => Self::Other,
            LineKind::Ambiguous => Self::Ambiguous,
            LineKind::Tag(tag) => Self::tag(&tag),
        }
    }

    /// The item of a tag.
    pub(super) fn tag(tag: &TagLine<'a>) -> Self {
        let value = tag.list();
        match tag.known {
            Some(Tag::DateRange) => Self::Daterange(value),
            // It stands in front of the segment that it is a part of.
            Some(tag @ Tag::Part) => Self::Segment(tag, value),
            Some(tag) if tag.stands() == Stands::Multivariant => Self::Multivariant,
            Some(tag) if matches!(tag.applies(), Applies::Segment | Applies::Onwards) => {
                Self::Segment(tag, value)
            }
            Some(tag) => Self::Playlist(tag, value),
            None => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hls::read::line::lines;

    #[test]
    fn lines_are_told_apart() {
        /// The item's variant, its tag and its value.
        fn told(text: &str) -> (&'static str, Option<Tag>, &str) {
            let line = lines(Span::whole(text.as_bytes())).next().unwrap();
            let text = |value: Span<'_>| str::from_utf8(&text.as_bytes()[value.range()]).unwrap();
            match Item::of(&line) {
                Item::Uri => ("uri", None, ""),
                Item::Playlist(tag, value) => ("playlist", Some(tag), text(value)),
                Item::Daterange(value) => ("daterange", None, text(value)),
                Item::Segment(tag, value) => ("segment", Some(tag), text(value)),
                Item::Multivariant => ("multivariant", None, ""),
                Item::Other => ("other", None, ""),
                Item::Ambiguous => ("ambiguous", None, ""),
            }
        }
        for (text, expected) in [
            ("a.ts\n", ("uri", None, "")),
            ("\n", ("other", None, "")),
            ("# EXT-X-KEY\n", ("other", None, "")),
            ("#EXTM3U\n", ("playlist", Some(Tag::M3u), "")),
            ("#EXTM3U url-tvg=\"https://a/\"\n", ("playlist", Some(Tag::M3u), " url-tvg=\"https://a/\"")),
            ("#EXTINF:4,a:b\n", ("segment", Some(Tag::Inf), "4,a:b")),
            ("#EXTINF\n", ("segment", Some(Tag::Inf), "")),
            ("##EXT-X-KEY:METHOD=NONE\n", ("segment", Some(Tag::Key), "METHOD=NONE")),
            ("#EXT-X-KEYS:METHOD=NONE\n", ("other", None, "")),
            ("#EXT-X-DISCONTINUITY\n", ("segment", Some(Tag::Discontinuity), "")),
            ("#EXT-X-DISCONTINUITY-SEQUENCE:3\n", ("playlist", Some(Tag::DiscontinuitySequence), "3")),
            ("#EXT-X-ENDLIST\n", ("playlist", Some(Tag::EndList), "")),
            ("#EXT-X-DATERANGE:ID=\"a\"\n", ("daterange", None, "ID=\"a\"")),
            ("#EXT-OATCLS-SCTE35:/DA=\n", ("segment", Some(Tag::OatclsScte35), "/DA=")),
            ("#EXT-X-STREAM-INF:BANDWIDTH=1\n", ("multivariant", None, "")),
            ("a#EXTINF:4,\n", ("ambiguous", None, "")),
        ] {
            assert_eq!(told(text), expected, "{text:?}");
        }
    }
}
