//! The id of a break, which stands in URLs and logs.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The id of a break: 1 to 64 of `a-z`, `A-Z`, `0-9`, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BreakId(String);

impl BreakId {
    /// The longest id, in bytes.
    pub const LONGEST: usize = 64;

    /// The id of a break within the content that nothing but its start tells from others.
    pub fn at(start: Duration) -> Self {
        Self(format!("mid-{}", start.as_millis()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The reason why a text is not the id of a break.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the id of a break: 1 to 64 of a-z, A-Z, 0-9, `-` and `_`")]
pub struct BreakIdError;

impl FromStr for BreakId {
    type Err = BreakIdError;

    fn from_str(text: &str) -> Result<Self, BreakIdError> {
        let is_id = (1..=Self::LONGEST).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if is_id { Ok(Self(text.to_owned())) } else { Err(BreakIdError) }
    }
}

impl fmt::Display for BreakId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for BreakId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for BreakId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
