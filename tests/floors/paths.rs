//! Which paths a source mentions: in its `use` items, and in the code between them.

use std::collections::BTreeSet;

use crate::source::{Source, Token, TokenKind};

/// A path as it is written, and the modules within the file around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    pub line: usize,
    /// Names of the inline modules that it stands in.
    pub inline: Vec<String>,
    pub segments: Vec<String>,
}

/// One name that a `use` item brings into a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    pub path: Path,
    /// The name in this module; `*`: all names of the path.
    pub name: String,
    pub is_public: bool,
}

/// What a source mentions.
#[derive(Debug, Default)]
pub struct Mentions {
    /// Modules that it declares, in files of their own.
    pub modules: Vec<String>,
    pub imports: Vec<Import>,
    /// Paths in its code outside `use` items, of any first segment.
    pub paths: Vec<Path>,
    /// Words in its code outside `use` and `mod` items.
    pub words: BTreeSet<String>,
}

impl Mentions {
    pub fn read(source: &Source) -> Self {
        let mut mentions = Self::default();
        Reader { tokens: &source.tokens, index: 0, inline: Vec::new(), depth: 0 }.read(&mut mentions);
        mentions
    }

    /// Whether the source only declares modules and names their items.
    pub fn is_table_of_contents(&self) -> bool {
        self.words.is_empty()
    }
}

struct Reader<'a> {
    tokens: &'a [Token],
    index: usize,
    /// The inline modules around the index, and the depth of braces at which each ends.
    inline: Vec<(String, usize)>,
    depth: usize,
}

impl Reader<'_> {
    fn read(mut self, mentions: &mut Mentions) {
        let mut is_public = false;
        while let Some(token) = self.tokens.get(self.index) {
            match (token.word(), &token.kind) {
                (Some("pub"), _) => {
                    is_public = true;
                    self.index += 1;
                    if self.is_mark(0, '(') {
                        while !self.is_mark(0, ')') && self.index < self.tokens.len() {
                            self.index += 1;
                        }
                        self.index += 1;
                    }
                    continue;
                }
                // `impl Trait + use<'a>` names lifetimes, and is no item.
                (Some("use"), _) if !self.is_mark(1, '<') => {
                    self.index += 1;
                    self.use_tree(&mut Vec::new(), is_public, mentions);
                }
                (Some("mod"), _) if self.is_mark(2, ';') => {
                    mentions.modules.extend(self.word(1));
                    self.index += 3;
                }
                (Some("mod"), _) if self.is_mark(2, '{') => {
                    self.inline.extend(self.word(1).map(|name| (name, self.depth)));
                    self.depth += 1;
                    self.index += 3;
                }
                (Some(_), _) => self.path(mentions),
                (None, TokenKind::Mark(mark)) => {
                    match mark {
                        '{' => self.depth += 1,
                        '}' => {
                            self.depth = self.depth.saturating_sub(1);
                            self.inline.pop_if(|(_, depth)| *depth == self.depth);
                        }
                        _ => {}
                    }
                    self.index += 1;
                }
                _ => self.index += 1,
            }
            is_public = false;
        }
    }

    fn is_mark(&self, ahead: usize, mark: char) -> bool {
        self.tokens.get(self.index + ahead).is_some_and(|token| token.is(mark))
    }

    fn word(&self, ahead: usize) -> Option<String> {
        Some(self.tokens.get(self.index + ahead)?.word()?.to_owned())
    }

    fn is_separator(&self) -> bool {
        self.tokens.get(self.index).is_some_and(|token| token.kind == TokenKind::PathSeparator)
    }

    fn path_of(&self, segments: Vec<String>, line: usize) -> Path {
        Path { line, inline: self.inline.iter().map(|(name, _)| name.clone()).collect(), segments }
    }

    /// Reads a tree of a `use` item behind `prefix`, up to what ends it.
    fn use_tree(&mut self, prefix: &mut Vec<String>, is_public: bool, mentions: &mut Mentions) {
        let above = prefix.len();
        loop {
            let line = self.tokens.get(self.index).map_or(0, |token| token.line);
            if self.is_mark(0, '{') {
                self.index += 1;
                while !self.is_mark(0, '}') && self.index < self.tokens.len() {
                    self.use_tree(prefix, is_public, mentions);
                    if self.is_mark(0, ',') {
                        self.index += 1;
                    }
                }
                self.index += 1;
                break;
            }
            let Some(segment) = self.word(0).or_else(|| self.is_mark(0, '*').then(|| "*".to_owned())) else {
                // `use ::name`, or what no `use` item holds.
                self.index += 1;
                if self.index < self.tokens.len() { continue } else { break }
            };
            self.index += 1;
            if self.is_separator() {
                self.index += 1;
                prefix.push(segment);
                continue;
            }
            let mut name = match &*segment {
                "self" => prefix.last().cloned().unwrap_or_default(),
                name => name.to_owned(),
            };
            let mut segments = prefix.clone();
            if segment != "self" && segment != "*" || segments.is_empty() {
                segments.push(segment);
            }
            if self.word(0).as_deref() == Some("as") {
                name = self.word(1).unwrap_or_default();
                self.index += 2;
            }
            mentions.imports.push(Import { path: self.path_of(segments, line), name, is_public });
            break;
        }
        prefix.truncate(above);
    }

    /// Reads a path, or a single word, of the code.
    fn path(&mut self, mentions: &mut Mentions) {
        let is_member = self.index > 0
            && self
                .tokens
                .get(self.index - 1)
                .is_some_and(|token| token.is('.') || token.kind == TokenKind::PathSeparator);
        let line = self.tokens.get(self.index).map_or(0, |token| token.line);
        let mut segments = Vec::new();
        while let Some(word) = self.word(0) {
            mentions.words.insert(word.clone());
            segments.push(word);
            self.index += 1;
            let goes_on = self.is_separator() && self.word(1).is_some();
            if !goes_on {
                break;
            }
            self.index += 1;
        }
        if !is_member && segments.len() > 1 {
            mentions.paths.push(self.path_of(segments, line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Mentions {
        Mentions::read(&Source::read(text))
    }

    #[test]
    fn use_items_are_trees() {
        let text = "use super::{a::{self, B as C}, d::*}; pub(crate) use e::F; pub use self::g::h;";
        let found: Vec<_> = read(text)
            .imports
            .into_iter()
            .map(|import| {
                format!(
                    "{}={}{}",
                    import.name,
                    import.path.segments.join("::"),
                    if import.is_public { "+" } else { "" }
                )
            })
            .collect();
        assert_eq!(found, ["a=super::a", "C=super::a::B", "*=super::d", "F=e::F+", "h=self::g::h+"]);
    }

    #[test]
    fn paths_of_the_code_are_found_with_the_modules_around_them() {
        let text = "fn a(b: super::C) { d::e::<F>(); b.g::<h::I>() } mod j { fn k() { crate::l() } } fn m() { n::o }";
        let found: Vec<_> = read(text)
            .paths
            .into_iter()
            .map(|path| [path.inline.concat(), path.segments.join("::")].join(" "))
            .collect();
        assert_eq!(found, [" super::C", " d::e", " h::I", "j crate::l", " n::o"]);
    }

    #[test]
    fn captured_lifetimes_are_no_use_item() {
        let found = read("fn a<'b>() -> impl C + use<'b> { d::e() } pub(super) fn f() {}");
        assert_eq!(found.imports, []);
        assert_eq!(found.paths.len(), 1);
    }

    #[test]
    fn a_table_of_contents_has_no_code() {
        assert!(read("//! A\nmod a;\n#[cfg(test)]\nmod b;\npub use a::A;").is_table_of_contents());
        assert_eq!(read("mod a; pub mod b;").modules, ["a", "b"]);
        assert!(!read("mod a; pub use a::A; const B: A = 1;").is_table_of_contents());
    }
}
