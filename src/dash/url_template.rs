//! URL templates of segments: `video/$RepresentationID$/$Time%09d$.m4s`.
//!
//! ```text
//! template   = *( text / "$$" / "$" identifier [ format ] "$" )
//! identifier = "RepresentationID" / "Number" / "Bandwidth" / "Time" / "SubNumber"
//! format     = "%0" 1*DIGIT ( "d" / "i" / "o" / "u" / "x" / "X" )
//! ```
//!
//! ISO/IEC 23009-1 section 5.3.9.4.4, which has only `d`; Shaka Player accepts the others too. Anything else is text,
//! as in players.

use super::digits::are_digits;

/// A part of a template that players replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identifier<'t> {
    /// The identifier, with its dollar signs.
    pub(super) text: &'t str,
    /// The replacement.
    pub(super) kind: IdentifierKind,
}

/// The replacement of an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdentifierKind {
    /// A dollar sign.
    Dollar,
    /// The `id` of the Representation.
    RepresentationId,
    /// Digits.
    Digits,
}

/// The identifiers of a template, in their order.
pub(super) fn identifiers(template: &str) -> Vec<Identifier<'_>> {
    let mut rest = template;
    let next = || {
        let (_, identifier, behind) = next(rest)?;
        rest = behind;
        Some(identifier)
    };
    std::iter::from_fn(next).collect()
}

/// The first identifier of a text, with the text in front of it and behind it.
pub(super) fn next(text: &str) -> Option<(&str, Identifier<'_>, &str)> {
    let mut start = text.find('$')?;
    loop {
        let (front, from) = text.split_at(start);
        let (_, behind) = from.split_at(1);
        let length = behind.find('$')?;
        let (name, _) = behind.split_at(length);
        if let Some(kind) = identifier_kind(name) {
            let (text, rest) = from.split_at(length + 2);
            return Some((front, Identifier { text, kind }, rest));
        }
        // The second dollar sign may begin an identifier.
        start += 1 + length;
    }
}

fn identifier_kind(name: &str) -> Option<IdentifierKind> {
    let (name, format) = name.split_at(name.find('%').unwrap_or(name.len()));
    let is_format = |format: &str| {
        format.strip_prefix("%0").is_some_and(|format| {
            let width = format.trim_end_matches(['d', 'i', 'o', 'u', 'x', 'X']);
            format.len() == width.len() + 1 && are_digits(width)
        })
    };
    if !format.is_empty() && !is_format(format) {
        return None;
    }
    match name {
        "" if format.is_empty() => Some(IdentifierKind::Dollar),
        "RepresentationID" => Some(IdentifierKind::RepresentationId),
        "Number" | "Bandwidth" | "Time" | "SubNumber" => Some(IdentifierKind::Digits),
        _ => None,
    }
}

/// The template with a text in place of each identifier.
pub(super) fn replaced<'t>(template: &str, with: impl Fn(usize, &Identifier<'_>) -> &'t str) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    let mut number = 0;
    while let Some((front, identifier, behind)) = next(rest) {
        text += front;
        text += with(number, &identifier);
        (rest, number) = (behind, number + 1);
    }
    text + rest
}

/// A placeholder for identifiers while a template is resolved: letters and digits, which every URL parser leaves
/// unchanged, and which occur nowhere else in the template.
#[derive(Debug)]
pub(super) struct Mark(String);

/// The digits of a mark's number.
const DIGITS: usize = 8;

impl Mark {
    /// A mark that does not occur in a text. Its first letter occurs in it once, so that no text in front of it can
    /// begin a mark.
    pub(super) fn absent_from(text: &str) -> Self {
        // Invariant: a text contains finitely many marks.
        let mark = (0..).map(|number| format!("q{number}z")).find(|mark| !text.contains(mark.as_str()));
        Self(mark.unwrap_or_default())
    }

    pub(super) fn numbered(&self, number: usize) -> String {
        format!("{}{number:0DIGITS$}", self.0)
    }

    /// A text with its marks replaced.
    pub(super) fn replaced<'t>(&self, text: &str, with: impl Fn(usize) -> Option<&'t str>) -> String {
        let mut parts = text.split(self.0.as_str());
        let mut replaced = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (number, behind) = part.split_at_checked(DIGITS).unwrap_or((part, ""));
            replaced += number.parse().ok().and_then(&with).unwrap_or_default();
            replaced += behind;
        }
        replaced
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_found_as_players_find_them() {
        for (template, expected) in [
            ("a.m4s", "a.m4s"),
            ("$RepresentationID$/$Number$.m4s", "[R]/[D].m4s"),
            ("$Time%09d$-$Bandwidth%05X$$SubNumber$", "[D]-[D][D]"),
            ("a$$b", "a[$]b"),
            ("$$$Number$", "[$][D]"),
            ("$Number", "$Number"),
            ("$number$", "$number$"),
            ("$x$Number$", "$x[D]"),
            ("$Number%5d$", "$Number%5d$"),
            ("$Number%0d$", "$Number%0d$"),
            ("$RepresentationID%03d$", "[R]"),
            ("é$Number$é", "é[D]é"),
        ] {
            let found = replaced(template, |_, identifier| match identifier.kind {
                IdentifierKind::Dollar => "[$]",
                IdentifierKind::RepresentationId => "[R]",
                IdentifierKind::Digits => "[D]",
            });
            assert_eq!(found, expected, "{template}");
        }
    }

    #[test]
    fn marks_are_found_again() {
        for text in ["", "a", "q0", "q0zq", "00", "q1z0q0z"] {
            let mark = Mark::absent_from(text);
            let marked = format!("{text}{}{text}{}", mark.numbered(1), mark.numbered(0));
            let found = mark.replaced(&marked, |number| ["$A$", "$B$"].get(number).copied());
            assert_eq!(found, format!("{text}$B${text}$A$"));
        }
    }
}
