//! The marks of advertising breaks that packagers put between segments: `EXT-X-CUE-OUT`, `EXT-X-CUE-OUT-CONT` and
//! `EXT-X-CUE-IN`. No specification has them; these are the spellings that are met.
//!
//! ```text
//! #EXT-X-CUE-OUT:30          #EXT-X-CUE-OUT:DURATION=30.0
//! #EXT-X-CUE-OUT-CONT:8/30   #EXT-X-CUE-OUT-CONT:ElapsedTime=8.0,Duration=30,SCTE35=/DA…
//! #EXT-X-CUE-IN
//! ```

use std::time::Duration;

use crate::hls::read::attributes::attributes;
use crate::hls::read::seconds::{seconds, write};
use crate::hls::read::tag::Tag;
use crate::hls::write::shape::Piece;
use crate::manifest::Span;

/// A break that has begun and not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OpenBreak<'a> {
    /// The line of its mark.
    line: Span<'a>,
    elapsed: Duration,
    duration: Option<Duration>,
}

impl<'a> OpenBreak<'a> {
    /// The break that is open behind a mark, and that was open in front of it.
    pub(super) fn behind(open: Option<Self>, tag: Tag, value: &[u8], line: Span<'a>) -> Option<Self> {
        match tag {
            Tag::CueOut => Some(Self {
                line,
                elapsed: Duration::ZERO,
                duration: seconds(value).or_else(|| named(value, "DURATION")),
            }),
            // It began before the playlist does.
            Tag::CueOutCont if open.is_none() => {
                let (elapsed, duration) = match value.split(|byte| *byte == b'/').collect::<Vec<_>>()[..] {
                    [elapsed, duration] if !value.contains(&b'=') => (seconds(elapsed), seconds(duration)),
                    _ => (named(value, "ELAPSEDTIME"), named(value, "DURATION")),
                };
                Some(Self { line, elapsed: elapsed?, duration: Some(duration?) })
            }
            Tag::CueIn => None,
            _ => open,
        }
    }

    /// The break, after another segment of it.
    pub(super) fn pass(&mut self, segment: Duration) {
        self.elapsed = self.elapsed.saturating_add(segment);
    }

    /// The mark in front of a segment within the break: how much of it has passed. A break whose duration nobody knows keeps
    /// the mark that it began with; a break that is over has no mark, whether or not its end was marked.
    pub(super) fn mark(self) -> Option<Piece<'a>> {
        match self.duration {
            None => Some(Piece::Lines(self.line)),
            Some(duration) if self.elapsed < duration => {
                let (elapsed, duration) = (write(self.elapsed), write(duration));
                Some(Piece::Text(format!("#EXT-X-CUE-OUT-CONT:{elapsed}/{duration}\n")))
            }
            Some(_) => None,
        }
    }
}

/// The number of an attribute, in whatever case its name is written.
fn named(list: &[u8], name: &str) -> Option<Duration> {
    let found = attributes(list).find(|found| found.name.eq_ignore_ascii_case(name.as_bytes()))?;
    seconds(found.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_break_goes_on() {
        use Tag::{CueIn, CueOut, CueOutCont};
        let line = Span::whole(&b"#EXT-X-CUE-OUT\n"[..]);
        let marked = |text: &str| Some(Piece::Text(format!("#EXT-X-CUE-OUT-CONT:{text}\n")));
        for (tags, expected) in [
            (&[(CueOut, "30.000")][..], marked("8/30")),
            (&[(CueOut, "ID=1,Duration=\"30\"")], marked("8/30")),
            (&[(CueOut, "30"), (CueOutCont, "0/30")], marked("8/30")),
            (&[(CueOutCont, "2.5/30")], marked("10.5/30")),
            (&[(CueOutCont, "ElapsedTime=2.5,Duration=30,SCTE35=/DA/==")], marked("10.5/30")),
            (&[(CueOut, "8")], None),
            (&[(CueOut, "30"), (CueIn, "")], None),
            (&[(CueOutCont, "")], None),
            (&[(CueOut, "")], Some(Piece::Lines(line))),
        ] {
            let mut open = None;
            for (tag, value) in tags {
                open = OpenBreak::behind(open, *tag, value.as_bytes(), line);
            }
            if let Some(open) = &mut open {
                open.pass(Duration::from_secs(8));
            }
            assert_eq!(open.and_then(OpenBreak::mark), expected, "{tags:?}");
        }
    }
}
