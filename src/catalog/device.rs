//! Classes of viewers' devices.

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
    /// Any other device that states its class.
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
    /// The custom CMCD key whose value is the device's class, such as `com.example-device` ([CTA-5004]). Absent: the
    /// site ignores CMCD when it recognises devices.
    ///
    /// [CTA-5004]: https://cdn.cta.tech/cta/media/media/resources/standards/pdfs/cta-5004-final.pdf
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cmcd_key: Option<String>,
    /// How the site uses `User-Agent`. Clients can forge it, so it is the last resort. Absent: `hint`.
    #[serde(default, skip_serializing_if = "UserAgent::is_default")]
    pub user_agent: UserAgent,
    /// How an offer that names device classes treats an unrecognised device. Absent: `deny`.
    #[serde(default, skip_serializing_if = "UnknownDevice::is_default")]
    pub unknown: UnknownDevice,
}

impl DevicePolicy {
    /// Whether every member has its default.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How the `User-Agent` header is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UserAgent {
    /// The header is a hint at the device's class.
    #[default]
    Hint,
    /// The header is ignored.
    Ignore,
}

impl UserAgent {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How an offer that names device classes treats an unrecognised device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnknownDevice {
    /// The device does not match an offer that names device classes.
    #[default]
    Deny,
    /// The device matches the offer.
    Allow,
}

impl UnknownDevice {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
