//! The findings of a manifest's checks, and their positions.

use serde::Serialize;

/// The most findings that are reported for one manifest.
pub const FINDINGS_MAX: usize = 1_000;

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// It violates a recommendation, or players read it differently.
    Warning,
    /// It violates a requirement of the specification.
    Error,
}

/// An error in a manifest, or something worth knowing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1 in characters (Unicode scalar values). A byte order mark does not count.
    pub column: usize,
    /// The specification and its clause.
    pub clause: &'static str,
    /// The severity.
    pub severity: Severity,
    /// The code of the rule.
    pub code: &'static str,
    /// What was expected, and what was found.
    pub message: String,
}

/// A set of rules that a manifest is checked against.
pub(crate) trait Checked: Copy {
    /// The rule that reports how many findings were omitted.
    const TOO_MANY: Self;

    /// The stable code, for programs.
    fn code(self) -> &'static str;

    /// How bad it is.
    fn severity(self) -> Severity;

    /// The specification and its clause.
    fn clause(self) -> &'static str;
}

/// The findings so far. Their lines and columns are counted at the end, in one go.
pub(crate) struct Report<R> {
    found: Vec<(usize, R, &'static str, String)>,
    /// The number of omitted findings.
    left_out: usize,
    /// Whether one of those was an error.
    left_out_error: bool,
}

impl<R> Default for Report<R> {
    fn default() -> Self {
        Self { found: Vec::new(), left_out: 0, left_out_error: false }
    }
}

impl<R: Checked> Report<R> {
    /// Adds a finding under the clause of its rule.
    pub(crate) fn add(&mut self, rule: R, at: usize, message: impl FnOnce() -> String) {
        self.push(rule, rule.clause(), at, message);
    }

    /// Adds a finding under another clause.
    pub(crate) fn add_to(
        &mut self,
        clause: &'static str,
        rule: R,
        at: usize,
        message: impl FnOnce() -> String,
    ) {
        self.push(rule, clause, at, message);
    }

    fn push(&mut self, rule: R, clause: &'static str, at: usize, message: impl FnOnce() -> String) {
        if self.found.len() < FINDINGS_MAX {
            self.found.push((at, rule, clause, message()));
        } else {
            self.left_out += 1;
            self.left_out_error |= rule.severity() == Severity::Error;
        }
    }

    /// The findings in the order of their places.
    pub(crate) fn finish(mut self, manifest: &[u8]) -> Vec<Finding> {
        self.found.sort_by_key(|(at, ..)| *at);
        let mut place = TextPosition { manifest, rest: manifest, line: 1, column: 1 };
        let mut findings: Vec<_> = self
            .found
            .into_iter()
            .map(|(at, rule, clause, message)| {
                place.go(at);
                let (severity, code) = (rule.severity(), rule.code());
                Finding { line: place.line, column: place.column, clause, severity, code, message }
            })
            .collect();
        if self.left_out > 0 {
            let severity = if self.left_out_error { Severity::Error } else { Severity::Info };
            findings.push(Finding {
                line: place.line,
                column: place.column,
                clause: R::TOO_MANY.clause(),
                severity,
                code: R::TOO_MANY.code(),
                message: format!("expected {FINDINGS_MAX} findings at most, found {} more", self.left_out),
            });
        }
        findings
    }
}

/// A position in a manifest that only moves forward.
struct TextPosition<'a> {
    manifest: &'a [u8],
    /// The bytes behind the position.
    rest: &'a [u8],
    line: usize,
    column: usize,
}

impl TextPosition<'_> {
    fn go(&mut self, to: usize) {
        let at = self.manifest.len() - self.rest.len();
        let (passed, rest) = self.rest.split_at(to.saturating_sub(at).min(self.rest.len()));
        self.rest = rest;
        for byte in passed {
            match byte {
                b'\n' => (self.line, self.column) = (self.line + 1, 1),
                // Continuation bytes of a character.
                0x80..=0xbf => {}
                _ => self.column += 1,
            }
        }
        // The byte order mark has been counted as a character.
        if at < 3 && to >= 3 && self.line == 1 && self.manifest.starts_with("\u{feff}".as_bytes()) {
            self.column -= 1;
        }
    }
}

/// A value for a message: shortened, and readable whatever its bytes are.
pub(crate) fn quote(value: &[u8]) -> String {
    const CHARS_MAX: usize = 60;
    let (start, _) = value.split_at(value.len().min(4 * CHARS_MAX));
    let text = String::from_utf8_lossy(start);
    let mut quoted: String = text.chars().take(CHARS_MAX).collect();
    if quoted.len() < value.len() && quoted.chars().count() == CHARS_MAX {
        quoted.push('…');
    }
    format!("`{quoted}`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hls::Rule;

    #[test]
    fn places_are_counted_in_characters() {
        let playlist = "\u{feff}#EXTM3U\r\n#é,x\nabc".as_bytes();
        let mut report = Report::default();
        for at in [playlist.len() - 1, 3, 5, 12, 15] {
            report.add(Rule::TagUnknown, at, String::new);
        }
        let found: Vec<_> = report.finish(playlist).iter().map(|found| (found.line, found.column)).collect();
        assert_eq!(found, [(1, 1), (1, 3), (2, 1), (2, 3), (3, 3)]);
    }

    #[test]
    fn omitted_findings_are_counted() {
        let mut report = Report::default();
        for _ in 0..FINDINGS_MAX {
            report.add(Rule::TagUnknown, 0, String::new);
        }
        report.add(Rule::M3uMissing, 0, String::new);
        let findings = report.finish(b"a");
        assert_eq!(findings.len(), FINDINGS_MAX + 1);
        let last = findings.last().unwrap();
        assert_eq!((last.code, last.severity), ("too-many", Severity::Error));
        assert!(last.message.ends_with("found 1 more"));
    }

    #[test]
    fn quotes_are_short() {
        assert_eq!(quote(b"a"), "`a`");
        assert_eq!(quote(&[b'a'; 61]), format!("`{}…`", "a".repeat(60)));
        assert_eq!(quote(&[0xff]), "`\u{fffd}`");
    }
}
