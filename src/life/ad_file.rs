//! Files of creatives, which are served below a session like the files of its title.

use super::Evidence;
use crate::catalog::{Caps, CreativeId, CreativeKind, CreativeMedia, MediaPath, Site};
use crate::denial::{Denial, Reason};
use crate::rights::Permit;
use crate::stop::Stop;

/// The media of a creative that the site shows to a viewer.
#[derive(Debug)]
pub(super) struct AdMedia {
    /// Its folder below the site's media origin.
    pub(super) folder: MediaPath,
    /// The generation of its files.
    pub(super) generation: u64,
    /// The limits of the viewer's rights, as far as they apply to ads.
    pub(super) caps: Caps,
}

impl AdMedia {
    /// Finds a linear creative of the site, for a viewer who sees advertising. The break and the slot of its address are told
    /// to nobody but the log: they choose no bytes.
    pub(super) async fn find(
        id: &CreativeId,
        site: &Site,
        permit: &Permit,
        evidence: &impl Evidence,
    ) -> Result<Self, Stop> {
        let unknown = |detail| Stop::from(Denial::new(Reason::AdUnknown, detail));
        if permit.ads.is_none() {
            return Err(unknown("the viewer sees no advertising".to_owned()));
        }
        let found = evidence.creative(id).await?.filter(|found| found.body.sites.contains(&site.host));
        let creative = found.ok_or_else(|| unknown(format!("`{id}` is not a creative of {}", site.host)))?;
        let CreativeKind::Linear(media) = &creative.body.kind else {
            return Err(unknown(format!("`{id}` is not a linear creative")));
        };
        Ok(Self {
            folder: media.media.clone(),
            generation: media.generation,
            caps: caps_of_ads(&permit.caps, media),
        })
    }
}

/// The limits on the pictures of an ad. Its smallest picture is always within them. Limits on languages, on protection and on
/// going back in time are about the title.
fn caps_of_ads(caps: &Caps, media: &CreativeMedia) -> Caps {
    let smallest = media.heights.iter().min().copied();
    Caps {
        max_height: caps.max_height.map(|height| smallest.map_or(height, |smallest| smallest.max(height))),
        max_bitrate_kbps: caps.max_bitrate_kbps,
        hdr: caps.hdr,
        codecs: caps.codecs.clone(),
        max_frame_rate: caps.max_frame_rate,
        ..Caps::default()
    }
}
