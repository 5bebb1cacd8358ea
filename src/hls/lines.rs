//! A playlist's lines.
//!
//! > Each line is a URI, is blank, or starts with the character '#'.
//!
//! [RFC 8216 section 4.1](https://www.rfc-editor.org/rfc/rfc8216#section-4.1). Lines end with LF or CR LF; a
//! last line without an end, blank lines and a byte order mark are taken as they come.

/// One line: what it says, and the bytes of the playlist that it takes up with its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// The offset of the line's first byte.
    pub(super) start: usize,
    /// The line without its end and without white space behind it.
    pub(super) text: &'a [u8],
    /// The offset behind the line's end.
    pub(super) end: usize,
}

impl<'a> Line<'a> {
    /// The attribute list of a tag of this name, or what else stands behind its colon.
    pub(super) fn tag(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.text.strip_prefix(name)?.strip_prefix(b":")
    }

    /// Whether this is a tag rather than a comment.
    pub(super) fn is_tag(&self) -> bool {
        self.text.starts_with(b"#EXT")
    }

    /// Whether this is a URI.
    pub(super) fn is_uri(&self) -> bool {
        self.text.first().is_some_and(|first| *first != b'#')
    }
}

/// The lines of a playlist, in order.
pub(super) fn lines(playlist: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut start = if playlist.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    std::iter::from_fn(move || {
        let rest = playlist.get(start..).filter(|rest| !rest.is_empty())?;
        let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        let line = Line { start, text: rest.get(..len)?.trim_ascii_end(), end: start + len };
        start = line.end;
        Some(line)
    })
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

#[cfg(test)]
mod tests {
    use super::*;

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
