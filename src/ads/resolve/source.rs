//! The conditioned creative of an ad.

use std::time::Duration;

use crate::ads::Identifier;
use crate::ads::vast::{Linear, source};
use crate::catalog::CreativeId;

/// The creative of an ad server's ad: the id under which it is conditioned, and what it is conditioned from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The id: of the first universal ad id, with its registry in lower case, else of the URL of the media file.
    pub id: CreativeId,
    /// The URL of the mezzanine, else of the best media file.
    pub url: Option<String>,
    /// The media type of `url`.
    pub media_type: Option<String>,
    /// Its universal ad ids.
    pub identifiers: Vec<Identifier>,
    /// Its duration, as the ad server states it.
    pub duration: Option<Duration>,
}

impl Source {
    /// The creative of a linear one. `None`: it has neither a universal ad id nor a media file.
    pub fn of(linear: &Linear) -> Option<Self> {
        let file = source(&linear.mezzanines, &linear.files);
        let identifiers = linear.named.identifiers.clone();
        let id = match (identifiers.first(), file) {
            (Some(Identifier { scheme, value }), _) => {
                CreativeId::of_ad_server(&["uaid", &scheme.to_ascii_lowercase(), value])
            }
            (None, Some(file)) => CreativeId::of_ad_server(&["file", &file.url]),
            (None, None) => return None,
        };
        Some(Self {
            id,
            url: file.map(|file| file.url.clone()),
            media_type: file.map(|file| file.media_type.clone()),
            identifiers,
            duration: linear.duration,
        })
    }
}
