//! How a site treats playlists.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::DeviceClass;

/// How a site treats playlists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct PlaylistPolicy {
    /// The longest manifest that the edge reads, in bytes, 1,024 to 33,554,432. A longer manifest is a fault,
    /// `manifest_too_large`. The effective limit is at most 12,582,912 for playlists and 4,194,304 for MPDs.
    #[serde(deserialize_with = "size")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1_024, max = 33_554_432)))]
    pub max_bytes: usize,
    /// The longest line of a playlist that the edge reads, in bytes, 1,024 to 33,554,432.
    #[serde(deserialize_with = "size")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1_024, max = 33_554_432)))]
    pub max_line_bytes: usize,
    /// Whether the edge makes delta updates (`EXT-X-SKIP`) of live playlists whose media origin offers none, for
    /// players that request them.
    pub delta_updates: bool,
    /// The variant with which players begin before they have measured their bandwidth, by device class. On other
    /// devices, players begin with the playlist's first variant.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "schema", schemars(extend("propertyNames" = { "enum": DeviceClass::ALL })))]
    pub start: BTreeMap<DeviceClass, Start>,
}

/// The limits of the variant with which a player begins. Of the variants within both limits, the variant with the
/// highest bit rate comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Start {
    /// The greatest height of the variant's picture, in pixels. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_height: Option<u32>,
    /// The greatest bit rate of the variant, in kilobits a second. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bitrate_kbps: Option<u32>,
}

impl PlaylistPolicy {
    /// Whether it is the default.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The sizes that a playlist may have.
    pub const fn bounds(&self) -> PlaylistBounds {
        let most = PlaylistBounds::MOST_BYTES;
        let playlist_bytes = if self.max_bytes < most { self.max_bytes } else { most };
        PlaylistBounds { playlist_bytes, line_bytes: self.max_line_bytes }
    }

    /// The longest MPD or playlist that the edge reads, in bytes.
    pub fn longest_bytes(&self, is_mpd: bool) -> usize {
        let most = if is_mpd { MOST_MPD_BYTES } else { PlaylistBounds::MOST_BYTES };
        self.max_bytes.min(most)
    }
}

impl Default for PlaylistPolicy {
    fn default() -> Self {
        let PlaylistBounds { playlist_bytes, line_bytes } = PlaylistBounds::default();
        Self {
            max_bytes: playlist_bytes,
            max_line_bytes: line_bytes,
            delta_updates: false,
            start: BTreeMap::new(),
        }
    }
}

/// The sizes that a playlist may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaylistBounds {
    /// The whole of it, in bytes.
    pub playlist_bytes: usize,
    /// One line with its end, in bytes.
    pub line_bytes: usize,
}

impl PlaylistBounds {
    /// The longest playlist, whatever a site allows, in bytes. The playlist and its template have to leave room for
    /// other tenants.
    pub const MOST_BYTES: usize = 12 * 1024 * 1024;
}

impl Default for PlaylistBounds {
    /// 12 MiB, enough for 100,000 segments with names of 100 bytes (11 MiB), and 64 KiB, four times the longest URL
    /// that Cloudflare accepts.
    fn default() -> Self {
        Self { playlist_bytes: Self::MOST_BYTES, line_bytes: 64 * 1024 }
    }
}

/// The longest MPD with its remote parts, whatever a site allows, in bytes. An MPD is read again after each edit, and
/// the MPD and its template have to leave room for other tenants.
pub const MOST_MPD_BYTES: usize = 4 * 1024 * 1024;

/// A quarter of an isolate's memory: the playlist and its template have to have room.
const GREATEST: usize = 32 * 1024 * 1024;

fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let bytes = usize::deserialize(deserializer)?;
    if (1_024..=GREATEST).contains(&bytes) {
        Ok(bytes)
    } else {
        Err(de::Error::custom(format_args!("expected 1024 to {GREATEST} bytes, found {bytes}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_limits_themselves() {
        let read =
            |json: &str| serde_json::from_str::<PlaylistPolicy>(json).map_err(|error| error.to_string());
        assert_eq!(read("{}").unwrap().max_line_bytes, 65_536);
        assert_eq!(read(r#"{"max_bytes":2000}"#).unwrap().bounds().playlist_bytes, 2_000);
        let most = read(r#"{"max_bytes":33554432}"#).unwrap();
        let found = (most.bounds().playlist_bytes, most.longest_bytes(false), most.longest_bytes(true));
        assert_eq!(found, (12 << 20, 12 << 20, 4 << 20));
        let start = read(r#"{"start":{"mobile":{"max_height":480}}}"#).unwrap().start;
        assert_eq!(start.get(&DeviceClass::Mobile).unwrap().max_height, Some(480));
        for bad in [r#"{"max_bytes":1023}"#, r#"{"max_line_bytes":33554433}"#] {
            assert!(read(bad).unwrap_err().contains("expected 1024 to 33554432 bytes"), "{bad}");
        }
    }
}
