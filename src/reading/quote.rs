//! Texts of strangers within a message.

use std::fmt::{self, Write as _};

/// A text in quotation marks, shortened.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("an empty string") } else { write!(f, "`{}`", Short(self.0)) }
    }
}

/// The beginning of a text, without control characters.
pub(super) struct Short<'a>(pub(super) &'a str);

impl Short<'_> {
    const LONGEST: usize = 80;
}

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut chars = self.0.chars();
        let shown = chars.by_ref().take(Self::LONGEST).filter(|char| !char.is_control());
        shown.into_iter().try_for_each(|char| f.write_char(char))?;
        if chars.next().is_some() { f.write_char('…') } else { Ok(()) }
    }
}
