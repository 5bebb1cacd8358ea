//! How a site treats viewers by their location.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{GroupName, Territory};

/// How a site treats viewers by their location.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GeographyPolicy {
    /// How the site treats a viewer whose country is unknown.
    #[serde(default)]
    pub unknown: UnknownGeography,
    /// Groups of territories, for `group:{name}` in the titles' lists. A group cannot contain groups.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<GroupName, Vec<Territory>>,
    /// How the site treats a viewer who comes through Tor. Absent: `unknown`.
    #[serde(default, skip_serializing_if = "Anonymised::is_default")]
    pub tor: Anonymised,
    /// Hosting networks. Viewers from these networks use VPNs and proxies rather than home connections.
    #[serde(default, skip_serializing_if = "Hosting::is_empty")]
    pub hosting: Hosting,
}

impl GeographyPolicy {
    /// The members of a group; `None`: the site does not define it. A group that contains another group counts as
    /// undefined.
    pub fn group(&self, name: &GroupName) -> Option<&[Territory]> {
        let members = self.groups.get(name)?;
        let flat = !members.iter().any(|member| matches!(member, Territory::Group(_)));
        flat.then_some(members.as_slice())
    }
}

/// How the site treats a viewer whose country is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnknownGeography {
    /// The viewer is denied, whatever the offers say.
    #[default]
    Deny,
    /// The viewer is admitted to offers whose territories include `*`.
    World,
}

/// How the site treats a viewer behind an anonymising network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Anonymised {
    /// The viewer is denied, whatever the offers say.
    Deny,
    /// The network's location counts as unknown.
    #[default]
    Unknown,
    /// The network's location counts as the viewer's location.
    Allow,
}

impl Anonymised {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Hosting networks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hosting {
    /// The numbers of their autonomous systems.
    #[serde(default)]
    pub asns: Vec<u32>,
    /// How the site treats viewers from these networks.
    #[serde(default)]
    pub viewers: Anonymised,
}

impl Hosting {
    fn is_empty(&self) -> bool {
        self.asns.is_empty() && self.viewers.is_default()
    }
}
