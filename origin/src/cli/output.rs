//! Standard output, which another program may have closed.

use std::io::{self, Write};

use super::failure::Failure;
use crate::io_reason::io_reason;

/// Prints a line.
pub(super) fn print(line: &str) -> Result<(), Failure> {
    writeln!(io::stdout().lock(), "{line}")
        .map_err(|error| Failure::Broken(format!("cannot write to standard output: {}", io_reason(&error))))
}
