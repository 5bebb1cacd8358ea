//! Macros in the URLs of events, which players request as an ad plays.
//!
//! The edge fills in what it knows when the pod is decided: many players request such a URL as it stands. A macro that only the player
//! knows stays for players that fill in macros.

use std::time::Duration;

use super::fill::{Filled, fill_by};
use super::values::{Value, Values, playhead};
use crate::ads::{Ad, Identifier, Media, Pod};

/// The most bytes by which all URLs of a pod grow. Beyond that, they stay as they are: one parameter of the viewer may be named in
/// thousands of URLs.
const MOST_GROWTH: usize = 512 * 1024;

/// Fills in the URLs of events and clicks of a pod.
pub fn fill_tracking(pod: &mut Pod, values: &Values) {
    let mut filling = Filling { values, requests: 0, room: MOST_GROWTH };
    for slot in &mut pod.slots {
        if let Some(ad) = &mut slot.ad {
            let asset = match &slot.media {
                Media::Direct { url, .. } => Some(url.as_str()),
                Media::Creative { .. } => None,
            };
            filling.fill(ad, asset, slot.duration);
        }
    }
    for item in &mut pod.non_linear {
        filling.fill(&mut item.ad, Some(item.url.as_str()), item.duration);
    }
}

struct Filling<'v> {
    values: &'v Values,
    /// The number of URLs so far, by which each has another random number.
    requests: u64,
    /// The bytes by which URLs may still grow.
    room: usize,
}

impl Filling<'_> {
    fn fill(&mut self, ad: &mut Ad, asset: Option<&str>, duration: Duration) {
        let own = Own {
            universal_ids: ad
                .identifiers
                .iter()
                .map(|Identifier { scheme, value }| format!("{scheme} {value}"))
                .collect(),
            serving_id: ad.serving_id.clone(),
            sequence: ad.sequence,
            asset: asset.map(str::to_owned),
        };
        for tracking in &mut ad.tracking {
            let time = tracking.time(duration);
            self.url(&mut tracking.url, &own, time);
        }
        if let Some(url) = &mut ad.click_through {
            self.url(url, &own, None);
        }
    }

    /// Fills in a URL. `time`: when it is requested, from the start of its ad.
    fn url(&mut self, url: &mut String, own: &Own, time: Option<Duration>) {
        if self.room == 0 || !url.contains(['[', '%', '$']) {
            return;
        }
        self.requests += 1;
        let find = |name: &str| match own.find(name, time) {
            Some(text) => Some(Value::Known(text)),
            None => self.values.find_of_event(name, self.requests),
        };
        let Filled { url: filled, is_too_long, .. } = fill_by(url, find);
        let growth = filled.len().saturating_sub(url.len());
        if is_too_long || growth > self.room {
            self.room = 0;
            return;
        }
        self.room -= growth;
        *url = filled;
    }
}

/// The values of an ad.
struct Own {
    universal_ids: Vec<String>,
    serving_id: Option<String>,
    sequence: Option<u32>,
    asset: Option<String>,
}

impl Own {
    fn find(&self, name: &str, time: Option<Duration>) -> Option<String> {
        match name {
            "ADPLAYHEAD" => time.map(playhead),
            "ADSERVINGID" => self.serving_id.clone(),
            "ASSETURI" => self.asset.clone(),
            "PODSEQUENCE" => self.sequence.map(|sequence| sequence.to_string()),
            "UNIVERSALADID" => Some(self.universal_ids.join(",")).filter(|ids| !ids.is_empty()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ads::{Role, Slot, Tracking, TrackingEvent};

    fn pod(urls: &[&str], event: TrackingEvent) -> Pod {
        let tracking =
            urls.iter().map(|url| Tracking { event, offset: None, url: (*url).to_owned() }).collect();
        let ad = Ad {
            id: "one".to_owned(),
            sequence: Some(2),
            serving_id: Some("serving 1".to_owned()),
            identifiers: vec![Identifier { scheme: "ad-id.org".to_owned(), value: "PLUM1".to_owned() }],
            click_through: Some("https://a.example/?c=[CACHEBUSTING]&p=[CLICKPOS]".to_owned()),
            tracking,
            ..Ad::default()
        };
        let media =
            Media::Direct { url: "https://m.example/a.m3u8".parse().unwrap(), media_type: String::new() };
        let slot = Slot { role: Role::Ad, media, duration: Duration::from_secs(20), ad: Some(ad) };
        Pod { slots: vec![slot], ..Pod::empty("pre".parse().unwrap()) }
    }

    fn filled(urls: &[&str], event: TrackingEvent, values: &Values) -> Vec<String> {
        let mut pod = pod(urls, event);
        fill_tracking(&mut pod, values);
        let ad = pod.slots.remove(0).ad.unwrap();
        ad.tracking.into_iter().map(|tracking| tracking.url).collect()
    }

    #[test]
    fn what_the_edge_knows_is_filled_in_and_the_rest_is_the_players() {
        let values = Values {
            address: "203.0.113.7".parse().ok(),
            start: Some(Duration::from_secs(600)),
            parameters: vec![("gdpr_consent".to_owned(), "C".to_owned())],
            ..Values::default()
        };
        for (url, expected) in [
            ("?[PODSEQUENCE]/[ADSERVINGID]/[UNIVERSALADID]", "?2/serving%201/ad-id.org%20PLUM1"),
            ("?[ADPLAYHEAD]/[MEDIAPLAYHEAD]", "?00%3A00%3A10.000/00%3A10%3A00.000"),
            ("?[ASSETURI]", "?https%3A%2F%2Fm.example%2Fa.m3u8"),
            ("?[DEVICEIP]/[SERVERSIDE]/%%GDPRCONSENT%%", "?203.0.113.7/0/C"),
            (
                "?[TIMESTAMP]/[PLAYERSTATE]/[CLIENTUA]/[ERRORCODE]",
                "?[TIMESTAMP]/[PLAYERSTATE]/[CLIENTUA]/[ERRORCODE]",
            ),
            ("?[IFA]/[player_params.x]/[own]/${GPP_SID}", "?[IFA]/[player_params.x]/[own]/${GPP_SID}"),
        ] {
            assert_eq!(filled(&[url], TrackingEvent::Midpoint, &values), [expected], "{url}");
        }
        assert_eq!(filled(&["?[ADPLAYHEAD]"], TrackingEvent::Mute, &values), ["?[ADPLAYHEAD]"]);
    }

    #[test]
    fn each_url_has_another_random_number() {
        let url = "?[CACHEBUSTING]";
        let urls = filled(&[url, url], TrackingEvent::Start, &Values::default());
        assert!(urls.iter().all(|url| url.len() == 9) && urls[0] != urls[1], "{urls:?}");
    }

    #[test]
    fn the_urls_of_a_pod_grow_by_a_bounded_number_of_bytes() {
        let values = Values { user_agent: Some("ü".repeat(500)), ..Values::default() };
        let urls = vec!["?[DEVICEUA]"; 5_000];
        let bytes: usize = filled(&urls, TrackingEvent::Start, &values).iter().map(String::len).sum();
        assert!(bytes > 100_000 && bytes <= MOST_GROWTH + 5_000 * 11, "{bytes}");
    }
}
