//! An error in one member of a document.

use std::fmt;

use serde::Serialize;

/// The most errors that are reported of one document.
pub const MOST_ERRORS: usize = 100;

/// An error in one member of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The member's path, such as `offers[0].territories.allow[1]`; `.` is the document itself.
    pub field: String,
    /// The expected and the found value.
    pub detail: String,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field == "." {
            f.write_str(&self.detail)
        } else {
            write!(f, "{}: {}", self.field, self.detail)
        }
    }
}
