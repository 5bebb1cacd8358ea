//! From a playlist and its edits to the lines that are written.
//!
//! The playlist's own lines are copied, but for those that an edit removes or changes. A stretch whose first segment does not
//! follow its neighbour in the source begins with a seam: the tags that go on applying to it are repeated there.

use std::time::Duration;

use super::break_mark::OpenBreak;
use super::dateranges::JudgedRanges;
use super::delta::{self, DeltaMaker};
use super::interstitials;
use super::item::Item;
use super::keys::NO_KEY;
use super::marks::Marks;
use super::next::NextSegment;
use super::playlist::MediaPlaylist;
use super::settings::{Setting, Settings};
use super::timeline::{Stretch, Timeline};
use super::window;
use crate::hls::edits::Edits;
use crate::hls::read::line::{Line, lines};
use crate::hls::write::shape::{Change, Part, Piece, Shape, Source};
use crate::manifest::{Misplaced, Span};

/// The shape of a playlist after its edits; `None`: no edit applies.
pub(in crate::hls) fn shape<'a>(
    source: Source<'a>,
    edits: &Edits<'_>,
) -> Result<Option<Shape<'a>>, Misplaced> {
    let is_edited = edits.caps.rewind_s.is_some()
        || edits.delta_updates
        || takes_offers(source, edits)
        || is_asked_as_a_whole(source, edits);
    let playlist = if is_edited { MediaPlaylist::read(source) } else { None };
    match playlist {
        Some(playlist) => edited(&playlist, playlist.timeline(), edits),
        None => with_breaks(source, edits),
    }
}

/// The shape of a playlist to which only interstitials are added.
fn with_breaks<'a>(source: Source<'a>, edits: &Edits<'_>) -> Result<Option<Shape<'a>>, Misplaced> {
    let Some((plan, marks)) = edits.ads.and_then(|plan| Some((plan, Marks::read(source.text)?))) else {
        return Ok(None);
    };
    let lines = interstitials::lines(&marks, plan, Duration::ZERO, edits.bounds.line_bytes);
    if lines.is_empty() {
        return Ok(None);
    }
    let mut sink = Sink::new(source);
    sink.copy_to(marks.body)?;
    sink.text(lines);
    sink.finish()
}

/// Whether the media origin makes delta updates itself, of which it is not asked: a break may have begun in the segments that they
/// leave out.
fn is_asked_as_a_whole(source: Source<'_>, edits: &Edits<'_>) -> bool {
    edits.ads.is_some() && source.text.find(b"CAN-SKIP-UNTIL").is_some()
}

/// Whether it may have offers that are taken out of it.
fn takes_offers(source: Source<'_>, edits: &Edits<'_>) -> bool {
    edits.directives_stop && source.text.find(b"#EXT-X-SERVER-CONTROL").is_some()
}

/// The shape of a playlist with this timeline, after window and delta update.
pub(super) fn edited<'a>(
    playlist: &MediaPlaylist<'a>,
    timeline: Timeline<'a>,
    edits: &Edits<'_>,
) -> Result<Option<Shape<'a>>, Misplaced> {
    let rewind_s = edits.caps.rewind_s;
    let timeline = match rewind_s {
        Some(rewind_s) => window::clamped(timeline, window::least(playlist, rewind_s))?,
        None => timeline,
    };
    let ranges = JudgedRanges::of(playlist, &timeline)?;
    let marks = edits.ads.and_then(|plan| Some((plan, Marks::read(playlist.source.text)?)));
    let breaks = marks.map(|(plan, mut marks)| {
        // The beginning of a window is not the beginning of the presentation.
        marks.is_whole &= rewind_s.is_none();
        interstitials::lines(&marks, plan, timeline.left.duration, edits.bounds.line_bytes)
    });
    let maker = DeltaMaker::of(playlist, rewind_s.is_some(), edits);
    let skip = edits.skip.filter(|_| !playlist.has_ended);
    let timeline = match skip.and_then(|_| maker.boundary()) {
        Some(boundary) => delta::skipped(timeline, boundary)?,
        None => timeline,
    };
    let is_apart = |stretch: &Stretch<'_>| stretch.is_apart;
    let settings = Settings {
        edits,
        maker,
        left: timeline.left,
        is_delta: timeline.skipped > 0,
        has_discontinuities: playlist.has_discontinuity
            || timeline.left.discontinuities > 0
            || timeline.stretches.iter().any(is_apart),
    };
    let sink = Sink::new(playlist.source);
    Writing { playlist, timeline: &timeline, ranges, settings, breaks: breaks.unwrap_or_default(), sink }
        .write()
}

struct Writing<'a, 't> {
    playlist: &'t MediaPlaylist<'a>,
    timeline: &'t Timeline<'a>,
    ranges: Option<JudgedRanges<'a>>,
    settings: Settings<'t>,
    /// The lines of the breaks.
    breaks: String,
    sink: Sink<'a>,
}

/// The lines in front of a stretch, and changes in it, where its first segment does not follow its neighbour in the source.
struct Seam<'a> {
    pieces: Vec<Piece<'a>>,
    /// The offsets of sub-ranges that continued others', each with its line.
    offsets: Vec<(Line<'a>, Change)>,
    /// How far lines are changed.
    end: usize,
}

impl<'a> Writing<'a, '_> {
    fn write(mut self) -> Result<Option<Shape<'a>>, Misplaced> {
        let MediaPlaylist { source, body, segments_end, .. } = *self.playlist;
        let Timeline { stretches, .. } = self.timeline;
        self.kept(0, body, None)?;
        let breaks = Some(std::mem::take(&mut self.breaks)).filter(|breaks| !breaks.is_empty());
        for text in self.settings.added(self.playlist).chain(breaks) {
            self.sink.copy_to(body)?;
            self.sink.text(text);
        }
        // How far the playlist's own lines have been looked at.
        let mut at = body;
        let mut before: Option<&Stretch<'a>> = None;
        for (number, stretch) in stretches.iter().enumerate() {
            let is_own = !stretch.source.is_inserted;
            if is_own || before.is_none() {
                // In front of it, only the playlist's own tags and date ranges remain.
                let next_own = stretches.iter().skip(number).find(|stretch| !stretch.source.is_inserted);
                let to = next_own.map_or(segments_end, |own| own.start.at);
                self.gone(at, to)?;
                at = to;
            }
            let is_continued = is_own && before.is_none() && stretch.start.at == body;
            let seam = if is_continued { None } else { Some(self.seam(stretch, before)?) };
            if is_own {
                if let Some(seam) = &seam {
                    self.sink.copy_to(at)?;
                    self.sink.add(stretch.source, seam.pieces.iter().cloned());
                }
                let is_last = number + 1 == stretches.len() && stretch.end == segments_end;
                let to = if is_last { source.text.end() } else { stretch.end };
                self.kept(at, to, seam.as_ref())?;
                at = to;
            } else {
                self.sink.copy_to(at)?;
                self.inserted(stretch, seam.as_ref())?;
            }
            before = Some(stretch);
        }
        if at < segments_end {
            self.gone(at, segments_end)?;
            at = segments_end;
        }
        self.kept(at, source.text.end(), None)?;
        self.sink.finish()
    }

    /// Copies lines of the playlist itself, with the changes of edits.
    fn kept(&mut self, from: usize, to: usize, seam: Option<&Seam<'a>>) -> Result<(), Misplaced> {
        // No edit changes a line behind that offset.
        let looked_to = self.playlist.settings_end.max(seam.map_or(0, |seam| seam.end)).clamp(from, to);
        for line in lines(self.playlist.source.text.cut(from..looked_to)?) {
            match Item::of(&line) {
                item @ (Item::Playlist(..) | Item::Daterange(_)) => self.of_playlist(item, &line)?,
                Item::Segment(..) => {
                    let offset = seam.and_then(|seam| seam.offset(&line));
                    if let Some(change) = offset {
                        self.sink.change(&line, vec![change])?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Leaves lines of the playlist itself out, but for its own tags and date ranges.
    fn gone(&mut self, from: usize, to: usize) -> Result<(), Misplaced> {
        for line in lines(self.playlist.source.text.cut(from..to)?) {
            match Item::of(&line) {
                item @ (Item::Playlist(..) | Item::Daterange(_)) => self.of_playlist(item, &line)?,
                _ => self.sink.leave_out(&line)?,
            }
        }
        Ok(())
    }

    /// Writes a tag of the playlist, or a date range.
    fn of_playlist(&mut self, item: Item<'a>, line: &Line<'a>) -> Result<(), Misplaced> {
        let is_over = |list: Span<'_>| self.ranges.as_ref().is_some_and(|ranges| ranges.is_over(list.text()));
        let setting = match item {
            Item::Playlist(tag, value) => self.settings.of(tag, value, line),
            Item::Daterange(list) if is_over(list) => Setting::LeftOut,
            _ => Setting::AsIs,
        };
        match setting {
            Setting::AsIs => Ok(()),
            Setting::LeftOut => self.sink.leave_out(line),
            Setting::Changed(changes) => self.sink.change(line, changes),
        }
    }

    /// Copies the segments of another playlist, without the tags of that playlist.
    fn inserted(&mut self, stretch: &Stretch<'a>, seam: Option<&Seam<'a>>) -> Result<(), Misplaced> {
        let mut rest = stretch.lines()?;
        let mut pieces = seam.map(|seam| seam.pieces.clone()).unwrap_or_default();
        for line in lines(rest) {
            let changed = match Item::of(&line) {
                Item::Playlist(..) | Item::Daterange(_) => None,
                Item::Segment(..) => match seam.and_then(|seam| seam.offset(&line)) {
                    Some(change) => Some(Piece::Changed(line.whole, vec![change])),
                    None => continue,
                },
                _ => continue,
            };
            pieces.push(Piece::Lines(rest.take_to(line.start())?));
            pieces.extend(changed);
            rest.take_to(line.end())?;
        }
        pieces.push(Piece::Lines(rest));
        self.sink.add(stretch.source, pieces);
        Ok(())
    }

    /// The seam between a stretch and the one in front of it.
    fn seam(&self, stretch: &Stretch<'a>, before: Option<&Stretch<'a>>) -> Result<Seam<'a>, Misplaced> {
        let Timeline { skipped, .. } = *self.timeline;
        let Stretch { source, body, start, .. } = stretch;
        let body = source.text.cut(*body..source.text.end())?;
        let rest = body.cut(start.at..body.end())?;
        let next = NextSegment::of(rest);
        let mut pieces = Vec::new();
        let skip = self.settings.edits.skip.filter(|_| skipped > 0 && before.is_none());
        pieces.extend(skip.map(|skip| Piece::Text(delta::tag(skip, skipped))));
        if stretch.is_apart && !next.has_discontinuity {
            pieces.push(Piece::Text("#EXT-X-DISCONTINUITY\n".to_owned()));
        }
        // The keys of another source end where it does.
        if let Some(before) = before
            && before.in_force_behind()?.has_keys()
        {
            pieces.push(Piece::Text(NO_KEY.to_owned()));
        }
        pieces.extend(start.in_force.restated(body, &next)?);
        // A client has the skipped segments with their dates and marks.
        if skip.is_none() {
            let is_first = before.is_none();
            pieces.extend(start.open.filter(|_| is_first && !next.has_mark).and_then(OpenBreak::mark));
            let date = start.clock.read().filter(|_| next.date.is_none());
            pieces.extend(date.map(|date| Piece::Text(format!("#EXT-X-PROGRAM-DATE-TIME:{date}\n"))));
        }
        let mut offsets = Vec::new();
        if let Some((at, offset)) = next.length_end.zip(start.range_end) {
            let line = lines(rest).find(|line| line.end() > at);
            offsets.extend(line.map(|line| (line, Change { at: at..at, with: format!("@{offset}") })));
        }
        offsets.extend(start.part_range.and_then(|part| part.continued(rest)));
        let end = offsets.iter().map(|(line, _)| line.end()).fold(next.end, usize::max);
        Ok(Seam { pieces, offsets, end })
    }
}

impl Seam<'_> {
    fn offset(&self, line: &Line<'_>) -> Option<Change> {
        let found = self.offsets.iter().find(|(changed, _)| changed.start() == line.start());
        found.map(|(_, change)| change.clone())
    }
}

/// Pieces, as they come.
struct Sink<'a> {
    own: Source<'a>,
    shape: Shape<'a>,
    /// The text of the playlist itself that is neither written nor left out.
    rest: Span<'a>,
    is_changed: bool,
}

impl<'a> Sink<'a> {
    const fn new(own: Source<'a>) -> Self {
        Self { own, shape: Shape::new(), rest: own.text, is_changed: false }
    }

    /// Adds pieces of a source in place of lines of the playlist, or between them.
    fn add(&mut self, source: Source<'a>, pieces: impl IntoIterator<Item = Piece<'a>>) {
        self.is_changed = true;
        self.push(source, pieces);
    }

    fn push(&mut self, source: Source<'a>, pieces: impl IntoIterator<Item = Piece<'a>>) {
        match self.shape.last_mut().filter(|last| !last.source.is_inserted && !source.is_inserted) {
            Some(last) => last.pieces.extend(pieces),
            None => self.shape.push(Part { source, pieces: pieces.into_iter().collect() }),
        }
    }

    /// Adds a line of ours.
    fn text(&mut self, text: String) {
        self.add(self.own, [Piece::Text(text)]);
    }

    /// Copies the playlist up to an offset.
    fn copy_to(&mut self, at: usize) -> Result<(), Misplaced> {
        let lines = self.rest.take_to(at)?;
        if !lines.is_empty() {
            self.push(self.own, [Piece::Lines(lines)]);
        }
        Ok(())
    }

    fn leave_out(&mut self, line: &Line<'a>) -> Result<(), Misplaced> {
        self.copy_to(line.start())?;
        self.rest.take_to(line.end())?;
        self.is_changed = true;
        Ok(())
    }

    fn change(&mut self, line: &Line<'a>, changes: Vec<Change>) -> Result<(), Misplaced> {
        self.leave_out(line)?;
        self.add(self.own, [Piece::Changed(line.whole, changes)]);
        Ok(())
    }

    /// The shape; `None`: nothing was changed.
    fn finish(mut self) -> Result<Option<Shape<'a>>, Misplaced> {
        self.copy_to(self.rest.end())?;
        Ok(Some(self.shape).filter(|_| self.is_changed))
    }
}
