//! The conditioned creative of an ad.

use std::time::Duration;

use crate::ads::Identifier;
use crate::ads::vast::{Linear, source};
use crate::catalog::{CreativeId, UniversalAdId, WantedCreative, WantedFile};

/// The creative of an ad server's ad: the id under which it is conditioned, and what it is conditioned from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The id: of the first universal ad id, with its registry in lower case, else of the URL of the media file.
    pub id: CreativeId,
    /// The URL of the mezzanine, else of the best media file.
    pub url: Option<String>,
    /// The media type of `url`.
    pub media_type: Option<String>,
    /// The codecs of `url`, as they are stated.
    pub codec: Option<String>,
    /// The width of `url`, in pixels.
    pub width: Option<u32>,
    /// The height of `url`, in pixels.
    pub height: Option<u32>,
    /// The bit rate of `url`, in kbit/s.
    pub kbps: Option<u32>,
    /// Its universal ad ids.
    pub identifiers: Vec<Identifier>,
    /// Its duration, as the ad server states it.
    pub duration: Option<Duration>,
}

impl Source {
    /// The creative of a linear one, for a site. `None`: it has neither a universal ad id nor a media file.
    pub fn of(linear: &Linear, site: &str) -> Option<Self> {
        let file = source(&linear.mezzanines, &linear.files);
        let identifiers = linear.named.identifiers.clone();
        let id = match (identifiers.first(), file) {
            (Some(Identifier { scheme, value }), _) => {
                CreativeId::of_ad_server(site, &["uaid", &scheme.to_ascii_lowercase(), value])
            }
            (None, Some(file)) => CreativeId::of_ad_server(site, &["file", &file.url]),
            (None, None) => return None,
        };
        Some(Self {
            id,
            url: file.map(|file| file.url.clone()),
            media_type: file.map(|file| file.media_type.clone()),
            codec: file.and_then(|file| file.codec.clone()),
            width: file.and_then(|file| file.width),
            height: file.and_then(|file| file.height),
            kbps: file.and_then(|file| file.kbps),
            identifiers,
            duration: linear.duration,
        })
    }
}

/// What the origin service is told of a creative that nobody has conditioned.
impl From<&Source> for WantedCreative {
    fn from(source: &Source) -> Self {
        let id = |Identifier { scheme, value }: &Identifier| UniversalAdId {
            registry: scheme.clone(),
            id: value.clone(),
        };
        let file = source.url.clone().zip(source.media_type.clone());
        Self {
            id: source.id.clone(),
            universal_ad_ids: source.identifiers.iter().map(id).collect(),
            file: file.map(|(url, media_type)| WantedFile {
                url,
                media_type,
                codec: source.codec.clone(),
                width: source.width,
                height: source.height,
                bitrate_kbps: source.kbps,
            }),
            duration_ms: source.duration.and_then(|duration| u64::try_from(duration.as_millis()).ok()),
        }
    }
}
