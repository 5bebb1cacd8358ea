//! Events written back: verbatim, but for the lines that were changed.

use std::ops::Range;

use crate::hls::read::event::Event;
use crate::manifest::Span;

/// Writes a playlist from the events of another. Events that follow one another are copied at once, so that a playlist
/// without a change is one copy.
#[derive(Debug)]
pub struct Writer<'a> {
    source: Span<'a>,
    /// The bytes that are to be copied and have not been yet.
    pending: Range<usize>,
    written: Vec<u8>,
}

impl<'a> Writer<'a> {
    /// Begins a playlist made of the events of `source`.
    pub const fn new(source: &'a [u8]) -> Self {
        Self { source: Span::whole(source), pending: 0..0, written: Vec::new() }
    }

    /// Writes an event as it was read.
    ///
    /// # Panics
    ///
    /// All methods panic if an event does not come from `source`, rather than write something else.
    pub fn copy(&mut self, event: &Event<'a>) {
        if event.start != self.pending.end {
            self.flush();
            self.pending.start = event.start;
        }
        self.pending.end = event.end;
    }

    /// Writes a line in place of an event: its text is changed, its end and the white space around it are kept.
    pub fn replace(&mut self, event: &Event<'a>, text: &[u8]) {
        self.flush();
        let text_end = event.text_at + event.text.len();
        self.push(event.start..event.text_at);
        self.written.extend_from_slice(text);
        self.push(text_end..event.end);
        self.pending = event.end..event.end;
    }

    /// Writes a line that was not there, with its end.
    pub fn insert(&mut self, line: &[u8]) {
        self.flush();
        self.written.extend_from_slice(line);
    }

    /// The playlist.
    pub fn finish(mut self) -> Vec<u8> {
        self.flush();
        self.written
    }

    fn flush(&mut self) {
        let pending = std::mem::replace(&mut self.pending, 0..0);
        self.push(pending);
    }

    fn push(&mut self, range: Range<usize>) {
        #[expect(clippy::expect_used, reason = "Invariant: the events of the source lie within it")]
        let bytes = self.source.cut(range).expect("an event of the source");
        self.written.extend_from_slice(bytes.text());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hls::{Tag, events};

    #[test]
    fn lines_are_copied_changed_left_out_and_put_in() {
        let source = b"#EXTM3U\r\n # note \r\n#EXTINF:4,\r\na.ts";
        let mut writer = Writer::new(source);
        for event in events(source) {
            match event.tag() {
                Some(Tag::M3u) => {
                    writer.copy(&event);
                    writer.insert(b"#EXT-X-VERSION:3\n");
                }
                Some(_) => {}
                None if event.text == b"a.ts" => writer.copy(&event),
                None => writer.replace(&event, b"# changed"),
            }
        }
        assert_eq!(writer.finish(), b"#EXTM3U\r\n#EXT-X-VERSION:3\n # changed \r\na.ts");
    }

    #[test]
    fn events_may_come_in_any_order() {
        let source = b"1\n2\n3\n";
        let all: Vec<_> = events(source).collect();
        let mut writer = Writer::new(source);
        for at in [2, 0, 1, 0] {
            writer.copy(&all[at]);
        }
        assert_eq!(writer.finish(), b"3\n1\n2\n1\n");
    }
}
