//! What a site makes of playlists.

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::hls::Bounds;

/// What a site makes of playlists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct PlaylistPolicy {
    /// The longest manifest that is read, in bytes, 1,024 to 33,554,432; a longer one is a fault, `manifest_too_large`.
    #[serde(deserialize_with = "size")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1_024, max = 33_554_432)))]
    pub max_bytes: usize,
    /// The longest line of a playlist, in bytes, 1,024 to 33,554,432.
    #[serde(deserialize_with = "size")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1_024, max = 33_554_432)))]
    pub max_line_bytes: usize,
}

impl PlaylistPolicy {
    /// Whether it is the default.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The sizes that a playlist may have.
    pub const fn bounds(&self) -> Bounds {
        Bounds { playlist_bytes: self.max_bytes, line_bytes: self.max_line_bytes }
    }
}

impl Default for PlaylistPolicy {
    fn default() -> Self {
        let Bounds { playlist_bytes, line_bytes } = Bounds::default();
        Self { max_bytes: playlist_bytes, max_line_bytes: line_bytes }
    }
}

/// A quarter of an isolate's memory: the playlist, and what is made of it, have to have room.
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
        for bad in [r#"{"max_bytes":1023}"#, r#"{"max_line_bytes":33554433}"#] {
            assert!(read(bad).unwrap_err().contains("expected 1024 to 33554432 bytes"), "{bad}");
        }
    }
}
