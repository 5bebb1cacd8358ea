//! The media of a slot, and items that are shown beside the content.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::Ad;
use crate::catalog::{CreativeId, Layout};
use crate::time::millis;

/// The media of a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Media {
    /// A conditioned creative, which the edge serves below the viewer's session like a title.
    Creative {
        /// The creative.
        id: CreativeId,
        /// The path of its multivariant playlist below its folder.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hls: Option<String>,
        /// The path of its MPD below its folder.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dash: Option<String>,
    },
    /// A manifest or file of a server that the site trusts, which players fetch there themselves.
    Direct {
        /// Its URL.
        url: Url,
        /// Its media type.
        media_type: String,
    },
}

/// An item that is shown beside the content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NonLinear {
    /// The start, from the start of the break.
    #[serde(rename = "start_ms", with = "millis")]
    pub start: Duration,
    /// The duration.
    #[serde(rename = "duration_ms", with = "millis")]
    pub duration: Duration,
    /// Its place on the screen.
    pub layout: Layout,
    /// Its picture, page or film.
    pub url: Url,
    /// The media type of `url`.
    pub media_type: String,
    /// The advertisement, with its tracking.
    pub ad: Ad,
}
