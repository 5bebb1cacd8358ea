//! What a command prints: text for people, or with `--json` one JSON value.
//!
//! Results go to standard output. Without `--json`, remarks and errors go to standard error, so that a result can be piped.
//! With `--json`, an error is a JSON value on standard output too, and remarks are left out.

use std::io::{self, Write};

use serde::Serialize;

use crate::failure::{Failure, io_reason};

/// The form of the output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// JSON rather than text.
    pub(crate) json: bool,
}

impl Output {
    /// The width that text for people fits.
    pub(crate) const COLUMNS: usize = 80;

    /// Prints a result: indented JSON, or its text. The text may end with or without a line feed.
    pub(crate) fn result(self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
        if self.json {
            return print(value);
        }
        let mut text = text();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        write(text.as_bytes())
    }

    /// Prints one of many results: a line of JSON, or a line of text.
    pub(crate) fn line(self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
        let mut line = if self.json { serde_json::to_string(value).map_err(unwritable)? } else { text() };
        line.push('\n');
        write(line.as_bytes())
    }

    /// A remark for people, on standard error.
    pub(crate) fn remark(self, text: &str) {
        if !self.json {
            eprintln!("{text}");
        }
    }

    /// Prints why a command did not succeed.
    pub(crate) fn failure(self, failure: &Failure) {
        if self.json {
            // Nothing else could be said if standard output is closed.
            let _closed = print(&failure.json());
        } else {
            eprintln!("stagedoor: {failure}");
        }
    }
}

/// Prints indented JSON and a line feed.
pub(crate) fn print(value: &impl Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(value).map_err(unwritable)?;
    text.push('\n');
    write(text.as_bytes())
}

/// Writes bytes to standard output.
pub(crate) fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    match output.write_all(bytes).and_then(|()| output.flush()) {
        // The reader of a pipe, such as `head`, has what it wants.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        written => written.map_err(|error| unwritable(io_reason(&error))),
    }
}

fn unwritable(error: impl std::fmt::Display) -> Failure {
    Failure::Broken(format!("standard output: {error}"))
}
