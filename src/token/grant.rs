//! Grants: the properties that a viewer token proves.

use serde::{Serialize, Serializer};

use crate::catalog::{DeviceClass, Entitlement, Issuer, KeyId, Lock, Plan, TitleId};
use crate::redacted::Redacted;
use crate::time::UnixTime;

use super::Dialect;

/// The properties that a viewer token proves, in any dialect. A grant never allows more than its token does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// The dialect of the token.
    #[serde(serialize_with = "name")]
    pub dialect: Dialect,
    /// Who signed the token: its `iss`, or the document of keys for dialects that name no issuer.
    pub issuer: Issuer,
    /// The key that verified it.
    pub key: KeyId,
    /// Who it was signed for, if it says so.
    pub subject: Option<String>,
    /// The token's own name, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
    /// When it was signed, if it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<UnixTime>,
    /// When it ends, the site's leeway included; `None`: it does not say, and the site's own limit holds.
    pub expires_at: Option<UnixTime>,
    /// When no request is accepted with it any more, where it may say different ends for different requests: `expires_at`
    /// is for this one.
    #[serde(skip)]
    pub accepted_until: Option<UnixTime>,
    /// The viewer's plans.
    pub plans: Vec<Plan>,
    /// The titles that it is limited to; `None`: any.
    pub titles: Option<Vec<TitleId>>,
    /// The only folder below the title's that it covers, such as `sd/`; `None`: the whole title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// The greatest height of a picture, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_height: Option<u32>,
    /// How many streams the viewer may watch at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_streams: Option<u32>,
    /// The age of the viewer's profile, in years.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<u8>,
    /// The countries, subdivisions or `*` that the token is limited to; the viewer is in one of them. `None`: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub territories: Option<Vec<String>>,
    /// The kind of device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceClass>,
    /// The viewer's purchases and rentals.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entitlements: Vec<Entitlement>,
    /// Whether the viewer may keep a copy; `None`: the token does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub downloadable: Option<bool>,
    /// The properties of the viewer that its sessions stay bound to.
    #[serde(skip_serializing_if = "Lock::is_open")]
    pub lock: Lock,
    /// How often it may be used.
    #[serde(skip_serializing_if = "Replay::is_permitted")]
    pub replay: Replay,
    /// A newer token for the viewer, where the old one asks for its renewal.
    #[serde(skip)]
    pub renewal: Option<Renewal>,
}

fn name<S: Serializer>(dialect: &Dialect, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(dialect.name())
}

/// How often a token may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Replay {
    /// As often as the viewer likes.
    #[default]
    Permit,
    /// Once: a second use is refused. It takes the site's `tokens.replay` store.
    Prohibit,
    /// As often as the viewer likes; a use from another network is reported.
    Detect,
}

impl Replay {
    /// Whether the token may be used as often as the viewer likes.
    pub fn is_permitted(&self) -> bool {
        *self == Self::Permit
    }
}

/// A newer token, and how the viewer gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// Headers of the reply, such as `Set-Cookie`.
    pub headers: Vec<(String, Redacted<String>)>,
    /// The status and the URL of a redirect in place of the reply.
    pub redirect: Option<(u16, Redacted<String>)>,
}

impl Grant {
    /// A grant of nothing more than that the token is genuine.
    pub const fn new(dialect: Dialect, issuer: Issuer, key: KeyId) -> Self {
        Self {
            dialect,
            issuer,
            key,
            subject: None,
            token_id: None,
            issued_at: None,
            expires_at: None,
            accepted_until: None,
            plans: Vec::new(),
            titles: None,
            folder: None,
            max_height: None,
            max_streams: None,
            age: None,
            territories: None,
            device: None,
            entitlements: Vec::new(),
            downloadable: None,
            lock: Lock::from_bits([0]),
            replay: Replay::Permit,
            renewal: None,
        }
    }

    /// Whether the grant covers a title.
    pub fn covers(&self, title: &TitleId) -> bool {
        self.titles.as_ref().is_none_or(|titles| titles.contains(title))
    }
}
