//! What a viewer watches on.

use serde::{Deserialize, Serialize};

/// A class of devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeviceClass {
    /// A telephone.
    Mobile,
    /// A tablet.
    Tablet,
    /// A desktop or laptop computer.
    Desktop,
    /// A television set with its own player.
    Tv,
    /// A box or stick at a television set.
    Stb,
    /// A games console.
    Console,
    /// A receiver of casts.
    Cast,
    /// Anything else that says what it is.
    Other,
}

impl DeviceClass {
    /// Every class.
    pub const ALL: [Self; 8] = [
        Self::Mobile,
        Self::Tablet,
        Self::Desktop,
        Self::Tv,
        Self::Stb,
        Self::Console,
        Self::Cast,
        Self::Other,
    ];

    /// The class's name, as it stands in documents and tokens.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mobile => "mobile",
            Self::Tablet => "tablet",
            Self::Desktop => "desktop",
            Self::Tv => "tv",
            Self::Stb => "stb",
            Self::Console => "console",
            Self::Cast => "cast",
            Self::Other => "other",
        }
    }

    /// The class of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// How a site recognises devices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DevicePolicy {
    /// The custom CMCD key whose value is the device's class, such as `com.example-device` ([CTA-5004]); absent: CMCD
    /// says nothing of devices.
    ///
    /// [CTA-5004]: https://cdn.cta.tech/cta/media/media/resources/standards/pdfs/cta-5004-final.pdf
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cmcd_key: Option<String>,
    /// What is made of `User-Agent`, which anybody may write: it is looked at last.
    #[serde(default, skip_serializing_if = "UserAgent::is_default")]
    pub user_agent: UserAgent,
    /// A device that nothing tells, where an offer names device classes.
    #[serde(default, skip_serializing_if = "UnknownDevice::is_default")]
    pub unknown: UnknownDevice,
}

impl DevicePolicy {
    /// Whether nothing is said.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What is made of the `User-Agent` header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UserAgent {
    /// It hints at the device's class.
    #[default]
    Hint,
    /// It is not looked at.
    Ignore,
}

impl UserAgent {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What becomes of a device that nothing tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnknownDevice {
    /// It does not fit an offer that names device classes.
    #[default]
    Deny,
    /// It fits.
    Allow,
}

impl UnknownDevice {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
