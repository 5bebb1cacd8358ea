//! A Media Playlist, read once: its own tags, and where its segments lie.

use std::time::Duration;

use super::in_force::InForce;
use super::item::Item;
use super::timeline::{Clock, Passed, Point, Stretch, Timeline};
use crate::hls::read::attributes::attribute;
use crate::hls::read::line::lines;
use crate::hls::read::seconds::{integer, seconds};
use crate::hls::read::tag::Tag;
use crate::hls::write::shape::Source;

/// A Media Playlist.
#[derive(Clone, Debug)]
pub(super) struct MediaPlaylist<'a> {
    pub(super) source: Source<'a>,
    /// Where the first line stands that belongs to a segment.
    pub(super) body: usize,
    /// Where the last segment's URI ends.
    pub(super) segments_end: usize,
    /// Its whole segments. Parts behind the last one, whose segment is still to come, do not count.
    pub(super) duration: Duration,
    /// Where the last date range ends, or the last tag of the playlist that an edit may change.
    pub(super) settings_end: usize,
    /// The Target Duration.
    pub(super) target: Duration,
    /// The greatest distance from the end at which players are told to begin: `HOLD-BACK` and `PART-HOLD-BACK`.
    pub(super) hold_back: Duration,
    /// The Skip Boundary that the media origin offers.
    pub(super) can_skip_until: Option<Duration>,
    /// It has an `EXT-X-ENDLIST`: no more segments are added.
    pub(super) has_ended: bool,
    pub(super) version: Option<u64>,
    pub(super) media_sequence: Option<u64>,
    pub(super) discontinuity_sequence: Option<u64>,
    pub(super) has_server_control: bool,
    pub(super) has_discontinuity: bool,
    pub(super) has_dateranges: bool,
}

impl<'a> MediaPlaylist<'a> {
    /// Reads a playlist to which segments are added, or were added before it ended. Segments that left while it grew do not
    /// return when it has ended. An inserted playlist may be of any type. `None`, so that the playlist stays as it is, for
    ///
    /// - a text without a Target Duration or URI, or with tags of Multivariant Playlists: it is no Media Playlist;
    /// - a playlist of the type `VOD`: it never grew;
    /// - a Playlist Delta Update: the durations of the segments that it leaves out are unknown;
    /// - a playlist with a line that players read differently: its number of segments depends on the player.
    ///
    /// A URI without an `EXTINF` counts as a segment of no duration. Of a tag that may stand once and is there twice, the
    /// last counts, as it does in players that take such a playlist.
    pub(super) fn read(source: Source<'a>) -> Option<Self> {
        let mut playlist = Self {
            source,
            body: 0,
            segments_end: 0,
            duration: Duration::ZERO,
            settings_end: 0,
            target: Duration::ZERO,
            hold_back: Duration::ZERO,
            can_skip_until: None,
            has_ended: false,
            version: None,
            media_sequence: None,
            discontinuity_sequence: None,
            has_server_control: false,
            has_discontinuity: false,
            has_dateranges: false,
        };
        let (mut target, mut body, mut of_this) = (None, None, Duration::ZERO);
        for line in lines(source.text) {
            let item = Item::of(&line);
            match item {
                Item::Ambiguous | Item::Multivariant => return None,
                Item::Uri => {
                    playlist.segments_end = line.end();
                    playlist.duration = playlist.duration.saturating_add(std::mem::take(&mut of_this));
                }
                Item::Segment(Tag::Inf, value) => of_this = seconds(value.text()).unwrap_or_default(),
                Item::Segment(Tag::Discontinuity, _) => playlist.has_discontinuity = true,
                Item::Segment(..) | Item::Other => {}
                // "It MAY occur anywhere in the Media Playlist file."
                Item::Playlist(Tag::EndList, _) => playlist.has_ended = true,
                Item::Playlist(Tag::Skip, _) => return None,
                Item::Playlist(Tag::PlaylistType, value)
                    if value.text().trim_ascii() == b"VOD" && !source.is_inserted =>
                {
                    return None;
                }
                Item::Playlist(Tag::TargetDuration, value) => target = seconds(value.text()).or(target),
                Item::Playlist(tag, value) => {
                    playlist.setting(tag, value.text());
                    playlist.settings_end = line.end();
                }
                Item::Daterange(_) => {
                    playlist.has_dateranges = true;
                    playlist.settings_end = line.end();
                }
            }
            if matches!(item, Item::Uri | Item::Segment(..)) {
                body.get_or_insert(line.start());
            }
        }
        playlist.target = if source.is_inserted { target.unwrap_or_default() } else { target? };
        playlist.body = body.filter(|_| playlist.segments_end > 0)?;
        Some(playlist)
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

    /// Its segments, all of them.
    pub(super) fn timeline(&self) -> Timeline<'a> {
        let start = Point {
            at: self.body,
            clock: Clock::default(),
            open: None,
            range_end: None,
            part_range: None,
            in_force: InForce::default(),
        };
        let all =
            Stretch { source: self.source, body: self.body, start, end: self.segments_end, is_apart: false };
        Timeline { stretches: vec![all], duration: self.duration, left: Passed::default(), skipped: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(playlist: &[u8]) -> Option<MediaPlaylist<'_>> {
        MediaPlaylist::read(Source::own(playlist, None))
    }

    #[test]
    fn a_live_playlist_is_measured() {
        let playlist = b"#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n\
            #EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=24,HOLD-BACK=12.0,PART-HOLD-BACK=1.0\n# a comment\n\
            #EXT-X-DISCONTINUITY\n#EXTINF:4.00008,\na.ts\n#EXTINF:3.5,\n#EXT-X-PART:DURATION=3.5,URI=\"p\"\nb.ts\nc.ts\n\
            #EXT-X-PART:DURATION=1,URI=\"q\"\n";
        let live = read(playlist).unwrap();
        let second = Duration::from_secs;
        assert_eq!((live.target, live.hold_back), (second(4), second(12)));
        assert_eq!(live.duration, Duration::new(7, 500_080_000));
        assert_eq!(
            (live.version, live.media_sequence, live.discontinuity_sequence),
            (Some(6), Some(7), None)
        );
        assert_eq!(live.can_skip_until, Some(second(24)));
        assert!(playlist[live.body..].starts_with(b"#EXT-X-DISCONTINUITY\n"));
        assert!(playlist[live.segments_end..].starts_with(b"#EXT-X-PART:DURATION=1"));
        assert!(playlist[..live.settings_end].ends_with(b"PART-HOLD-BACK=1.0\n"));
        assert!(live.has_discontinuity && live.has_server_control && !live.has_dateranges);
    }

    #[test]
    fn what_is_not_live_is_not_touched() {
        let live = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n";
        assert!(!read(live.as_bytes()).unwrap().has_ended);
        assert!(read([live, "#EXT-X-ENDLIST\n"].concat().as_bytes()).unwrap().has_ended);
        for more in [
            "#EXT-X-PLAYLIST-TYPE:VOD\n",
            "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-ENDLIST\n",
            "#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n",
            "#EXT-X-STREAM-INF:BANDWIDTH=1\n",
            "#EXTINF:4,\rb.ts\n",
        ] {
            assert!(read([live, more].concat().as_bytes()).is_none(), "{more:?}");
        }
        for playlist in
            ["", "#EXTM3U\n#EXTINF:-1,channel\nhttps://a/\n", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n"]
        {
            assert!(read(playlist.as_bytes()).is_none(), "{playlist:?}");
        }
    }
}
