//! The lines of an edge's log: what they are about, and how they read.

use serde_json::Value;

use crate::terminal::plain;

/// A line of the log.
#[derive(Debug)]
pub(super) struct Event {
    /// The time of day in UTC, if the source of the line has one: `14:22:47`.
    time: Option<String>,
    /// The edge's own line.
    pub(super) line: Value,
}

/// Which lines are shown. Without filters, all.
#[derive(clap::Args, Debug)]
pub(super) struct Filters {
    /// Only lines with this reason, such as `territory`. May be repeated.
    #[arg(long, value_name = "CODE")]
    reason: Vec<String>,
    /// Only lines about this title. May be repeated.
    #[arg(long, value_name = "ID")]
    title: Vec<String>,
    /// Only lines about this host. May be repeated.
    #[arg(long, value_name = "HOST")]
    host: Vec<String>,
}

impl Filters {
    pub(super) fn show(&self, event: &Event) -> bool {
        let fits = |wanted: &[String], found: Option<&str>| {
            wanted.is_empty() || found.is_some_and(|found| wanted.iter().any(|wanted| wanted == found))
        };
        fits(&self.reason, event.text("reason"))
            && fits(&self.title, event.title())
            && fits(&self.host, event.text("host"))
    }
}

/// The kinds of lines, and the word for each.
const KINDS: [(&str, &str); 6] = [
    ("denial", "REFUSED"),
    ("fault", "FAULT"),
    ("rehearsal", "REHEARSED"),
    ("reuse", "REUSED"),
    ("explain refused", "REFUSED explain"),
    ("sync refused", "REFUSED sync"),
];

impl Event {
    /// Takes a line of the edge. `None`: it is another program's.
    pub(super) fn of(line: Value, time: Option<String>) -> Option<Self> {
        let kind = line.get("kind").and_then(Value::as_str)?;
        KINDS.iter().any(|(known, _)| *known == kind).then_some(Self { time, line })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.line.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// The title, which begins the resource.
    fn title(&self) -> Option<&str> {
        self.text("resource")?.split('/').next()
    }

    /// `14:22:47  REFUSED territory  watch.example.com/harbour/master.m3u8  from GB  none of the 2 offers …`
    pub(super) fn told(&self) -> String {
        let kind = self.text("kind").unwrap_or_default();
        let word = KINDS.iter().find(|(known, _)| *known == kind).map_or(kind, |(_, word)| word);
        let what = [Some(word), self.text("reason")].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let where_ =
            [self.text("host"), self.text("resource")].into_iter().flatten().collect::<Vec<_>>().join("/");
        let count = |name: &str, of: &str| {
            let count = self.line.get(name).and_then(Value::as_u64).filter(|count| *count > 0)?;
            Some(format!("({count} {of})"))
        };
        let words = [
            self.time.clone(),
            Some(what),
            Some(where_).filter(|text| !text.is_empty()),
            self.text("place").map(|place| format!("from {place}")),
            self.text("session").map(|session| format!("session {session}")),
            count("repeats", "more"),
            count("others", "others"),
            count("uses", "uses"),
            self.text("detail").map(str::to_owned),
        ];
        plain(&words.into_iter().flatten().collect::<Vec<_>>().join("  "))
    }
}
