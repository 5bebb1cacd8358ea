//! A playlist's lines, and the kind of each.
//!
//! > Each line is a URI, is blank, or starts with the character '#'.
//!
//! [RFC 8216 section 4.1](https://www.rfc-editor.org/rfc/rfc8216#section-4.1). Lines end with LF or CR LF; a
//! last line without an end, blank lines and a byte order mark are taken as they come.
//!
//! Edits and signing read a line as the most generous of players does ([`Line::kind`]); checks read it by the letter of the
//! specification ([`Event`](super::event::Event)). Both read a tag here ([`TagLine`]).

use super::tag::Tag;
use crate::manifest::Span;

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hls) struct Line<'a> {
    /// All of it, with its end.
    pub(in crate::hls) whole: Span<'a>,
    /// Its text, without its end and without white space around it.
    pub(in crate::hls) text: Span<'a>,
}

/// A line's meaning, as the most generous of players reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hls) enum LineKind<'a> {
    /// A tag. In a line that begins with `#`, other characters may stand in front of the tag, as in `##EXT-X-MEDIA`:
    /// hls.js finds the tag there.
    Tag(TagLine<'a>),
    /// A URI.
    Uri,
    /// A comment, or nothing.
    Blank,
    /// A line that players read differently from one another.
    Ambiguous,
}

/// A tag as it stands in its line.
///
/// ```text
/// tag  = "#" name [ ":" value ]
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hls) struct TagLine<'a> {
    /// From its `#` to the end of the line's text.
    pub(in crate::hls) text: Span<'a>,
    /// The name, without its `#`.
    pub(in crate::hls) name: &'a [u8],
    /// The tag, where its name is known.
    pub(in crate::hls) known: Option<Tag>,
    /// The text behind the colon; `None`: there is no colon.
    pub(in crate::hls) value: Option<Span<'a>>,
}

impl<'a> TagLine<'a> {
    /// Reads a text that begins with `#`.
    #[inline]
    pub(in crate::hls) fn read(text: Span<'a>) -> Self {
        // Half of the lines of most playlists.
        if let Some(value) = text.strip_prefix(b"#EXTINF:") {
            return Self { text, name: b"EXTINF", known: Some(Tag::Inf), value: Some(value) };
        }
        // Behind `#EXTM3U`, IPTV's playlists have attributes.
        let header = text.strip_prefix(b"#EXTM3U");
        if let Some(value) = header.filter(|rest| matches!(rest.text().first(), Some(b' ' | b'\t'))) {
            return Self { text, name: b"EXTM3U", known: Some(Tag::M3u), value: Some(value) };
        }
        let (name, value) = match text.split_once(b':') {
            Some((name, value)) => (name.text(), Some(value)),
            None => (text.text(), None),
        };
        let name = name.strip_prefix(b"#").unwrap_or(name);
        Self { text, name, known: Tag::named(name), value }
    }

    /// The value. Without a colon, it is the empty text at the end of the line.
    pub(in crate::hls) fn list(&self) -> Span<'a> {
        self.value.unwrap_or(self.text.behind())
    }

    /// The value behind the colon, where the tag is this one.
    pub(in crate::hls) fn value_of(&self, tag: Tag) -> Option<Span<'a>> {
        self.value.filter(|_| self.known == Some(tag))
    }
}

impl<'a> Line<'a> {
    /// The offset of its first byte.
    #[inline]
    pub(in crate::hls) const fn start(&self) -> usize {
        self.whole.start()
    }

    /// The offset behind its end.
    #[inline]
    pub(in crate::hls) fn end(&self) -> usize {
        self.whole.end()
    }

    /// Its own end, for a line that is put beside it: `\r\n` or `\n`.
    pub(in crate::hls) fn newline(&self) -> &'static str {
        if self.whole.text().ends_with(b"\r\n") { "\r\n" } else { "\n" }
    }

    /// Its kind. A line is ambiguous if it has a second tag, a tag within a URI, or a character that some player takes for
    /// the end of a line. These characters are U+0085, U+2028, U+2029 and all control characters except the tab: FFmpeg
    /// ends a line at NUL, and Python's `splitlines` at several others.
    pub(in crate::hls) fn kind(&self) -> LineKind<'a> {
        let text = self.text.text();
        let matters = |byte: u8| is_control(byte) || matches!(byte, 0xc2 | 0xe2);
        let is_odd = text.iter().fold(false, |is_odd, byte| is_odd | matters(*byte));
        let Some((first, inner)) = text.split_first() else { return LineKind::Blank };
        let is_hash = *first == b'#';
        // Most lines have no further `#`, and no byte of a character that may end a line.
        if !is_odd && memchr::memchr(b'#', inner).is_none() {
            return match text {
                [b'#', b'E', b'X', b'T', ..] => LineKind::Tag(TagLine::read(self.text)),
                [b'#', ..] => LineKind::Blank,
                _ => LineKind::Uri,
            };
        }
        let ends_line = |pair: &[u8]| matches!(pair, [0xc2, 0x85]);
        let ends_elsewhere = is_odd
            && (text.iter().any(|byte| is_control(*byte))
                || text.windows(2).any(ends_line)
                || text.windows(3).any(|sign| matches!(sign, [0xe2, 0x80, 0xa8 | 0xa9])));
        if ends_elsewhere {
            return LineKind::Ambiguous;
        }
        match self.text.find(b"#EXT") {
            Some(tag) if is_hash && tag.find_again(b"#EXT").is_none() => LineKind::Tag(TagLine::read(tag)),
            Some(_) => LineKind::Ambiguous,
            None if is_hash => LineKind::Blank,
            None => LineKind::Uri,
        }
    }
}

/// Whether a byte is a control character other than a tab.
const fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

/// The lines of a playlist, or of a part of it that begins and ends with whole lines.
pub(in crate::hls) fn lines(text: Span<'_>) -> impl Iterator<Item = Line<'_>> {
    let mut rest = text;
    if text.start() == 0 {
        rest = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    }
    std::iter::from_fn(move || {
        let (whole, more) = rest.split_line()?;
        rest = more;
        #[cfg(test)]
        super::work::read();
        Some(Line { whole, text: whole.trim_ascii() })
    })
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> LineKind<'_> {
        lines(Span::whole(text.as_bytes())).next().unwrap().kind()
    }

    #[test]
    fn a_line_is_what_the_most_generous_player_takes_it_for() {
        for (text, at) in
            [("#EXTM3U", 0), (" \t#EXTM3U", 2), ("##EXT-X-MEDIA:A=1", 1), ("# #EXT-X-MEDIA:A=1", 2)]
        {
            let LineKind::Tag(tag) = kind(text) else { panic!("{text:?}") };
            assert_eq!(tag.text.range(), at..text.len(), "{text:?}");
        }
        assert_eq!(
            (kind("a.ts"), kind(" a.ts"), kind("# a"), kind(" "), kind("#KODIPROP:a=b")),
            (LineKind::Uri, LineKind::Uri, LineKind::Blank, LineKind::Blank, LineKind::Blank)
        );
        for text in [
            "#EXTINF:4,\ra.ts",
            "# a\rb",
            "#EXTINF:4,a\u{2028}b",
            "a\u{2029}b",
            "a#EXT-X-MAP:A=1",
            "#EXTM3U#EXTINF:4",
            "# a\0https://evil.example/a.ts",
            "\0a.ts",
            "#EXTINF:4,a\u{b}b",
            "# a\u{c}b",
            "# a\u{1c}b",
            "# a\u{1d}b",
            "#EXT-X-MAP:A=\"a\u{1e}b\"",
            "# a\u{7f}b",
            "# a\u{85}b",
            "a\u{85}b",
        ] {
            assert_eq!(kind(text), LineKind::Ambiguous, "{text:?}");
        }
        assert_eq!(kind("# a\tb \u{e9} \u{2026}"), LineKind::Blank);
    }

    #[test]
    fn a_tag_is_known_by_its_name_alone() {
        for (text, known, value) in [
            ("#EXTINF:4,a:b", Some(Tag::Inf), Some("4,a:b")),
            ("#EXTINF", Some(Tag::Inf), None),
            ("#EXTINFO:4", None, Some("4")),
            ("#EXTM3U", Some(Tag::M3u), None),
            ("#EXTM3U url=\"a:b\"", Some(Tag::M3u), Some(" url=\"a:b\"")),
            ("#EXTM3U:a", Some(Tag::M3u), Some("a")),
            ("#EXTM3U8", None, None),
            ("#EXT-X-KEY:", Some(Tag::Key), Some("")),
        ] {
            let LineKind::Tag(tag) = kind(text) else { panic!("{text:?}") };
            let found = tag.value.map(|value| str::from_utf8(value.text()).unwrap());
            assert_eq!((tag.known, found), (known, value), "{text:?}");
            assert_eq!(tag.list().end(), text.len(), "{text:?}");
        }
    }

    #[test]
    fn all_kinds_of_line_end() {
        let playlist = b"\xef\xbb\xbf#EXTM3U\r\n\n  \n#EXTINF:4, \na b.ts \t\r\nlast";
        let all: Vec<_> = lines(Span::whole(playlist)).collect();
        let texts: Vec<_> = all.iter().map(|line| str::from_utf8(line.text.text()).unwrap()).collect();
        assert_eq!(texts, ["#EXTM3U", "", "", "#EXTINF:4,", "a b.ts", "last"]);
        assert_eq!(all[0].start(), 3);
        assert!(all.windows(2).all(|pair| pair[0].end() == pair[1].start()));
        assert_eq!(all.last().unwrap().end(), playlist.len());
        assert_eq!(lines(Span::whole(&b""[..])).count(), 0);
    }
}
