//! Each promise of `docs/SECURITY.md` names tests that exist.

use std::fs;
use std::path::Path;

/// A promise is a row of a table whose last cell names tests: `` `path`: `name`, `name`; `path`: `name` ``.
#[test]
fn each_promise_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/SECURITY.md")).unwrap();
    let mut is_of_promises = false;
    let promises = page.lines().filter(|line| {
        let is_row = line.starts_with("| ") && !line.starts_with("| ---");
        let is_head = is_row && line.ends_with(" | held by |");
        is_of_promises = is_head || (is_of_promises && line.starts_with('|'));
        is_of_promises && is_row && !is_head
    });
    let mut count = 0;
    for promise in promises {
        let cell = promise.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        for tests in cell.split("; ") {
            let (file, names) = tests.split_once(": ").unwrap_or_else(|| panic!("no test: {promise}"));
            let file = file.trim_matches('`');
            let source =
                fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            for name in names.split("`, `") {
                let name = name.trim_matches('`');
                let found = if file.ends_with(".rs") {
                    source.contains(&format!("fn {name}("))
                } else {
                    source.contains(name)
                };
                assert!(!name.is_empty() && found, "{file} has no test `{name}`");
                count += 1;
            }
        }
    }
    assert!(count > 0, "docs/SECURITY.md names no tests");
}
