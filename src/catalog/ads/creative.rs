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
    /// The path of its multivariant playlist below the folder, in `.m3u8` or `.m3u`. Absent: HLS viewers do not see it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "bounds::optional_path")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 512)))]
    pub hls: Option<String>,
    /// The path of its MPD below the folder, in `.mpd`. Absent: DASH viewers do not see it.
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
    /// The id under which a creative of an ad server is conditioned for a site. The parts are `["uaid", registry, id]` of a universal
    /// ad id if it has one, else `["file", url]` of its media file.
    ///
    /// ```text
    /// as-32eb9f7a49b15089-5fda58b2faa3eb55604638d4
    ///    site             creative
    /// ```
    ///
    /// Two sites of one ad server have two ids, so that neither decides about the ad of the other.
    pub fn of_ad_server(site: &str, parts: &[&str]) -> Self {
        Self::from_slug(format!("as-{}-{}", digits(&[site], SITE_DIGITS), digits(parts, CREATIVE_DIGITS)))
    }

    /// Whether it is the id of an ad server's creative for a site that is none of these.
    pub fn is_of_other_site(&self, sites: &[Host]) -> bool {
        let is_hex =
            |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let parts = self.as_str().strip_prefix("as-").and_then(|rest| rest.split_once('-'));
        parts.is_some_and(|(site, creative)| {
            is_hex(site, SITE_DIGITS)
                && is_hex(creative, CREATIVE_DIGITS)
                && sites.iter().all(|own| digits(&[own.as_str()], SITE_DIGITS) != site)
        })
    }
}

const SITE_DIGITS: usize = 16;
const CREATIVE_DIGITS: usize = 24;

/// The first hexadecimal digits of the SHA-256 hash of the parts, each of which ends in a zero byte.
fn digits(parts: &[&str], number: usize) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let hex = |byte: u8| [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16));
    hash.finalize().into_iter().flat_map(hex).flatten().take(number).collect()
}

const fn is_zero(generation: &u64) -> bool {
    *generation == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_an_ad_servers_creative_belongs_to_one_site() {
        let sites: [Host; 2] = ["a.example", "b.example"].map(|host| host.parse().unwrap());
        let parts = ["uaid", "ad-id.org", "CNPA0484000H"];
        let [a, b] = [0, 1].map(|site: usize| CreativeId::of_ad_server(sites[site].as_str(), &parts));
        assert_ne!(a, b);
        // Of the shell: printf 'a.example\0' | sha256sum, printf 'uaid\0ad-id.org\0CNPA0484000H\0' | sha256sum
        assert_eq!(a.as_str(), "as-32eb9f7a49b15089-5fda58b2faa3eb55604638d4");
        assert_eq!(a.as_str().parse(), Ok(a.clone()));
        assert!(!a.is_of_other_site(&sites) && !a.is_of_other_site(&sites[..1]));
        assert!(a.is_of_other_site(&sites[1..]) && a.is_of_other_site(&[]));
        for own in ["plum", "as-plum", "as-1", "as-0123456789abcdef-plum"] {
            assert!(!own.parse::<CreativeId>().unwrap().is_of_other_site(&[]), "{own}");
        }
    }
}
