//! Why a command did not succeed, and the exit code for it.
//!
//! | kind | exit code | meaning |
//! | --- | --- | --- |
//! | refused | 1 | a service understood the request and refused it, or a document is not valid |
//! | misuse | 2 | a wrong argument, or an input that cannot be read |
//! | broken | 3 | a fault, a system that cannot be reached, or a time limit |

use std::fmt;
use std::io;
use std::process::ExitCode;

use serde_json::{Map, Value, json};

/// A wrong argument, or an input that cannot be read.
#[derive(Debug)]
pub(crate) struct Misuse(pub(crate) String);

/// The words for an error of the operating system, such as `Permission denied`, without Rust's `(os error 13)`.
pub(crate) fn io_reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error ").map_or(text.as_str(), |(reason, _)| reason).to_owned()
}

/// Why a command did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Refused: with the service's own problem document, if it sent one.
    Refused {
        /// The reason, for people.
        detail: String,
        /// What the service sent (RFC 9457).
        problem: Option<Value>,
    },
    /// A wrong argument, or an input that cannot be read.
    Misuse(String),
    /// A fault, a system that cannot be reached, or a time limit.
    Broken(String),
}

impl Failure {
    /// A refusal without a problem document.
    pub(crate) fn refused(detail: impl Into<String>) -> Self {
        Self::Refused { detail: detail.into(), problem: None }
    }

    /// The HTTP status of a refusal by a service.
    pub(crate) fn status(&self) -> Option<u64> {
        let Self::Refused { problem: Some(problem), .. } = self else { return None };
        problem.get("status")?.as_u64()
    }

    /// The exit code.
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Refused { .. } => 1,
            Self::Misuse(_) => 2,
            Self::Broken(_) => 3,
        })
    }

    /// `{"error": {"kind": "refused", "detail": "…", "problem": {…}}}`
    pub(crate) fn json(&self) -> Value {
        let (kind, problem) = match self {
            Self::Refused { problem, .. } => ("refused", problem.as_ref()),
            Self::Misuse(_) => ("misuse", None),
            Self::Broken(_) => ("broken", None),
        };
        let mut error = Map::from_iter([
            ("kind".to_owned(), json!(kind)),
            ("detail".to_owned(), json!(self.to_string())),
        ]);
        error.extend(problem.map(|problem| ("problem".to_owned(), problem.clone())));
        json!({ "error": error })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Refused { detail, .. } | Self::Misuse(detail) | Self::Broken(detail)) = self;
        f.write_str(detail)
    }
}

impl From<Misuse> for Failure {
    fn from(Misuse(why): Misuse) -> Self {
        Self::Misuse(why)
    }
}
