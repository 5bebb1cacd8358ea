//! `v1/revocations/{host}`: what a site has withdrawn before its time.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Host, Issuer, KeyId, TitleId};
use crate::time::UnixTime;
use crate::token::session::SessionId;

/// Everything that a site has revoked, in one positive snapshot: KV caches what it does not find, so that a key for
/// each revocation would come too late.
///
/// The `generation` counts the revocations. A session carries the generation under which it was opened, as the
/// isolate knew it then, so that an isolate that had not heard of a revocation yet opens no session that outlives
/// it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Revocations {
    /// The site.
    pub host: Host,
    /// Grows by one with each revocation.
    pub generation: u32,
    /// What is revoked. An entry may be dropped once everything that it concerns has ended: at its `until`.
    pub revoked: Vec<Revocation>,
}

/// One revocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Revocation {
    /// What is revoked.
    pub what: Revoked,
    /// The document's generation when it was added: sessions of an earlier one are concerned.
    pub generation: u32,
    /// When it was added: viewer tokens signed until then, or that do not say when, are concerned.
    pub at: UnixTime,
    /// When the entry may be dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UnixTime>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What can be revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Revoked {
    /// One session, by its id of 16 hexadecimal digits, as logs and traces have it.
    Session(RevokedSession),
    /// A viewer: the running sessions and the tokens signed until now. A token that is signed later is good again.
    Subject {
        /// The issuer, or for dialects that name none the document of keys.
        issuer: Issuer,
        /// The `sub`.
        subject: String,
    },
    /// One viewer token, for good, and the sessions that were opened with it.
    Token {
        /// The issuer, or for dialects that name none the document of keys.
        issuer: Issuer,
        /// The `jti`, or `cti` in hexadecimal digits.
        id: String,
    },
    /// A title: the running sessions and the tokens signed until now.
    Title(TitleId),
    /// A key, for good: the viewer tokens that it signed and their sessions, or, for a session key, the sessions.
    Key {
        /// The document of keys.
        issuer: Issuer,
        /// The key.
        kid: KeyId,
    },
    /// Every running session, and the tokens signed until now.
    Everything {},
}

/// The id of a revoked session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String", extend("pattern" = "^[0-9a-f]{16}$")))]
pub struct RevokedSession(pub SessionId);

impl Serialize for RevokedSession {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RevokedSession {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(de::Error::custom)
    }
}
