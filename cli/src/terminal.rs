//! Text for a terminal: its width, and what may stand in it.

use std::io::{self, IsTerminal as _};

use textwrap::Options;

use crate::output::Output;

/// The columns that text may fill: the terminal's, or [`Output::COLUMNS`] where the output goes elsewhere.
pub(crate) fn columns() -> usize {
    if io::stdout().is_terminal() { textwrap::termwidth().clamp(40, 200) } else { Output::COLUMNS }
}

/// How many columns a text fills.
pub(crate) fn width(text: &str) -> usize {
    textwrap::core::display_width(text)
}

/// Breaks a text into lines. The first one begins with `first`, the others with `rest`. Words that are longer than a line are broken.
pub(crate) fn wrap(text: &str, width: usize, first: &str, rest: &str) -> String {
    textwrap::wrap(text, options(width).initial_indent(first).subsequent_indent(rest)).join("\n")
}

/// Breaks a text into lines, each behind `indent`. A word that is longer than a line stays whole, so that it can be copied.
pub(crate) fn paragraph(text: &str, width: usize, indent: &str) -> String {
    let options = options(width).initial_indent(indent).subsequent_indent(indent).break_words(false);
    textwrap::wrap(text, options).join("\n")
}

/// Breaks a text into lines.
pub(crate) fn lines(text: &str, width: usize) -> Vec<String> {
    textwrap::wrap(text, options(width)).into_iter().map(std::borrow::Cow::into_owned).collect()
}

fn options(width: usize) -> Options<'static> {
    Options::new(width).word_splitter(textwrap::WordSplitter::NoHyphenation)
}

/// A text in one line, with the characters escaped that would steer the terminal: control characters, and those that turn the direction
/// of what follows. Texts of requests and documents are written by strangers.
pub(crate) fn plain(text: &str) -> String {
    let steers = |char: char| {
        char.is_control()
            || matches!(char, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let mut plain = String::with_capacity(text.len());
    for char in text.chars() {
        if steers(char) { plain.extend(char.escape_unicode()) } else { plain.push(char) }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(plain("a\x1b[2Jb\nc\u{202e}d"), "a\\u{1b}[2Jb\\u{a}c\\u{202e}d");
        assert_eq!(plain("مرحبا, é 日本"), "مرحبا, é 日本");
    }

    #[test]
    fn long_words_are_broken() {
        assert_eq!(wrap("ab cdefghij", 6, "- ", "  "), "- ab\n  cdef\n  ghij");
        assert_eq!(lines("ab cd", 3), ["ab", "cd"]);
    }
}
