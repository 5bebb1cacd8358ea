//! How documents travel from the origin to the edge: one signed request with a batch of changes.
//!
//! ```text
//! POST /_stagedoor/sync
//! Stagedoor-Signature: t=1795370400,v1=<64 hex digits>
//!
//! {"changes":[{"key":"v1/title/harbour","revision":1795370400123,"document":{...}},
//!             {"key":"v1/title/old","revision":1795370400124,"document":null}]}
//! ```
//!
//! The signature is HMAC-SHA256 over `t`, a full stop and the body. A change is applied when its revision is
//! greater than what the edge holds, so repeating a batch, or sending an old one again, does no harm.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::DocumentKey;
use crate::redacted::Redacted;
use crate::time::UnixTime;

/// A batch of changes, in the order in which they are to be applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SyncBatch {
    /// At most [`SyncBatch::MAX_CHANGES`].
    pub changes: Vec<Change>,
}

impl SyncBatch {
    /// The path of the edge's sync endpoint, on any of its hosts.
    pub const PATH: &'static str = "/_stagedoor/sync";

    /// The most changes in a batch: well under the 1,000 KV operations that one invocation may make.
    pub const MAX_CHANGES: usize = 100;

    /// The most bytes in a batch's body.
    pub const MAX_BYTES: usize = 4 * 1024 * 1024;
}

/// A new state of one document. Its `Debug` leaves the document out, which may hold keys.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Which document.
    pub key: DocumentKey,
    /// The revision of the new state.
    pub revision: u64,
    /// The document's own members (without `revision`), or null when it was deleted.
    pub document: Option<serde_json::Value>,
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, revision, .. } = self;
        f.debug_struct("Change").field("key", key).field("revision", revision).finish_non_exhaustive()
    }
}

/// What became of a batch, change by change in its order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncReport {
    /// One result a change.
    pub results: Vec<SyncResult>,
    /// Seconds after which every edge location decides by what was applied: [`super::VISIBLE_WITHIN_S`].
    pub visible_within_s: u64,
}

/// What became of one change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncResult {
    /// Which document.
    pub key: DocumentKey,
    /// The revision that the edge holds now, if it holds any.
    pub revision: Option<u64>,
    /// What happened.
    pub outcome: Outcome,
    /// For [`Outcome::Invalid`] and [`Outcome::Failed`]: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What happened to one change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was written.
    Applied,
    /// The edge already holds this revision or a newer one.
    Stale,
    /// The edge cannot read it as a document of its kind. Sending it again will not help.
    Invalid,
    /// KV refused the write. Send it again later.
    Failed,
}

/// The value of the `Stagedoor-Signature` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncSignature {
    signed_at: UnixTime,
    mac: [u8; 32],
}

/// Why a sync request is refused. It says which check failed, never what would have passed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyncSignatureError {
    /// The header is absent or not of the form `t=<seconds>,v1=<64 hex digits>`.
    #[error("expected the header Stagedoor-Signature: t=<Unix seconds>,v1=<64 hex digits>")]
    Malformed,
    /// Signed too long ago, or in the future.
    #[error("expected a signature made within {} s of the edge's clock", SyncSignature::WINDOW_S)]
    OutsideWindow,
    /// Made with another secret, or over other bytes.
    #[error("the signature does not fit the body")]
    Mismatch,
}

impl SyncSignature {
    /// The name of the header.
    pub const HEADER: &'static str = "Stagedoor-Signature";

    /// How far the signature's time may be from the edge's clock, in seconds.
    pub const WINDOW_S: u64 = 300;

    /// Signs a body.
    pub fn sign(secret: &Redacted<String>, body: &[u8], now: UnixTime) -> Self {
        Self { signed_at: now, mac: Self::mac(secret, body, now).finalize().into_bytes().into() }
    }

    /// Checks a header's value against the body. The comparison takes the same time wherever they differ.
    pub fn verify(
        header: Option<&str>,
        secret: &Redacted<String>,
        body: &[u8],
        now: UnixTime,
    ) -> Result<(), SyncSignatureError> {
        let Self { signed_at, mac } = header.and_then(Self::parse).ok_or(SyncSignatureError::Malformed)?;
        if now.secs_since(signed_at).max(signed_at.secs_since(now)) > Self::WINDOW_S {
            return Err(SyncSignatureError::OutsideWindow);
        }
        Self::mac(secret, body, signed_at).verify_slice(&mac).map_err(|_| SyncSignatureError::Mismatch)
    }

    fn parse(header: &str) -> Option<Self> {
        let (secs, hex) = header.strip_prefix("t=")?.split_once(",v1=")?;
        let mut mac = [0; 32];
        if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        for (byte, digits) in mac.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            *byte = u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
        }
        Some(Self { signed_at: UnixTime::from_secs(secs.parse().ok()?), mac })
    }

    #[expect(clippy::expect_used, reason = "Invariant: HMAC takes a key of any length (RFC 2104 section 3)")]
    fn mac(secret: &Redacted<String>, body: &[u8], signed_at: UnixTime) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes any key");
        mac.update(signed_at.as_secs().to_string().as_bytes());
        mac.update(b".");
        mac.update(body);
        mac
    }
}

impl fmt::Display for SyncSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t={},v1=", self.signed_at.as_secs())?;
        self.mac.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_secs(1_795_370_400);

    #[test]
    fn a_signature_verifies_for_its_secret_body_and_time() {
        let secret = Redacted::new("s".repeat(32));
        let header = SyncSignature::sign(&secret, b"{}", NOW).to_string();
        let verify = |header: &str, secret: &Redacted<String>, body: &[u8], now| {
            SyncSignature::verify(Some(header), secret, body, now)
        };
        assert_eq!(verify(&header, &secret, b"{}", NOW.plus_secs(300)), Ok(()));
        assert_eq!(verify(&header, &secret, b"{}", UnixTime::from_secs(NOW.as_secs() - 300)), Ok(()));
        assert_eq!(
            verify(&header, &secret, b"{}", NOW.plus_secs(301)),
            Err(SyncSignatureError::OutsideWindow)
        );
        assert_eq!(verify(&header, &secret, b"[]", NOW), Err(SyncSignatureError::Mismatch));
        assert_eq!(
            verify(&header, &Redacted::new(String::new()), b"{}", NOW),
            Err(SyncSignatureError::Mismatch)
        );
        let moved = header.replace("t=1795370400", "t=1795370401");
        assert_eq!(verify(&moved, &secret, b"{}", NOW), Err(SyncSignatureError::Mismatch));
        for bad in ["", "t=1,v1=", "v1=00", &header[..header.len() - 1], &header.replace("v1", "v2")] {
            assert_eq!(verify(bad, &secret, b"{}", NOW), Err(SyncSignatureError::Malformed), "{bad}");
        }
        assert_eq!(SyncSignature::verify(None, &secret, b"{}", NOW), Err(SyncSignatureError::Malformed));
    }

    #[test]
    fn the_mac_is_the_one_that_openssl_computes() {
        // printf '1795370400.{}' | openssl dgst -sha256 -hmac ssssssssssssssssssssssssssssssss
        let header = SyncSignature::sign(&Redacted::new("s".repeat(32)), b"{}", NOW).to_string();
        assert_eq!(
            header,
            concat!("t=1795370400,v1=", "12505aaadc9e762d5e1095844c4099ac1155edb869032f13eb8c5d1b34b62df7")
        );
    }
}
