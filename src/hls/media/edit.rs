//! The edits of live Media Playlists: the rewind window, which stays when they end, and delta updates.
//!
//! ```text
//! live                                  what the playlist says of itself: the first pass          (live.rs)
//! window, delta                         how much of it has to remain, and to be written           (window.rs, delta.rs)
//! cut                                   how many segments leave, and how many are skipped         (cut.rs)
//! in force, dateranges, break mark      what of the part that is not written still counts         (in_force.rs, …)
//! media                                 the shape
//! ```
//!
//! What is written in front of the cut are the tags of the playlist and its date ranges; the segments' own tags go with
//! them, known or not.
//!
//! [draft-pantos-hls-rfc8216bis-22 section 6.2.2](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-6.2.2)

use std::ops::Range;

use super::break_mark::Break;
use super::cut::Cut;
use super::dateranges::Over;
use super::delta::{self, LEAST_VERSION, Maker};
use super::in_force::{InForce, Next};
use super::item::Item;
use super::live::Live;
use super::window;
use crate::hls::edits::Edits;
use crate::hls::read::attributes::{Attribute, attributes};
use crate::hls::read::line::{Line, lines_between};
use crate::hls::read::seconds::{integer, seconds, write};
use crate::hls::read::tag::Tag;
use crate::hls::write::attribute_edits::without;
use crate::hls::write::shape::{Change, Piece, Shape};

/// What remains of a live playlist; `None`: all of it, or it is none.
pub(in crate::hls) fn shape(playlist: &[u8], edits: &Edits<'_>) -> Option<Shape> {
    let is_edited = edits.caps.rewind_s.is_some() || edits.delta_updates || takes_offers(playlist, edits);
    if !is_edited {
        return None;
    }
    let live = Live::of(playlist)?;
    let least = edits.caps.rewind_s.map(|rewind_s| window::least(&live, rewind_s));
    let maker = Maker::of(&live, least.is_some(), edits);
    let boundary = edits.skip.filter(|_| !live.has_ended).and_then(|_| maker.boundary());
    let cut = Cut::find(playlist, &live, least, boundary);
    let next = Next::at(playlist, cut.at);
    let part = cut.part_range.and_then(|part| part.continued(playlist, cut.at));
    Trim { playlist, live: &live, cut: &cut, edits, maker, next, part }.shape()
}

/// Whether it may have offers that are taken out of it.
fn takes_offers(playlist: &[u8], edits: &Edits<'_>) -> bool {
    edits.directives_stop && memchr::memmem::find(playlist, b"#EXT-X-SERVER-CONTROL").is_some()
}

struct Trim<'a> {
    playlist: &'a [u8],
    live: &'a Live,
    cut: &'a Cut<'a>,
    edits: &'a Edits<'a>,
    maker: Maker,
    /// The first segment that is written.
    next: Next<'a>,
    /// The offset of the first part that is written, where it continued another's that is gone, and its line.
    part: Option<(Range<usize>, Change)>,
}

impl Trim<'_> {
    fn shape(&self) -> Option<Shape> {
        let Self { playlist, live, cut, next, part, .. } = self;
        let over = Over::before(playlist, live, cut);
        let is_cut = cut.at > live.body;
        let mut sink = Sink { shape: Shape::new(), copied: 0 };
        let mut in_force = InForce::default();
        let last_part = part.as_ref().map_or(0, |(line, _)| line.end);
        for line in lines_between(playlist, 0, live.settings_end.max(next.end).max(last_part)) {
            if line.start == live.body {
                sink.add(line.start, self.added_settings().map(Piece::Text));
            }
            if is_cut && line.start == cut.at {
                sink.copy_to(line.start);
                self.restate(std::mem::take(&mut in_force), &mut sink.shape);
            }
            let is_gone = (live.body..cut.at).contains(&line.start);
            match Item::of(&line) {
                Item::Playlist(tag, value) => match self.setting(&line, tag, value) {
                    Setting::AsIs => {}
                    Setting::LeftOut => sink.leave_out(&line),
                    Setting::Changed(changes) => sink.change(&line, changes),
                },
                Item::Daterange(list) if over.as_ref().is_none_or(|over| !over.is_over(list)) => {}
                Item::Daterange(_) => sink.leave_out(&line),
                Item::Segment(tag, value) if is_gone => {
                    in_force.pass(tag, value, &line);
                    sink.leave_out(&line);
                }
                Item::Segment(Tag::ByteRange, _) if is_cut => {
                    if let Some(change) =
                        self.offset().filter(|change| (line.start..line.end).contains(&change.at.start))
                    {
                        sink.change(&line, vec![change]);
                    }
                }
                Item::Segment(Tag::Part, _) => {
                    if let Some((_, change)) = part.as_ref().filter(|(part, _)| part.start == line.start) {
                        sink.change(&line, vec![change.clone()]);
                    }
                }
                _ if is_gone => sink.leave_out(&line),
                _ => {}
            }
        }
        sink.finish(playlist.len())
    }

    /// The tags of the playlist that it lacks, in front of its first segment.
    fn added_settings(&self) -> impl Iterator<Item = String> {
        let Self { live, cut, maker, .. } = self;
        let is_clamped = self.edits.caps.rewind_s.is_some();
        let version =
            (cut.skipped > 0 && live.version.is_none()).then(|| format!("#EXT-X-VERSION:{LEAST_VERSION}\n"));
        let offer = maker.offer().filter(|_| !live.has_server_control);
        let offer = offer.map(|offer| format!("#EXT-X-SERVER-CONTROL:{offer}\n"));
        let number = (is_clamped && live.media_sequence.is_none())
            .then(|| format!("#EXT-X-MEDIA-SEQUENCE:{}\n", cut.left));
        let discontinuities = (is_clamped && live.has_discontinuity && live.discontinuity_sequence.is_none())
            .then(|| format!("#EXT-X-DISCONTINUITY-SEQUENCE:{}\n", cut.left_discontinuities));
        [version, offer, number, discontinuities].into_iter().flatten()
    }

    /// What becomes of a tag of the playlist.
    fn setting(&self, line: &Line<'_>, tag: Tag, value: &[u8]) -> Setting {
        // The value stands at the end of the line's text.
        let end = line.text_start + line.text.len();
        let at = end - value.len();
        let is_clamped = self.edits.caps.rewind_s.is_some();
        let number = |number: u64| Setting::Changed(vec![Change { at: at..end, with: number.to_string() }]);
        let raised = |by: u64| match by {
            0 => Setting::AsIs,
            by => number(integer(value.trim_ascii_start()).unwrap_or(0).saturating_add(by)),
        };
        match tag {
            Tag::MediaSequence => raised(self.cut.left),
            Tag::DiscontinuitySequence => raised(self.cut.left_discontinuities),
            Tag::Version if self.cut.skipped > 0 => match integer(value.trim_ascii_start()).unwrap_or(0) {
                LEAST_VERSION.. => Setting::AsIs,
                _ => number(LEAST_VERSION),
            },
            // Nothing leaves an EVENT, it says; and "a Live Playlist MUST NOT contain the EXT-X-PLAYLIST-TYPE tag".
            Tag::PlaylistType if is_clamped && value.trim_ascii() == b"EVENT" => Setting::LeftOut,
            Tag::Start => self.start(value, at),
            Tag::ServerControl => self.server_control(line, value, at),
            _ => Setting::AsIs,
        }
    }

    /// > A positive number indicates a time offset from the beginning of the Playlist.
    ///
    /// [Section 4.4.2.2](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.2.2)
    fn start(&self, list: &[u8], list_at: usize) -> Setting {
        let offset = attributes(list).find(|found| found.name == b"TIME-OFFSET");
        let Some(Attribute { value, at, .. }) = offset.filter(|_| self.cut.left > 0) else {
            return Setting::AsIs;
        };
        let Some(offset) = seconds(value) else { return Setting::AsIs };
        let at = list_at + at..list_at + at + value.len();
        Setting::Changed(vec![Change { at, with: write(offset.saturating_sub(self.cut.left_duration)) }])
    }

    /// Takes the offers out that nobody keeps, and puts that of our own in.
    fn server_control(&self, line: &Line<'_>, list: &[u8], list_at: usize) -> Setting {
        let Self { maker, edits, .. } = self;
        let is_instead = matches!(maker, Maker::InsteadOfOrigin(_));
        let goes = |name: &[u8]| match name {
            b"CAN-SKIP-DATERANGES" => is_instead || edits.directives_stop,
            b"CAN-SKIP-UNTIL" => !is_instead && edits.directives_stop,
            b"CAN-BLOCK-RELOAD" => edits.directives_stop,
            _ => false,
        };
        let mut changes = without(list, list_at, |found| goes(found.name));
        let is_left = match changes.is_empty() {
            true => !list.is_empty(),
            false => attributes(list).any(|found| !goes(found.name)),
        };
        let Some(offer) = maker.offer() else {
            return match (changes.is_empty(), is_left) {
                (true, _) => Setting::AsIs,
                (false, true) => Setting::Changed(changes),
                (false, false) => Setting::LeftOut,
            };
        };
        let before = match list.is_empty() {
            true if line.text.ends_with(b":") => "",
            true => ":",
            false if is_left => ",",
            false => "",
        };
        let end = list_at + list.len();
        changes.push(Change { at: end..end, with: [before, &offer].concat() });
        Setting::Changed(changes)
    }

    /// The offset of the first segment's sub-range, where it continued another's that is gone.
    fn offset(&self) -> Option<Change> {
        let (at, offset) = self.next.length_end.zip(self.cut.range_end)?;
        Some(Change { at: at..at, with: format!("@{offset}") })
    }

    /// What is said at the cut.
    fn restate(&self, in_force: InForce<'_>, shape: &mut Shape) {
        let Self { playlist, live, cut, next, .. } = self;
        if let Some(skip) = self.edits.skip.filter(|_| cut.skipped > 0) {
            shape.push(Piece::Text(delta::tag(skip, cut.skipped)));
        }
        in_force.restate(playlist, live.body, next, shape);
        // What is skipped, a client has with its dates and marks.
        if cut.skipped == 0 {
            let open = cut.open.clone().filter(|_| !next.mark);
            shape.extend(open.and_then(Break::mark));
            let date = cut.clock.read().filter(|_| next.date.is_none());
            shape.extend(date.map(|date| Piece::Text(format!("#EXT-X-PROGRAM-DATE-TIME:{date}\n"))));
        }
    }
}

/// What becomes of a tag of the playlist.
enum Setting {
    AsIs,
    LeftOut,
    Changed(Vec<Change>),
}

/// Pieces, as they come.
struct Sink {
    shape: Shape,
    /// Up to where the source is written, or left out.
    copied: usize,
}

impl Sink {
    fn copy_to(&mut self, to: usize) {
        if self.copied < to {
            self.shape.push(Piece::Lines(self.copied..to));
        }
        self.copied = to;
    }

    fn add(&mut self, at: usize, pieces: impl Iterator<Item = Piece>) {
        for piece in pieces {
            self.copy_to(at);
            self.shape.push(piece);
        }
    }

    fn leave_out(&mut self, line: &Line<'_>) {
        self.copy_to(line.start);
        self.copied = line.end;
    }

    fn change(&mut self, line: &Line<'_>, changes: Vec<Change>) {
        self.copy_to(line.start);
        self.shape.push(Piece::Changed(line.start..line.end, changes));
        self.copied = line.end;
    }

    /// The shape; `None` if nothing was changed.
    fn finish(mut self, len: usize) -> Option<Shape> {
        if self.copied == 0 && self.shape.is_empty() {
            return None;
        }
        self.copy_to(len);
        Some(self.shape)
    }
}
