//! The asset list of a break: the JSON that players fetch from `X-ASSET-LIST`, with the pod that fills the break for one viewer.
//!
//! ```text
//! {"ASSETS":[{"URI":absolute,"DURATION":number,"X-AD-CREATIVE-SIGNALING":{…}}],
//!  "SKIP-CONTROL":{"OFFSET":number,"DURATION":number,"LABEL-ID":string},
//!  "X-OVERLAYS":[…], "TRACKING":{…}}
//! ```
//!
//! [draft-pantos-hls-rfc8216bis-22 appendix D.2](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#appendix-D.2).
//! The list always has the whole pod, whatever `_HLS_start_offset` asks for: hls.js and Shaka Player skip into the list
//! themselves, so they would skip twice into a list that was cut. Shaka Player reads numbers only.

mod overlay;

use serde::Serialize;

use overlay::Overlay;

use crate::ads::signaling::Seconds;
use crate::ads::signaling::media_tailor::TrackingDocument;
use crate::ads::signaling::svta::Envelope;
use crate::ads::{Format, ListRequest, Listed, Opening, Pod};
use crate::catalog::SkipControl;

#[derive(Serialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
struct AssetList<'a> {
    assets: Vec<Asset<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skip_control: Option<SkipMember<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    x_overlays: Vec<Overlay<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking: Option<TrackingDocument<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
struct Asset<'a> {
    uri: String,
    duration: Seconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    x_ad_creative_signaling: Option<Envelope<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
struct SkipMember<'a> {
    offset: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label_id: Option<&'a str>,
}

/// Writes the asset list of a pod, for the request for the list.
///
/// `None` if there is nothing to show in a live stream: the reply is then 404. hls.js up to 1.6.14 loses its schedule over an
/// empty list when a viewer joins within the break ([hls.js 7641]). All players take a list that fails for a break without ads,
/// and play the content on. On demand, an empty list harms nobody, because each break says where the content resumes.
///
/// A slot whose media HLS players cannot play is left out, here and in `TRACKING`: an MPD, or a creative without a Multivariant
/// Playlist.
///
/// [hls.js 7641]: https://github.com/video-dev/hls.js/issues/7641
pub fn asset_list<'a>(
    opening: &'a Opening,
    pod: &'a Pod,
    skip: Option<&'a SkipControl>,
    request: &ListRequest<'_>,
) -> Option<Vec<u8>> {
    let listed = request.listed(pod, Format::Hls);
    let asset = |listed: &Listed<'a>| {
        let Listed { slot, manifest, .. } = listed;
        let signaling = slot.ad.as_ref().map(|ad| Envelope::of_ad(ad, slot.duration));
        let (uri, duration) = (manifest.as_str().to_owned(), Seconds(slot.duration));
        Asset { uri, duration, x_ad_creative_signaling: signaling }
    };
    let assets: Vec<_> = listed.iter().map(asset).collect();
    let overlays: Vec<_> = pod
        .non_linear
        .iter()
        .enumerate()
        .map(|(number, item)| Overlay::of(&opening.id, number, item))
        .collect();
    let is_empty = assets.is_empty() && overlays.is_empty();
    if is_empty && opening.start.is_none() {
        return None;
    }
    let list = AssetList {
        skip_control: skip.filter(|_| !assets.is_empty()).map(|skip| SkipMember {
            offset: skip.offset_s,
            duration: skip.duration_s,
            label_id: skip.label.as_deref(),
        }),
        tracking: (!is_empty).then(|| TrackingDocument::of(opening, &listed, pod)),
        assets,
        x_overlays: overlays,
    };
    serde_json::to_vec(&list).ok()
}

#[cfg(test)]
mod tests;
