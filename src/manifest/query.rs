//! The query of a manifest's URL, of which it is noted whether a compiler has read it.

use std::cell::Cell;

/// The query of a manifest's URL, as its compiler sees it.
///
/// The query is the viewer's own, and a template is made for many viewers. A compiler may read the query all the same
/// (`EXT-X-DEFINE` with `QUERYPARAM`): the template is then good for this query alone. No compiler has to say so, since
/// there is no other way to the text than `Query::read`, which notes it.
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

    /// A query; that it is read is noted in the cell.
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
