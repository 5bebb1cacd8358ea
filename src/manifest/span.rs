//! Parts of a manifest's text that carry their own bytes.
//!
//! An edit says where it applies by offsets. To look bytes up by offsets, and to take nothing where the offsets are wrong,
//! would drop a part of the manifest without a word. A [`Span`] holds its bytes beside its place: there is nothing to look
//! up, and no other text to look it up in. It is cut by offsets in one place, which refuses offsets outside of it.

use std::fmt;
use std::ops::Range;

/// A text that spans are cut from: bytes, or UTF-8, which is cut between characters alone.
pub(crate) trait Text {
    /// Its length in bytes.
    fn size(&self) -> usize;

    /// The bytes of a range; `None`: the range is outside the text, runs backwards, or cuts a character in two.
    fn part(&self, range: Range<usize>) -> Option<&Self>;
}

impl Text for [u8] {
    fn size(&self) -> usize {
        self.len()
    }

    fn part(&self, range: Range<usize>) -> Option<&Self> {
        self.get(range)
    }
}

impl Text for str {
    fn size(&self) -> usize {
        self.len()
    }

    fn part(&self, range: Range<usize>) -> Option<&Self> {
        self.get(range)
    }
}

/// A part of a text, with its offset there. All offsets count from the beginning of the whole text.
pub(crate) struct Span<'a, T: Text + ?Sized = [u8]> {
    start: usize,
    text: &'a T,
}

/// A range outside the span that it was to be cut from: a mistake in one of our edits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an edit within bytes {} to {} of the manifest, found one of bytes {} to {}",
    within.start, within.end, found.start, found.end
)]
pub struct Misplaced {
    /// Where the span lies, in bytes of the whole text.
    pub within: Range<usize>,
    /// The requested range.
    pub found: Range<usize>,
}

impl<'a, T: Text + ?Sized> Span<'a, T> {
    /// All of a text.
    pub(crate) const fn whole(text: &'a T) -> Self {
        Self { start: 0, text }
    }

    /// Its bytes.
    pub(crate) const fn text(self) -> &'a T {
        self.text
    }

    /// Where it begins.
    pub(crate) const fn start(self) -> usize {
        self.start
    }

    /// Where it ends.
    #[inline]
    pub(crate) fn end(self) -> usize {
        self.start + self.text.size()
    }

    /// Where it lies.
    pub(crate) fn range(self) -> Range<usize> {
        self.start..self.end()
    }

    /// Whether it has no bytes.
    pub(crate) fn is_empty(self) -> bool {
        self.text.size() == 0
    }

    /// The part of it that lies in a range.
    #[inline]
    pub(crate) fn cut(self, range: Range<usize>) -> Result<Self, Misplaced> {
        let relative = range.start.checked_sub(self.start).zip(range.end.checked_sub(self.start));
        let part = relative.and_then(|(start, end)| self.text.part(start..end));
        match part {
            Some(text) => Ok(Self { start: range.start, text }),
            None => Err(Misplaced { within: self.range(), found: range }),
        }
    }

    /// Takes the part in front of an offset, and leaves the rest.
    ///
    /// So a text is copied from front to back, with something else in place of the parts that are taken and not written.
    #[inline]
    pub(crate) fn take_to(&mut self, at: usize) -> Result<Self, Misplaced> {
        let front = self.cut(self.start..at)?;
        *self = self.cut(at..self.end())?;
        Ok(front)
    }
}

impl<'a> Span<'a> {
    /// The first line with its end, and the rest; `None`: there are no more bytes.
    #[inline]
    pub(crate) fn split_line(self) -> Option<(Self, Self)> {
        if self.is_empty() {
            return None;
        }
        let size = memchr::memchr(b'\n', self.text).map_or(self.text.len(), |at| at + 1);
        Some(self.split(size))
    }

    /// Without ASCII white space around it.
    #[inline]
    pub(crate) fn trim_ascii(self) -> Self {
        let text = self.text.trim_ascii_end();
        let trimmed = text.trim_ascii_start();
        Self { start: self.start + text.len() - trimmed.len(), text: trimmed }
    }

    /// Without these bytes in front; `None`: it does not begin with them.
    #[inline]
    pub(crate) fn strip_prefix(self, prefix: &[u8]) -> Option<Self> {
        let text = self.text.strip_prefix(prefix)?;
        Some(Self { start: self.start + prefix.len(), text })
    }

    /// The part in front of the first such byte, and the part behind it; `None`: there is none.
    #[inline]
    pub(crate) fn split_once(self, byte: u8) -> Option<(Self, Self)> {
        let (front, rest) = self.split(memchr::memchr(byte, self.text)?);
        Some((front, rest.split(1).1))
    }

    /// From the first place on at which these bytes stand; `None`: they stand nowhere.
    pub(crate) fn find(self, bytes: &[u8]) -> Option<Self> {
        Some(self.split(memchr::memmem::find(self.text, bytes)?).1)
    }

    /// As [`Span::find`], but not at its first byte.
    pub(crate) fn find_again(self, bytes: &[u8]) -> Option<Self> {
        self.split(1.min(self.text.len())).1.find(bytes)
    }

    /// The empty span at its end.
    #[inline]
    pub(crate) fn behind(self) -> Self {
        self.split(self.text.len()).1
    }

    /// Two parts: the first so many bytes, and the rest.
    #[inline]
    fn split(self, size: usize) -> (Self, Self) {
        // Invariant: no caller asks for more than there is.
        let (front, rest) = self.text.split_at(size);
        (Self { text: front, ..self }, Self { start: self.start + size, text: rest })
    }
}

impl<T: Text + ?Sized> Clone for Span<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Text + ?Sized> Copy for Span<'_, T> {}

/// Two spans of one text are equal if they lie in the same range of it.
impl<T: Text + PartialEq + ?Sized> PartialEq for Span<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.start == other.start && self.text == other.text
    }
}

impl<T: Text + Eq + ?Sized> Eq for Span<'_, T> {}

impl<T: Text + ?Sized> fmt::Debug for Span<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Span({:?})", self.range())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_know_their_place_in_the_whole() {
        let whole = Span::whole("añb");
        let rest = whole.cut(1..4).unwrap();
        assert_eq!((rest.text(), rest.range()), ("ñb", 1..4));
        assert_eq!(rest.cut(3..4).unwrap().text(), "b");
        assert_eq!(rest.cut(4..4).unwrap().text(), "");
    }

    #[test]
    fn a_range_that_does_not_fit_is_refused() {
        let part = Span::whole("añbc").cut(1..4).unwrap();
        for (name, range) in [
            ("in front of it", 0..2),
            ("behind it", 3..5),
            ("within a character", 1..2),
            ("backwards", Range { start: 4, end: 3 }),
        ] {
            assert_eq!(part.cut(range.clone()), Err(Misplaced { within: 1..4, found: range }), "{name}");
        }
        assert_eq!(
            part.cut(0..2).unwrap_err().to_string(),
            "expected an edit within bytes 1 to 4 of the manifest, found one of bytes 0 to 2"
        );
    }

    #[test]
    fn a_text_is_taken_from_front_to_back_and_never_twice() {
        let mut rest = Span::whole(&b"0123456"[..]);
        assert_eq!(rest.take_to(2).unwrap().text(), b"01");
        assert_eq!(rest.take_to(5).unwrap().text(), b"234");
        assert!(rest.take_to(3).is_err());
        assert_eq!(rest.text(), b"56");
    }

    #[test]
    fn lines_have_their_ends() {
        let mut rest = Span::whole(&b"a\n\n b "[..]);
        let mut lines = Vec::new();
        while let Some((line, more)) = rest.split_line() {
            lines.push((line.range(), line.trim_ascii().range()));
            rest = more;
        }
        assert_eq!(lines, [(0..2, 0..1), (2..3, 2..2), (3..6, 4..5)]);
    }

    #[test]
    fn parts_are_found_by_their_bytes() {
        let whole = Span::whole(&b"#a:b:#a"[..]);
        assert_eq!(whole.strip_prefix(b"#").unwrap().range(), 1..7);
        let (name, value) = whole.split_once(b':').unwrap();
        assert_eq!((name.range(), value.range(), value.behind().range()), (0..2, 3..7, 7..7));
        assert_eq!((whole.find(b"#a").unwrap().start(), whole.find_again(b"#a").unwrap().start()), (0, 5));
        assert!(value.split_once(b'x').is_none() && value.find(b"x").is_none());
    }
}
