//! `docs/REFERENCE.md` lists the reasons and faults that the code has. `UPDATE=1 cargo test --test reference` writes
//! the lists anew.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use stagedoor::denial::Reason;
use stagedoor::fault::FaultKind;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/REFERENCE.md");

#[test]
fn the_lists_are_those_of_the_code() {
    let reasons = Reason::ALL.iter().map(|reason| {
        [reason.code(), &reason.status().to_string(), reason.meaning(), reason.remedy()].map(str::to_owned)
    });
    let faults = FaultKind::ALL
        .iter()
        .map(|kind| [kind.code(), &kind.status().to_string(), kind.meaning()].map(str::to_owned));
    let found = fs::read_to_string(PATH).unwrap();
    let expected = with_list(&found, "denials", ["reason", "status", "meaning", "remedy"], reasons);
    let expected = with_list(&expected, "faults", ["reason", "status", "meaning"], faults);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(PATH, &expected).unwrap();
    } else {
        assert!(found == expected, "docs/REFERENCE.md is behind: UPDATE=1 cargo test --test reference");
    }
}

/// Puts the table of `rows` between the marks of a list; the first column is code.
fn with_list<const N: usize>(
    text: &str,
    name: &str,
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> String {
    let start = format!("<!-- {name}: written by tests/reference.rs -->\n");
    let (before, rest) = text.split_once(&start).unwrap();
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    let rows: String =
        rows.map(|row| format!("| `{} |\n", row.join(" | ").replacen(" |", "` |", 1))).collect();
    let rule = ["---"; N].join(" | ");
    format!("{before}{start}\n| {} |\n| {rule} |\n{rows}\n<!-- end -->{after}", head.join(" | "))
}
