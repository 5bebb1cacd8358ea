//! A playlist compiled once, and rendered for each viewer by copying.

use std::borrow::Cow;

/// A playlist's bytes, with holes where a viewer's session root belongs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    bytes: Vec<u8>,
    /// Offsets into `bytes`, ascending.
    holes: Vec<usize>,
}

impl Template {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity), holes: Vec::new() }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn push_hole(&mut self) {
        self.holes.push(self.bytes.len());
    }

    /// Whether every viewer of the class gets the same bytes.
    pub const fn is_shared(&self) -> bool {
        self.holes.is_empty()
    }

    /// The playlist of one viewer. `root` is the session's root, such as `/~{session}/{title}/`.
    pub fn render(&self, root: &str) -> Cow<'_, [u8]> {
        if self.is_shared() {
            return Cow::Borrowed(&self.bytes);
        }
        let mut playlist = Vec::with_capacity(self.bytes.len() + self.holes.len() * root.len());
        let mut copied = 0;
        for hole in &self.holes {
            playlist.extend_from_slice(self.bytes.get(copied..*hole).unwrap_or_default());
            playlist.extend_from_slice(root.as_bytes());
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
