//! The modules of a crate, and which file depends on which.

use std::collections::{BTreeMap, BTreeSet};

use crate::paths::{Mentions, Path};
use crate::source::Source;

/// The files of a crate.
#[derive(Debug, Default)]
pub struct House {
    /// By the path of the module, empty for the root of the crate.
    modules: BTreeMap<Vec<String>, Module>,
}

#[derive(Debug)]
struct Module {
    /// The path of its file below `src/`.
    file: String,
    mentions: Mentions,
    lines: usize,
}

/// One dependency between two files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    pub from: String,
    pub to: String,
    pub line: usize,
    /// The path as it is written.
    pub path: String,
}

impl House {
    /// Reads a crate from its `lib.rs` on. `read` gives the text of a file below `src/`, if there is one.
    pub fn read(read: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut house = Self::default();
        house.add(Vec::new(), "lib.rs".to_owned(), "", read);
        house
    }

    /// Adds a file and the files of the modules that it declares, which lie in `folder`.
    fn add(
        &mut self,
        module: Vec<String>,
        file: String,
        folder: &str,
        read: &dyn Fn(&str) -> Option<String>,
    ) {
        let source = Source::read(&read(&file).unwrap_or_default());
        let mentions = Mentions::read(&source);
        for name in &mentions.modules {
            let files = [format!("{folder}{name}.rs"), format!("{folder}{name}/mod.rs")];
            let file = files.into_iter().find(|file| read(file).is_some());
            let file = file
                .unwrap_or_else(|| panic!("{module:?} declares `mod {name};`, but there is no file of it"));
            let child = module.iter().chain([name]).cloned().collect();
            self.add(child, file, &format!("{folder}{name}/"), read);
        }
        self.modules.insert(module, Module { file, mentions, lines: source.lines });
    }

    /// The modules that the root of the crate declares.
    pub fn rooms(&self) -> BTreeSet<&str> {
        self.modules
            .keys()
            .filter(|module| module.len() == 1)
            .filter_map(|module| Some(module.first()?.as_str()))
            .collect()
    }

    /// Each file with its number of lines without tests.
    pub fn lengths(&self) -> impl Iterator<Item = (&str, usize)> {
        self.modules.values().map(|module| (&*module.file, module.lines))
    }

    /// Which file depends on which other. A `pub use` counts where the file itself uses the name, and a table of contents
    /// depends on nothing.
    pub fn edges(&self) -> BTreeSet<Edge> {
        let mut edges = BTreeSet::new();
        for (name, module) in &self.modules {
            if module.mentions.is_table_of_contents() {
                continue;
            }
            let mut add = |path: &Path| {
                let Some(file) = self.file_of(name, path) else { return };
                if file != module.file {
                    edges.insert(Edge {
                        from: module.file.clone(),
                        to: file.to_owned(),
                        line: path.line,
                        path: path.segments.join("::"),
                    });
                }
            };
            for import in &module.mentions.imports {
                if !import.is_public || module.mentions.words.contains(&import.name) {
                    add(&import.path);
                }
            }
            for path in &module.mentions.paths {
                add(path);
            }
        }
        edges
    }

    /// The file in which the item of a path is defined; `None`: it is of another crate.
    fn file_of(&self, module: &[String], path: &Path) -> Option<&str> {
        let inside: Vec<_> = module.iter().chain(&path.inline).cloned().collect();
        self.resolve(&inside, module, &path.segments, 0)
    }

    /// Follows a path from a module, `at`, in the file of the module `file`.
    fn resolve(&self, at: &[String], file: &[String], segments: &[String], hops: usize) -> Option<&str> {
        let (first, rest) = segments.split_first()?;
        match first.as_str() {
            "crate" => self.descend(&[], rest, hops),
            "self" => self.descend(at, rest, hops),
            "super" => {
                let mut above = at.split_last()?.1;
                let mut rest = rest;
                while let Some(("super", behind)) =
                    rest.split_first().map(|(first, rest)| (first.as_str(), rest))
                {
                    (above, rest) = (above.split_last()?.1, behind);
                }
                self.descend(above, rest, hops)
            }
            // A module that the file declares, or a name that it has imported.
            _ => {
                let child: Vec<_> = file.iter().chain([first]).cloned().collect();
                let mentions = &self.modules.get(file)?.mentions;
                let is_known = self.modules.contains_key(&child)
                    || mentions
                        .imports
                        .iter()
                        .any(|import| import.name == *first && import.path.segments.first() != Some(first));
                if is_known { self.descend(file, segments, hops) } else { None }
            }
        }
    }

    /// Goes down from a module, through what other modules re-export.
    fn descend(&self, from: &[String], segments: &[String], hops: usize) -> Option<&str> {
        const MOST_HOPS: usize = 16;
        let mut module = from.to_vec();
        let mut segments = segments;
        while let Some((first, rest)) = segments.split_first() {
            let child: Vec<_> = module.iter().chain([first]).cloned().collect();
            if !self.modules.contains_key(&child) {
                break;
            }
            (module, segments) = (child, rest);
        }
        // An inline module is part of the file around it.
        while !self.modules.contains_key(&module) {
            segments = &[];
            module.pop();
        }
        let found = self.modules.get(&module)?;
        if let Some(first) = segments.first()
            && hops < MOST_HOPS
            && let Some(import) = found
                .mentions
                .imports
                .iter()
                .find(|import| import.name == *first && import.path.inline.is_empty())
        {
            let through: Vec<_> =
                import.path.segments.iter().chain(segments.iter().skip(1)).cloned().collect();
            return self.resolve(&module, &module, &through, hops + 1);
        }
        Some(&found.file)
    }
}
