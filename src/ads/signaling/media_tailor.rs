//! The tracking document of AWS Elemental MediaTailor, as an asset list carries it under `TRACKING`.
//!
//! ```text
//! tracking = {"avails":[avail],"nonLinearAvails":[]}
//! avail    = {"availId","startTime","startTimeInSeconds","duration","durationInSeconds","adBreakTrackingEvents":[],
//!             "nonLinearAdsList":[],"ads":[ad]}
//! ad       = {"adId","creativeId","creativeSequence","adSystem","adTitle","skipOffset","trackingEvents":[event],…}
//! event    = {"eventId","eventType","beaconUrls":[],"startTime","startTimeInSeconds","duration","durationInSeconds"}
//! ```
//!
//! MediaTailor's own documents count from the start of the session. In an asset list nothing is known of the session, and all
//! times count from the start of the pod. Shaka Player needs each list to be there, even without a member.

use std::time::Duration;

use serde::Serialize;

use super::Seconds;
use super::events::{Urls, by_event};
use crate::ads::{Ad, Listed, NonLinear, Opening, Pod, Tracking, TrackingEvent};

/// The tracking document of one pod.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrackingDocument<'a> {
    avails: [Avail<'a>; 1],
    non_linear_avails: [(); 0],
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Avail<'a> {
    avail_id: &'a str,
    #[serde(flatten)]
    time: Time,
    ad_break_tracking_events: [(); 0],
    non_linear_ads_list: Vec<NonLinearAd<'a>>,
    ads: Vec<LinearAd<'a>>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LinearAd<'a> {
    #[serde(flatten)]
    ad: Description<'a>,
    #[serde(flatten)]
    time: Time,
    skip_offset: Option<String>,
    companion_ads: [(); 0],
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct NonLinearAd<'a> {
    #[serde(flatten)]
    ad: Description<'a>,
    #[serde(flatten)]
    time: Time,
    non_linear_ad_list: [Resource<'a>; 1],
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Description<'a> {
    ad_id: &'a str,
    vast_ad_id: &'a str,
    ad_system: &'a str,
    ad_title: &'a str,
    ad_parameters: &'static str,
    creative_id: &'a str,
    creative_sequence: String,
    click_through: Option<&'a str>,
    ad_verifications: Vec<AdVerification<'a>>,
    extensions: &'a [String],
    tracking_events: Vec<Event<'a>>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AdVerification<'a> {
    vendor: &'a str,
    executable_resource: [Executable<'a>; 1],
    verification_parameters: Option<&'a str>,
}

#[derive(Clone, Debug, Serialize)]
struct Executable<'a> {
    uri: &'a str,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Resource<'a> {
    ad_id: &'a str,
    ad_system: &'a str,
    ad_title: &'a str,
    ad_parameters: &'static str,
    creative_id: &'a str,
    creative_ad_id: &'a str,
    creative_sequence: String,
    static_resource: &'a str,
    static_resource_creative_type: &'a str,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    event_id: String,
    event_type: TrackingEvent,
    beacon_urls: Vec<&'a str>,
    #[serde(flatten)]
    time: Time,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Time {
    start_time: String,
    start_time_in_seconds: Seconds,
    duration: String,
    duration_in_seconds: Seconds,
}

impl Time {
    fn new(start: Duration, duration: Duration) -> Self {
        let [start, duration] = [start, duration].map(Seconds);
        Self {
            start_time: start.iso(),
            start_time_in_seconds: start,
            duration: duration.iso(),
            duration_in_seconds: duration,
        }
    }
}

impl<'a> TrackingDocument<'a> {
    /// The document of a pod, of which these slots are listed.
    pub fn of(opening: &'a Opening, listed: &[Listed<'a>], pod: &'a Pod) -> Self {
        let end = listed.last().map(|last| last.start.saturating_add(last.slot.duration));
        let ads = listed.iter().filter_map(|Listed { number, start, slot, .. }| {
            let ad = slot.ad.as_ref()?;
            let (number, start) = (*number, *start);
            Some(LinearAd {
                ad: Description::of(ad, number, start, slot.duration),
                time: Time::new(start, slot.duration),
                skip_offset: ad.skip_offset.map(|offset| Seconds(offset).iso()),
                companion_ads: [],
            })
        });
        let beside = pod.non_linear.iter().enumerate().map(|(number, item)| NonLinearAd::of(item, number));
        let avail = Avail {
            avail_id: opening.id.as_str(),
            time: Time::new(Duration::ZERO, end.unwrap_or_default()),
            ad_break_tracking_events: [],
            non_linear_ads_list: beside.collect(),
            ads: ads.collect(),
        };
        Self { avails: [avail], non_linear_avails: [] }
    }
}

impl<'a> NonLinearAd<'a> {
    fn of(item: &'a NonLinear, number: usize) -> Self {
        let NonLinear { start, duration, url, media_type, ad, .. } = item;
        let ad = Description::of(ad, number, *start, *duration);
        let resource = Resource {
            ad_id: ad.ad_id,
            ad_system: ad.ad_system,
            ad_title: ad.ad_title,
            ad_parameters: "",
            creative_id: ad.creative_id,
            creative_ad_id: ad.creative_id,
            creative_sequence: ad.creative_sequence.clone(),
            static_resource: url.as_str(),
            static_resource_creative_type: media_type,
        };
        Self { ad, time: Time::new(*start, *duration), non_linear_ad_list: [resource] }
    }
}

impl<'a> Description<'a> {
    fn of(ad: &'a Ad, number: usize, start: Duration, duration: Duration) -> Self {
        let sequence = number.saturating_add(1);
        let verifications = ad.verifications.iter().map(|found| AdVerification {
            vendor: &found.vendor,
            executable_resource: [Executable { uri: &found.resource }],
            verification_parameters: found.parameters.as_deref(),
        });
        Self {
            ad_id: &ad.id,
            vast_ad_id: &ad.id,
            ad_system: ad.system.as_deref().unwrap_or_default(),
            ad_title: ad.title.as_deref().unwrap_or_default(),
            ad_parameters: "",
            creative_id: ad.creative_id.as_deref().unwrap_or_default(),
            creative_sequence: sequence.to_string(),
            click_through: ad.click_through.as_deref(),
            ad_verifications: verifications.collect(),
            extensions: &ad.extensions,
            tracking_events: events(&ad.tracking, sequence, start, duration),
        }
    }
}

/// The URLs by event, each with its time. `sequence` is the number of the ad.
fn events(tracking: &[Tracking], sequence: usize, start: Duration, duration: Duration) -> Vec<Event<'_>> {
    let numbered = by_event(tracking).into_iter().enumerate();
    let event = |(number, Urls { event, offset, urls })| {
        let (from, lasts) = span(event, offset, duration);
        Event {
            event_id: format!("{sequence}-{}", number + 1),
            event_type: event,
            beacon_urls: urls,
            time: Time::new(start.saturating_add(from), lasts),
        }
    };
    numbered.map(event).collect()
}

/// When an event happens, from the start of its ad, and how long it may happen. Events by the viewer may happen all along.
fn span(event: TrackingEvent, offset: Option<Duration>, duration: Duration) -> (Duration, Duration) {
    use TrackingEvent as Event;
    let at = |at: Duration| (at, Duration::ZERO);
    match event {
        Event::Impression | Event::Start | Event::CreativeView | Event::Loaded => at(Duration::ZERO),
        Event::FirstQuartile => at(duration / 4),
        Event::Midpoint => at(duration / 2),
        Event::ThirdQuartile => at(duration / 4 * 3),
        Event::Complete => at(duration),
        Event::Progress => at(offset.unwrap_or_default()),
        _ => (Duration::ZERO, duration),
    }
}
