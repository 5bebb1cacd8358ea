//! How often the same refusal or fault has come: for a log that tells it once a minute, and for clients that ask again as
//! fast as they can.
//!
//! The first is told at once. What comes again within a minute is counted, and the count is told with the next one after that
//! minute, or when anything else is noted then. So many are told apart; the others of a minute count as one, so that nobody
//! fills the log, or the memory, by variety.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};

/// For how long the same is counted before it is told again, in milliseconds.
pub const TOLD_EVERY_MS: u64 = 60_000;

/// The most that are told apart.
const MOST: usize = 500;

/// How often it is looked for room, in milliseconds, where there is none.
const LOOKED_EVERY_MS: u64 = 1_000;

/// The longest line that is remembered, in bytes: half a megabyte for all.
const LONGEST_LINE: usize = 1_024;

/// A line of the log: a JSON object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The object's text.
    pub json: String,
    /// It tells that something broke.
    pub is_fault: bool,
}

impl Line {
    /// The line with one number more, if there is anything to count.
    fn counting(&self, name: &str, count: u32) -> Self {
        match self.json.strip_suffix('}') {
            Some(open) if count > 0 => Self { json: format!("{open},\"{name}\":{count}}}"), ..*self },
            _ => self.clone(),
        }
    }
}

/// What came of noting something.
#[derive(Debug, PartialEq, Eq)]
pub struct Noted {
    /// How often it has come within its minute, this time included; `None`: it is not told apart from others.
    pub times: Option<u32>,
    /// What is to be told now.
    pub lines: Vec<Line>,
}

/// What has come lately.
#[derive(Debug, Default)]
pub struct Repeats {
    entries: HashMap<u64, Entry>,
    others: Option<Entry>,
    hasher: RandomState,
    looked_at_ms: u64,
}

#[derive(Debug)]
struct Entry {
    since_ms: u64,
    times: u32,
    line: Line,
}

impl Entry {
    /// Remembers what is told now. Of a longer line, only its count is told afterwards.
    fn new(now_ms: u64, line: Line) -> Self {
        let line = if line.json.len() > LONGEST_LINE {
            Line {
                json: r#"{"kind":"repeated","detail":"a line too long to be remembered"}"#.to_owned(),
                ..line
            }
        } else {
            line
        };
        Self { since_ms: now_ms, times: 1, line }
    }

    const fn is_over(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.since_ms) >= TOLD_EVERY_MS
    }

    /// How often it has come since it was told.
    const fn untold(&self) -> u32 {
        self.times.saturating_sub(1)
    }

    /// Counts one more, or begins a new minute, and says what is to be told of it.
    fn again(&mut self, now_ms: u64, name: &str, line: impl FnOnce() -> Line) -> Option<Line> {
        if !self.is_over(now_ms) {
            self.times = self.times.saturating_add(1);
            return None;
        }
        let line = line();
        let told = line.counting(name, self.untold());
        *self = Self::new(now_ms, line);
        Some(told)
    }

    /// What is still to be told of a minute that is over.
    fn rest(&self, name: &str) -> Option<Line> {
        (self.untold() > 0).then(|| self.line.counting(name, self.untold()))
    }
}

/// How often the same has come since it was told.
const REPEATS: &str = "repeats";

/// How many have come that are not told apart.
const OTHERS: &str = "others";

impl Repeats {
    /// Notes something that `key` names; `line` tells it.
    pub fn note(&mut self, key: &impl Hash, now_ms: u64, line: impl FnOnce() -> Line) -> Noted {
        let key = self.hasher.hash_one(key);
        let is_full = self.entries.len() >= MOST && !self.entries.contains_key(&key);
        let every_ms = if is_full { LOOKED_EVERY_MS } else { TOLD_EVERY_MS };
        let mut lines = Vec::new();
        if now_ms.saturating_sub(self.looked_at_ms) >= every_ms {
            self.looked_at_ms = now_ms;
            self.forget(key, now_ms, &mut lines);
        }
        let (entry, name) = if self.entries.len() < MOST || self.entries.contains_key(&key) {
            (self.entries.get_mut(&key), REPEATS)
        } else {
            (self.others.as_mut(), OTHERS)
        };
        let told_apart = name == REPEATS;
        let times = match entry {
            Some(entry) => {
                lines.extend(entry.again(now_ms, name, line));
                entry.times
            }
            None => {
                let line = line();
                lines.push(line.clone());
                let entry = Entry::new(now_ms, line);
                if told_apart {
                    self.entries.insert(key, entry);
                } else {
                    self.others = Some(entry);
                }
                1
            }
        };
        Noted { times: told_apart.then_some(times), lines }
    }

    /// Forgets what has not come for a minute, and tells what is still to be told of it. What `but` names has just come.
    fn forget(&mut self, but: u64, now_ms: u64, lines: &mut Vec<Line>) {
        self.entries.retain(|key, entry| {
            let goes = entry.is_over(now_ms) && *key != but;
            lines.extend(entry.rest(REPEATS).filter(|_| goes));
            !goes
        });
        if let Some(others) = self.others.take_if(|others| others.is_over(now_ms)) {
            lines.extend(others.rest(OTHERS));
        }
    }
}

/// Requests that are held before they are answered: so many at a time. It counts by their times, since a request that is cut
/// off does not say so.
#[derive(Debug, Default)]
pub struct Held {
    ends_at_ms: Vec<u64>,
}

/// The most requests that an isolate holds at a time.
const MOST_HELD: usize = 200;

impl Held {
    /// Whether one more is held, for so long.
    pub fn begin(&mut self, now_ms: u64, hold_ms: u64) -> bool {
        if self.ends_at_ms.len() >= MOST_HELD {
            self.ends_at_ms.retain(|ends_at_ms| *ends_at_ms > now_ms);
        }
        let is_room = self.ends_at_ms.len() < MOST_HELD;
        if is_room {
            self.ends_at_ms.push(now_ms.saturating_add(hold_ms));
        }
        is_room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let noted = repeats.note(&"a", turn * 3_600_000 / 94_000, || line("a"));
            lines.extend(noted.lines.into_iter().map(|line| line.json));
        }
        assert_eq!(lines.len(), 60);
        let last = repeats.note(&"a", 7_200_000, || line("a"));
        lines.extend(last.lines.into_iter().map(|line| line.json));
        assert_eq!(last.times, Some(1));
        assert_eq!((lines.len(), told(&lines, "repeats")), (61, 94_001 - 61), "none is lost");
        assert_eq!(lines[0], r#"{"kind":"a"}"#);
    }

    #[test]
    fn what_does_not_come_again_is_told_with_another() {
        let mut repeats = Repeats::default();
        for _ in 0..5 {
            repeats.note(&"a", 0, || line("a"));
        }
        let noted = repeats.note(&"b", TOLD_EVERY_MS, || line("b"));
        let lines: Vec<_> = noted.lines.into_iter().map(|line| line.json).collect();
        assert_eq!(lines, [r#"{"kind":"a","repeats":4}"#, r#"{"kind":"b"}"#]);
    }

    #[test]
    fn variety_fills_neither_the_log_nor_the_memory() {
        let mut repeats = Repeats::default();
        let mut lines = Vec::new();
        for turn in 0..100_000_u64 {
            let noted = repeats.note(&turn, turn / 10, || line("x"));
            assert_eq!(noted.times.is_some(), turn < 500, "{turn}");
            lines.extend(noted.lines.into_iter().map(|line| line.json));
        }
        assert_eq!((repeats.entries.len(), lines.len()), (MOST, MOST + 1));
        // A minute later those who were not told apart are told as one.
        for turn in 0..501_u64 {
            let noted = repeats.note(&(turn + 1_000_000), 10_000 + TOLD_EVERY_MS, || line("y"));
            lines.extend(noted.lines.into_iter().map(|line| line.json));
        }
        assert_eq!(repeats.entries.len(), MOST);
        assert_eq!(told(&lines, "others"), 100_000 - 500 - 1);
    }

    #[test]
    fn a_long_line_is_told_once_and_not_remembered() {
        let mut repeats = Repeats::default();
        let long = || line(&"x".repeat(10_000));
        assert_eq!(repeats.note(&"a", 0, long).lines[0].json, long().json);
        assert!(repeats.note(&"a", 1, long).lines.is_empty());
        let rest = &repeats.note(&"b", TOLD_EVERY_MS, || line("b")).lines[0].json;
        assert!(rest.len() < LONGEST_LINE && rest.ends_with(",\"repeats\":1}"), "{rest}");
    }

    #[test]
    fn so_many_requests_are_held_at_a_time() {
        let mut held = Held::default();
        assert_eq!((0..1_000).filter(|_| held.begin(0, 1_000)).count(), MOST_HELD);
        assert!(!held.begin(999, 1_000));
        assert_eq!((0..1_000).filter(|_| held.begin(1_000, 1_000)).count(), MOST_HELD);
        assert_eq!(held.ends_at_ms.len(), MOST_HELD);
    }
}
