//! Bytes that are not JSON.

/// The place where JSON ends to be JSON, and what was expected there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {detail}")]
pub struct Malformed {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in bytes.
    pub column: usize,
    /// What was expected and what was found.
    pub detail: String,
}

impl Malformed {
    pub(super) fn new(json: &[u8], error: &serde_json::Error) -> Self {
        if let Some(detail) = foreign_encoding(json) {
            return Self { line: 1, column: 1, detail: detail.to_owned() };
        }
        let (line, column) = (error.line(), error.column().max(1));
        let message = error.to_string();
        let position = format!(" at line {} column {}", error.line(), error.column());
        let message = message.strip_suffix(&position).unwrap_or(&message);
        let detail = match (expected(message), character_at(json, line, column)) {
            (What::Expected(what), Some(found)) => format!("expected {what}, found `{found}`"),
            (What::Expected(what), None) => format!("expected {what}"),
            (What::Whole(detail), _) => detail.to_owned(),
        };
        Self { line, column, detail }
    }
}

/// Encodings that editors and shells write in place of UTF-8.
fn foreign_encoding(json: &[u8]) -> Option<&'static str> {
    match json {
        [0xef, 0xbb, 0xbf, ..] => {
            Some("expected JSON, found a byte order mark: save the file as UTF-8 without one")
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            Some("expected JSON in UTF-8, found UTF-16: save the file as UTF-8")
        }
        _ if json.trim_ascii().is_empty() => Some("expected a JSON document, found nothing"),
        _ => None,
    }
}

enum What {
    /// What was expected in place of the character that was found.
    Expected(&'static str),
    /// The whole message.
    Whole(&'static str),
}

/// The parser's message in plain words. Its messages are a closed list.
fn expected(message: &str) -> What {
    match message {
        "expected `:`" => What::Expected("`:` after the member's name"),
        "expected `,` or `]`" => What::Expected("`,` or `]`"),
        "expected `,` or `}`" => What::Expected("`,` or `}`"),
        "expected `\"`" => What::Expected("`\"`"),
        "expected value" => What::Expected("a value"),
        "key must be a string" => What::Expected("a member's name in double quotes"),
        "trailing characters" => What::Expected("nothing after the document"),
        "trailing comma" => What::Whole("expected no comma after the last entry"),
        "expected ident" => What::Whole("expected `true`, `false` or `null`"),
        "EOF while parsing a list" => What::Whole("expected `]`, found the end of the text"),
        "EOF while parsing an object" => What::Whole("expected `}`, found the end of the text"),
        "EOF while parsing a string" => What::Whole("expected `\"`, found the end of the text"),
        "EOF while parsing a value" => What::Whole("expected a value, found the end of the text"),
        "invalid number" => What::Whole("expected a number as JSON writes it, such as 7 or -0.5"),
        "number out of range" => What::Whole("expected a smaller number"),
        "invalid unicode code point" => What::Whole("expected UTF-8"),
        "control character (\\u0000-\\u001F) found while parsing a string" => What::Whole(
            "expected no line break or control character within a string: write \\n for a line break",
        ),
        "invalid escape" => What::Whole(
            "expected \\\", \\\\, \\/, \\b, \\f, \\n, \\r, \\t or \\u and four hexadecimal digits",
        ),
        "unexpected end of hex escape" | "lone leading surrogate in hex escape" => {
            What::Whole("expected the second half of a pair of \\u escapes")
        }
        _ => What::Whole("expected JSON"),
    }
}

/// The character at a position, if it is a visible one.
fn character_at(json: &[u8], line: usize, column: usize) -> Option<char> {
    let line = json.split(|byte| *byte == b'\n').nth(line.checked_sub(1)?)?;
    let rest = line.get(column.checked_sub(1)?..)?;
    let most = rest.get(..4).unwrap_or(rest);
    let text = most.utf8_chunks().next()?.valid();
    text.chars().next().filter(|found| !found.is_control() && !found.is_whitespace())
}

#[cfg(test)]
mod tests {
    use crate::reading::Tree;

    #[test]
    fn each_error_of_syntax_is_in_plain_words() {
        for (json, line, column, detail) in [
            ("{\n  \"id\": harbour}", 2, 9, "expected a value, found `h`"),
            ("{} {}", 1, 4, "expected nothing after the document, found `{`"),
            (r#"{"a" 1}"#, 1, 6, "expected `:` after the member's name, found `1`"),
            (r#"{"a":1 "b":2}"#, 1, 8, "expected `,` or `}`, found `\"`"),
            ("[1 2]", 1, 4, "expected `,` or `]`, found `2`"),
            ("{a:1}", 1, 2, "expected a member's name in double quotes, found `a`"),
            ("{'a':1}", 1, 2, "expected a member's name in double quotes, found `'`"),
            ("[1,]", 1, 4, "expected no comma after the last entry"),
            (r#"{"a":1,}"#, 1, 8, "expected no comma after the last entry"),
            ("[tru]", 1, 5, "expected `true`, `false` or `null`"),
            ("[1", 1, 2, "expected `]`, found the end of the text"),
            (r#"{"a":1"#, 1, 6, "expected `}`, found the end of the text"),
            (r#"{"a"#, 1, 3, "expected `\"`, found the end of the text"),
            (r#"{"a":"#, 1, 5, "expected a value, found the end of the text"),
            ("[-]", 1, 3, "expected a number as JSON writes it, such as 7 or -0.5"),
            ("[1e999]", 1, 6, "expected a smaller number"),
            (
                r#"["\x"]"#,
                1,
                4,
                "expected \\\", \\\\, \\/, \\b, \\f, \\n, \\r, \\t or \\u and four hexadecimal digits",
            ),
            (r#"["\ud800"]"#, 1, 9, "expected the second half of a pair of \\u escapes"),
            (
                "[\"a\nb\"]",
                2,
                1,
                "expected no line break or control character within a string: write \\n for a line break",
            ),
            ("", 1, 1, "expected a JSON document, found nothing"),
            (" \n", 1, 1, "expected a JSON document, found nothing"),
            (
                "\u{feff}{}",
                1,
                1,
                "expected JSON, found a byte order mark: save the file as UTF-8 without one",
            ),
        ] {
            let found = Tree::parse(json.as_bytes()).unwrap_err();
            assert_eq!((found.detail.as_str(), found.line, found.column), (detail, line, column), "{json}");
        }
        let found = Tree::parse(b"[\"\xe9\"]").unwrap_err();
        assert_eq!(found.detail, "expected UTF-8");
        let found = Tree::parse(b"\xff\xfe{\0}\0").unwrap_err();
        assert_eq!(found.detail, "expected JSON in UTF-8, found UTF-16: save the file as UTF-8");
    }
}
