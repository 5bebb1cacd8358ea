//! The floors of the house: a module of `src/` uses modules of lower floors only, no files within a module depend on each
//! other in a circle, and no file is too long to read.
//!
//! `docs/ARCHITECTURE.md` has the list of floors, under the heading [`HEADING`]. The test reads the sources themselves, by
//! their `use` items and paths; code under `#[cfg(test)]` may use what it likes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod circles;
mod house;
mod paths;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use circles::circles;
use house::{Edge, House};

/// The heading of the list of floors in `docs/ARCHITECTURE.md`.
const HEADING: &str = "### Floors";

/// The most lines of a source file, without its tests.
const MOST_LINES: usize = 500;

fn house() -> House {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    House::read(&|file| fs::read_to_string(root.join(file)).ok())
}

/// Floors by module, the lowest is 0: the lines of the first indented block under the heading, each up to `#`.
fn floors(architecture: &str) -> BTreeMap<String, usize> {
    let section = architecture.split_once(HEADING).map_or("", |(_, section)| section);
    let block = section.lines().skip_while(|line| !line.starts_with("    "));
    let lines = block.take_while(|line| line.starts_with("    "));
    let mut floors = BTreeMap::new();
    for (floor, line) in lines.enumerate() {
        for name in line.split('#').next().unwrap_or_default().split_whitespace() {
            assert_eq!(
                floors.insert(name.to_owned(), floor),
                None,
                "`{name}` stands twice in the list of floors"
            );
        }
    }
    floors
}

/// The module right below the crate that a file belongs to.
fn room(file: &str) -> &str {
    file.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

/// What is wrong with the order of the modules.
fn disorder(house: &House, floors: &BTreeMap<String, usize>) -> Vec<String> {
    let rooms = house.rooms();
    let listed: BTreeSet<_> = floors.keys().map(String::as_str).collect();
    let mut found: Vec<_> = rooms
        .symmetric_difference(&listed)
        .map(|name| match rooms.contains(name) {
            true => format!(
                "`{name}` is a module of src/lib.rs: write it into the list of floors, above all that it uses"
            ),
            false => {
                format!("`{name}` is in the list of floors, but no module of src/lib.rs: delete it there")
            }
        })
        .collect();
    for Edge { from, to, line, path } in house.edges() {
        let (user, used) = (room(&from), room(&to));
        if user == used || user == "lib" {
            continue;
        }
        if let (Some(above), Some(below)) = (floors.get(user), floors.get(used))
            && above <= below
        {
            found.push(format!(
                "src/{from}:{line} uses `{path}`, but `{used}` is not below `{user}`: move what both need to a module below them"
            ));
        }
    }
    found
}

/// The circles of files within each module.
fn circles_within(house: &House) -> Vec<String> {
    let edges = house.edges();
    let within: Vec<_> = edges.iter().filter(|edge| room(&edge.from) == room(&edge.to)).collect();
    let circles = circles(within.iter().map(|edge| (&*edge.from, &*edge.to)));
    circles
        .iter()
        .map(|circle| {
            let mut told = format!(
                "{} files depend on each other in a circle; move what closes it to a file of its own:",
                circle.len()
            );
            let mut pairs: BTreeMap<_, Vec<_>> = BTreeMap::new();
            for Edge { from, to, line, path } in &within {
                if circle.contains(&&**from) && circle.contains(&&**to) {
                    pairs.entry((from, to)).or_default().push(format!("{path} ({line})"));
                }
            }
            for ((from, to), paths) in pairs {
                write!(told, "\n    src/{from} uses src/{to}: {}", paths.join(", ")).unwrap();
            }
            told
        })
        .collect()
}

/// The files that are too long to read.
fn too_long(house: &House) -> Vec<String> {
    let long = house.lengths().filter(|(_, lines)| *lines > MOST_LINES);
    long.map(|(file, lines)| {
        format!(
            "src/{file} has {lines} lines without its tests, of {MOST_LINES} at most: split it by subject"
        )
    })
    .collect()
}

fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn modules_use_lower_floors_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let floors = floors(&fs::read_to_string(root.join("docs/ARCHITECTURE.md")).unwrap());
    assert!(!floors.is_empty(), "docs/ARCHITECTURE.md has no list under `{HEADING}`");
    assert_none(&disorder(&house(), &floors));
}

#[test]
fn files_of_a_module_depend_on_each_other_in_no_circle() {
    assert_none(&circles_within(&house()));
}

#[test]
fn no_file_is_too_long() {
    assert_none(&too_long(&house()));
}

/// A crate of made-up sources.
fn made_up(sources: &[(&str, &str)]) -> House {
    House::read(&|file| Some(sources.iter().find(|(name, _)| *name == file)?.1.to_owned()))
}

#[test]
fn a_use_of_an_upper_floor_is_reported() {
    let house = made_up(&[
        ("lib.rs", "mod low; mod high; mod alone;"),
        ("low.rs", "fn a(b: crate::high::C) {}\n#[cfg(test)]\nmod tests { use crate::alone::E; }"),
        ("high/mod.rs", "mod d; pub use d::C;"),
        ("high/d.rs", "use crate::low; pub struct C;"),
        ("alone.rs", "use std::fmt; use serde::de; pub struct E;"),
    ]);
    let listed = "# Floors\n\nA list.\n\n### Floors\n\n    low # the ground\n    high gone\n\n    no list";
    let found = disorder(&house, &floors(listed));
    assert_eq!(
        found,
        [
            "`alone` is a module of src/lib.rs: write it into the list of floors, above all that it uses",
            "`gone` is in the list of floors, but no module of src/lib.rs: delete it there",
            "src/low.rs:1 uses `crate::high::C`, but `high` is not below `low`: move what both need to a module below them",
        ]
    );
}

#[test]
fn a_circle_is_reported_through_re_exports_and_inline_modules() {
    let house = made_up(&[
        ("lib.rs", "mod room;"),
        (
            "room/mod.rs",
            "//! Contents.\nmod a; mod b; mod c; mod d;\npub use a::A; pub use b::B; use c::C as Renamed;",
        ),
        ("room/a.rs", "use super::B; pub struct A;"),
        ("room/b.rs", "mod inner { fn f() { super::super::Renamed::new() } } pub struct B;"),
        ("room/c.rs", "use super::a; fn g() -> a::A {} pub struct C;"),
        ("room/d.rs", "use super::{A, B};"),
    ]);
    let found = circles_within(&house);
    assert_eq!(
        found,
        ["3 files depend on each other in a circle; move what closes it to a file of its own:\n    \
          src/room/a.rs uses src/room/b.rs: super::B (1)\n    \
          src/room/b.rs uses src/room/c.rs: super::super::Renamed::new (1)\n    \
          src/room/c.rs uses src/room/a.rs: a::A (1), super::a (1)"]
    );
}

#[test]
fn a_parent_with_code_is_a_file_like_any_other() {
    let parent =
        |code| made_up(&[("lib.rs", "mod a;"), ("a.rs", code), ("a/b.rs", "use super::C; pub fn d() {}")]);
    assert_eq!(circles_within(&parent("mod b; pub use b::d; pub struct C;")), Vec::<String>::new());
    for code in ["mod b; pub struct C; fn e() { b::d() }", "mod b; pub struct C; use b::d; fn e() { d() }"] {
        assert_eq!(circles_within(&parent(code)).len(), 1, "{code}");
    }
}

#[test]
fn a_long_file_is_reported_without_its_tests() {
    let lines = |code: usize, tests: usize| {
        format!(
            "{}#[cfg(test)]\nmod tests {{\n{}}}\n",
            "fn a() {}\n".repeat(code),
            "fn b() {}\n".repeat(tests)
        )
    };
    for (code, tests, found) in [
        (500, 500, None),
        (501, 0, Some("src/lib.rs has 501 lines without its tests, of 500 at most: split it by subject")),
    ] {
        assert_eq!(too_long(&made_up(&[("lib.rs", &lines(code, tests))])).first().map(String::as_str), found);
    }
}
