//! A playlist's lines.
//!
//! > Each line is a URI, is blank, or starts with the character '#'.
//!
//! [RFC 8216 section 4.1](https://www.rfc-editor.org/rfc/rfc8216#section-4.1). Lines end with LF or CR LF; a
//! last line without an end, blank lines and a byte order mark are taken as they come.

/// One line: what it says, and the bytes of the playlist that it takes up with its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hls) struct Line<'a> {
    /// The offset of the line's first byte.
    pub(in crate::hls) start: usize,
    /// The offset of the line's text.
    pub(in crate::hls) text_start: usize,
    /// The line without its end and without white space around it.
    pub(in crate::hls) text: &'a [u8],
    /// The offset behind the line's end.
    pub(in crate::hls) end: usize,
}

/// What a line is, as the most generous of players reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hls) enum Kind<'a> {
    /// A tag, from its `#EXT` on, which stands at this offset of the line's text. It counts behind other signs
    /// too, as in `##EXT-X-MEDIA`: hls.js finds it there.
    Tag(usize, &'a [u8]),
    /// A URI.
    Uri,
    /// A comment, or nothing.
    Blank,
    /// Something that players read differently from one another.
    Ambiguous,
}

impl<'a> Line<'a> {
    /// What the line is. A second tag, a tag within a URI, and signs that some players take for the end of a line make it
    /// ambiguous: any control character but a tab, of which FFmpeg takes NUL for one, and Python's `splitlines` others, as
    /// well as U+0085, U+2028 and U+2029.
    pub(in crate::hls) fn kind(&self) -> Kind<'a> {
        let is_hash = self.text.first() == Some(&b'#');
        // Most lines have none of the signs that matter.
        let inner = self.text.get(1..).unwrap_or_default();
        let matters = |byte: u8| is_control(byte) || matches!(byte, 0xc2 | 0xe2);
        let is_odd = self.text.iter().fold(false, |is_odd, byte| is_odd | matters(*byte));
        if !is_odd && memchr::memchr(b'#', inner).is_none() {
            return match self.text {
                [] => Kind::Blank,
                [b'#', b'E', b'X', b'T', ..] => Kind::Tag(0, self.text),
                [b'#', ..] => Kind::Blank,
                _ => Kind::Uri,
            };
        }
        let ends_line = |pair: &[u8]| matches!(pair, [0xc2, 0x85]);
        let ends_elsewhere = is_odd
            && (self.text.iter().any(|byte| is_control(*byte))
                || self.text.windows(2).any(ends_line)
                || self.text.windows(3).any(|sign| matches!(sign, [0xe2, 0x80, 0xa8 | 0xa9])));
        if ends_elsewhere {
            return Kind::Ambiguous;
        }
        let mut tags = memchr::memchr_iter(b'#', self.text)
            .filter(|at| self.text.get(*at..).is_some_and(|rest| rest.starts_with(b"#EXT")));
        match (tags.next(), tags.next()) {
            (Some(at), None) if is_hash => Kind::Tag(at, self.text.get(at..).unwrap_or_default()),
            (Some(_), _) => Kind::Ambiguous,
            (None, _) if is_hash || self.text.is_empty() => Kind::Blank,
            (None, _) => Kind::Uri,
        }
    }
}

/// Whether a byte is a control character other than a tab.
const fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

/// `#EXTM3U`, behind which IPTV playlists have attributes.
pub(in crate::hls) fn is_header(line: &[u8]) -> bool {
    line.strip_prefix(b"#EXTM3U").is_some_and(|rest| matches!(rest.first(), None | Some(b' ' | b'\t' | b':')))
}

/// The lines of a playlist, in order.
pub(in crate::hls) fn lines(playlist: &[u8]) -> impl Iterator<Item = Line<'_>> {
    lines_between(playlist, 0, playlist.len())
}

/// The lines of a playlist from one offset to another, each of them the start of a line or the end of the playlist.
pub(in crate::hls) fn lines_between(
    playlist: &[u8],
    from: usize,
    to: usize,
) -> impl Iterator<Item = Line<'_>> {
    let mut start =
        if from == 0 && playlist.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { from };
    std::iter::from_fn(move || {
        let rest = playlist.get(start..to).filter(|rest| !rest.is_empty())?;
        let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        let text = rest.get(..len)?.trim_ascii_end();
        let trimmed = text.trim_ascii_start();
        let line =
            Line { start, text_start: start + text.len() - trimmed.len(), text: trimmed, end: start + len };
        start = line.end;
        #[cfg(test)]
        super::work::read();
        Some(line)
    })
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_what_the_most_generous_player_takes_it_for() {
        fn kind(text: &str) -> Kind<'_> {
            lines(text.as_bytes()).next().unwrap().kind()
        }
        for (text, at) in
            [("#EXTM3U", 0), (" \t#EXTM3U", 0), ("##EXT-X-MEDIA:A=1", 1), ("# #EXT-X-MEDIA:A=1", 2)]
        {
            assert_eq!(kind(text), Kind::Tag(at, &text.trim().as_bytes()[at..]), "{text:?}");
        }
        assert_eq!(
            (kind("a.ts"), kind(" a.ts"), kind("# a"), kind(" ")),
            (Kind::Uri, Kind::Uri, Kind::Blank, Kind::Blank)
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
            assert_eq!(kind(text), Kind::Ambiguous, "{text:?}");
        }
        assert_eq!(kind("# a\tb \u{e9} \u{2026}"), Kind::Blank);
    }

    #[test]
    fn all_kinds_of_line_end() {
        let playlist = b"\xef\xbb\xbf#EXTM3U\r\n\n  \n#EXTINF:4, \na b.ts \t\r\nlast";
        let texts: Vec<_> = lines(playlist).map(|line| str::from_utf8(line.text).unwrap()).collect();
        assert_eq!(texts, ["#EXTM3U", "", "", "#EXTINF:4,", "a b.ts", "last"]);
        let all: Vec<_> = lines(playlist).collect();
        assert_eq!(all[0].start, 3);
        assert!(all.windows(2).all(|pair| pair[0].end == pair[1].start));
        assert_eq!(all.last().unwrap().end, playlist.len());
        assert_eq!(lines(b"").count(), 0);
    }
}
