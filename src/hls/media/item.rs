//! What a line of a Media Playlist is about: the playlist, or the segment that follows.
//!
//! [draft-pantos-hls-rfc8216bis-22 sections 4.4.3, 4.4.4 and 4.4.5](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.3)

use crate::hls::read::line::{Kind, Line, is_header};
use crate::hls::read::tag::{Applies, Stands, Tag};

/// A line of a Media Playlist, with the value behind a tag's colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hls) enum Item<'a> {
    /// A segment's URI.
    Uri,
    /// A tag of the playlist, or of something that stands at its end.
    Playlist(Tag, &'a [u8]),
    /// `EXT-X-DATERANGE`.
    Daterange(&'a [u8]),
    /// A tag of the segment that follows, or of all that follow.
    Segment(Tag, &'a [u8]),
    /// A tag that only Multivariant Playlists have.
    Multivariant,
    /// A tag that nobody here knows, a comment, or nothing.
    Other,
    /// Something that players read differently from one another.
    Ambiguous,
}

impl<'a> Item<'a> {
    pub(in crate::hls) fn of(line: &Line<'a>) -> Self {
        match line.kind() {
            Kind::Uri => Self::Uri,
            Kind::Blank => Self::Other,
            Kind::Ambiguous => Self::Ambiguous,
            Kind::Tag(_, tag) => Self::tag(tag),
        }
    }

    fn tag(text: &'a [u8]) -> Self {
        let colon = memchr::memchr(b':', text).unwrap_or(text.len());
        let value = text.get(colon + 1..).unwrap_or_default();
        match text.get(1..colon).and_then(Tag::named) {
            Some(Tag::DateRange) => Self::Daterange(value),
            // It stands in front of the segment that it is a part of.
            Some(tag @ Tag::Part) => Self::Segment(tag, value),
            Some(tag) if tag.stands() == Stands::Multivariant => Self::Multivariant,
            Some(tag) if matches!(tag.applies(), Applies::Segment | Applies::Onwards) => {
                Self::Segment(tag, value)
            }
            Some(tag) => Self::Playlist(tag, value),
            None if is_header(text) => Self::Playlist(Tag::M3u, value),
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
        for (text, expected) in [
            ("a.ts", Item::Uri),
            ("", Item::Other),
            ("# EXT-X-KEY", Item::Other),
            ("#EXTM3U", Item::Playlist(Tag::M3u, b"")),
            ("#EXTM3U url-tvg=\"https://a/\"", Item::Playlist(Tag::M3u, b"//a/\"")),
            ("#EXTINF:4,a:b", Item::Segment(Tag::Inf, b"4,a:b")),
            ("#EXTINF", Item::Segment(Tag::Inf, b"")),
            ("##EXT-X-KEY:METHOD=NONE", Item::Segment(Tag::Key, b"METHOD=NONE")),
            ("#EXT-X-KEYS:METHOD=NONE", Item::Other),
            ("#EXT-X-DISCONTINUITY", Item::Segment(Tag::Discontinuity, b"")),
            ("#EXT-X-DISCONTINUITY-SEQUENCE:3", Item::Playlist(Tag::DiscontinuitySequence, b"3")),
            ("#EXT-X-ENDLIST", Item::Playlist(Tag::EndList, b"")),
            ("#EXT-X-DATERANGE:ID=\"a\"", Item::Daterange(b"ID=\"a\"")),
            ("#EXT-OATCLS-SCTE35:/DA=", Item::Segment(Tag::OatclsScte35, b"/DA=")),
            ("#EXT-X-STREAM-INF:BANDWIDTH=1", Item::Multivariant),
            ("a#EXTINF:4,", Item::Ambiguous),
        ] {
            let text = [text, "\n"].concat();
            assert_eq!(Item::of(&lines(text.as_bytes()).next().unwrap()), expected, "{text:?}");
        }
    }
}
