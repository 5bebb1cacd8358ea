//! What a live playlist says of itself, or one that was live: the first of two passes of its edits.

use std::time::Duration;

use super::item::Item;
use crate::hls::read::attributes::attribute;
use crate::hls::read::line::lines;
use crate::hls::read::seconds::{integer, seconds};
use crate::hls::read::tag::Tag;

/// A Media Playlist to which segments are added, or were: those that had left while it grew stay away when it has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::hls) struct Live {
    /// The Target Duration.
    pub(in crate::hls) target: Duration,
    /// The greatest distance from the end at which players are told to begin: `HOLD-BACK` and `PART-HOLD-BACK`.
    pub(in crate::hls) hold_back: Duration,
    /// The Skip Boundary that the media origin offers.
    pub(in crate::hls) can_skip_until: Option<Duration>,
    /// Its whole segments. Parts behind the last one, whose segment is still to come, do not count.
    pub(in crate::hls) duration: Duration,
    /// Where the first line stands that belongs to a segment.
    pub(in crate::hls) body: usize,
    /// Where the last line ends that is about the playlist and that an edit may change, or a date range.
    pub(in crate::hls) settings_end: usize,
    /// Nothing is added any more: it has an `EXT-X-ENDLIST`.
    pub(in crate::hls) has_ended: bool,
    pub(in crate::hls) version: Option<u64>,
    pub(in crate::hls) media_sequence: Option<u64>,
    pub(in crate::hls) discontinuity_sequence: Option<u64>,
    pub(in crate::hls) has_server_control: bool,
    pub(in crate::hls) has_discontinuity: bool,
    pub(in crate::hls) has_dateranges: bool,
}

impl Live {
    /// Reads a playlist. `None`, so that it stays as it is:
    ///
    /// - what is no Media Playlist (no Target Duration, no URI, or tags of Multivariant Playlists);
    /// - what never grew: the type `VOD`;
    /// - a Playlist Delta Update: how long the segments are that it leaves out, only its reader knows;
    /// - what has a line that players read differently: how many segments it has depends on them.
    ///
    /// A URI without an `EXTINF` counts as a segment of no duration. Of a tag that may stand once and is there twice, the
    /// last counts, as it does in players that take such a playlist.
    pub(in crate::hls) fn of(playlist: &[u8]) -> Option<Self> {
        let mut live = Self::default();
        let (mut target, mut body) = (None, None);
        let (mut segments, mut of_this) = (false, Duration::ZERO);
        for line in lines(playlist) {
            let item = Item::of(&line);
            match item {
                Item::Ambiguous | Item::Multivariant => return None,
                Item::Uri => {
                    segments = true;
                    live.duration = live.duration.saturating_add(std::mem::take(&mut of_this));
                }
                Item::Segment(tag, value) => match tag {
                    Tag::Inf => of_this = seconds(value).unwrap_or_default(),
                    Tag::Discontinuity => live.has_discontinuity = true,
                    _ => {}
                },
                // "It MAY occur anywhere in the Media Playlist file."
                Item::Playlist(Tag::EndList, _) => live.has_ended = true,
                Item::Playlist(Tag::Skip, _) => return None,
                Item::Playlist(Tag::PlaylistType, value) if value.trim_ascii() == b"VOD" => {
                    return None;
                }
                Item::Playlist(Tag::TargetDuration, value) => target = seconds(value).or(target),
                Item::Playlist(tag, value) => {
                    live.setting(tag, value);
                    live.settings_end = line.end;
                }
                Item::Daterange(_) => {
                    live.has_dateranges = true;
                    live.settings_end = line.end;
                }
                Item::Other => {}
            }
            if matches!(item, Item::Uri | Item::Segment(..)) {
                body.get_or_insert(line.start);
            }
        }
        live.target = target?;
        live.body = body.filter(|_| segments)?;
        Some(live)
    }

    fn setting(&mut self, tag: Tag, value: &[u8]) {
        let number = || Some(integer(value.trim_ascii_start()).unwrap_or(0));
        match tag {
            Tag::Version => self.version = number(),
            Tag::MediaSequence => self.media_sequence = number(),
            Tag::DiscontinuitySequence => self.discontinuity_sequence = number(),
            Tag::ServerControl => {
                let said = |name| attribute(value, name).and_then(seconds);
                self.has_server_control = true;
                self.can_skip_until = said(b"CAN-SKIP-UNTIL").or(self.can_skip_until);
                let holds = [said(b"HOLD-BACK"), said(b"PART-HOLD-BACK")].into_iter().flatten();
                self.hold_back = holds.fold(self.hold_back, Duration::max);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_playlist_is_measured() {
        let playlist = b"#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n\
            #EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=24,HOLD-BACK=12.0,PART-HOLD-BACK=1.0\n# a comment\n\
            #EXT-X-DISCONTINUITY\n#EXTINF:4.00008,\na.ts\n#EXTINF:3.5,\n#EXT-X-PART:DURATION=3.5,URI=\"p\"\nb.ts\nc.ts\n\
            #EXT-X-PART:DURATION=1,URI=\"q\"\n";
        let live = Live::of(playlist).unwrap();
        let second = Duration::from_secs;
        assert_eq!((live.target, live.hold_back), (second(4), second(12)));
        assert_eq!(live.duration, Duration::new(7, 500_080_000));
        assert_eq!(
            (live.version, live.media_sequence, live.discontinuity_sequence),
            (Some(6), Some(7), None)
        );
        assert_eq!(live.can_skip_until, Some(second(24)));
        assert!(playlist[live.body..].starts_with(b"#EXT-X-DISCONTINUITY\n"));
        assert!(playlist[..live.settings_end].ends_with(b"PART-HOLD-BACK=1.0\n"));
        assert!(live.has_discontinuity && live.has_server_control && !live.has_dateranges);
    }

    #[test]
    fn what_is_not_live_is_not_touched() {
        let live = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n";
        assert!(!Live::of(live.as_bytes()).unwrap().has_ended);
        assert!(Live::of([live, "#EXT-X-ENDLIST\n"].concat().as_bytes()).unwrap().has_ended);
        for more in [
            "#EXT-X-PLAYLIST-TYPE:VOD\n",
            "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-ENDLIST\n",
            "#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n",
            "#EXT-X-STREAM-INF:BANDWIDTH=1\n",
            "#EXTINF:4,\rb.ts\n",
        ] {
            assert_eq!(Live::of([live, more].concat().as_bytes()), None, "{more:?}");
        }
        for playlist in
            ["", "#EXTM3U\n#EXTINF:-1,channel\nhttps://a/\n", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n"]
        {
            assert_eq!(Live::of(playlist.as_bytes()), None, "{playlist:?}");
        }
    }
}
