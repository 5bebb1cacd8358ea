//! A manifest compiled once, and rendered for each viewer by copying.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hasher};

/// The most that is written of a manifest, in bytes, for a token of this length: a quarter of an isolate's memory. A
/// token and variables at each URI make a manifest many times as long.
pub(crate) const MOST_WRITTEN: usize = 32 * 1024 * 1024;
pub(crate) const TOKEN_BYTES: usize = 100;

/// A manifest's bytes, with holes where a viewer's session token belongs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    pub(crate) bytes: Vec<u8>,
    /// Offsets into `bytes`, ascending.
    pub(crate) holes: Vec<usize>,
    /// What it is known by.
    tag: String,
    /// The values that its URIs got came from the query of its own URL.
    pub(crate) by_query: bool,
}

impl Template {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity), ..Self::default() }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn push_hole(&mut self) {
        self.holes.push(self.bytes.len());
    }

    /// Finishes it: names it, and gives back the memory that it did not need.
    pub(crate) fn finished(mut self) -> Self {
        let mut hash = DefaultHasher::new();
        hash.write(&self.bytes);
        self.tag = format!("\"{:016x}-{:x}\"", hash.finish(), self.bytes.len());
        self.bytes.shrink_to_fit();
        self.holes.shrink_to_fit();
        self
    }

    /// An entity tag ([RFC 9110 section 8.8.3]) for what one URL gets of it.
    ///
    /// It is a 64-bit SipHash and the length: nobody gains by a collision in a playlist of their own session, and SHA-256
    /// took a fifth of the time of a long playlist. Another compiler's hash may differ, which costs a player one whole
    /// reply.
    ///
    /// [RFC 9110 section 8.8.3]: https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// Whether every viewer of the class gets the same bytes.
    pub const fn is_shared(&self) -> bool {
        self.holes.is_empty()
    }

    /// Whether another query of the playlist's URL would have made another template (`EXT-X-DEFINE` with `QUERYPARAM`).
    pub const fn depends_on_query(&self) -> bool {
        self.by_query
    }

    /// How long it is with a token of this length, in bytes.
    pub(crate) const fn size_rendered(&self, token_bytes: usize) -> usize {
        self.bytes.len() + self.holes.len() * token_bytes
    }

    /// The memory that it takes, in bytes.
    pub const fn size_bytes(&self) -> usize {
        self.bytes.capacity() + self.holes.capacity() * size_of::<usize>()
    }

    /// The playlist of the viewer with this session token.
    pub fn render(&self, token: &str) -> Cow<'_, [u8]> {
        if self.is_shared() {
            return Cow::Borrowed(&self.bytes);
        }
        let mut playlist = Vec::with_capacity(self.bytes.len() + self.holes.len() * token.len());
        let mut copied = 0;
        for hole in &self.holes {
            playlist.extend_from_slice(self.bytes.get(copied..*hole).unwrap_or_default());
            playlist.extend_from_slice(token.as_bytes());
            copied = *hole;
        }
        playlist.extend_from_slice(self.bytes.get(copied..).unwrap_or_default());
        Cow::Owned(playlist)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_filled_where_they_are() {
        let mut template = Template::with_capacity(0);
        template.push_hole();
        template.push(b"a ");
        template.push_hole();
        template.push(b"b ");
        template.push_hole();
        assert_eq!(&*template.render("/~s/"), b"/~s/a /~s/b /~s/");
        assert!(!template.is_shared());
    }
}
