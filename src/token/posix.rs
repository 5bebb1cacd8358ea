//! POSIX extended regular expressions in the words of `regex-lite`.
//!
//! What POSIX leaves undefined, and other dialects give a meaning to, is refused: `\d`, `(?…)`, `a**`, `a+?`.
//!
//! <https://pubs.opengroup.org/onlinepubs/9699919799/basedefs/V1_chap09.html#tag_09_04>

use std::iter::Peekable;
use std::str::Chars;

/// Translates an expression, or names the construct that is not supported.
pub(super) fn translate(expression: &str) -> Result<String, &'static str> {
    let mut out = String::with_capacity(expression.len() + 16);
    let mut chars = expression.chars().peekable();
    // Whether what stands before may be repeated.
    let mut atom = false;
    // POSIX leaves a `)` without its `(` undefined; it must not close a group around the whole.
    let mut open = 0_usize;
    while let Some(c) = chars.next() {
        match c {
            '[' => {
                bracket(&mut chars, &mut out)?;
                atom = true;
            }
            '\\' => match chars.next() {
                Some(c) if c.is_ascii_punctuation() => {
                    out.push('\\');
                    out.push(c);
                    atom = true;
                }
                _ => return Err("expected punctuation behind a backslash"),
            },
            '*' | '+' | '?' | '{' if !atom => return Err("expected something to repeat"),
            '*' | '+' | '?' => {
                out.push(c);
                atom = false;
            }
            '{' => {
                interval(&mut chars, &mut out)?;
                atom = false;
            }
            '(' | '|' | '^' => {
                // A group that only groups.
                open += usize::from(c == '(');
                out.push_str(if c == '(' {
                    "(?:"
                } else if c == '|' {
                    "|"
                } else {
                    "^"
                });
                atom = false;
            }
            '$' => {
                out.push('$');
                atom = false;
            }
            ')' | '.' => {
                if c == ')' {
                    open = open.checked_sub(1).ok_or("expected `(` before `)`")?;
                }
                out.push(c);
                atom = true;
            }
            // White space and `#` are nothing special either way; `]` and `}` stand for themselves.
            ']' | '}' => {
                out.push('\\');
                out.push(c);
                atom = true;
            }
            c => {
                out.push(c);
                atom = true;
            }
        }
    }
    if open > 0 {
        return Err("expected `)`");
    }
    Ok(out)
}

/// The literal text that every match begins with, as far as the expression is simple. `None`: the expression matches one text
/// only.
pub(super) fn prefix(expression: &str) -> Option<String> {
    let mut prefix = String::new();
    let mut chars = expression.chars().peekable();
    let (mut literal, mut depth) = (true, 0_usize);
    while let Some(c) = chars.next() {
        match c {
            '|' if depth == 0 => return Some(String::new()),
            '(' => (depth, literal) = (depth + 1, false),
            ')' => depth = depth.saturating_sub(1),
            '[' => {
                bracket(&mut chars, &mut String::new()).ok()?;
                literal = false;
            }
            '\\' => prefix.extend(chars.next().filter(|_| literal)),
            // The character before may be missing from a match.
            '*' | '?' | '{' if literal => {
                prefix.pop();
                literal = false;
            }
            '^' if prefix.is_empty() => {}
            '$' if chars.peek().is_none() => {}
            '.' | '+' | '|' | '*' | '?' | '{' | '^' | '$' => literal = false,
            c if literal => prefix.push(c),
            _ => {}
        }
    }
    (!literal).then_some(prefix)
}

/// `{m}`, `{m,}` or `{m,n}`, of 255 at most.
fn interval(chars: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), &'static str> {
    const EXPECTED: &str = "expected {m}, {m,} or {m,n} of 255 at most";
    let inner: String = chars.by_ref().take_while(|c| *c != '}').take(8).collect();
    let (least, most) = inner.split_once(',').unwrap_or((&inner, &inner));
    let number =
        |digits: &str| digits.parse::<u8>().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()));
    let least = number(least).ok_or(EXPECTED)?;
    let right = most.is_empty() || number(most).is_some_and(|most| least <= most);
    if !right {
        return Err(EXPECTED);
    }
    out.push('{');
    out.push_str(&inner);
    out.push('}');
    Ok(())
}

/// A bracket expression: a backslash is itself, and so is `]` in the first place.
fn bracket(chars: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), &'static str> {
    const UNFINISHED: &str = "expected `]`";
    out.push('[');
    if chars.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    let mut first = true;
    loop {
        let c = chars.next().ok_or(UNFINISHED)?;
        match c {
            ']' if !first => break,
            '[' if chars.peek() == Some(&':') => {
                chars.next();
                let class: String = chars.by_ref().take_while(|c| *c != ':').take(8).collect();
                let known = [
                    "alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
                    "upper", "xdigit",
                ];
                if !known.contains(&class.as_str()) || chars.next() != Some(']') {
                    return Err("expected a character class such as [:alpha:]");
                }
                out.push_str("[:");
                out.push_str(&class);
                out.push_str(":]");
            }
            '[' if matches!(chars.peek(), Some('.' | '=')) => {
                return Err("expected no collating element or equivalence class");
            }
            // Between two characters it makes a range, at either end it is itself.
            '-' if !first && chars.peek().is_some_and(|next| *next != ']') => out.push('-'),
            c if c.is_ascii_punctuation() => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        first = false;
    }
    out.push(']');
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex_lite::Regex;

    use super::*;

    fn fits(expression: &str, text: &str) -> Option<bool> {
        let translated = translate(expression).ok()?;
        Some(Regex::new(&format!("^(?:{translated})$")).ok()?.is_match(text))
    }

    #[test]
    fn posix_as_it_is_written() {
        // The example of RFC 9246 section 2.1.15.2.
        let example = r"[^:]*\://[^/]*/folder/content/quality_[^/]*/segment.{3}\.mp4(\?.*)?";
        let uri = "https://cdn.example/folder/content/quality_hd/segment001.mp4";
        for (expression, text, expected) in [
            (example, uri, Some(true)),
            (example, &format!("{uri}?a=b"), Some(true)),
            (example, &format!("{uri}x"), Some(false)),
            (example, &format!("x:{uri}"), Some(false)),
            ("a|b", "b", Some(true)),
            ("a|b", "ab", Some(false)),
            ("^abc$", "abc", Some(true)),
            (r"[\d]", "d", Some(true)),
            (r"[\d]", "7", Some(false)),
            (r"[\]", r"\", Some(true)),
            ("[]a]+", "]a", Some(true)),
            ("[^]a]", "]", Some(false)),
            ("[a-c-]+", "b-", Some(true)),
            ("[[:digit:][:upper:]_]+", "7A_", Some(true)),
            ("[[a]", "[", Some(true)),
            ("[&&~~]", "&", Some(true)),
            ("a{2,3}", "aaa", Some(true)),
            ("a{2}", "aaa", Some(false)),
            ("(ab)+", "abab", Some(true)),
            ("a}", "a}", Some(true)),
            (r"\d", "7", None),
            (r"\bx", "x", None),
            (r"(a)\1", "aa", None),
            ("(?i)a", "A", None),
            ("a**", "a", None),
            ("a+?", "a", None),
            ("*a", "a", None),
            ("a{256}", "a", None),
            ("a{3,2}", "a", None),
            ("a{,2}", "a", None),
            ("a{x}", "a", None),
            ("[a", "a", None),
            ("[[:word:]]", "a", None),
            ("[[.a.]]", "a", None),
            ("(a", "a", None),
            // They would close the group around the whole, and anything fit the rest.
            ("nothing)|(.*", "a", None),
            ("a)", "a", None),
            (r"\)|[)]", ")", Some(true)),
            (r"a\", "a", None),
        ] {
            assert_eq!(fits(expression, text), expected, "{expression} {text}");
        }
    }

    #[test]
    fn what_all_texts_begin_with() {
        for (expression, expected) in [
            (r"https://a\.example/b/sd/.*", Some("https://a.example/b/sd/")),
            ("^https://a/b/(sd|hd)/.*$", Some("https://a/b/")),
            ("https://a/b/sd/.*|https://a/c", Some("")),
            ("https://a/b/sd/*x", Some("https://a/b/sd")),
            ("https://a/b/sd/?x", Some("https://a/b/sd")),
            ("https://a/b/sd/{0,1}x", Some("https://a/b/sd")),
            ("https://a/b/sd/+x", Some("https://a/b/sd/")),
            ("https://a/b/[|(]/c", Some("https://a/b/")),
            ("[^:]*://a/b/.*", Some("")),
            (r"https://a/b\.mp4", None),
        ] {
            assert_eq!(prefix(expression).as_deref(), expected, "{expression}");
        }
    }

    proptest! {
        #[test]
        fn a_prefix_is_one(expression in r"[()*+?.^$|\[\]/a-b-]{0,12}", text in "[ab/]{0,6}") {
            if fits(&expression, &text) == Some(true) {
                prop_assert!(prefix(&expression).is_none_or(|prefix| text.starts_with(&prefix)));
            }
        }

        #[test]
        fn nothing_panics(expression in r"[\[\]{}()*+?.^$|\\a-c:,0-9-]{0,30}") {
            let _ = fits(&expression, "abc");
        }
    }
}
