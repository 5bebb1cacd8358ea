//! Every output tells the same timeline: date ranges and alternative MPD events of the same breaks, whether they are extended, end
//! early, or are joined late; asset lists, list MPDs, Ad Creative Signaling and tracking documents of the same pod, with its ads,
//! bumpers, slates and items beside the content. Each is read back by a small reader of the test's own.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Value, json};
use stagedoor::ads::address::{AdAddress, Listing, Seal};
use stagedoor::ads::signaling::svta::Envelope;
use stagedoor::ads::{
    Break, Candidate, Content, Ending, Filler, Furniture, ListRequest, Media, Offered, Opening, Place, Plan,
    Pod, Terms, fit,
};
use stagedoor::catalog::{AdPolicy, Caps, Host, KeySet, SigningStyle, TitleAds, TitleId, Unfilled};
use stagedoor::{dash, hls};

#[path = "support/xml.rs"]
mod xml;

use xml::Element;

/// A slot of a pod, as an output tells it. Times are in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ToldSlot {
    number: u16,
    creative: String,
    is_ad: bool,
    start: u64,
    duration: u64,
    /// For each URL of its advertisement, when it is requested after the start of the slot; `None`: when a viewer does something.
    urls: BTreeMap<String, Option<u64>>,
}

/// A callback for the end of an ad lies at most this much before it, in milliseconds.
const BEFORE_END: u64 = 500;

/// A time that is rounded once more, in milliseconds.
const ROUNDED: u64 = 1;

const TIMED: [&str; 8] = [
    "impression",
    "loaded",
    "start",
    "creativeView",
    "firstQuartile",
    "midpoint",
    "thirdQuartile",
    "complete",
];
const UNTIMED: [&str; 4] = ["mute", "skip", "clickTracking", "error"];

/// Pods of ads, bumpers and slates, some of them in one format only, with items beside the content.
fn pods() -> impl Strategy<Value = Pod> {
    let event = prop_oneof![
        prop::sample::select(&TIMED[..]).prop_map(|name| (name, None)),
        prop::sample::select(&UNTIMED[..]).prop_map(|name| (name, None)),
        (1u64..=1000).prop_map(|thousandth| ("progress", Some(thousandth))),
    ];
    let formats =
        prop_oneof![8 => Just(("m.m3u8", "m.mpd")), 1 => Just(("m.m3u8", "")), 1 => Just(("", "m.mpd"))];
    let slot = (
        1u64..120_000,
        prop::sample::select(&["plum", "teal", "amber"][..]),
        formats,
        prop_oneof![
            4 => prop::collection::vec(event, 0..8).prop_map(|events| ("ad", Some(events))),
            1 => prop::sample::select(&["bumper", "slate"][..]).prop_map(|role| (role, None)),
        ],
    );
    let layouts = prop::sample::select(&["corner_overlay", "squeezeback_frame", "pause"][..]);
    let items = prop::collection::vec((0u64..200_000, 1u64..60_000, layouts), 0..3);
    (prop::collection::vec(slot, 1..7), items).prop_map(|(slots, items)| {
        let slots: Vec<Value> = slots
            .into_iter()
            .enumerate()
            .map(|(number, (duration, creative, (hls, dash), (role, events)))| {
                let mut media = json!({ "id": creative });
                for (name, path) in [("hls", hls), ("dash", dash)] {
                    if !path.is_empty() {
                        media[name] = json!(path);
                    }
                }
                let mut slot =
                    json!({ "role": role, "media": { "creative": media }, "duration_ms": duration });
                if let Some(events) = events {
                    let tracking = events.iter().enumerate().map(|(which, (name, thousandth))| {
                        let offset = thousandth.map(|thousandth| thousandth * duration / 1000);
                        let url = format!("https://t.example/{number}/{which}?a=1&b=[X]");
                        match offset {
                            Some(offset) => json!({ "event": name, "offset_ms": offset, "url": url }),
                            None => json!({ "event": name, "url": url }),
                        }
                    });
                    slot["ad"] = json!({ "id": "1", "tracking": tracking.collect::<Vec<_>>() });
                }
                slot
            })
            .collect();
        let item = |(number, (start, duration, layout)): (usize, (u64, u64, &str))| {
            json!({
                "start_ms": start, "duration_ms": duration, "layout": layout, "media_type": "image/png",
                "url": format!("https://s.example/{number}.png?a=1&b=2"), "ad": { "id": "1", "tracking": [] },
            })
        };
        let items: Vec<Value> = items.into_iter().enumerate().map(item).collect();
        serde_json::from_value(json!({ "break": "mid-1", "slots": slots, "non_linear": items })).unwrap()
    })
}

/// The timeline of a pod in a format, from its own values; without a format, of all its slots.
fn expected(pod: &Pod, format: Option<&str>) -> Vec<ToldSlot> {
    let pod = serde_json::to_value(pod).unwrap();
    let mut start = 0;
    let slots = pod["slots"].as_array().unwrap().iter().enumerate();
    let is_listed = |slot: &Value| {
        format.is_none_or(|format| slot["media"]["creative"].get(format).is_some_and(|path| !path.is_null()))
    };
    slots
        .filter(|(_, slot)| is_listed(slot))
        .map(|(number, slot)| {
            let duration = slot["duration_ms"].as_u64().unwrap();
            let tracking = slot["ad"]["tracking"].as_array().cloned().unwrap_or_default();
            let urls = tracking.iter().map(|tracking| {
                let (event, offset) = (tracking["event"].as_str().unwrap(), tracking["offset_ms"].as_u64());
                (tracking["url"].as_str().unwrap().to_owned(), at(event, offset, duration))
            });
            let told = ToldSlot {
                number: u16::try_from(number).unwrap(),
                creative: slot["media"]["creative"]["id"].as_str().unwrap().to_owned(),
                is_ad: slot.get("ad").is_some(),
                start,
                duration,
                urls: urls.collect(),
            };
            start += duration;
            told
        })
        .collect()
}

/// An item beside the content, as an output tells it: its start and its duration, by its URL.
type ToldItems = BTreeMap<String, (u64, u64)>;

fn expected_items(pod: &Pod) -> ToldItems {
    let items = serde_json::to_value(pod).unwrap()["non_linear"].as_array().cloned().unwrap_or_default();
    let told = |item: &Value| {
        let time = |name: &str| item[name].as_u64().unwrap();
        (item["url"].as_str().unwrap().to_owned(), (time("start_ms"), time("duration_ms")))
    };
    items.iter().map(told).collect()
}

/// When an event happens after the start of an ad.
fn at(event: &str, offset: Option<u64>, duration: u64) -> Option<u64> {
    match event {
        "impression" | "loaded" | "start" | "creativeView" => Some(0),
        "firstQuartile" => Some(duration / 4),
        "midpoint" => Some(duration / 2),
        "thirdQuartile" => Some(duration * 3 / 4),
        "complete" => Some(duration),
        "progress" => offset,
        _ => None,
    }
}

fn with_request<T>(take: impl FnOnce(&ListRequest<'_>) -> T) -> T {
    let title: TitleId = "harbour".parse().unwrap();
    take(&ListRequest {
        authority: "https://watch.example",
        title: &title,
        folder: "a/",
        token: "T",
        signing: SigningStyle::Path,
    })
}

fn millis(seconds: &Value) -> u64 {
    let millis = seconds.as_f64().unwrap() * 1000.0;
    format!("{millis:.0}").parse().unwrap()
}

/// The slot and the creative of a URL.
fn address(url: &str) -> (u16, String) {
    let (address, _) = AdAddress::of_path(url.split_once("/harbour/").unwrap().1).unwrap();
    (address.slot, address.creative.to_string())
}

fn asset_list(pod: &Pod) -> Value {
    let opening: Opening =
        serde_json::from_value(json!({ "id": "mid-1", "place": "mid_roll", "start_ms": 1 })).unwrap();
    let list = with_request(|request| hls::asset_list(&opening, pod, None, request)).unwrap();
    serde_json::from_slice(&list).unwrap()
}

/// The URLs of an envelope of Ad Creative Signaling, with their times.
fn signaled(envelope: &Value, urls: &mut BTreeMap<String, Option<u64>>) -> (u64, u64) {
    let payload = &envelope["payload"][0];
    let duration = millis(&payload["duration"]);
    for event in payload["tracking"].as_array().unwrap() {
        let offset = event.get("offset").map(millis);
        for url in event["urls"].as_array().unwrap() {
            let at = at(event["type"].as_str().unwrap(), offset, duration);
            assert!(urls.insert(url.as_str().unwrap().to_owned(), at).is_none(), "{url} is told twice");
        }
    }
    (millis(&payload["start"]), duration)
}

/// Reads the assets of an asset list, with their signaling.
fn of_assets(list: &Value) -> Vec<ToldSlot> {
    let mut start = 0;
    let assets = list["ASSETS"].as_array().unwrap().iter();
    assets
        .map(|asset| {
            let (number, creative) = address(asset["URI"].as_str().unwrap());
            let (duration, mut urls) = (millis(&asset["DURATION"]), BTreeMap::new());
            if let Some(envelope) = asset.get("X-AD-CREATIVE-SIGNALING") {
                assert_eq!(signaled(envelope, &mut urls), (0, duration));
            }
            let is_ad = asset.get("X-AD-CREATIVE-SIGNALING").is_some();
            let told = ToldSlot { number, creative, is_ad, start, duration, urls };
            start += duration;
            told
        })
        .collect()
}

/// Reads the items of an asset list, as Shaka Player reads them.
fn items_of_assets(list: &Value) -> ToldItems {
    let items = list["X-OVERLAYS"].as_array().cloned().unwrap_or_default();
    let told = |item: &Value| {
        let time = (millis(&item["START-OFFSET"]), millis(&item["DURATION"]));
        let envelope = &item["X-AD-CREATIVE-SIGNALING"]["payload"][0];
        assert_eq!((millis(&envelope["start"]), millis(&envelope["duration"])), time);
        assert_eq!(envelope["layout"]["assets"][0]["uri"], item["X-ASSET-URI"]);
        (item["X-ASSET-URI"].as_str().unwrap().to_owned(), time)
    };
    items.iter().map(told).collect()
}

/// Reads the items of a tracking document.
fn items_of_tracking(list: &Value) -> ToldItems {
    let items = list["TRACKING"]["avails"][0]["nonLinearAdsList"].as_array().cloned().unwrap_or_default();
    let told = |item: &Value| {
        let url = item["nonLinearAdList"][0]["staticResource"].as_str().unwrap().to_owned();
        (url, (millis(&item["startTimeInSeconds"]), millis(&item["durationInSeconds"])))
    };
    items.iter().map(told).collect()
}

/// The start and the duration of an ad, and for each of its URLs from when, after its start, and how long it may be requested.
type Tracked = (u64, u64, BTreeMap<String, (u64, u64)>);

/// Reads the tracking document of an asset list: the times of its ads, and their URLs with the times of events.
fn of_tracking(list: &Value) -> Vec<Tracked> {
    let Some(ads) = list["TRACKING"]["avails"][0]["ads"].as_array() else { return Vec::new() };
    ads.iter()
        .map(|ad| {
            let time =
                |told: &Value| (millis(&told["startTimeInSeconds"]), millis(&told["durationInSeconds"]));
            let (start, duration) = time(ad);
            let mut urls = BTreeMap::new();
            for event in ad["trackingEvents"].as_array().unwrap() {
                for url in event["beaconUrls"].as_array().unwrap() {
                    let (at, lasts) = time(event);
                    urls.insert(url.as_str().unwrap().to_owned(), (at - start, lasts));
                }
            }
            (start, duration, urls)
        })
        .collect()
}

/// Reads a list MPD: its slots, where URLs of callbacks have the times of their events, and its items.
fn of_list_mpd(mpd: &str) -> (Vec<ToldSlot>, ToldItems) {
    let mpd = xml::read(mpd).unwrap();
    assert_eq!((mpd.value("type"), mpd.value("mediaPresentationDuration")), (Some("list"), None));
    let mut start = 0;
    let mut ids = BTreeMap::new();
    let (mut told, mut items, mut signaled_items) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    for period in mpd.named("Period") {
        let (number, creative) = address(&period.named("ImportedMPD").next().unwrap().text);
        let duration = iso(period.value("duration").unwrap());
        let (mut is_ad, mut urls) = (false, BTreeMap::new());
        for stream in period.named("EventStream") {
            let scheme = stream.value("schemeIdUri").unwrap();
            assert_eq!(stream.value("timescale"), Some("1000"));
            for event in stream.named("Event") {
                let number = |name| event.value(name).unwrap().parse::<u64>().unwrap();
                assert!(ids.insert((scheme.to_owned(), number("id")), ()).is_none(), "an id is used twice");
                let (at, lasts) = (number("presentationTime"), number("duration"));
                match scheme {
                    "urn:mpeg:dash:event:callback:2015" => {
                        assert!(at + lasts <= duration);
                        let before = urls.insert(event.text.clone(), Some(at));
                        assert_eq!(before, None, "{} is told twice", event.text);
                    }
                    "urn:scte:dash:scte214-events" => {
                        assert!(at < duration);
                        let uri = event.children[0].value("uri").unwrap();
                        items.insert(uri.to_owned(), (start + at, lasts));
                    }
                    "urn:svta:advertising-wg:ad-creative-signaling" => {
                        let envelope: Value = serde_json::from_str(&event.text).unwrap();
                        let payload = &envelope["payload"][0];
                        if payload["type"] == "nonlinear" {
                            assert_eq!((millis(&payload["start"]), millis(&payload["duration"])), (0, lasts));
                            let uri = payload["layout"]["assets"][0]["uri"].as_str().unwrap();
                            signaled_items.insert(uri.to_owned(), (start + at, lasts));
                        } else {
                            is_ad = true;
                            assert_eq!(signaled(&envelope, &mut urls), (0, duration));
                            assert_eq!((at, lasts), (0, duration));
                        }
                    }
                    other => assert_eq!(other, "a scheme of lists"),
                }
            }
        }
        told.push(ToldSlot { number, creative, is_ad, start, duration, urls });
        start += duration;
    }
    assert_eq!(items, signaled_items);
    (told, items)
}

/// Reads the envelope of Ad Creative Signaling of a whole pod, as a stitched playlist or MPD carries it: the time of each ad, and its
/// URLs.
fn of_envelope(pod: &Pod) -> Vec<(u64, u64, BTreeMap<String, Option<u64>>)> {
    let Some(envelope) = Envelope::of_pod(pod) else { return Vec::new() };
    let envelope = serde_json::to_value(&envelope).unwrap();
    let slots = envelope["payload"].as_array().unwrap().iter();
    slots
        .map(|slot| {
            let mut urls = BTreeMap::new();
            let (start, duration) = signaled(&json!({ "payload": [slot] }), &mut urls);
            (start, duration, urls)
        })
        .collect()
}

/// A duration of seconds, in milliseconds.
fn iso(text: &str) -> u64 {
    let seconds = text.strip_prefix("PT").unwrap().strip_suffix('S').unwrap();
    millis(&json!(seconds.parse::<f64>().unwrap()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_pod_has_one_timeline(pod in pods()) {
        has_one_timeline(&pod)?;
    }
}

/// Reads all lists of a pod, and compares them.
fn has_one_timeline(pod: &Pod) -> Result<(), TestCaseError> {
    let items = expected_items(pod);
    let in_hls = expected(pod, Some("hls"));
    let list = asset_list(pod);
    prop_assert_eq!(of_assets(&list), in_hls.clone());
    prop_assert_eq!(&items_of_assets(&list), &items);
    prop_assert_eq!(&items_of_tracking(&list), &items);

    let tracked = of_tracking(&list);
    let with_ads: Vec<_> = in_hls.iter().filter(|told| told.is_ad).collect();
    prop_assert_eq!(tracked.len(), with_ads.len());
    for ((start, duration, urls), told) in tracked.iter().zip(with_ads) {
        prop_assert_eq!((*start, *duration), (told.start, told.duration));
        prop_assert_eq!(urls.keys().collect::<Vec<_>>(), told.urls.keys().collect::<Vec<_>>());
        for (url, at) in &told.urls {
            // What a viewer does may happen all along.
            let (from, lasts) = urls[url];
            prop_assert_eq!(lasts == 0 || told.duration == 0, at.is_some(), "{}", url);
            prop_assert!(at.unwrap_or(0).abs_diff(from) <= ROUNDED, "{}: {:?} and {}", url, at, from);
        }
    }

    let all: Vec<_> = expected(pod, None)
        .into_iter()
        .filter(|told| told.is_ad)
        .map(|told| (told.start, told.duration, told.urls))
        .collect();
    prop_assert_eq!(of_envelope(pod), all);

    let in_dash = expected(pod, Some("dash"));
    let Some(mpd) = with_request(|request| dash::list_mpd(pod, request)) else {
        prop_assert!(in_dash.is_empty());
        return Ok(());
    };
    let (listed, listed_items) = of_list_mpd(&mpd);
    let end = in_dash.last().map_or(0, |last| last.start + last.duration);
    let within: ToldItems = items.into_iter().filter(|(_, (start, _))| *start < end).collect();
    prop_assert_eq!(listed_items, within);
    prop_assert_eq!(listed.len(), in_dash.len());
    for (found, told) in listed.iter().zip(&in_dash) {
        let without = |told: &ToldSlot| ToldSlot { urls: BTreeMap::new(), ..told.clone() };
        prop_assert_eq!(without(found), without(told));
        prop_assert_eq!(found.urls.keys().collect::<Vec<_>>(), told.urls.keys().collect::<Vec<_>>());
        for (url, at) in &told.urls {
            let (Some(at), Some(called)) = (at, found.urls[url]) else {
                prop_assert_eq!(*at, found.urls[url], "{}", url);
                continue;
            };
            let early = if *at == told.duration { BEFORE_END } else { ROUNDED };
            prop_assert!(
                (at.saturating_sub(early)..=*at).contains(&called),
                "{}: {} and {}",
                url,
                at,
                called
            );
        }
    }
    prop_assert!(dash::check(mpd.as_bytes()).is_empty(), "{:?}", dash::check(mpd.as_bytes()));
    Ok(())
}

/// A break, as a manifest tells it. Times are in milliseconds, from the beginning of the content.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ToldBreak {
    place: Place,
    /// Of the content; a break before it or behind it has none.
    start: Option<u64>,
    /// The duration, as far as it is known.
    duration: Option<u64>,
}

fn with_plan<T>(policy: Value, ads: Value, take: impl FnOnce(&Plan<'_>) -> T) -> T {
    let (policy, ads): (AdPolicy, TitleAds) =
        (serde_json::from_value(policy).unwrap(), serde_json::from_value(ads).unwrap());
    let keys = json!({ "issuer": "s", "keys": [{ "kid": "a", "kty": "oct", "alg": "HS256", "k": "AA".repeat(22) }] });
    let keys: KeySet = serde_json::from_value(keys).unwrap();
    let (host, title): (Host, TitleId) = ("watch.example".parse().unwrap(), "harbour".parse().unwrap());
    take(&Plan::of(&policy, Some(&ads), None, Seal { keys: &keys, host: &host, title: &title }))
}

fn opening(address: &str, listing: Listing, plan: &Plan<'_>) -> Opening {
    let path = address.split('?').next().unwrap();
    let (found, sealed) = Listing::of_path(path).unwrap();
    assert_eq!(found, listing);
    plan.seal.open(sealed).unwrap()
}

/// The segments of the test's content, in milliseconds.
const SEGMENT: u64 = 4_000;

/// The date of the first segment of a live stream.
const ZERO: &str = "2026-12-01T12:00:00.000Z";

fn compiled_playlist(playlist: &str, plan: &Plan<'_>) -> String {
    let caps = Caps::default();
    let edits = hls::Edits { ads: Some(plan), ..hls::Edits::within(&caps) };
    String::from_utf8(hls::compile(playlist.as_bytes(), None, &edits).unwrap().render("").into_owned())
        .unwrap()
}

fn compiled_mpd(mpd: &str, plan: &Plan<'_>) -> String {
    let caps = Caps::default();
    let edits = dash::Edits { ads: Some(plan), ..dash::Edits::within(&caps) };
    String::from_utf8(dash::compile(mpd.as_bytes(), None, &edits).unwrap().render("").into_owned()).unwrap()
}

/// Reads the date ranges of breaks.
fn of_playlist(playlist: &str, plan: &Plan<'_>) -> BTreeMap<String, (Opening, ToldBreak)> {
    let date = |text: &str| chrono_millis(text.trim_matches('"'));
    let zero = playlist.lines().find_map(|line| line.strip_prefix("#EXT-X-PROGRAM-DATE-TIME:")).map(date);
    let mut told = BTreeMap::new();
    for line in playlist.lines().filter(|line| line.contains("com.apple.hls.interstitial")) {
        let attribute = |name: &str| {
            let (_, behind) = line.split_once(&format!(",{name}="))?;
            let quoted = behind.strip_prefix('"').map(|behind| behind.split('"').next().unwrap());
            Some(quoted.unwrap_or_else(|| behind.split(',').next().unwrap()))
        };
        let seconds = |name: &str| attribute(name).map(|text| millis(&json!(text.parse::<f64>().unwrap())));
        let opening = opening(attribute("X-ASSET-LIST").unwrap(), Listing::Assets, plan);
        let place = match attribute("CUE").and_then(|cue| cue.split(',').next()) {
            Some("PRE") => Place::PreRoll,
            Some("POST") => Place::PostRoll,
            _ => Place::MidRoll,
        };
        let start = date(attribute("START-DATE").unwrap()) - zero.unwrap();
        let duration = seconds("X-PLAYOUT-LIMIT").or(seconds("DURATION")).or(seconds("PLANNED-DURATION"));
        let start = (place == Place::MidRoll).then_some(start);
        told.insert(opening.id.to_string(), (opening, ToldBreak { place, start, duration }));
    }
    told
}

/// Milliseconds of a date of one month.
fn chrono_millis(text: &str) -> u64 {
    let (date, time) = text.strip_suffix('Z').unwrap().split_once('T').unwrap();
    let day: u64 = date.rsplit('-').next().unwrap().parse().unwrap();
    let parts: Vec<&str> = time.split(':').collect();
    let (hours, minutes): (u64, u64) = (parts[0].parse().unwrap(), parts[1].parse().unwrap());
    ((day * 24 + hours) * 60 + minutes) * 60_000 + millis(&json!(parts[2].parse::<f64>().unwrap()))
}

/// Reads the alternative MPD events of an MPD whose content begins at a media time.
fn of_mpd(mpd: &str, plan: &Plan<'_>) -> BTreeMap<String, (Opening, ToldBreak)> {
    const GRACE: u64 = 5_000;
    let mpd = xml::read(mpd).unwrap();
    // Never in band.
    mpd.walk(&mut |element| assert_ne!(element.name, "InbandEventStream"));
    let mut told = BTreeMap::new();
    let mut ids = BTreeMap::new();
    let mut start = 0;
    for period in mpd.named("Period") {
        start = period.value("start").map_or(start, iso);
        for stream in period.named("EventStream") {
            let Some(kind) =
                stream.value("schemeIdUri").unwrap().strip_prefix("urn:mpeg:dash:event:alternativeMPD:")
            else {
                continue;
            };
            let is_live = kind == "replace:2025";
            for event in stream.named("Event") {
                let number =
                    |element: &Element, name| element.value(name).map(|text| text.parse::<u64>().unwrap());
                let presented = &event.children[0];
                let opening = opening(presented.value("uri").unwrap(), Listing::Mpd, plan);
                let id = number(event, "id").unwrap();
                assert!(id <= i32::MAX as u64 && ids.insert(id, ()).is_none(), "an id is used twice");
                let at = start + number(event, "presentationTime").unwrap();
                let longest = number(presented, "maxDuration").unwrap();
                let duration = if is_live { longest } else { longest - GRACE };
                if is_live {
                    assert_eq!(number(event, "duration"), Some(duration));
                    assert_eq!(number(presented, "returnOffset"), Some(duration));
                }
                let place = opening.place;
                let start = (place == Place::MidRoll).then_some(at);
                told.insert(
                    opening.id.to_string(),
                    (opening, ToldBreak { place, start, duration: Some(duration) }),
                );
            }
        }
        start += period.value("duration").map_or(0, iso);
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    /// On demand, both formats tell the same breaks, at the same addresses but for their extension.
    #[test]
    fn a_film_has_the_same_breaks_in_both_formats(
        segments in 10u64..200,
        cut in 0.1f64..0.9,
        at_s in prop::collection::btree_set(0u32..800, 0..6),
        pre in prop::option::of(1u32..90),
        post in prop::option::of(1u32..90),
        longest_s in 1u32..300,
    ) {
        let mut playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n".to_owned();
        for number in 0..segments {
            writeln!(playlist, "#EXTINF:4,\n{number}.m4s").unwrap();
        }
        playlist += "#EXT-X-ENDLIST\n";
        let whole = segments * SEGMENT;
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers")]
        let first = (whole as f64 * cut) as u64;
        let period = |duration: u64| format!("<Period duration=\"PT{}S\"><AdaptationSet/></Period>", seconds(duration));
        let mpd = format!("<MPD type=\"static\">{}{}</MPD>", period(first), period(whole - first));
        let mut ads = json!({ "mid_rolls": { "at_s": at_s, "longest_s": longest_s } });
        for (name, roll) in [("pre_roll", pre), ("post_roll", post)] {
            if let Some(longest_s) = roll {
                ads[name] = json!({ "longest_s": longest_s });
            }
        }
        with_plan(json!({}), ads, |plan| {
            let ranges = of_playlist(&compiled_playlist(&playlist, plan), plan);
            let events = of_mpd(&compiled_mpd(&mpd, plan), plan);
            prop_assert_eq!(&ranges, &events);
            prop_assert_eq!(ranges.contains_key("pre"), pre.is_some());
            prop_assert_eq!(ranges.contains_key("post"), post.is_some());
            Ok(())
        })?;
    }

    /// In live, marks of both formats give breaks of the same times, whether they end as planned, early, or are still open.
    #[test]
    fn a_channel_has_the_same_breaks_in_both_formats(
        gaps in prop::collection::vec((1u64..6, 2u64..8, prop::option::of(1u64..8)), 0..5),
        start_s in 0u64..100_000,
    ) {
        let mut marks = BTreeMap::new();
        let (mut at, mut expected) = (0, Vec::new());
        for (gap, planned, early) in &gaps {
            let from = at + gap;
            let length = early.filter(|early| early < planned).unwrap_or(*planned);
            marks.insert(from, Some(*planned));
            marks.insert(from + length, None);
            expected.push((from * SEGMENT, length * SEGMENT));
            at = from + length;
        }
        let mut playlist = format!("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PROGRAM-DATE-TIME:{ZERO}\n");
        let mut events = String::new();
        for number in 0..=at + 3 {
            match marks.get(&number) {
                Some(Some(planned)) => {
                    writeln!(playlist, "#EXT-X-CUE-OUT:{}", seconds(planned * SEGMENT)).unwrap();
                    let length = planned * SEGMENT * 90;
                    write!(events, "<Event presentationTime=\"{}\"><SpliceInfoSection><SpliceInsert spliceEventId=\"{number}\" outOfNetworkIndicator=\"true\"><BreakDuration duration=\"{length}\"/></SpliceInsert></SpliceInfoSection></Event>", number * SEGMENT).unwrap();
                }
                Some(None) => {
                    playlist += "#EXT-X-CUE-IN\n";
                    write!(events, "<Event presentationTime=\"{}\"><SpliceInfoSection><SpliceInsert spliceEventId=\"{number}\" outOfNetworkIndicator=\"false\"/></SpliceInfoSection></Event>", number * SEGMENT).unwrap();
                }
                None => {}
            }
            writeln!(playlist, "#EXTINF:4,\n{number}.m4s").unwrap();
        }
        let stream = format!("<EventStream schemeIdUri=\"urn:scte:scte35:2013:xml\" timescale=\"1000\">{events}</EventStream>");
        let mpd = format!("<MPD type=\"dynamic\" availabilityStartTime=\"{ZERO}\"><Period start=\"PT{start_s}S\">{stream}<AdaptationSet/></Period></MPD>");
        with_plan(json!({}), json!({}), |plan| {
            let told = |breaks: BTreeMap<String, (Opening, ToldBreak)>, from: u64| {
                let mut told: Vec<_> =
                    breaks.into_values().map(|(_, told)| (told.start.unwrap() - from, told.duration.unwrap())).collect();
                told.sort_unstable();
                told
            };
            let ranges = told(of_playlist(&compiled_playlist(&playlist, plan), plan), 0);
            let events = told(of_mpd(&compiled_mpd(&mpd, plan), plan), start_s * 1000);
            prop_assert_eq!(&ranges, &expected);
            prop_assert_eq!(&events, &expected);
            Ok(())
        })?;
    }
}

/// A `splice_insert` in base64 (ANSI/SCTE 35 section 9.7.3). `out` says whether it opens a break, and for how many milliseconds;
/// `None` cancels the event.
fn splice_insert(event_id: u32, pts_ms: u64, out: Option<(bool, Option<u64>)>) -> String {
    let ticks = |millis: u64, flags: u64| ((flags << 32) | (millis * 90)).to_be_bytes()[3..].to_vec();
    let mut command = event_id.to_be_bytes().to_vec();
    match out {
        None => command.push(0xff),
        Some((is_out, planned)) => {
            let duration = if planned.is_some() { 0x20 } else { 0 };
            command.extend([0x7f, (if is_out { 0x80 } else { 0 }) | 0x4f | duration]);
            command.extend(ticks(pts_ms, 0xfe));
            command.extend(planned.map(|planned| ticks(planned, 0x7e)).unwrap_or_default());
            command.extend([0, 1, 0, 0]);
        }
    }
    let length = u16::try_from(command.len()).unwrap();
    let mut section = vec![0xfc, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    section[1..3].copy_from_slice(&(0x3000 | (length + 17)).to_be_bytes());
    section.extend([(0xff0 | (length >> 8)).to_be_bytes()[1], length.to_be_bytes()[1], 5]);
    section.extend(command);
    section.extend([0, 0]);
    let crc = section.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ (u32::from(*byte) << 24), |crc, _| {
            (crc << 1) ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    });
    section.extend(crc.to_be_bytes());
    STANDARD.encode(section)
}

/// A break of a channel, in segments.
#[derive(Clone, Debug)]
struct Sold {
    gap: u64,
    planned: Option<u64>,
    /// After how many segments a mark repeats the opening, and the duration that it states.
    anew: Option<(u64, u64)>,
    /// After how many segments a mark closes it, early, in time or late. `None`: it is lost.
    closed: Option<u64>,
    is_cancelled: bool,
}

fn sold() -> impl Strategy<Value = Sold> {
    let times =
        (1u64..6, prop::option::weighted(0.8, 2u64..8), prop::option::weighted(0.3, (1u64..3, 2u64..12)));
    (times, prop::option::weighted(0.7, 1u64..12), prop::bool::weighted(0.1)).prop_map(
        |((gap, planned, anew), closed, is_cancelled)| Sold { gap, planned, anew, closed, is_cancelled },
    )
}

/// The longest pod of the site in milliseconds, which is a whole number of segments.
const LONGEST: u64 = 20 * SEGMENT;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    /// The same messages in both formats give the same breaks, at the same addresses: extended, ended early or late, cancelled, or
    /// with the end lost, and for viewers who join while the window moves on. The pods of these breaks have one timeline, and are no
    /// longer than the breaks.
    #[test]
    fn messages_of_a_channel_give_the_same_breaks_and_pods_in_both_formats(
        sold in prop::collection::vec(sold(), 0..5),
        window in 0u64..40,
        ads in prop::collection::vec((1u64..50_000, prop::option::of(1u32..5)), 0..6),
        fillers in prop::array::uniform3(prop::option::of(500u64..6_000)),
    ) {
        let mut marks: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        let mut at = 1;
        for (number, one) in sold.iter().enumerate() {
            let (from, event) = (at + one.gap, u32::try_from(number + 1).unwrap());
            let pts = 1_000 + from * SEGMENT;
            let opens = |planned: Option<u64>| {
                splice_insert(event, pts, Some((true, planned.map(|planned| planned * SEGMENT))))
            };
            let mut mark = |segment: u64, message: String| marks.entry(segment).or_default().push(message);
            if one.is_cancelled {
                mark(from - 1, splice_insert(event, pts, None));
            }
            mark(from, opens(one.planned));
            let mut end = from + one.planned.unwrap_or(4);
            if let Some((after, planned)) = one.anew.filter(|_| one.planned.is_some()) {
                mark(from + after, opens(Some(planned)));
                end = end.max(from + after).max(from + planned);
            }
            if let Some(closed) = one.closed {
                let pts = pts + closed * SEGMENT;
                mark(from + closed, splice_insert(event, pts, Some((false, None))));
                end = end.max(from + closed);
            }
            at = end;
        }
        let last = at + 3;
        let window = window.min(last);
        let manifests = |first: u64| {
            let mut playlist = format!("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:{first}\n#EXT-X-PROGRAM-DATE-TIME:{}\n", zero_plus(first * SEGMENT));
            let mut events = String::new();
            for number in first..=last {
                for message in marks.get(&number).into_iter().flatten() {
                    writeln!(playlist, "#EXT-OATCLS-SCTE35:{message}").unwrap();
                    write!(events, "<Event presentationTime=\"{}\"><Signal><Binary>{message}</Binary></Signal></Event>", number * SEGMENT).unwrap();
                }
                writeln!(playlist, "#EXTINF:4,\n{number}.m4s").unwrap();
            }
            let stream = format!("<EventStream schemeIdUri=\"urn:scte:scte35:2014:xml+bin\" timescale=\"1000\">{events}</EventStream>");
            let mpd = format!("<MPD type=\"dynamic\" availabilityStartTime=\"{ZERO}\"><Period start=\"PT0S\">{stream}<AdaptationSet/></Period></MPD>");
            (playlist, mpd)
        };
        with_plan(json!({ "longest_s": LONGEST / 1_000 }), json!({}), |plan| {
            // What is told of each break: its opening but for the media time, which HLS does not know in live, start and duration.
            let told = |breaks: BTreeMap<String, (Opening, ToldBreak)>, from: u64, first: u64| {
                let breaks = breaks.into_iter().map(|(id, (opening, told))| {
                    let (start, duration) = (told.start.unwrap() + from, told.duration.unwrap_or(LONGEST));
                    (id, (Opening { start: None, ..opening }, start, duration))
                });
                // Playlists tell nothing of breaks that are over.
                let lasts = |(_, (_, start, duration)): &(String, (Opening, u64, u64))| start + duration > first * SEGMENT;
                breaks.filter(lasts).collect::<BTreeMap<_, _>>()
            };
            let of_both = |first: u64| {
                let (playlist, mpd) = manifests(first);
                let ranges = of_playlist(&compiled_playlist(&playlist, plan), plan);
                let events = of_mpd(&compiled_mpd(&mpd, plan), plan);
                (told(ranges, first * SEGMENT, first), told(events, 0, first))
            };
            let (ranges, events) = of_both(0);
            prop_assert_eq!(&ranges, &events);
            let (later, later_events) = of_both(window);
            prop_assert_eq!(&later, &later_events);
            // A mark that is repeated says nothing of the beginning that has left the window.
            for (id, (opening, ..)) in later.iter().filter(|(_, (_, start, _))| *start >= window * SEGMENT) {
                if let Some((before, start, _)) = ranges.get(id).filter(|(_, start, _)| *start >= window * SEGMENT) {
                    prop_assert_eq!(opening, before, "{}", start);
                }
            }
            for (opening, ..) in ranges.values() {
                let pod = filled(opening, plan, &ads, fillers);
                has_one_timeline(&pod)?;
                let planned = opening.planned.unwrap_or(Duration::from_millis(LONGEST));
                prop_assert!(pod.duration() <= planned.min(Duration::from_millis(LONGEST)));
            }
            Ok(())
        })?;
    }
}

/// The pod of a break out of ads, and of bumpers and slate of these durations.
fn filled(opening: &Opening, plan: &Plan<'_>, ads: &[(u64, Option<u32>)], fillers: [Option<u64>; 3]) -> Pod {
    let media = |id: &str| Media::Creative {
        id: id.parse().unwrap(),
        hls: Some("m.m3u8".to_owned()),
        dash: Some("m.mpd".to_owned()),
    };
    let candidates = ads.iter().enumerate().map(|(number, (duration, sequence))| Candidate {
        ad: serde_json::from_value(json!({ "id": number.to_string(), "tracking": [{ "event": "impression", "url": format!("https://t.example/{number}") }] })).unwrap(),
        media: media("plum"),
        duration: Duration::from_millis(*duration),
        separation: Vec::new(),
        sequence: *sequence,
        codecs: Vec::new(),
        heights: Vec::new(),
    });
    let filler = |duration: Option<u64>| {
        let duration = Duration::from_millis(duration?);
        Some(Filler { media: media("teal"), duration, codecs: Vec::new(), heights: Vec::new() })
    };
    let [bumper_in, bumper_out, slate] = fillers.map(filler);
    let furniture = Furniture { bumper_in, bumper_out, slate };
    let policy = AdPolicy { unfilled: Unfilled::Slate, ..plan.policy.clone() };
    let terms = Terms { policy: &policy, elapsed: None, content: Content::default(), furniture: &furniture };
    let of = Break { opening: opening.clone(), ending: Ending::Planned };
    fit(&of, Offered::of(candidates.collect(), &[], Vec::new()), &terms).pod
}

/// A date so many milliseconds after the first segment's.
fn zero_plus(millis: u64) -> String {
    let (secs, millis) = (millis / 1_000, millis % 1_000);
    format!("2026-12-01T12:{:02}:{:02}.{millis:03}Z", secs / 60, secs % 60)
}

/// Milliseconds as decimal seconds.
fn seconds(millis: u64) -> String {
    format!("{:.3}", Duration::from_millis(millis).as_secs_f64())
}
