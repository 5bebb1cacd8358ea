//! A playlist as a sequence of events: one for each line, which it borrows.
//!
//! ```text
//! playlist = *( line ( LF / CR LF ) ) [ line ]
//! line     = blank / comment / tag / uri
//! ```
//!
//! [draft-pantos-hls-rfc8216bis-22 section 4.1](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.1).
//! Reading fails on nothing: white space around a line, blank lines, a byte order mark, a last line without an end, tags
//! that are not known and bytes that are not UTF-8 are all taken as they come. The events' bytes, one after the other,
//! are the playlist.

use super::attributes::{Attribute, attributes};
use super::line::{Line, TagLine, lines};

use super::tag::Tag;
use crate::manifest::Span;

/// One line of a playlist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The line's number, from 1.
    pub line: usize,
    /// The offset of its first byte. The first line begins with the byte order mark, where there is one.
    pub start: usize,
    /// The offset behind its end.
    pub end: usize,
    /// The offset of its text, behind white space.
    pub text_at: usize,
    /// Its text, without its end and without white space around it.
    pub text: &'a [u8],
    /// Its kind.
    pub kind: EventKind<'a>,
}

/// The kind of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind<'a> {
    /// Nothing but white space.
    Blank,
    /// It begins with `#`, and is no tag.
    Comment,
    /// A URI: of a segment, or of a Media Playlist.
    Uri(&'a [u8]),
    /// It begins with `#EXT`, or with `#` and the name of a tag that is known.
    Tag {
        /// The name, without its `#`.
        name: &'a [u8],
        /// The tag, where it is known.
        known: Option<Tag>,
        /// The text behind the colon; `None`: there is no colon.
        value: Option<&'a [u8]>,
    },
}

impl<'a> Event<'a> {
    /// The line's tag, where it is known.
    pub const fn tag(&self) -> Option<Tag> {
        match self.kind {
            EventKind::Tag { known, .. } => known,
            _ => None,
        }
    }

    /// The text behind the tag's colon.
    pub const fn value(&self) -> Option<&'a [u8]> {
        match self.kind {
            EventKind::Tag { value, .. } => value,
            _ => None,
        }
    }

    /// The attributes of the tag's list, in order. Their offsets are within the value.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        attributes(self.value().unwrap_or_default())
    }

    /// The offset of the tag's value in the playlist: behind the colon, or behind the line's last character.
    pub fn value_at(&self) -> usize {
        self.text_at + self.text.len() - self.value().map_or(0, <[u8]>::len)
    }
}

/// The events of a playlist, in order.
pub fn events(playlist: &[u8]) -> impl Iterator<Item = Event<'_>> {
    let whole = Span::whole(playlist);
    let mut lines = lines(whole);
    let mut number = 0;
    let mut end = 0;
    std::iter::from_fn(move || {
        let line = match lines.next() {
            Some(line) => line,
            // Nothing but a byte order mark is a line too.
            None if number == 0 && !playlist.is_empty() => Line { whole, text: whole.behind() },
            None => return None,
        };
        number += 1;
        let start = std::mem::replace(&mut end, line.end());
        let Line { text, .. } = line;
        Some(Event { line: number, start, end, text_at: text.start(), text: text.text(), kind: kind(text) })
    })
}

/// The kind of a line, by the letter.
fn kind(text: Span<'_>) -> EventKind<'_> {
    match text.text() {
        [] => EventKind::Blank,
        bytes @ [b'#', ..] => {
            let TagLine { name, known, value, .. } = TagLine::read(text);
            if known.is_some() || bytes.starts_with(b"#EXT") {
                EventKind::Tag { name, known, value: value.map(Span::text) }
            } else {
                EventKind::Comment
            }
        }
        uri => EventKind::Uri(uri),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hls::Writer;

    #[test]
    fn each_kind_of_line() {
        let tag = |name: &'static str, known, value: Option<&'static str>| EventKind::Tag {
            name: name.as_bytes(),
            known,
            value: value.map(str::as_bytes),
        };
        for (line, expected) in [
            ("", EventKind::Blank),
            (" \t", EventKind::Blank),
            ("\u{feff}", EventKind::Blank),
            ("a.ts", EventKind::Uri(b"a.ts")),
            (" a b.ts ", EventKind::Uri(b"a b.ts")),
            ("# a", EventKind::Comment),
            ("#", EventKind::Comment),
            ("# EXTM3U", EventKind::Comment),
            ("#ext-x-endlist", EventKind::Comment),
            ("\u{feff}#EXTM3U", tag("EXTM3U", Some(Tag::M3u), None)),
            (" #EXT-X-ENDLIST ", tag("EXT-X-ENDLIST", Some(Tag::EndList), None)),
            ("#EXTINF:4,a:b", tag("EXTINF", Some(Tag::Inf), Some("4,a:b"))),
            ("#EXTM3U url=\"a:b\"", tag("EXTM3U", Some(Tag::M3u), Some(" url=\"a:b\""))),
            ("#EXT-X-DEFINE:", tag("EXT-X-DEFINE", Some(Tag::Define), Some(""))),
            ("#EXT-X-NEW:1", tag("EXT-X-NEW", None, Some("1"))),
            ("#EXTRA", tag("EXTRA", None, None)),
            ("#KODIPROP:a=b", tag("KODIPROP", Some(Tag::KodiProp), Some("a=b"))),
        ] {
            let found: Vec<_> = events(line.as_bytes()).map(|event| event.kind).collect();
            assert_eq!(found, Vec::from_iter((!line.is_empty()).then_some(expected)), "{line:?}");
        }
    }

    #[test]
    fn lines_are_numbered_and_values_are_found_where_they_are() {
        let playlist = "\u{feff}#EXTM3U\r\n\n  #EXT-X-KEY:METHOD=NONE \r\na.ts";
        let all: Vec<_> = events(playlist.as_bytes()).collect();
        assert_eq!(all.iter().map(|event| event.line).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!((all[0].start, all[0].text_at), (0, 3));
        assert_eq!(&playlist[all[2].value_at()..][..11], "METHOD=NONE");
        assert_eq!(all[2].attributes().next().unwrap().name, b"METHOD");
        assert_eq!(all[0].value_at(), 10);
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_back(playlist in "(\u{feff}|#EXT|#EXTINF|:|,|=|\"|\r|\n|\u{2028}|[ -~]|\\PC){0,60}") {
            identity(playlist.as_bytes());
        }

        #[test]
        fn any_bytes_are_written_back(playlist in proptest::collection::vec(any::<u8>(), 0..200)) {
            identity(&playlist);
        }
    }

    fn identity(playlist: &[u8]) {
        let mut writer = Writer::new(playlist);
        let mut end = 0;
        for (number, event) in events(playlist).enumerate() {
            assert_eq!((event.line, event.start), (number + 1, end));
            assert!(event.start < event.end);
            assert_eq!(event.text, &playlist[event.text_at..event.text_at + event.text.len()]);
            end = event.end;
            writer.copy(&event);
        }
        assert_eq!(end, playlist.len());
        assert_eq!(writer.finish(), playlist);
    }
}
