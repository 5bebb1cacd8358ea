//! Decisions as tables for a terminal.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::matrix::{Matrix, Named, Row};
use super::words::cell;
use crate::terminal;

/// The most places of a row that are listed by name.
const MOST_NAMES: usize = 6;

/// The least width of a plan's column that holds more. Longer cells continue in the next line.
const LEAST: usize = 16;

/// A table for each title and instant. If the plans do not fit the width, the table is split by plans.
pub(super) fn tables(matrix: &Matrix<'_>, width: usize) -> String {
    let mut text = String::new();
    let mut notes = Notes::default();
    for title in &matrix.titles {
        for at in &matrix.instants {
            let rows = matrix.rows(title, *at);
            let heading = format!("{} on {}, {at}{}", title.id, matrix.site.host, common(matrix));
            let _infallible =
                writeln!(text, "{}\n", terminal::wrap(&terminal::plain(&heading), width, "", "  "));
            table(&mut text, matrix, &rows, width, &mut notes);
        }
    }
    for line in notes.lines(matrix) {
        let _infallible = writeln!(text, "{}", terminal::wrap(&terminal::plain(&line), width, "", "  "));
    }
    text
}

/// The properties that all viewers have in common.
fn common(matrix: &Matrix<'_>) -> String {
    let [first, ..] = matrix.viewers.as_slice() else { return String::new() };
    let mut words = Vec::new();
    let is_common = [
        matrix.viewers.iter().all(|other| other.device.0 == first.device.0),
        matrix.viewers.iter().all(|other| other.age.0 == first.age.0),
        matrix.viewers.iter().all(|other| other.entitlements.0 == first.entitlements.0),
    ];
    let values =
        [("device", &first.device.0), ("age", &first.age.0), ("entitlements", &first.entitlements.0)];
    for (is_common, (name, value)) in is_common.into_iter().zip(values) {
        // What nothing is known about goes without saying.
        if is_common && !["unknown", "none"].contains(&value.as_str()) {
            words.push(format!(", {name} {value}"));
        }
    }
    words.concat()
}

/// The value of a row's column.
type Value = fn(&Row<'_>) -> String;

fn table(text: &mut String, matrix: &Matrix<'_>, rows: &[Row<'_>], width: usize, notes: &mut Notes) {
    let varies = |value: Value| {
        let mut values = rows.iter().map(value);
        let first = values.next();
        values.any(|other| Some(other) != first)
    };
    let columns: [(&str, Value); 3] = [
        ("device", |row| row.person.device.0.clone()),
        ("age", |row| row.person.age.0.clone()),
        ("entitlements", |row| row.person.entitlements.0.clone()),
    ];
    let columns: Vec<_> = columns.into_iter().filter(|(_, value)| varies(*value)).collect();
    let heads =
        ["place"].into_iter().chain(columns.iter().map(|(name, _)| *name)).map(str::to_owned).collect();
    let mut lines: Vec<Vec<String>> = vec![heads];
    for row in rows {
        let place = notes.place(row);
        lines.push([place].into_iter().chain(columns.iter().map(|(_, value)| value(row))).collect());
    }
    let plans: Vec<Vec<String>> = matrix
        .plans
        .iter()
        .enumerate()
        .map(|(number, Named(name, _))| {
            let head = if name == "none" { "no plan".to_owned() } else { name.clone() };
            let cells = rows.iter().filter_map(|row| row.decisions.get(number)).map(cell);
            [head].into_iter().chain(cells).collect()
        })
        .collect();
    let plain =
        |cells: Vec<String>| -> Vec<String> { cells.iter().map(|cell| terminal::plain(cell)).collect() };
    let lines: Vec<_> = lines.into_iter().map(plain).collect();
    let plans: Vec<_> = plans.into_iter().map(plain).collect();
    let left: usize = widths(&lines).iter().map(|width| width + GAP).sum();
    let room = width.saturating_sub(left).max(LEAST);
    let widest =
        |cells: &[String]| cells.iter().map(|cell| terminal::width(cell)).max().unwrap_or_default().min(room);
    let mut from = 0;
    while from < plans.len() {
        let mut used = 0;
        let mut until = from;
        while let Some(cells) = plans.get(until) {
            let more = widest(cells) + if until == from { 0 } else { GAP };
            if until > from && used + more > room {
                break;
            }
            used += more;
            until += 1;
        }
        let shown = plans.get(from..until).unwrap_or_default();
        write_table(text, &lines, shown, room);
        text.push('\n');
        from = until;
    }
}

/// The spaces between two columns.
const GAP: usize = 2;

fn widths(lines: &[Vec<String>]) -> Vec<usize> {
    let columns = lines.first().map_or(0, Vec::len);
    let widest = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| terminal::width(cell)).max()
    };
    (0..columns).map(|column| widest(column).unwrap_or_default()).collect()
}

/// Writes columns: those on the left, then those of some plans, whose cells are broken at `room`.
fn write_table(text: &mut String, lines: &[Vec<String>], plans: &[Vec<String>], room: usize) {
    let left = widths(lines);
    let broken: Vec<Vec<Vec<String>>> =
        plans.iter().map(|cells| cells.iter().map(|cell| terminal::lines(cell, room)).collect()).collect();
    let right: Vec<_> = broken
        .iter()
        .map(|cells| cells.iter().flatten().map(|line| terminal::width(line)).max().unwrap_or_default())
        .collect();
    for (number, line) in lines.iter().enumerate() {
        let cells: Vec<_> = broken.iter().filter_map(|plan| plan.get(number)).collect();
        let height = cells.iter().map(|cell| cell.len()).max().unwrap_or_default().max(1);
        for at in 0..height {
            let own = line.iter().map(|cell| if at == 0 { cell.as_str() } else { "" });
            let of_plans = cells.iter().map(|cell| cell.get(at).map_or("", String::as_str));
            let mut written = String::new();
            for (cell, width) in own.chain(of_plans).zip(left.iter().chain(&right)) {
                written.push_str(cell);
                written.push_str(&" ".repeat(width.saturating_sub(terminal::width(cell)) + GAP));
            }
            text.push_str(written.trim_end());
            text.push('\n');
        }
    }
}

/// What the tables need to have explained below them.
#[derive(Default)]
struct Notes {
    /// The places that a name stands for.
    stands_for: BTreeMap<String, String>,
    is_unknown: bool,
}

impl Notes {
    /// The name of a row's place, with a note of what it stands for.
    fn place(&mut self, row: &Row<'_>) -> String {
        self.is_unknown |= row.place == "XX";
        let Some(places) = &row.decided_at else { return row.place.to_owned() };
        if row.is_part {
            return format!("{}: {}", row.place, listed(places, 3));
        }
        let note = || match row.place {
            "*" => format!("everywhere else, {} places", places.len()),
            _ => listed(places, MOST_NAMES),
        };
        self.stands_for.entry(row.place.to_owned()).or_insert_with(note);
        row.place.to_owned()
    }

    fn lines(&self, matrix: &Matrix<'_>) -> Vec<String> {
        let mut lines =
            vec!["A cell is the offer with its limits, or `-` and the reason of the refusal.".to_owned()];
        if self.is_unknown {
            lines.push("XX is an unknown place.".to_owned());
        }
        lines.extend(self.stands_for.iter().map(|(name, places)| format!("{name} is {places}.")));
        lines.extend(
            matrix.undefined().map(|name| format!("{name} is not defined by the site: nobody is in it.")),
        );
        lines
    }
}

/// The first few of a list.
fn listed(names: &[&str], most: usize) -> String {
    match names.split_at_checked(most) {
        Some((shown, rest)) if !rest.is_empty() => format!("{} and {} more", shown.join(", "), rest.len()),
        _ => names.join(", "),
    }
}
