//! Properties of the viewer that a session stays bound to.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The properties of the viewer at the entry that a session stays bound to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Lock {
    /// The viewer's country. Absent: `false`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub country: bool,
    /// The viewer's subdivision of the country. Absent: `false`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub subdivision: bool,
    /// The viewer's network: the /24 of an IPv4 address, the /48 of an IPv6 address. Absent: `false`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub network: bool,
    /// The viewer's autonomous system. Absent: `false`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub asn: bool,
    /// The viewer's whole address. Absent: `false`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub address: bool,
}

impl Lock {
    /// Whether it binds to nothing.
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }

    /// As a session token carries it.
    pub const fn bits(self) -> u8 {
        self.country as u8
            | (self.network as u8) << 1
            | (self.asn as u8) << 2
            | (self.address as u8) << 3
            | (self.subdivision as u8) << 4
    }

    /// As a session token carries it.
    pub const fn from_bits([bits]: [u8; 1]) -> Self {
        Self {
            country: bits & 1 != 0,
            network: bits & 2 != 0,
            asn: bits & 4 != 0,
            address: bits & 8 != 0,
            subdivision: bits & 16 != 0,
        }
    }

    /// Both locks.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            country: self.country || other.country,
            network: self.network || other.network,
            asn: self.asn || other.asn,
            address: self.address || other.address,
            subdivision: self.subdivision || other.subdivision,
        }
    }
}

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = [
            (self.country, "country"),
            (self.subdivision, "subdivision"),
            (self.network, "network"),
            (self.asn, "autonomous system"),
            (self.address, "address"),
        ];
        let names: Vec<_> = named.into_iter().filter(|(on, _)| *on).map(|(_, name)| name).collect();
        f.write_str(&names.join(", "))
    }
}
