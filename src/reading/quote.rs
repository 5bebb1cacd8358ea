//! Texts of strangers within a message.

use std::fmt::{self, Write as _};

/// Writes a text in quotation marks, shortened.
pub(super) fn quote(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    if text.is_empty() { f.write_str("an empty string") } else { write!(f, "`{}`", Short(text)) }
}

/// The beginning of a text, without control characters.
pub(super) struct Short<'a>(pub(super) &'a str);

impl Short<'_> {
    const LONGEST: usize = 80;
}

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut chars = self.0.chars();
        chars
            .by_ref()
            .take(Self::LONGEST)
            .filter(|char| !char.is_control())
            .try_for_each(|char| f.write_char(char))?;
        if chars.next().is_some() { f.write_char('…') } else { Ok(()) }
    }
}
