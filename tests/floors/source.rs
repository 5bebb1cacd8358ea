//! A Rust source as tokens: without comments, without the contents of literals, and without code for tests.

/// A token and the line it stands on, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub line: usize,
    pub kind: TokenKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// An identifier, a keyword or a number.
    Word(String),
    /// `::`
    PathSeparator,
    /// A string or character literal.
    Literal,
    /// Any other character.
    Mark(char),
}

impl Token {
    pub fn word(&self) -> Option<&str> {
        match &self.kind {
            TokenKind::Word(word) => Some(word),
            _ => None,
        }
    }

    pub fn is(&self, mark: char) -> bool {
        self.kind == TokenKind::Mark(mark)
    }
}

/// A source without its tests.
#[derive(Debug, Default)]
pub struct Source {
    pub tokens: Vec<Token>,
    /// How many lines the file has without its tests.
    pub lines: usize,
}

impl Source {
    pub fn read(text: &str) -> Self {
        let (tokens, test_lines) = without_tests(&tokenize(text));
        Self { tokens, lines: text.lines().count() - test_lines }
    }
}

/// Splits a source into tokens.
fn tokenize(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let is_word = |c: char| c == '_' || c.is_alphanumeric();
    let mut tokens = Vec::new();
    let (mut index, mut line) = (0, 1);
    while index < chars.len() {
        let start = index;
        let kind = match (at(index), at(index + 1)) {
            ('/', '/') => {
                while index < chars.len() && at(index) != '\n' {
                    index += 1;
                }
                None
            }
            ('/', '*') => {
                index = block_comment_end(&chars, index);
                None
            }
            (':', ':') => {
                index += 2;
                Some(TokenKind::PathSeparator)
            }
            ('"', _) => {
                index = string_end(&chars, index);
                Some(TokenKind::Literal)
            }
            ('\'', next) if next == '\\' || at(index + 2) == '\'' => {
                index += if next == '\\' { 3 } else { 2 };
                while index < chars.len() && at(index) != '\'' {
                    index += 1;
                }
                index += 1;
                Some(TokenKind::Literal)
            }
            // A lifetime or a label.
            ('\'', _) => {
                index += 1;
                while is_word(at(index)) {
                    index += 1;
                }
                None
            }
            (c, _) if is_word(c) => {
                while is_word(at(index)) {
                    index += 1;
                }
                let word: String = chars[start..index].iter().collect();
                match (&*word, at(index)) {
                    ("r" | "br" | "cr", '"' | '#') if raw_string_end(&chars, index).is_some() => {
                        index = raw_string_end(&chars, index).unwrap_or(chars.len());
                        Some(TokenKind::Literal)
                    }
                    // The quotes of `b"…"` and `b'…'` are literals of their own.
                    ("b" | "c", '"' | '\'') => None,
                    _ => Some(TokenKind::Word(word)),
                }
            }
            (c, _) => {
                index += 1;
                (!c.is_whitespace()).then_some(TokenKind::Mark(c))
            }
        };
        tokens.extend(kind.map(|kind| Token { line, kind }));
        line += chars[start..index.min(chars.len())].iter().filter(|c| **c == '\n').count();
    }
    tokens
}

/// The end of a block comment, which may hold others.
fn block_comment_end(chars: &[char], start: usize) -> usize {
    let (mut index, mut depth) = (start, 0);
    while index < chars.len() {
        match (chars[index], chars.get(index + 1)) {
            ('/', Some('*')) => (depth, index) = (depth + 1, index + 2),
            ('*', Some('/')) => (depth, index) = (depth - 1, index + 2),
            _ => index += 1,
        }
        if depth == 0 {
            break;
        }
    }
    index
}

fn string_end(chars: &[char], start: usize) -> usize {
    let mut index = start + 1;
    while index < chars.len() && chars[index] != '"' {
        index += if chars[index] == '\\' { 2 } else { 1 };
    }
    index + 1
}

/// The end of a raw string whose `#`s and quote begin at `start`; `None`: no raw string begins there.
fn raw_string_end(chars: &[char], start: usize) -> Option<usize> {
    let hashes = chars[start..].iter().take_while(|c| **c == '#').count();
    let mut index = start + hashes + 1;
    if chars.get(index - 1) != Some(&'"') {
        return None;
    }
    while index < chars.len() {
        if chars[index] == '"' && chars[index + 1..].iter().take_while(|c| **c == '#').count() >= hashes {
            return Some(index + 1 + hashes);
        }
        index += 1;
    }
    Some(chars.len())
}

/// Leaves out each item, field and statement under `#[cfg(test)]` or `#[test]`, and counts their lines.
fn without_tests(tokens: &[Token]) -> (Vec<Token>, usize) {
    let (mut kept, mut test_lines, mut index) = (Vec::new(), 0, 0);
    while index < tokens.len() {
        let Some(end) = attribute_end(tokens, index) else {
            kept.push(tokens[index].clone());
            index += 1;
            continue;
        };
        if is_for_tests(&tokens[index..end]) {
            let item_end = item_end(tokens, end);
            test_lines += tokens[item_end - 1].line - tokens[index].line + 1;
            index = item_end;
        } else {
            // Attributes name no module that the source depends on.
            index = end;
        }
    }
    (kept, test_lines)
}

/// The end of the attribute, `#[…]` or `#![…]`, that begins at `start`.
fn attribute_end(tokens: &[Token], start: usize) -> Option<usize> {
    let open = start + if tokens.get(start + 1)?.is('!') { 2 } else { 1 };
    (tokens[start].is('#') && tokens.get(open)?.is('[')).then(|| group_end(tokens, open))
}

fn is_for_tests(attribute: &[Token]) -> bool {
    let words: Vec<_> = attribute.iter().filter_map(Token::word).collect();
    matches!(words[..], ["test"] | ["cfg", "test"] | ["cfg", "all", "test", ..])
}

/// The end of the bracketed group that opens at `start`.
fn group_end(tokens: &[Token], start: usize) -> usize {
    let mut depth = 0;
    for (index, token) in tokens.iter().enumerate().skip(start) {
        match token.kind {
            TokenKind::Mark('(' | '[' | '{') => depth += 1,
            TokenKind::Mark(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index + 1;
        }
    }
    tokens.len()
}

/// The end of the item, field or statement behind an attribute that ends at `start`. It may have further attributes.
fn item_end(tokens: &[Token], start: usize) -> usize {
    const ITEMS: [&str; 14] = [
        "pub",
        "fn",
        "mod",
        "use",
        "struct",
        "enum",
        "impl",
        "trait",
        "const",
        "static",
        "type",
        "async",
        "unsafe",
        "macro_rules",
    ];
    let mut index = start;
    while let Some(end) = attribute_end(tokens, index) {
        index = end;
    }
    let is_item = tokens.get(index).and_then(Token::word).is_some_and(|word| ITEMS.contains(&word));
    while index < tokens.len() {
        match tokens[index].kind {
            TokenKind::Mark('{') => {
                let end = group_end(tokens, index);
                // `use a::{b, c};`
                return if tokens.get(end).is_some_and(|token| token.is(';')) { end + 1 } else { end };
            }
            TokenKind::Mark('(' | '[') => index = group_end(tokens, index),
            TokenKind::Mark(';') => return index + 1,
            TokenKind::Mark(',') if !is_item => return index + 1,
            _ => index += 1,
        }
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        let tokens = Source::read(text).tokens;
        tokens.iter().filter_map(Token::word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_and_literals_hold_no_words() {
        let text = r##"a // b
            /* c /* d */ e */ f "g \" h" r#"i " j"# b'k' 'l' '\n' '\'' m::<'n> b"o" 'p': loop"##;
        assert_eq!(words(text), "a f m loop");
    }

    #[test]
    fn code_for_tests_is_left_out() {
        let text = "
            use a::b;
            #[cfg(test)]
            use c::{d, e};
            #[cfg(test)]
            #[derive(Debug)]
            pub(super) struct F;
            struct G { #[cfg(test)] h: I, j: K }
            fn l() -> [u8; 4] { #[cfg(test)] crate::m(); n() }
            #[cfg(target_arch = \"wasm32\")]
            mod o;
            #[cfg(not(test))]
            mod p;
            #[cfg(test)]
            mod tests { fn q() {} }
        ";
        assert_eq!(words(text), "use a b struct G j K fn l u8 4 n mod o mod p");
    }

    #[test]
    fn lines_are_counted_without_tests() {
        let text = "fn a() {}\n\n// b\n#[cfg(test)]\nmod tests {\n    fn c() {}\n}\n";
        assert_eq!(Source::read(text).lines, 3);
        assert_eq!(Source::read("\"a\nb\"\nfn c() {}").tokens.last().map(|token| token.line), Some(3));
    }
}
