//! What a creative's document says, in the words of a pod.

use std::time::Duration;

use super::{Ad, Identifier, Media, Tracking};
use crate::catalog::{CampaignId, Creative, CreativeId, CreativeMedia, UniversalAdId};

impl Media {
    /// The media of a conditioned creative.
    pub fn of_creative(id: &CreativeId, media: &CreativeMedia) -> Self {
        Self::Creative { id: id.clone(), hls: media.hls.clone(), dash: media.dash.clone() }
    }
}

impl Ad {
    /// The advertisement of a campaign's creative, with the tracking of the creative's document.
    pub fn of_campaign(campaign: &CampaignId, creative: &Creative) -> Self {
        let identifier = |UniversalAdId { registry, id }: &UniversalAdId| Identifier {
            scheme: registry.clone(),
            value: id.clone(),
        };
        let tracking = creative.tracking.iter().flat_map(|(event, urls)| {
            urls.iter().map(|url| Tracking { event: *event, offset: None, url: url.to_string() })
        });
        Self {
            id: format!("{campaign}/{}", creative.id),
            campaign: Some(campaign.clone()),
            title: creative.name.clone(),
            creative_id: Some(creative.id.to_string()),
            identifiers: creative.universal_ad_ids.iter().map(identifier).collect(),
            tracking: tracking.collect(),
            click_through: creative.click_through.as_ref().map(ToString::to_string),
            skip_offset: creative.skip_offset_s.map(|secs| Duration::from_secs(secs.into())),
            ..Self::default()
        }
    }
}
