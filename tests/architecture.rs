//! The walk through one request in `docs/ARCHITECTURE.md` names files and functions that are there.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

/// The names in backticks between two headings: `route.rs: route`, or a file alone.
fn names<'t>(page: &'t str, from: &str, to: &str) -> Vec<&'t str> {
    let section = page.split_once(from).unwrap().1.split_once(to).unwrap().0;
    section.split('`').skip(1).step_by(2).filter(|name| name.contains(".rs")).collect()
}

/// Whether a file defines a function or a type of this name.
fn defines(source: &str, name: &str) -> bool {
    let is_end = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
    ["fn ", "struct ", "enum ", "trait "].iter().any(|kind| {
        let definition = format!("{kind}{name}");
        source.match_indices(&definition).any(|(at, _)| is_end(&source[at + definition.len()..]))
    })
}

#[test]
fn every_file_and_function_of_one_request_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/ARCHITECTURE.md")).unwrap();
    let names = names(&page, "## One request", "## One CMS change");
    assert!(names.len() > 30, "{names:?}");
    for name in names {
        let (file, function) = name.split_once(": ").map_or((name, None), |(file, name)| (file, Some(name)));
        let path = if file.starts_with("tests/") { root.join(file) } else { root.join("src").join(file) };
        let source = fs::read_to_string(&path).unwrap_or_else(|error| panic!("`{name}`: {error}"));
        if let Some(function) = function {
            assert!(defines(&source, function), "`{file}` has no `{function}`");
        }
    }
}

#[test]
fn a_name_that_only_begins_alike_is_another() {
    assert!(defines("pub(super) async fn prove<'c>(", "prove"));
    assert!(!defines("fn proved()", "prove"));
    assert!(!defines("prove()", "prove"));
}
