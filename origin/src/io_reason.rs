//! The words for an error of the operating system, without Rust's `(os error 2)`.

use std::io;

/// The reason, such as `Permission denied`.
pub(crate) fn io_reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error ").map_or(text.as_str(), |(reason, _)| reason).to_owned()
}
