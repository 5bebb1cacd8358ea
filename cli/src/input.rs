//! Files, standard input and the clock: the inputs that the core gets as arguments.

use std::fmt::Display;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, Instant, SystemTime};

use serde::de::DeserializeOwned;
use serde_json::Value;
use stagedoor::reading::{self, Tree, Unreadable};
use stagedoor::time::UnixTime;

use crate::failure::{Misuse, io_reason};

/// How messages call a file.
pub(crate) fn name(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() }
}

/// Reads a file, or standard input for `-`.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, Misuse> {
    let read = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(path)
    };
    read.map_err(|error| Misuse(format!("{}: {}", name(path), io_reason(&error))))
}

/// Reads a JSON file. What is wrong with it is said in plain words, unknown members included.
pub(crate) fn json<T: DeserializeOwned>(path: &Path) -> Result<T, Misuse> {
    reading::read(&bytes(path)?).map_err(|error| Misuse(format!("{}: {error}", name(path))))
}

/// Reads a JSON file in the same way, but for a member that other commands add to it.
pub(crate) fn json_without<T: DeserializeOwned>(path: &Path, member: &str) -> Result<T, Misuse> {
    let mut tree = Tree::parse(&bytes(path)?).map_err(|error| Misuse(format!("{}: {error}", name(path))))?;
    tree.take(member);
    match tree.read() {
        (Some(value), errors) if errors.is_empty() => Ok(value),
        (_, errors) => Err(Misuse(format!("{}: {}", name(path), Unreadable::Fields(errors)))),
    }
}

/// Reads a document: as the CMS writes it, with its revision, or in a reply of the origin service.
pub(crate) fn document<T: DeserializeOwned>(path: &Path) -> Result<T, Misuse> {
    document_in(&bytes(path)?).map_err(|error| Misuse(format!("{}: {error}", name(path))))
}

/// The same, from its JSON.
pub(crate) fn document_in<T: DeserializeOwned>(json: &[u8]) -> Result<T, Unreadable> {
    let mut tree = Tree::parse(json)?;
    if tree.member("key").is_some()
        && let Some(document) = tree.take("document")
    {
        tree = document;
    }
    tree.take("revision");
    match tree.read() {
        (Some(document), errors) if errors.is_empty() => Ok(document),
        (_, errors) => Err(Unreadable::Fields(errors)),
    }
}

/// Reads a file that has to be JSON, and returns its bytes.
pub(crate) fn json_bytes(path: &Path) -> Result<Vec<u8>, Misuse> {
    let bytes = bytes(path)?;
    match Tree::parse(&bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Misuse(format!("{}: {error}", name(path)))),
    }
}

/// Reads a value that is a part of another input. What is wrong with it is said in plain words.
pub(crate) fn typed<T: DeserializeOwned>(value: &Value) -> Result<T, Unreadable> {
    reading::read(value.to_string().as_bytes())
}

/// Reads an instant: RFC 3339, or Unix seconds.
pub(crate) fn instant(text: &str) -> Result<UnixTime, String> {
    match text.parse() {
        Ok(secs) => Ok(UnixTime::from_secs(secs)),
        Err(_) => serde_json::from_value(Value::from(text)).map_err(|error| error.to_string()),
    }
}

/// Reads a whole number.
pub(crate) fn whole(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("expected a whole number, found `{text}`"))
}

/// Reads a whole number of a range.
pub(crate) fn between<T>(least: T, most: T) -> impl Fn(&str) -> Result<T, String> + Clone
where
    T: FromStr + PartialOrd + Display + Copy,
{
    move |text| {
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| format!("expected a whole number from {least} to {most}, found `{text}`"))
    }
}

/// Measures how long something takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the command is native, and measures here only")]
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The given time, or this machine's.
pub(crate) fn now(given: Option<u64>) -> Result<UnixTime, Misuse> {
    if let Some(secs) = given {
        return Ok(UnixTime::from_secs(secs));
    }
    #[expect(clippy::disallowed_methods, reason = "the command is native, and this is its one clock")]
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map(|since| UnixTime::from_secs(since.as_secs())).map_err(|error| Misuse(error.to_string()))
}
