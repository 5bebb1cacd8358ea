//! The copy protection of an output.

use serde::{Deserialize, Serialize};

/// A level of HDCP, in ascending order
/// ([draft-pantos-hls-rfc8216bis-22 section 4.4.6.2](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.6.2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum HdcpLevel {
    /// No protection.
    #[serde(rename = "NONE")]
    None,
    /// HDCP Type 0 or equivalent.
    #[serde(rename = "TYPE-0")]
    Type0,
    /// HDCP Type 1 or equivalent.
    #[serde(rename = "TYPE-1")]
    Type1,
}

impl HdcpLevel {
    /// The level's name, as it stands in playlists and documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Type0 => "TYPE-0",
            Self::Type1 => "TYPE-1",
        }
    }

    /// The level of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::None, Self::Type0, Self::Type1].into_iter().find(|level| level.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_documents() {
        for level in [HdcpLevel::None, HdcpLevel::Type0, HdcpLevel::Type1] {
            assert_eq!(serde_json::to_value(level).unwrap(), level.name());
            assert_eq!(HdcpLevel::from_name(level.name()), Some(level));
        }
        assert_eq!(HdcpLevel::from_name("TYPE-2"), None);
        assert!(HdcpLevel::None < HdcpLevel::Type0 && HdcpLevel::Type0 < HdcpLevel::Type1);
    }
}
