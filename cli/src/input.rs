//! Files, standard input and the clock: the inputs that the core gets as arguments.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use stagedoor::time::UnixTime;

use crate::failure::Misuse;

/// Reads a file, or standard input for `-`.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, Misuse> {
    let read = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(path)
    };
    read.map_err(|error| Misuse(format!("{}: {error}", path.display())))
}

/// Reads a JSON file.
pub(crate) fn json<T: DeserializeOwned>(path: &Path) -> Result<T, Misuse> {
    serde_json::from_slice(&bytes(path)?).map_err(|error| Misuse(format!("{}: {error}", path.display())))
}

/// Reads a JSON file, and refuses unknown members: a misspelt limit would limit nothing.
pub(crate) fn strict_json<T: DeserializeOwned>(path: &Path) -> Result<T, Misuse> {
    let bytes = bytes(path)?;
    let failed = |error: &dyn std::fmt::Display| Misuse(format!("{}: {error}", path.display()));
    let mut unknown = Vec::new();
    let mut json = serde_json::Deserializer::from_slice(&bytes);
    let read = serde_ignored::deserialize(&mut json, |member| unknown.push(member.to_string()));
    let value = read.and_then(|value| json.end().map(|()| value)).map_err(|error| failed(&error))?;
    match unknown.as_slice() {
        [] => Ok(value),
        unknown => Err(failed(&format!("there is no such member: {}", unknown.join(", ")))),
    }
}

/// Reads a file that has to be JSON, and returns its bytes.
pub(crate) fn json_bytes(path: &Path) -> Result<Vec<u8>, Misuse> {
    let bytes = bytes(path)?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Misuse(format!("{}: expected JSON, found nothing", path.display())));
    }
    match serde_json::from_slice::<IgnoredAny>(&bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Misuse(format!("{}: expected JSON: {error}", path.display()))),
    }
}

/// Reads an instant: RFC 3339, or Unix seconds.
pub(crate) fn instant(text: &str) -> Result<UnixTime, String> {
    match text.parse() {
        Ok(secs) => Ok(UnixTime::from_secs(secs)),
        Err(_) => serde_json::from_value(Value::from(text)).map_err(|error| error.to_string()),
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
