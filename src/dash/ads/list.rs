//! The list MPD of a pod (ISO/IEC 23009-1, 6th edition: the list profile): a Period for each slot, which imports the creative's
//! own MPD.
//!
//! ```text
//! <MPD type="list" profiles="urn:mpeg:dash:profile:list:2024" …>
//!   <Period id="0" duration="PT15S">
//!     <ImportedMPD earliestResolutionTimeOffset="60">https://…/_stagedoor/ad/mid-1/0/plum/manifest.mpd</ImportedMPD>
//!     <EventStream schemeIdUri="urn:mpeg:dash:event:callback:2015" …>…</EventStream>
//!     <EventStream schemeIdUri="urn:svta:advertising-wg:ad-creative-signaling" …>…</EventStream>
//!   </Period>
//! </MPD>
//! ```
//!
//! No Period states its start, and the MPD no duration: if a player cannot import one, the next moves up, and the pod goes on.

use super::write::{Tag, ticks};
use super::{callback, overlay, signaling};
use crate::ads::{Format, ListRequest, Listed, Pod};
use crate::dash::duration::of_milliseconds;

/// How early players may import an MPD, in seconds: the list is requested shortly before its break.
const EARLIEST_S: u32 = 60;

/// The list MPD of a pod. `None`: no slot has an MPD, so the reply is 404, upon which players go on with the content.
///
/// Slots without an MPD are left out. Items that begin behind the last slot are left out too: the list ends there.
pub fn list_mpd(pod: &Pod, request: &ListRequest<'_>) -> Option<String> {
    let mut periods = String::new();
    let mut ids = 1..;
    for Listed { number, start, slot, manifest } in request.listed(pod, Format::Dash) {
        let mut inner = Tag::new("", "ImportedMPD")
            .with("earliestResolutionTimeOffset", EARLIEST_S)
            .around_text(manifest.as_str());
        if let Some(ad) = &slot.ad {
            inner += &callback::stream(ad, slot.duration, &mut ids);
        }
        inner += &signaling::stream(slot.ad.as_ref(), &pod.non_linear, start, slot.duration, &mut ids);
        inner += &overlay::stream(&pod.non_linear, start, slot.duration, &mut ids);
        periods += &Tag::new("", "Period")
            .with("id", number)
            .with("duration", of_milliseconds(ticks(slot.duration)))
            .around(&inner);
    }
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    (!periods.is_empty()).then(|| head.to_owned() + &mpd(&periods))
}

fn mpd(periods: &str) -> String {
    Tag::new("", "MPD")
        .with("xmlns", "urn:mpeg:dash:schema:mpd:2011")
        .with("type", "list")
        .with("profiles", "urn:mpeg:dash:profile:list:2024")
        .with("minBufferTime", "PT2S")
        .around(periods)
}

#[cfg(test)]
mod tests;
