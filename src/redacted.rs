//! Secrets that neither `Debug` nor a log can open.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The mark that stands in place of a secret. It is not base64url, so no secret reads like it.
pub const MARK: &str = "[redacted]";

/// A secret, which logs and replies show as `[redacted]`.
//
// [`Redacted::expose`] is the only way in, and easy to search for. It serializes as the plain value, since the documents
// in KV have to carry keys.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transparent))]
pub struct Redacted<T>(T);

impl<T> Redacted<T> {
    /// Wraps a secret.
    pub const fn new(secret: T) -> Self {
        Self(secret)
    }

    /// The secret itself.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MARK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_open_it() {
        let secret = Redacted::new("correct horse");
        assert_eq!(format!("{:?} {:#?}", secret, Some(&secret)), "[redacted] Some(\n    [redacted],\n)");
        assert_eq!(*secret.expose(), "correct horse");
    }
}
