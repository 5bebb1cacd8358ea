//! Refusals and faults that repeat. The log has each of them once a minute. Their count shows which client asks again as fast as
//! it can.
//!
//! The first one is logged at once. Repeats within a minute are counted, and their count is logged with the next one after
//! that minute, or when anything else is noted then.
//!
//! Only a limited number of lines is told apart, because strangers can multiply them: they make up titles, and come from many
//! addresses. So they can neither fill the log or the memory, nor hide anybody else's lines:
//!
//! - Faults, denials, and refusals of the edge's own endpoints have a table each ([`Class`]).
//! - In a table, a host takes at most as many places as stay free. So the first host takes half, and the next one finds places.
//! - A line without a place is counted with the others of its host and reason, and that count is logged once a minute, too.
//!   Beyond a number of hosts and reasons, it is counted with the others of its reason.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher};

use crate::denial::Reason;
use crate::fault::FaultKind;
use crate::shelf::plan::APART;

/// For how long repeats are counted before they are logged, in milliseconds.
pub const TOLD_EVERY_MS: u64 = 60_000;

/// The most lines that a table tells apart.
const MOST: usize = 256;

/// The most pairs of host and reason under which a table counts others.
const MOST_OTHERS: usize = 64;

/// How many reasons the tables have together: one for each denial and fault, and the edge's own endpoints.
const REASONS: usize = Reason::ALL.len() + FaultKind::ALL.len() + 2;

const _: () = assert!(
    (3 * (MOST + MOST_OTHERS) + REASONS) * (LONGEST_LINE + size_of::<(u64, Entry)>() * 2) <= APART - 8 * 1024,
    "the lines take more than is set apart for them"
);

/// How often a full table is searched for room, in milliseconds.
const LOOKED_EVERY_MS: u64 = 1_000;

/// The longest line that is remembered, in bytes.
const LONGEST_LINE: usize = 1_024;

/// A line of the log: a JSON object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The object's text.
    pub json: String,
    /// Something broke.
    pub is_fault: bool,
}

impl Line {
    /// The line with a count, unless that is zero.
    fn counting(&self, name: &str, count: u32) -> Self {
        match self.json.strip_suffix('}') {
            Some(open) if count > 0 => Self { json: format!("{open},\"{name}\":{count}}}"), ..*self },
            _ => self.clone(),
        }
    }
}

/// What follows from noting a line.
#[derive(Debug, PartialEq, Eq)]
pub struct Noted {
    /// How often the line has come within its minute, this time included; `None`: it is not told apart from others.
    pub times: Option<u32>,
    /// The lines to be logged now.
    pub lines: Vec<Line>,
}

/// The kinds of line that are counted apart, so that none hides another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Something broke.
    Fault,
    /// A viewer is refused.
    Denial,
    /// One of the edge's own endpoints refuses.
    Control,
}

/// The subject of a line.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its table.
    pub class: Class,
    /// The site's host; `None`: no site is known. Strangers make up as many hosts as they like.
    pub host: Option<&'a str>,
    /// One of the program's own reasons.
    pub reason: &'static str,
}

/// The lines of the last minute.
#[derive(Debug, Default)]
pub struct Repeats {
    faults: Table,
    denials: Table,
    control: Table,
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Table {
    entries: HashMap<u64, Entry>,
    /// Counts of lines without a place, by host and reason, or by reason.
    others: HashMap<u64, Entry>,
    looked_at_ms: u64,
}

#[derive(Debug)]
struct Entry {
    /// A hash of the host.
    host: u64,
    since_ms: u64,
    times: u32,
    line: Line,
}

impl Entry {
    /// Remembers a line that is logged now. Of a line that is too long to be remembered, only the count is logged later.
    fn new(host: u64, now_ms: u64, line: Line) -> Self {
        let line = if line.json.len() > LONGEST_LINE {
            Line {
                json: r#"{"kind":"repeated","detail":"a line too long to be remembered"}"#.to_owned(),
                ..line
            }
        } else {
            line
        };
        Self { host, since_ms: now_ms, times: 1, line }
    }

    const fn is_over(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.since_ms) >= TOLD_EVERY_MS
    }

    /// How many repeats are not logged yet.
    const fn untold(&self) -> u32 {
        self.times.saturating_sub(1)
    }

    /// Counts one more, or begins a new minute with a line to be logged.
    fn again(&mut self, now_ms: u64, name: &str, line: impl FnOnce() -> Line) -> Option<Line> {
        if !self.is_over(now_ms) {
            self.times = self.times.saturating_add(1);
            return None;
        }
        let line = line();
        let told = line.counting(name, self.untold());
        *self = Self::new(self.host, now_ms, line);
        Some(told)
    }

    /// The line of a minute that is over, if it has repeats that are not logged yet.
    fn rest(&self, name: &str) -> Option<Line> {
        (self.untold() > 0).then(|| self.line.counting(name, self.untold()))
    }
}

/// The member with the count of repeats since the line was logged.
const REPEATS: &str = "repeats";

/// The member with the count of lines that are not told apart.
const OTHERS: &str = "others";

impl Repeats {
    /// Notes the line of a key, which `line` writes.
    pub fn note(
        &mut self,
        subject: &Subject<'_>,
        key: &impl Hash,
        now_ms: u64,
        line: impl FnOnce() -> Line,
    ) -> Noted {
        let Subject { class, host, reason } = *subject;
        let hash = |name: &dyn Fn(&mut DefaultHasher)| {
            let mut hasher = self.hasher.build_hasher();
            name(&mut hasher);
            hasher.finish()
        };
        let names = Names {
            key: hash(&|hasher| (host, reason, key).hash(hasher)),
            host: hash(&|hasher| host.hash(hasher)),
            of_host: hash(&|hasher| (host, reason).hash(hasher)),
            of_all: hash(&|hasher| reason.hash(hasher)),
        };
        let mut lines = Vec::new();
        for (of, table) in [
            (Class::Fault, &mut self.faults),
            (Class::Denial, &mut self.denials),
            (Class::Control, &mut self.control),
        ] {
            let wants = (of == class).then_some(&names);
            let is_full = wants.is_some_and(|names| !table.has_place(names));
            let every_ms = if is_full { LOOKED_EVERY_MS } else { TOLD_EVERY_MS };
            if now_ms.saturating_sub(table.looked_at_ms) >= every_ms {
                table.looked_at_ms = now_ms;
                table.forget(wants, now_ms, &mut lines);
            }
        }
        let table = match class {
            Class::Fault => &mut self.faults,
            Class::Denial => &mut self.denials,
            Class::Control => &mut self.control,
        };
        table.note(&names, now_ms, line, lines)
    }
}

/// The hashes that a line is counted under.
struct Names {
    key: u64,
    host: u64,
    /// The others of its host and reason.
    of_host: u64,
    /// The others of its reason.
    of_all: u64,
}

impl Table {
    /// Whether the line is told apart: a host takes at most as many places as stay free.
    fn has_place(&self, names: &Names) -> bool {
        let own = || self.entries.values().filter(|entry| entry.host == names.host).count();
        let free = MOST - self.entries.len().min(MOST);
        self.entries.contains_key(&names.key) || own() + 2 <= free
    }

    fn note(
        &mut self,
        names: &Names,
        now_ms: u64,
        line: impl FnOnce() -> Line,
        mut lines: Vec<Line>,
    ) -> Noted {
        let told_apart = self.has_place(names);
        let (entries, key, name) = if told_apart {
            (&mut self.entries, names.key, REPEATS)
        } else if self.others.len() < MOST_OTHERS || self.others.contains_key(&names.of_host) {
            (&mut self.others, names.of_host, OTHERS)
        } else {
            (&mut self.others, names.of_all, OTHERS)
        };
        let times = match entries.get_mut(&key) {
            Some(entry) => {
                lines.extend(entry.again(now_ms, name, line));
                entry.times
            }
            None => {
                let line = line();
                lines.push(line.clone());
                entries.insert(key, Entry::new(names.host, now_ms, line));
                1
            }
        };
        Noted { times: told_apart.then_some(times), lines }
    }

    /// Forgets lines that are a minute old, and logs their repeats. The line that `but` names has just come again.
    fn forget(&mut self, but: Option<&Names>, now_ms: u64, lines: &mut Vec<Line>) {
        let but = but.map(|names| names.key);
        for (entries, name) in [(&mut self.entries, REPEATS), (&mut self.others, OTHERS)] {
            entries.retain(|key, entry| {
                let goes = entry.is_over(now_ms) && Some(*key) != but;
                lines.extend(entry.rest(name).filter(|_| goes));
                !goes
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENIED: Subject<'_> =
        Subject { class: Class::Denial, host: Some("a.example"), reason: "token_missing" };

    fn line(text: &str) -> Line {
        Line { json: format!("{{\"kind\":\"{text}\"}}"), is_fault: false }
    }

    /// The sum of the counts that lines tell, each line itself included.
    fn told(lines: &[String], name: &str) -> u64 {
        let counts = lines.iter().map(|line| {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            value[name].as_u64().unwrap_or_default()
        });
        counts.sum()
    }

    #[test]
    fn what_comes_for_an_hour_is_told_once_a_minute_with_its_count() {
        let mut repeats = Repeats::default();
        let mut lines = Vec::new();
        // 94,000 in an hour, and one an hour later.
        for turn in 0..94_000_u64 {
            let noted = repeats.note(&DENIED, &"a", turn * 3_600_000 / 94_000, || line("a"));
            lines.extend(noted.lines.into_iter().map(|line| line.json));
        }
        assert_eq!(lines.len(), 60);
        let last = repeats.note(&DENIED, &"a", 7_200_000, || line("a"));
        lines.extend(last.lines.into_iter().map(|line| line.json));
        assert_eq!(last.times, Some(1));
        assert_eq!((lines.len(), told(&lines, "repeats")), (61, 94_001 - 61), "none is lost");
        assert_eq!(lines[0], r#"{"kind":"a"}"#);
    }

    #[test]
    fn what_does_not_come_again_is_told_with_another() {
        let mut repeats = Repeats::default();
        for _ in 0..5 {
            repeats.note(&DENIED, &"a", 0, || line("a"));
        }
        let noted = repeats.note(&DENIED, &"b", TOLD_EVERY_MS, || line("b"));
        let lines: Vec<_> = noted.lines.into_iter().map(|line| line.json).collect();
        assert_eq!(lines, [r#"{"kind":"a","repeats":4}"#, r#"{"kind":"b"}"#]);
    }

    #[test]
    fn variety_fills_neither_the_log_nor_the_memory() {
        let mut repeats = Repeats::default();
        let mut lines = Vec::new();
        for turn in 0..100_000_u64 {
            let noted = repeats.note(&DENIED, &turn, turn / 10, || line("x"));
            assert_eq!(noted.times.is_some(), turn < 128, "{turn}");
            lines.extend(noted.lines.into_iter().map(|line| line.json));
        }
        assert_eq!((repeats.denials.entries.len(), lines.len()), (128, 128 + 1));
        // A minute later those who were not told apart are told as one.
        for turn in 0..129_u64 {
            let noted = repeats.note(&DENIED, &(turn + 1_000_000), 10_000 + TOLD_EVERY_MS, || line("y"));
            lines.extend(noted.lines.into_iter().map(|line| line.json));
        }
        assert_eq!(told(&lines, "others"), 100_000 - 128 - 1);
    }

    /// Strangers make up titles, addresses and hosts, for every site that they know and for none.
    #[test]
    fn strangers_variety_hides_neither_faults_nor_refusals_of_others() {
        let mut repeats = Repeats::default();
        let hosts: Vec<_> = (0..300).map(|at| format!("h{at}.example")).collect();
        for turn in 0..50_000_usize {
            let host = hosts.get(turn % 400).map(String::as_str);
            let subject = Subject { host, ..DENIED };
            repeats.note(&subject, &turn, 0, || line("flood"));
        }
        let fault = Subject { class: Class::Fault, host: Some("b.example"), reason: "upstream_status" };
        let noted = repeats.note(&fault, &"t", 1, || Line { is_fault: true, ..line("b") });
        assert_eq!(noted, Noted { times: Some(1), lines: vec![Line { is_fault: true, ..line("b") }] });
        let control = Subject { class: Class::Control, host: None, reason: "sync" };
        assert_eq!(repeats.note(&control, &"s", 1, || line("sync")).lines, [line("sync")]);
        // Another reason is told, with whatever place there is.
        let other = Subject { host: Some("b.example"), reason: "session_expired", ..DENIED };
        assert_eq!(repeats.note(&other, &"o", 1, || line("other")).lines, [line("other")]);
        let size = repeats.denials.entries.len() + repeats.denials.others.len();
        assert!(size <= MOST + MOST_OTHERS + 2, "{size}");
    }

    #[test]
    fn one_hosts_variety_leaves_places_for_the_next_and_others_are_told_by_host_and_reason() {
        let mut repeats = Repeats::default();
        for turn in 0..1_000 {
            repeats.note(&DENIED, &turn, 0, || line("a"));
        }
        let next = Subject { host: Some("b.example"), ..DENIED };
        let apart = (0..1_000).filter(|turn| repeats.note(&next, turn, 0, || line("b")).times.is_some());
        assert_eq!(apart.count(), 64);
        // Each of the two is told within the next minute, though neither has a place.
        let mut lines = Vec::new();
        for (subject, text) in [(DENIED, "a"), (next, "b")] {
            let noted = repeats.note(&subject, &"late", TOLD_EVERY_MS, || line(text));
            lines.extend(noted.lines.into_iter().map(|line| line.json));
        }
        let of = |text: &str| {
            let own: Vec<_> = lines.iter().filter(|line| line.contains(text)).cloned().collect();
            told(&own, "others")
        };
        assert_eq!((of(r#""a""#), of(r#""b""#)), (1_000 - 128 - 1, 1_000 - 64 - 1));
    }

    #[test]
    fn a_long_line_is_told_once_and_not_remembered() {
        let mut repeats = Repeats::default();
        let long = || line(&"x".repeat(10_000));
        assert_eq!(repeats.note(&DENIED, &"a", 0, long).lines[0].json, long().json);
        assert!(repeats.note(&DENIED, &"a", 1, long).lines.is_empty());
        let rest = &repeats.note(&DENIED, &"b", TOLD_EVERY_MS, || line("b")).lines[0].json;
        assert!(rest.len() < LONGEST_LINE && rest.ends_with(",\"repeats\":1}"), "{rest}");
    }
}
