//! The query of a manifest's URL, which notes whether a compiler has read it.

use std::cell::Cell;

/// The query of a manifest's URL, as its compiler sees it.
///
/// The query belongs to one viewer, but a template serves many. A compiler may still read the query (`EXT-X-DEFINE`
/// with `QUERYPARAM`); the template is then valid for this query only. `Query::read` is the only way to the text, and
/// notes the reading.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    text: &'a str,
    is_read: Option<&'a Cell<bool>>,
}

impl<'a> Query<'a> {
    /// A query for a template that is rendered once and not remembered.
    pub const fn new(text: &'a str) -> Self {
        Self { text, is_read: None }
    }

    /// A query that notes its reading in the cell.
    pub(crate) const fn noted(text: &'a str, is_read: &'a Cell<bool>) -> Self {
        Self { text, is_read: Some(is_read) }
    }

    /// The text, as it came, without `?`.
    pub(crate) fn read(self) -> &'a str {
        if let Some(is_read) = self.is_read {
            is_read.set(true);
        }
        self.text
    }
}
