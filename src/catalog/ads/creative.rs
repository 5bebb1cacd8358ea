//! `v1/creative/{id}`: an advertisement, slate or bumper, conditioned to be played with a site's content.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

use super::bounds;
use crate::catalog::{CreativeId, Host, Layout, MediaPath, TrackingEvent};

/// An advertisement, slate or bumper, conditioned to be played with a site's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Creative {
    /// Its id: the name of its document.
    pub id: CreativeId,
    /// The sites that may show it, 1,000 at most.
    #[serde(deserialize_with = "bounds::list::<_, _, 1_000>")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1_000)))]
    pub sites: Vec<Host>,
    /// Its name, for people. Absent: unnamed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "bounds::optional_name")]
    #[cfg_attr(feature = "schema", schemars(length(max = 1_024)))]
    pub name: Option<String>,
    /// How it is shown.
    pub kind: CreativeKind,
    /// Its universal ad ids, 8 at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "bounds::list::<_, _, 8>")]
    #[cfg_attr(feature = "schema", schemars(length(max = 8)))]
    pub universal_ad_ids: Vec<UniversalAdId>,
    /// The page behind it. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "bounds::optional_url")]
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = "^https?://")))]
    pub click_through: Option<Url>,
    /// The time after which viewers may skip it, in seconds. It is less than its duration. Absent: never.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounds::optional::<_, _, 0, 3_600>"
    )]
    #[cfg_attr(feature = "schema", schemars(range(max = 3_600)))]
    pub skip_offset_s: Option<u32>,
    /// URLs that are requested as it plays, by the events of VAST (`impression`, `firstQuartile`). 32 at most of an event.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "bounds::tracking")]
    pub tracking: BTreeMap<TrackingEvent, Vec<Url>>,
}

/// How a creative is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CreativeKind {
    /// In place of the content.
    Linear(CreativeMedia),
    /// Beside the content.
    NonLinear {
        /// The place on the screen.
        layout: Layout,
        /// Its picture, film or page: an `https` or `http` URL.
        #[serde(deserialize_with = "bounds::url")]
        #[cfg_attr(feature = "schema", schemars(extend("pattern" = "^https?://")))]
        url: Url,
        /// Its media type: of a picture (`image/png`), film (`video/mp4`, `application/vnd.apple.mpegurl`,
        /// `application/dash+xml`) or page (`text/html`).
        #[serde(deserialize_with = "bounds::shown")]
        media_type: String,
        /// How long it is shown, in milliseconds. At most an hour.
        #[serde(deserialize_with = "bounds::number::<_, _, 1, 3_600_000>")]
        #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 3_600_000)))]
        duration_ms: u64,
    },
}

/// The media of a linear creative.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CreativeMedia {
    /// Its folder below the site's media origin.
    pub media: MediaPath,
    /// The generation of its files in the edges' caches. Absent: 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub generation: u64,
    /// The path of its multivariant playlist below the folder. Absent: HLS viewers do not see it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "bounds::optional_path")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 512)))]
    pub hls: Option<String>,
    /// The path of its MPD below the folder. Absent: DASH viewers do not see it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "bounds::optional_path")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 512)))]
    pub dash: Option<String>,
    /// Its duration, in milliseconds, as its media lasts. At most an hour.
    #[serde(deserialize_with = "bounds::number::<_, _, 1, 3_600_000>")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 3_600_000)))]
    pub duration_ms: u64,
    /// The codecs of its media, by RFC 6381. Empty: not known, so it goes with any content.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "bounds::codecs")]
    #[cfg_attr(feature = "schema", schemars(length(max = 16)))]
    pub codecs: Vec<String>,
    /// The heights of its pictures, in pixels.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "bounds::heights")]
    #[cfg_attr(feature = "schema", schemars(length(max = 32)))]
    pub heights: Vec<u32>,
    /// The languages of its sound, as language tags (BCP 47).
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "bounds::languages")]
    #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
    pub languages: Vec<String>,
}

/// A universal ad id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UniversalAdId {
    /// The registry, such as `ad-id.org`.
    #[serde(deserialize_with = "bounds::registered")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub registry: String,
    /// The id there.
    #[serde(deserialize_with = "bounds::registered")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub id: String,
}

impl CreativeId {
    /// The id under which a creative of an ad server is conditioned: of a universal ad id if it has one, else of the URL of its
    /// media file. The parts are `["uaid", registry, id]` or `["file", url]`.
    pub fn of_ad_server(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let hash = hash.finalize();
        let hex = |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16));
        let name: String = hash.iter().take(16).flat_map(hex).flatten().collect();
        Self::from_slug(format!("as-{name}"))
    }
}

const fn is_zero(generation: &u64) -> bool {
    *generation == 0
}
