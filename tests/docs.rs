//! Links of the documentation lead to files and headings that exist.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// The folders whose pages are checked, and whether the folders below them are.
const FOLDERS: [(&str, bool); 6] =
    [("", false), ("docs", true), ("benches", false), ("kv-schemas", false), ("demo", true), ("tests", true)];

#[test]
fn links_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = Vec::new();
    for (folder, below) in FOLDERS {
        find_pages(&root.join(folder), below, &mut pages);
    }
    let headings: BTreeMap<&PathBuf, BTreeSet<String>> =
        pages.iter().map(|page| (page, anchors(&fs::read_to_string(page).unwrap()))).collect();
    let mut broken = Vec::new();
    let mut count = 0;
    for page in &pages {
        for link in links(&fs::read_to_string(page).unwrap()) {
            count += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target =
                if file.is_empty() { page.clone() } else { normal(&page.parent().unwrap().join(file)) };
            let is_there = match headings.get(&target) {
                Some(found) => anchor.is_empty() || found.contains(anchor),
                None => target.exists(),
            };
            if !is_there {
                broken.push(format!("{}: {link}", page.strip_prefix(root).unwrap().display()));
            }
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
    assert!(count > 100, "expected more than 100 links, found {count}");
}

fn find_pages(folder: &Path, below: bool, pages: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && below {
            find_pages(&path, below, pages);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
}

/// The targets of a page's links that lead to files of the repository.
fn links(page: &str) -> Vec<String> {
    prose(page)
        .flat_map(|line| line.split("](").skip(1))
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.to_owned())
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
        .collect()
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in prose(page) {
        let text = line.trim_start_matches('#');
        if text.len() == line.len() || !text.starts_with(' ') {
            continue;
        }
        let slug: String = text
            .trim()
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        // A second heading of the same words gets a number.
        let again = (1..).map(|n| format!("{slug}-{n}")).find(|name| !found.contains(name));
        found.insert(if found.contains(&slug) { again.unwrap() } else { slug });
    }
    found
}

/// The lines of a page outside of its fenced blocks.
fn prose(page: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    page.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// A path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut found = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                found.pop();
            }
            Component::CurDir => {}
            other => found.push(other),
        }
    }
    found
}
