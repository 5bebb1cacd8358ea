//! The sessions that a site opens.

use serde::{Deserialize, Deserializer, Serialize, de};

use super::range::bounded;
use super::{DeviceClass, Issuer, Lock};

/// The sessions that a site opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionPolicy {
    /// The name of the document `v1/keys/{keys}` with the session keys (HS256). The first key signs, and all keys
    /// verify. To rotate, put a new key in front, and remove the old key once its last session has ended.
    pub keys: Issuer,
    /// The lifetime of a session's token, in seconds, 60 to 86,400. The session's token never outlives the viewer
    /// token.
    #[serde(default = "SessionPolicy::default_lifetime_s", deserialize_with = "lifetime")]
    #[cfg_attr(feature = "schema", schemars(range(min = 60, max = 86_400)))]
    pub lifetime_s: u64,
    /// The time before its expiry in which a session's token is renewed, in seconds, 0 to 86,400. A manifest requested
    /// in this time has URIs with a new token for the same session. Absent: a quarter of the lifetime.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(max = 86_400)))]
    pub renew_before_s: Option<u64>,
    /// The time after its expiry in which a session's token is still accepted, in seconds, 0 to 86,400. It covers
    /// segments in flight, and a player that resumes from a pause and requests a playlist.
    #[serde(default = "SessionPolicy::default_grace_s", deserialize_with = "grace")]
    #[cfg_attr(feature = "schema", schemars(range(max = 86_400)))]
    pub grace_s: u64,
    /// The longest duration of a session whose viewer token names no expiry, in seconds, 60 to 604,800.
    #[serde(default = "SessionPolicy::default_longest_s", deserialize_with = "longest")]
    #[cfg_attr(feature = "schema", schemars(range(min = 60, max = 604_800)))]
    pub longest_s: u64,
    /// The time for which a stream counts after its last request, in seconds, 5 to 600. It matters where a viewer may
    /// watch a limited number of streams at a time.
    #[serde(default = "SessionPolicy::default_streams_idle_s", deserialize_with = "streams_idle")]
    #[cfg_attr(feature = "schema", schemars(range(min = 5, max = 600)))]
    pub streams_idle_s: u64,
    /// Clients whose tokens cannot be renewed. Their first tokens last longer.
    #[serde(default, skip_serializing_if = "Unrenewed::is_default")]
    pub unrenewed: Unrenewed,
    /// How the URIs of manifests carry the session. Absent: `path`.
    #[serde(default, skip_serializing_if = "SigningStyle::is_default")]
    pub signing: SigningStyle,
    /// The properties of the viewer, as seen at the entry, to which every session is bound, in addition to the viewer
    /// token's own bindings. A viewer who moves to another network (a phone that leaves a Wi-Fi) has to enter again.
    #[serde(default, skip_serializing_if = "Lock::is_open")]
    pub lock: Lock,
}

impl SessionPolicy {
    /// The longest session, whatever its viewer token and the site say: seven days, in seconds. Then a player enters
    /// again, and a revocation of the session may be dropped.
    pub const MOST_S: u64 = 604_800;

    const fn default_lifetime_s() -> u64 {
        14_400
    }

    const fn default_grace_s() -> u64 {
        120
    }

    const fn default_longest_s() -> u64 {
        86_400
    }

    const fn default_streams_idle_s() -> u64 {
        90
    }

    /// The lifetime of a session's first token, in seconds, for a client with this device class and `User-Agent`.
    pub fn first_lifetime_s(&self, device: Option<DeviceClass>, user_agent: Option<&str>) -> u64 {
        if self.unrenewed.has(device, user_agent) {
            self.unrenewed.lifetime_s.max(self.lifetime_s)
        } else {
            self.lifetime_s
        }
    }

    /// How long before its expiry a session's token is renewed, in seconds.
    pub fn renewal_s(&self) -> u64 {
        self.renew_before_s.unwrap_or(self.lifetime_s / 4)
    }

    /// The longest interval between requests for a live manifest, in seconds. At this interval, a request and its
    /// repetition after a failure both fall into the time in which the session's token is renewed. `None`: tokens are
    /// not renewed before their expiry.
    pub fn update_within_s(&self) -> Option<u64> {
        let renewal_s = self.renewal_s();
        (renewal_s > 0).then_some((renewal_s / 2).max(1))
    }
}

/// Clients that keep using the URLs of the first manifest and ignore the URLs of later manifests. A renewed token does
/// not reach them, so their first token has to last.
///
/// The clients identify themselves, so any client can pretend to be one of them. That gains nothing beyond the viewer
/// token, because no session outlives the viewer token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unrenewed {
    /// Prefixes of the clients' `User-Agent`, such as `Lavf/` (FFmpeg) or `VLC/`. At most 16 prefixes, of 1 to 64 bytes
    /// each.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "user_agents")]
    #[cfg_attr(feature = "schema", schemars(length(max = 16)))]
    pub user_agents: Vec<String>,
    /// The device classes of the clients.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<DeviceClass>,
    /// The lifetime of the clients' first token, in seconds, 60 to 604,800. It lasts at least as long as other clients'
    /// tokens, and never outlives the viewer token.
    #[serde(default = "SessionPolicy::default_longest_s", deserialize_with = "longest")]
    #[cfg_attr(feature = "schema", schemars(range(min = 60, max = 604_800)))]
    pub lifetime_s: u64,
}

impl Default for Unrenewed {
    fn default() -> Self {
        let lifetime_s = SessionPolicy::default_longest_s();
        Self { user_agents: Vec::new(), devices: Vec::new(), lifetime_s }
    }
}

impl Unrenewed {
    /// Whether it is the default.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    fn has(&self, device: Option<DeviceClass>, user_agent: Option<&str>) -> bool {
        let begins = |found: &str| self.user_agents.iter().any(|known| found.starts_with(known.as_str()));
        user_agent.is_some_and(begins) || device.is_some_and(|device| self.devices.contains(&device))
    }
}

/// The query parameter that carries a session's token, where its path does not.
pub const SESSION_PARAMETER: &str = "sd_session";

/// How the URIs of a manifest carry a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SigningStyle {
    /// In front of the path: `/~{token}/{title}/…`. Relative URIs inherit the token, so a playlist has the same bytes
    /// for every viewer of a class.
    #[default]
    Path,
    /// As a query parameter of each URI: `/{title}/…?sd_session={token}`. The paths stay the media origin's paths, but
    /// the edge rewrites every playlist for every viewer.
    Query,
}

impl SigningStyle {
    /// Whether it is the default.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

fn lifetime<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    bounded(deserializer, 60, 86_400)
}

fn grace<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    bounded(deserializer, 0, 86_400)
}

fn longest<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    bounded(deserializer, 60, 604_800)
}

fn user_agents<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    if texts.len() > 16 {
        return Err(de::Error::custom(format_args!("expected 16 texts at most, found {}", texts.len())));
    }
    match texts.iter().find(|text| !(1..=64).contains(&text.len())) {
        Some(odd) => {
            Err(de::Error::custom(format_args!("expected texts of 1 to 64 bytes, found {} bytes", odd.len())))
        }
        None => Ok(texts),
    }
}

fn streams_idle<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    bounded(deserializer, 5, 600)
}
