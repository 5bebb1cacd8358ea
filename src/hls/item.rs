//! What a line of a Media Playlist is about: the playlist, or the segment that follows.
//!
//! [draft-pantos-hls-rfc8216bis-22 sections 4.4.3, 4.4.4 and 4.4.5](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.3)

use super::compile::is_header;
use super::lines::{Kind, Line};

/// A line of a Media Playlist, with the value behind its colon where an edit reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    /// A segment's URI.
    Uri,
    /// A tag of the playlist.
    Playlist(PlaylistTag, &'a [u8]),
    /// `EXT-X-DATERANGE`.
    Daterange(&'a [u8]),
    /// A tag of the segment that follows, or of all that follow.
    Segment(SegmentTag, &'a [u8]),
    /// A tag that only Multivariant Playlists have.
    Multivariant,
    /// A tag that nobody here knows, a comment, or nothing.
    Other,
    /// Something that players read differently from one another.
    Ambiguous,
}

/// The tags of a playlist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PlaylistTag {
    Version,
    TargetDuration,
    MediaSequence,
    DiscontinuitySequence,
    PlaylistType,
    ServerControl,
    Start,
    Skip,
    EndList,
    /// One that no edit changes.
    Other,
}

/// The tags of segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SegmentTag {
    Duration,
    ByteRange,
    Discontinuity,
    Key,
    Map,
    ProgramDateTime,
    Bitrate,
    /// `EXT-X-TILES` of image playlists.
    Tiles,
    Part,
    CueOut,
    CueOutCont,
    CueIn,
    /// One that no edit reads.
    Other,
}

impl<'a> Item<'a> {
    pub(super) fn of(line: &Line<'a>) -> Self {
        match line.kind() {
            Kind::Uri => Self::Uri,
            Kind::Blank => Self::Other,
            Kind::Ambiguous => Self::Ambiguous,
            Kind::Tag(_, tag) => Self::tag(tag),
        }
    }

    fn tag(tag: &'a [u8]) -> Self {
        use PlaylistTag as P;
        use SegmentTag as S;
        let colon = memchr::memchr(b':', tag);
        let (name, value) = match colon.and_then(|colon| tag.split_at_checked(colon)) {
            Some((name, value)) => (name, value.get(1..).unwrap_or_default()),
            None => (tag, &[][..]),
        };
        let Some(name) = name.strip_prefix(b"#EXT") else { return Self::Other };
        if let Some(name) = name.strip_prefix(b"-X-") {
            return match name {
                b"VERSION" => Self::Playlist(P::Version, value),
                b"TARGETDURATION" => Self::Playlist(P::TargetDuration, value),
                b"MEDIA-SEQUENCE" => Self::Playlist(P::MediaSequence, value),
                b"DISCONTINUITY-SEQUENCE" => Self::Playlist(P::DiscontinuitySequence, value),
                b"PLAYLIST-TYPE" => Self::Playlist(P::PlaylistType, value),
                b"SERVER-CONTROL" => Self::Playlist(P::ServerControl, value),
                b"START" => Self::Playlist(P::Start, value),
                b"SKIP" => Self::Playlist(P::Skip, value),
                b"ENDLIST" => Self::Playlist(P::EndList, value),
                b"DEFINE"
                | b"INDEPENDENT-SEGMENTS"
                | b"I-FRAMES-ONLY"
                | b"IMAGES-ONLY"
                | b"PART-INF"
                | b"ALLOW-CACHE"
                | b"PRELOAD-HINT"
                | b"RENDITION-REPORT" => Self::Playlist(P::Other, value),
                b"DATERANGE" => Self::Daterange(value),
                b"STREAM-INF"
                | b"I-FRAME-STREAM-INF"
                | b"IMAGE-STREAM-INF"
                | b"MEDIA"
                | b"SESSION-DATA"
                | b"SESSION-KEY"
                | b"CONTENT-STEERING" => Self::Multivariant,
                b"BYTERANGE" => Self::Segment(S::ByteRange, value),
                b"DISCONTINUITY" => Self::Segment(S::Discontinuity, value),
                b"KEY" => Self::Segment(S::Key, value),
                b"MAP" => Self::Segment(S::Map, value),
                b"PROGRAM-DATE-TIME" => Self::Segment(S::ProgramDateTime, value),
                b"BITRATE" => Self::Segment(S::Bitrate, value),
                b"TILES" => Self::Segment(S::Tiles, value),
                b"PART" => Self::Segment(S::Part, value),
                b"CUE-OUT" => Self::Segment(S::CueOut, value),
                b"CUE-OUT-CONT" => Self::Segment(S::CueOutCont, value),
                b"CUE-IN" => Self::Segment(S::CueIn, value),
                b"GAP" | b"CUE" | b"CUE-SPAN" | b"SCTE35" | b"SPLICEPOINT-SCTE35" | b"ASSET" => {
                    Self::Segment(S::Other, value)
                }
                _ => Self::Other,
            };
        }
        match name {
            b"INF" => Self::Segment(S::Duration, value),
            b"-OATCLS-SCTE35" => Self::Segment(S::Other, value),
            _ if is_header(tag) => Self::Playlist(P::Other, value),
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hls::lines::lines;

    #[test]
    fn lines_are_told_apart() {
        for (text, expected) in [
            ("a.ts", Item::Uri),
            ("", Item::Other),
            ("# EXT-X-KEY", Item::Other),
            ("#EXTM3U", Item::Playlist(PlaylistTag::Other, b"")),
            ("#EXTM3U url-tvg=\"https://a/\"", Item::Playlist(PlaylistTag::Other, b"//a/\"")),
            ("#EXTINF:4,a:b", Item::Segment(SegmentTag::Duration, b"4,a:b")),
            ("#EXTINF", Item::Segment(SegmentTag::Duration, b"")),
            ("##EXT-X-KEY:METHOD=NONE", Item::Segment(SegmentTag::Key, b"METHOD=NONE")),
            ("#EXT-X-KEYS:METHOD=NONE", Item::Other),
            ("#EXT-X-DISCONTINUITY", Item::Segment(SegmentTag::Discontinuity, b"")),
            ("#EXT-X-DISCONTINUITY-SEQUENCE:3", Item::Playlist(PlaylistTag::DiscontinuitySequence, b"3")),
            ("#EXT-X-ENDLIST", Item::Playlist(PlaylistTag::EndList, b"")),
            ("#EXT-X-DATERANGE:ID=\"a\"", Item::Daterange(b"ID=\"a\"")),
            ("#EXT-OATCLS-SCTE35:/DA=", Item::Segment(SegmentTag::Other, b"/DA=")),
            ("#EXT-X-STREAM-INF:BANDWIDTH=1", Item::Multivariant),
            ("a#EXTINF:4,", Item::Ambiguous),
        ] {
            let text = [text, "\n"].concat();
            assert_eq!(Item::of(&lines(text.as_bytes()).next().unwrap()), expected, "{text:?}");
        }
    }
}
