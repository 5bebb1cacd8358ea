//! The tags of a playlist, after the edits of its segments: sequence numbers, the version, the start, and the server's
//! offers.
//!
//! [draft-pantos-hls-rfc8216bis-22 section 4.4.3](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.3)

use super::delta::{DeltaMaker, LEAST_VERSION};
use super::playlist::MediaPlaylist;
use super::timeline::Passed;
use crate::hls::edits::Edits;
use crate::hls::read::attributes::{Attribute, attributes};
use crate::hls::read::line::Line;
use crate::hls::read::seconds::{integer, seconds, write};
use crate::hls::read::tag::Tag;
use crate::hls::write::attribute_edits::without;
use crate::hls::write::shape::Change;
use crate::manifest::Span;

/// Edits the tags of a playlist.
pub(super) struct Settings<'a> {
    pub(super) edits: &'a Edits<'a>,
    pub(super) maker: DeltaMaker,
    /// The segments that have left the playlist.
    pub(super) left: Passed,
    /// Whether some are skipped.
    pub(super) is_delta: bool,
    /// Whether there are discontinuities among the segments, those included that have left.
    pub(super) has_discontinuities: bool,
}

/// The edit of a tag of the playlist.
pub(super) enum Setting {
    AsIs,
    LeftOut,
    Changed(Vec<Change>),
}

impl Settings<'_> {
    /// The tags of the playlist that it lacks, in front of its first segment.
    pub(super) fn added(&self, playlist: &MediaPlaylist<'_>) -> impl Iterator<Item = String> {
        let Self { maker, left, .. } = self;
        let is_clamped = self.edits.caps.rewind_s.is_some();
        let version = (self.is_delta && playlist.version.is_none())
            .then(|| format!("#EXT-X-VERSION:{LEAST_VERSION}\n"));
        let offer = maker.offer().filter(|_| !playlist.has_server_control);
        let offer = offer.map(|offer| format!("#EXT-X-SERVER-CONTROL:{offer}\n"));
        let number = (is_clamped && playlist.media_sequence.is_none())
            .then(|| format!("#EXT-X-MEDIA-SEQUENCE:{}\n", left.segments));
        let discontinuities =
            (is_clamped && self.has_discontinuities && playlist.discontinuity_sequence.is_none())
                .then(|| format!("#EXT-X-DISCONTINUITY-SEQUENCE:{}\n", left.discontinuities));
        [version, offer, number, discontinuities].into_iter().flatten()
    }

    /// The edit of a tag with this value, in its line.
    pub(super) fn of(&self, tag: Tag, value: Span<'_>, line: &Line<'_>) -> Setting {
        let text = value.text();
        let is_clamped = self.edits.caps.rewind_s.is_some();
        let number =
            |number: u64| Setting::Changed(vec![Change { at: value.range(), with: number.to_string() }]);
        let said = || integer(text.trim_ascii_start()).unwrap_or(0);
        let raised = |by: u64| match by {
            0 => Setting::AsIs,
            by => number(said().saturating_add(by)),
        };
        match tag {
            Tag::MediaSequence => raised(self.left.segments),
            Tag::DiscontinuitySequence => raised(self.left.discontinuities),
            Tag::Version if self.is_delta && said() < LEAST_VERSION => number(LEAST_VERSION),
            // Nothing leaves an EVENT, it says; and "a Live Playlist MUST NOT contain the EXT-X-PLAYLIST-TYPE tag".
            Tag::PlaylistType if is_clamped && text.trim_ascii() == b"EVENT" => Setting::LeftOut,
            Tag::Start => self.start(value),
            Tag::ServerControl => self.server_control(value, line),
            _ => Setting::AsIs,
        }
    }

    /// > A positive number indicates a time offset from the beginning of the Playlist.
    ///
    /// [Section 4.4.2.2](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.2.2)
    fn start(&self, list: Span<'_>) -> Setting {
        let offset = attributes(list.text()).find(|found| found.name == b"TIME-OFFSET");
        let Some(Attribute { value, at, .. }) = offset.filter(|_| self.left.segments > 0) else {
            return Setting::AsIs;
        };
        let Some(offset) = seconds(value) else { return Setting::AsIs };
        let at = list.start() + at;
        let with = write(offset.saturating_sub(self.left.duration));
        Setting::Changed(vec![Change { at: at..at + value.len(), with }])
    }

    /// Removes offers that the edge cannot honour, and adds the edge's own.
    fn server_control(&self, list: Span<'_>, line: &Line<'_>) -> Setting {
        let Self { maker, edits, .. } = self;
        let is_instead = matches!(maker, DeltaMaker::EdgeForOrigin(_));
        let goes = |name: &[u8]| match name {
            b"CAN-SKIP-DATERANGES" => is_instead || edits.directives_stop,
            b"CAN-SKIP-UNTIL" => !is_instead && edits.directives_stop,
            b"CAN-BLOCK-RELOAD" => edits.directives_stop,
            _ => false,
        };
        let mut changes = without(list, |found| goes(found.name));
        let is_left = match changes.is_empty() {
            true => !list.is_empty(),
            false => attributes(list.text()).any(|found| !goes(found.name)),
        };
        let Some(offer) = maker.offer() else {
            return match (changes.is_empty(), is_left) {
                (true, _) => Setting::AsIs,
                (false, true) => Setting::Changed(changes),
                (false, false) => Setting::LeftOut,
            };
        };
        let before = match list.is_empty() {
            true if line.text.text().ends_with(b":") => "",
            true => ":",
            false if is_left => ",",
            false => "",
        };
        changes.push(Change { at: list.end()..list.end(), with: [before, &offer].concat() });
        Setting::Changed(changes)
    }
}
