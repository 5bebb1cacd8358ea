//! The changes of lines, and the shape that they make.

use super::start::Move;
use crate::hls::read::line::lines;
use crate::hls::write::shape::{Change, Part, Piece, Shape, Source};
use crate::manifest::{Misplaced, Span};
use crate::sorting;

/// The changes of lines of a playlist; a line without an entry stays as it is.
#[derive(Debug, Default)]
pub(super) struct Script<'a>(Vec<(Span<'a>, Vec<Change>)>);

impl<'a> Script<'a> {
    /// Leaves a line out.
    pub(super) fn leave_out(&mut self, line: Span<'a>) {
        self.0.push((line, Vec::new()));
    }

    /// Replaces parts of a line.
    pub(super) fn change(&mut self, line: Span<'a>, mut changes: Vec<Change>) {
        if !changes.is_empty() {
            sorting::by_key(&mut changes, |change| change.at.start);
            self.0.push((line, changes));
        }
    }

    /// The shape; `None`: nothing is changed.
    pub(super) fn shape(
        mut self,
        source: Source<'a>,
        start: Option<Move>,
    ) -> Result<Option<Shape<'a>>, Misplaced> {
        if self.0.is_empty() && start.is_none() {
            return Ok(None);
        }
        sorting::by_key(&mut self.0, |(line, _)| line.start());
        let mut pieces = Vec::new();
        let mut rest = source.text;
        if let Some(Move { variant, to }) = start {
            self.push(&mut pieces, rest.take_to(to)?)?;
            let skipped = rest.take_to(variant.start)?;
            let moved = rest.take_to(variant.end)?;
            self.push(&mut pieces, moved)?;
            // The last line of a playlist may have no end: in front of others it gets the end of its tag's line.
            if !moved.text().ends_with(b"\n") {
                let newline = lines(moved).next().map_or("\n", |first| first.newline());
                pieces.push(Piece::Text(newline.to_owned()));
            }
            self.push(&mut pieces, skipped)?;
        }
        self.push(&mut pieces, rest)?;
        Ok(Some(vec![Part { source, pieces }]))
    }

    /// Adds some lines after their changes.
    fn push(&self, pieces: &mut Vec<Piece<'a>>, lines: Span<'a>) -> Result<(), Misplaced> {
        let mut rest = lines;
        let from = self.0.partition_point(|(line, _)| line.start() < lines.start());
        for (line, changes) in self.0.iter().skip(from).take_while(|(line, _)| line.start() < lines.end()) {
            push_lines(pieces, rest.take_to(line.start())?);
            if !changes.is_empty() {
                pieces.push(Piece::Changed(*line, changes.clone()));
            }
            rest.take_to(line.end())?;
        }
        push_lines(pieces, rest);
        Ok(())
    }
}

fn push_lines<'a>(pieces: &mut Vec<Piece<'a>>, lines: Span<'a>) {
    if !lines.is_empty() {
        pieces.push(Piece::Lines(lines));
    }
}
