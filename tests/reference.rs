//! `docs/REFERENCE.md` lists the reasons and faults that the code has. `UPDATE=1 cargo test --test reference` writes
//! the lists anew.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use stagedoor::denial::Reason;
use stagedoor::fault::FaultKind;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/REFERENCE.md");

#[test]
fn the_lists_are_those_of_the_code() {
    let reasons = Reason::ALL.iter().map(|reason| (reason.code(), reason.status(), reason.meaning()));
    let faults = FaultKind::ALL.iter().map(|kind| (kind.code(), kind.status(), kind.meaning()));
    let found = fs::read_to_string(PATH).unwrap();
    let expected = with_list(&with_list(&found, "denials", reasons), "faults", faults);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(PATH, &expected).unwrap();
    } else {
        assert!(found == expected, "docs/REFERENCE.md is behind: UPDATE=1 cargo test --test reference");
    }
}

fn with_list<'a>(text: &str, name: &str, rows: impl Iterator<Item = (&'a str, u16, &'a str)>) -> String {
    let start = format!("<!-- {name}: written by tests/reference.rs -->\n");
    let (before, rest) = text.split_once(&start).unwrap();
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    let rows: String =
        rows.map(|(code, status, meaning)| format!("| `{code}` | {status} | {meaning} |\n")).collect();
    format!(
        "{before}{start}\n| reason | status | meaning |\n| --- | --- | --- |\n{rows}\n<!-- end -->{after}"
    )
}
