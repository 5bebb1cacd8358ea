//! Where tags stand: in which kind of playlist, how often, and in which order.

use std::collections::BTreeSet;

use super::entry::Entry;
use super::outline::{Outline, is_of_the_specification};
use super::rule::Rule;
use super::subject::{Check, Report};
use crate::hls::read::event::EventKind;
use crate::hls::read::tag::{Stands, Tag};

#[derive(Default)]
pub(super) struct Placement {
    seen: BTreeSet<Tag>,
    has_segment: bool,
    has_discontinuity: bool,
    ended: bool,
    told_after_end: bool,
    is_playlist: bool,
}

impl Check<'_> for Placement {
    fn line(&mut self, entry: &Entry<'_, '_>, outline: &Outline, report: &mut Report) {
        self.is_playlist |= entry.is(Tag::M3u);
        if matches!(entry.event.kind, EventKind::Uri(_)) {
            self.has_segment |= outline.is_media;
            if self.ended && outline.is_media && !std::mem::replace(&mut self.told_after_end, true) {
                report.add(Rule::AfterEndList, entry.at(), || {
                    "expected no segment behind `EXT-X-ENDLIST`, found one".to_owned()
                });
            }
        }
        let Some(tag) = entry.tag() else { return };
        let name = tag.name();
        if tag.once() && tag != Tag::M3u && !self.seen.insert(tag) {
            report.add_to(tag.clause(), Rule::TagRepeated, entry.at(), || {
                format!("expected `{name}` once, found it again")
            });
        }
        let both = outline.is_media && outline.is_multivariant;
        if both && is_of_the_specification(tag) && tag.stands() == Stands::Multivariant {
            report.add(Rule::KindsMixed, entry.at(), || {
                format!("expected tags of a Media Playlist alone, found `{name}`, which is for Multivariant Playlists")
            });
        }
        let late = match tag {
            Tag::MediaSequence => self.has_segment,
            Tag::DiscontinuitySequence => self.has_segment || self.has_discontinuity,
            _ => false,
        };
        if late {
            report.add_to(tag.clause(), Rule::SequenceLate, entry.at(), || {
                format!("expected `{name}` before the first segment and discontinuity, found it behind")
            });
        }
        let is_vod = entry.stated().is_some_and(|(value, _)| value == b"VOD");
        if tag == Tag::PlaylistType && is_vod && !outline.has_end_list {
            report.add(Rule::VodUnended, entry.at(), || {
                "expected `EXT-X-ENDLIST` in a playlist that does not change, found none".to_owned()
            });
        }
        match tag {
            Tag::Discontinuity => self.has_discontinuity = true,
            Tag::EndList => self.ended = true,
            _ => {}
        }
    }

    fn end(&mut self, outline: &Outline, report: &mut Report) {
        if !outline.is_media && !outline.is_multivariant && self.is_playlist {
            report.add(Rule::KindUnknown, 0, || {
                "expected a tag of a Media Playlist or of a Multivariant Playlist, found none".to_owned()
            });
        }
    }
}

#[cfg(test)]
pub(super) mod rows {
    use crate::hls::check::tests::Row;

    pub(in crate::hls::check) const ROWS: &[Row] = &[
        ("kind-unknown", "#EXTM3U\n#EXT-X-VERSION:3\n", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n"),
        (
            "kinds-mixed",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n",
            "#EXTM3U\n#EXT-X-START:TIME-OFFSET=0\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n",
        ),
        ("tag-repeated", "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-VERSION:3\n", "#EXTM3U\n#EXT-X-VERSION:3\n"),
        (
            "tag-repeated",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-TARGETDURATION:4\n",
            "#EXTM3U\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"\n#EXT-X-DEFINE:NAME=\"b\",VALUE=\"b\"\n",
        ),
        (
            "sequence-late",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-MEDIA-SEQUENCE:4\n",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:4\n#EXTINF:4,\na.ts\n",
        ),
        (
            "sequence-late",
            "#EXTM3U\n#EXT-X-DISCONTINUITY\n#EXT-X-DISCONTINUITY-SEQUENCE:4\n",
            "#EXTM3U\n#EXT-X-DISCONTINUITY-SEQUENCE:4\n#EXT-X-DISCONTINUITY\n#EXT-X-MEDIA-SEQUENCE:4\n",
        ),
        (
            "vod-unended",
            "#EXTM3U\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:4,\na.ts\n",
            "#EXTM3U\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n",
        ),
        (
            "vod-unended",
            "#EXTM3U\n#EXT-X-PLAYLIST-TYPE: VOD\n",
            "#EXTM3U\n#EXT-X-PLAYLIST-TYPE:EVENT\n#EXTINF:4,\na.ts\n",
        ),
        (
            "after-end-list",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-ENDLIST\n#EXTINF:4,\na.ts\n",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n# the end\n",
        ),
    ];
}
