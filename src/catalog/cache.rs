//! How long the edge keeps files of the media origin: `cache` in a site's document.

use serde::{Deserialize, Deserializer, Serialize};

use super::range::{bounded, within};

/// How long the edge keeps files of the media origin. The edge derives absent times: see `docs/CACHE.md`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct CachePolicy {
    /// Whether the media origin's `Cache-Control` and `Age` count for kinds of files without a time here. Its
    /// `no-store` and `private` always count.
    pub respect_origin: bool,
    /// Multivariant Playlists.
    #[serde(skip_serializing_if = "KeepPolicy::is_default")]
    pub multivariant: KeepPolicy,
    /// Media Playlists that no longer change.
    #[serde(skip_serializing_if = "KeepPolicy::is_default")]
    pub vod: KeepPolicy,
    /// Media Playlists that grow.
    #[serde(skip_serializing_if = "KeepPolicy::is_default")]
    pub live: KeepPolicy,
    /// Media Playlists that grow by Partial Segments.
    #[serde(skip_serializing_if = "KeepPolicy::is_default")]
    pub low_latency: KeepPolicy,
    /// Media Playlists that were requested with `_HLS_msn`.
    #[serde(skip_serializing_if = "KeepPolicy::is_default")]
    pub blocked: KeepPolicy,
    /// Media Segments and Partial Segments.
    #[serde(skip_serializing_if = "KeepPolicy::is_default")]
    pub segment: KeepPolicy,
    /// Media Initialization Sections, recognised by their names.
    #[serde(skip_serializing_if = "KeepPolicy::is_default")]
    pub init: KeepPolicy,
    /// Decryption keys, recognised by their names.
    #[serde(skip_serializing_if = "KeepPolicy::is_default")]
    pub key: KeepPolicy,
    /// Subtitles.
    #[serde(skip_serializing_if = "KeepPolicy::is_default")]
    pub subtitle: KeepPolicy,
    /// JSON and XML: lists of assets, session data.
    #[serde(skip_serializing_if = "KeepPolicy::is_default")]
    pub data: KeepPolicy,
    /// Any other file, such as a file without an extension.
    #[serde(skip_serializing_if = "KeepPolicy::is_default")]
    pub other: KeepPolicy,
    /// How long the edge remembers that a file is missing at the media origin.
    #[serde(skip_serializing_if = "MissingPolicy::is_default")]
    pub missing: MissingPolicy,
}

/// How long the edge keeps one kind of file. The edge derives absent times: `docs/CACHE.md` has a table of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct KeepPolicy {
    /// Seconds for which the file is served without asking the media origin, 0 to 31,536,000. Absent:
    /// the kind's own time.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "year")]
    #[cfg_attr(feature = "schema", schemars(range(max = 31_536_000)))]
    pub fresh_s: Option<u64>,
    /// Seconds after `fresh_s` for which the file is served while the edge fetches it again, 0 to 31,536,000. Absent: the
    /// kind's own time.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "year")]
    #[cfg_attr(feature = "schema", schemars(range(max = 31_536_000)))]
    pub stale_s: Option<u64>,
    /// Seconds after `fresh_s` for which the file is served while the media origin fails, 0 to 31,536,000.
    /// Absent: the kind's own time.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "year")]
    #[cfg_attr(feature = "schema", schemars(range(max = 31_536_000)))]
    pub error_s: Option<u64>,
}

impl KeepPolicy {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How long the edge remembers that a file is missing at the media origin (404 and 410).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct MissingPolicy {
    /// Seconds for a playlist, 0 to 3,600. Keep it short for streams that are about to begin.
    #[serde(deserialize_with = "hour")]
    #[cfg_attr(feature = "schema", schemars(range(max = 3_600)))]
    pub playlist_s: u64,
    /// Seconds for a segment, 0 to 3,600. A live segment may appear at any time, so use more than 1 only on sites
    /// without live streams.
    #[serde(deserialize_with = "hour")]
    #[cfg_attr(feature = "schema", schemars(range(max = 3_600)))]
    pub segment_s: u64,
    /// Seconds for everything else, 0 to 3,600.
    #[serde(deserialize_with = "hour")]
    #[cfg_attr(feature = "schema", schemars(range(max = 3_600)))]
    pub other_s: u64,
}

impl Default for MissingPolicy {
    fn default() -> Self {
        Self { playlist_s: 1, segment_s: 1, other_s: 5 }
    }
}

impl MissingPolicy {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

fn year<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Option::deserialize(deserializer)?.map(|secs| within(secs, 0, 31_536_000)).transpose()
}

fn hour<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    bounded(deserializer, 0, 3_600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_given_is_not_written() {
        let policy: CachePolicy = serde_json::from_str(r#"{"live":{"fresh_s":0}}"#).unwrap();
        assert_eq!(policy.live, KeepPolicy { fresh_s: Some(0), ..KeepPolicy::default() });
        assert_eq!(
            serde_json::to_string(&policy).unwrap(),
            r#"{"respect_origin":false,"live":{"fresh_s":0}}"#
        );
        assert_eq!(policy.missing, MissingPolicy { playlist_s: 1, segment_s: 1, other_s: 5 });
    }

    #[test]
    fn times_have_bounds() {
        for (json, expected) in [
            (r#"{"vod":{"fresh_s":31536001}}"#, "expected 0 to 31536000 seconds, found 31536001"),
            (r#"{"missing":{"segment_s":3601}}"#, "expected 0 to 3600 seconds, found 3601"),
        ] {
            let error = serde_json::from_str::<CachePolicy>(json).unwrap_err().to_string();
            assert!(error.contains(expected), "{json}: {error}");
        }
    }
}
