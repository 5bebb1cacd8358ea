//! Every output tells the same timeline: date ranges and alternative MPD events of the same breaks; asset lists, list MPDs, Ad Creative
//! Signaling and tracking documents of the same pod. Each is read back by a small reader of the test's own.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use stagedoor::ads::address::{AdAddress, Listing, Seal};
use stagedoor::ads::{ListRequest, Opening, Place, Plan, Pod};
use stagedoor::catalog::{AdPolicy, Caps, Host, KeySet, SigningStyle, TitleAds, TitleId};
use stagedoor::{dash, hls};

#[path = "support/xml.rs"]
mod xml;

use xml::Element;

/// A slot of a pod, as an output tells it. Times are in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ToldSlot {
    number: u16,
    creative: String,
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

fn pods() -> impl Strategy<Value = Pod> {
    let event = prop_oneof![
        prop::sample::select(&TIMED[..]).prop_map(|name| (name, None)),
        prop::sample::select(&UNTIMED[..]).prop_map(|name| (name, None)),
        (1u64..=1000).prop_map(|thousandth| ("progress", Some(thousandth))),
    ];
    let slot = (
        1u64..120_000,
        prop::sample::select(&["plum", "teal", "amber"][..]),
        prop::option::weighted(0.8, prop::collection::vec(event, 0..8)),
    );
    prop::collection::vec(slot, 1..7).prop_map(|slots| {
        let slots: Vec<Value> = slots
            .into_iter()
            .enumerate()
            .map(|(number, (duration, creative, events))| {
                let mut slot = json!({
                    "role": if events.is_some() { "ad" } else { "bumper" },
                    "media": { "creative": { "id": creative, "hls": "m.m3u8", "dash": "m.mpd" } },
                    "duration_ms": duration,
                });
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
        serde_json::from_value(json!({ "break": "mid-1", "slots": slots })).unwrap()
    })
}

/// The timeline of a pod, from its own values.
fn expected(pod: &Pod) -> Vec<ToldSlot> {
    let pod = serde_json::to_value(pod).unwrap();
    let mut start = 0;
    let slots = pod["slots"].as_array().unwrap().iter().enumerate();
    slots
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
                start,
                duration,
                urls: urls.collect(),
            };
            start += duration;
            told
        })
        .collect()
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
            let told = ToldSlot { number, creative, start, duration, urls };
            start += duration;
            told
        })
        .collect()
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

/// Reads a list MPD. URLs of callbacks have the times of their events.
fn of_list_mpd(mpd: &str) -> Vec<ToldSlot> {
    let mpd = xml::read(mpd).unwrap();
    assert_eq!((mpd.value("type"), mpd.value("mediaPresentationDuration")), (Some("list"), None));
    let mut start = 0;
    let mut ids = BTreeMap::new();
    let mut told = Vec::new();
    for period in mpd.named("Period") {
        let (number, creative) = address(&period.named("ImportedMPD").next().unwrap().text);
        let duration = iso(period.value("duration").unwrap());
        let mut urls = BTreeMap::new();
        for stream in period.named("EventStream") {
            let scheme = stream.value("schemeIdUri").unwrap();
            assert_eq!(stream.value("timescale"), Some("1000"));
            for event in stream.named("Event") {
                let number = |name| event.value(name).unwrap().parse::<u64>().unwrap();
                assert!(ids.insert((scheme.to_owned(), number("id")), ()).is_none(), "an id is used twice");
                assert!(number("presentationTime") + number("duration") <= duration);
                if scheme == "urn:mpeg:dash:event:callback:2015" {
                    let before = urls.insert(event.text.clone(), Some(number("presentationTime")));
                    assert_eq!(before, None, "{} is told twice", event.text);
                } else {
                    assert_eq!(scheme, "urn:svta:advertising-wg:ad-creative-signaling");
                    let envelope = serde_json::from_str(&event.text).unwrap();
                    assert_eq!(signaled(&envelope, &mut urls), (0, duration));
                    assert_eq!((number("presentationTime"), number("duration")), (0, duration));
                }
            }
        }
        told.push(ToldSlot { number, creative, start, duration, urls });
        start += duration;
    }
    told
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
        let expected = expected(&pod);
        let list = asset_list(&pod);
        prop_assert_eq!(of_assets(&list), expected.clone());

        let tracked = of_tracking(&list);
        let with_ads: Vec<_> =
            expected.iter().zip(&pod.slots).filter(|(_, slot)| slot.ad.is_some()).map(|(told, _)| told).collect();
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

        let mpd = with_request(|request| dash::list_mpd(&pod, request)).unwrap();
        let listed = of_list_mpd(&mpd);
        prop_assert_eq!(listed.len(), expected.len());
        for (found, told) in listed.iter().zip(&expected) {
            let without = |told: &ToldSlot| ToldSlot { urls: BTreeMap::new(), ..told.clone() };
            prop_assert_eq!(without(found), without(told));
            prop_assert_eq!(found.urls.keys().collect::<Vec<_>>(), told.urls.keys().collect::<Vec<_>>());
            for (url, at) in &told.urls {
                let (Some(at), Some(called)) = (at, found.urls[url]) else {
                    prop_assert_eq!(*at, found.urls[url], "{}", url);
                    continue;
                };
                let early = if *at == told.duration { BEFORE_END } else { ROUNDED };
                prop_assert!((at.saturating_sub(early)..=*at).contains(&called), "{}: {} and {}", url, at, called);
            }
        }
        prop_assert!(dash::check(mpd.as_bytes()).is_empty(), "{:?}", dash::check(mpd.as_bytes()));
    }
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

/// Milliseconds as decimal seconds.
fn seconds(millis: u64) -> String {
    format!("{:.3}", Duration::from_millis(millis).as_secs_f64())
}
