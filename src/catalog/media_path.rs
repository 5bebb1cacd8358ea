//! A folder below the media origin.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::IdError;

/// A folder below the media origin: `harbour/` or `films/harbour/v2/`.
///
/// Relative, ending in `/`, without empty, `.` or `..` segments, `?`, `#`, `%`, `\` or control characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transparent, extend("pattern" = r"^([!-~]+/)+$", "maxLength" = 512)))]
#[serde(transparent)]
pub struct MediaPath(String);

impl MediaPath {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MediaPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for MediaPath {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let valid = text.len() <= 512
            && text.strip_suffix('/').is_some_and(|inner| {
                inner.split('/').all(|segment| {
                    !matches!(segment, "" | "." | "..")
                        && segment.bytes().all(|b| b.is_ascii_graphic() && !b"?#%\\".contains(&b))
                })
            });
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::new(
                "a folder such as films/harbour/, relative, ending in `/`, without `.` or `..`",
                text,
            ))
        }
    }
}

impl<'de> Deserialize<'de> for MediaPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_folders() {
        for good in ["harbour/", "films/harbour/v2/"] {
            assert!(good.parse::<MediaPath>().is_ok(), "{good:?} was refused");
        }
        for bad in
            ["", "/", "harbour", "/harbour/", "a//b/", "../", "a/../b/", "a/./", "a%2e/", "a\\b/", "a?b/"]
        {
            assert!(bad.parse::<MediaPath>().is_err(), "{bad:?} was taken for a folder");
        }
    }
}
