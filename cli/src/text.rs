//! Text for people: the members of a result, tables and paragraphs that fit a terminal, and how long ago something was.

use serde::Serialize;
use serde_json::Value;
use stagedoor::time::UnixTime;

use crate::output::Output;
use crate::terminal::{self, plain};

/// The members of a JSON object, one a line, their values aligned. Members of members are indented.
pub(crate) fn members(value: &Value) -> String {
    let mut text = String::new();
    describe(value, 0, &mut text);
    text
}

fn describe(value: &Value, indent: usize, text: &mut String) {
    let Some(members) = value.as_object() else {
        text.push_str(&format!("{:indent$}{}\n", "", scalar(value).unwrap_or_else(|| value.to_string())));
        return;
    };
    let members: Vec<_> = members.iter().map(|(name, value)| (plain(name), value)).collect();
    let width = members.iter().map(|(name, _)| terminal::width(name)).max().unwrap_or(0);
    for (name, value) in &members {
        match (value, scalar(value)) {
            (_, Some(scalar)) => {
                text.push_str(&format!("{:indent$}{}  {scalar}\n", "", padded(name, width)));
            }
            (Value::Array(items), None) => {
                text.push_str(&format!("{:indent$}{name}\n", ""));
                for item in items {
                    describe(item, indent + 2, text);
                }
            }
            (value, None) => {
                text.push_str(&format!("{:indent$}{name}\n", ""));
                describe(value, indent + 2, text);
            }
        }
    }
}

/// A value that fits behind its name.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(plain(text)),
        Value::Null => Some("-".to_owned()),
        Value::Array(items) if items.is_empty() => Some("-".to_owned()),
        Value::Array(items) => {
            let items: Option<Vec<_>> =
                items.iter().map(|item| scalar(item).filter(|_| !item.is_array())).collect();
            items.map(|items| items.join(", "))
        }
        Value::Object(members) => members.is_empty().then(|| "-".to_owned()),
        value => Some(value.to_string()),
    }
}

/// The name under which a value stands in JSON.
pub(crate) fn name(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A paragraph, broken at spaces to fit a terminal, each line behind `indent` spaces. A longer word keeps a line of its own.
pub(crate) fn wrapped(paragraph: &str, indent: usize) -> String {
    let words: Vec<_> = paragraph.split_whitespace().collect();
    terminal::paragraph(&plain(&words.join(" ")), Output::COLUMNS, &" ".repeat(indent))
}

/// A text with spaces behind it, up to a width.
fn padded(text: &str, width: usize) -> String {
    format!("{text}{:1$}", "", width.saturating_sub(terminal::width(text)))
}

/// Rows under a head. All columns but the last are aligned. Where a row does not fit a terminal, its last column has a line of its
/// own.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let head = head.iter().map(|cell| (*cell).to_owned()).collect();
    let rows = rows.iter().map(|row| row.iter().map(|cell| plain(cell)).collect());
    let rows: Vec<Vec<String>> = [head].into_iter().chain(rows).collect();
    let last = rows.first().map_or(0, |head| head.len().saturating_sub(1));
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| terminal::width(cell)).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..last).map(width).collect();
    let line = |cells: &Vec<String>| {
        let aligned = cells.iter().zip(&widths).map(|(cell, width)| format!("{}  ", padded(cell, *width)));
        let aligned: String = aligned.collect();
        let last = cells.get(last).map(String::as_str).unwrap_or_default();
        if terminal::width(&aligned) + terminal::width(last) <= Output::COLUMNS {
            format!("{aligned}{last}").trim_end().to_owned()
        } else {
            format!("{}\n{}", aligned.trim_end(), wrapped(last, 4))
        }
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// `2 h ago`, or `in 2 h` for a time to come.
pub(crate) fn ago(time: UnixTime, now: UnixTime) -> String {
    let span = |seconds: u64| match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    };
    if time > now {
        format!("in {}", span(time.secs_since(now)))
    } else {
        format!("{} ago", span(now.secs_since(time)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_are_aligned_and_indented() {
        let value =
            json!({ "ok": true, "grant": { "plans": ["a", "b"], "titles": null }, "rules": [{ "a": 1 }] });
        assert_eq!(members(&value), "grant\n  plans   a, b\n  titles  -\nok     true\nrules\n  a  1\n");
    }

    #[test]
    fn a_row_that_does_not_fit_gives_its_last_column_a_line() {
        let row = |id: &str| vec!["1".to_owned(), id.to_owned()];
        assert_eq!(table(&["REVISION", "ID"], &[row("a")]), "REVISION  ID\n1         a");
        let long = "x".repeat(75);
        let expected = format!("REVISION  ID\n1\n    {long}\n1         a");
        assert_eq!(table(&["REVISION", "ID"], &[row(&long), row("a")]), expected);
    }

    #[test]
    fn paragraphs_fit_a_terminal() {
        let text = wrapped(&"word ".repeat(40), 4);
        assert!(text.lines().all(|line| line.len() <= 80 && line.starts_with("    word")), "{text}");
    }

    #[test]
    fn what_strangers_wrote_does_not_steer_the_terminal() {
        let strange = "\u{1b}[2J";
        let value = json!({ strange: [strange], "a": strange });
        let row = vec![strange.to_owned(), format!("title/a  {strange}")];
        for text in [members(&value), table(&["BY", "DOCUMENT"], &[row]), wrapped(strange, 2)] {
            assert!(text.contains("\\u{1b}[2J") && !text.contains('\u{1b}'), "{text:?}");
        }
    }

    #[test]
    fn wide_letters_count_twice() {
        let row = |by: &str| vec![by.to_owned(), "x".to_owned()];
        assert_eq!(table(&["BY", "ID"], &[row("日本"), row("cms")]), "BY    ID\n日本  x\ncms   x");
    }

    #[test]
    fn times_are_told_from_now() {
        let now = UnixTime::from_secs(1_000_000);
        let at = |seconds| ago(UnixTime::from_secs(seconds), now);
        assert_eq!(
            [at(999_955), at(999_000), at(992_800), at(600_000)],
            ["45 s ago", "16 min ago", "2 h ago", "4 d ago"]
        );
        assert_eq!(at(1_007_200), "in 2 h");
    }
}
