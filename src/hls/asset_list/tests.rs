use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::ads::{
    Ad, Identifier, Layout, Media, NonLinear, Place, Role, Slot, Tracking, TrackingEvent, Verification,
};
use crate::catalog::SigningStyle;

fn opening() -> Opening {
    Opening {
        id: "mid-600".parse().unwrap(),
        place: Place::MidRoll,
        start: Some(Duration::from_secs(600)),
        date: None,
        planned: Some(Duration::from_secs(60)),
        event_id: None,
        tag: None,
    }
}

fn tracking(event: TrackingEvent, offset_s: Option<u64>, url: &str) -> Tracking {
    Tracking { event, offset: offset_s.map(Duration::from_secs), url: url.to_owned() }
}

fn ad() -> Ad {
    Ad {
        id: "ad-1".to_owned(),
        title: Some("Plums \"fresh\"".to_owned()),
        identifiers: vec![Identifier { scheme: "ad-id.org".to_owned(), value: "ABCD0001".to_owned() }],
        tracking: vec![
            tracking(TrackingEvent::Impression, None, "https://t.example/wrapper"),
            tracking(TrackingEvent::Progress, Some(5), "https://t.example/5"),
            tracking(TrackingEvent::Impression, None, "https://t.example/i?a=1&b=2"),
            tracking(TrackingEvent::Midpoint, None, "https://t.example/half"),
        ],
        verifications: vec![Verification {
            vendor: "v.example-omid".to_owned(),
            resource: "https://v.example/omid.js".to_owned(),
            parameters: None,
        }],
        click_through: Some("https://plums.example/".to_owned()),
        skip_offset: Some(Duration::from_secs(5)),
        ..Ad::default()
    }
}

fn slot(media: Media, millis: u64, ad: Option<Ad>) -> Slot {
    Slot { role: Role::Ad, media, duration: Duration::from_millis(millis), ad }
}

fn creative(id: &str, hls: Option<&str>) -> Media {
    Media::Creative { id: id.parse().unwrap(), hls: hls.map(str::to_owned), dash: None }
}

fn direct(url: &str, media_type: &str) -> Media {
    Media::Direct { url: url.parse().unwrap(), media_type: media_type.to_owned() }
}

fn pod(slots: Vec<Slot>) -> Pod {
    Pod { break_id: opening().id, slots, non_linear: Vec::new() }
}

fn list(opening: &Opening, pod: &Pod, skip: Option<&SkipControl>) -> Option<Value> {
    let request = ListRequest {
        authority: "https://watch.example.com",
        title: &"harbour".parse().unwrap(),
        folder: "hls/",
        token: "S",
        signing: SigningStyle::Path,
    };
    asset_list(opening, pod, skip, &request).map(|bytes| serde_json::from_slice(&bytes).unwrap())
}

#[test]
fn each_slot_is_an_asset_below_the_session_with_its_ad() {
    let pod = pod(vec![
        slot(creative("bumper", Some("main.m3u8")), 2_000, None),
        slot(creative("plum", Some("hls/main.m3u8")), 15_040, Some(ad())),
        slot(direct("https://cdn.example/a.m3u8?x=1", "application/x-mpegURL"), 10_000, None),
    ]);
    let skip = SkipControl { offset_s: 5, duration_s: None, label: Some("skip".to_owned()) };
    let found = list(&opening(), &pod, Some(&skip)).unwrap();
    assert_eq!(
        found["ASSETS"][0],
        json!({ "URI": "https://watch.example.com/~S/harbour/hls/_stagedoor/ad/mid-600/0/bumper/main.m3u8", "DURATION": 2 })
    );
    let signaling = json!({ "version": 2, "type": "slot", "payload": [{
        "type": "linear", "start": 0, "duration": 15.04,
        "identifiers": [{ "scheme": "ad-id.org", "value": "ABCD0001" }],
        "tracking": [
            { "type": "impression", "urls": ["https://t.example/wrapper", "https://t.example/i?a=1&b=2"] },
            { "type": "progress", "offset": 5, "urls": ["https://t.example/5"] },
            { "type": "midpoint", "urls": ["https://t.example/half"] },
        ],
        "verifications": [{ "vendor": "v.example-omid", "resource": "https://v.example/omid.js" }],
        "skipOffset": 5, "clickThrough": "https://plums.example/",
    }] });
    assert_eq!(
        found["ASSETS"][1],
        json!({
            "URI": "https://watch.example.com/~S/harbour/hls/_stagedoor/ad/mid-600/1/plum/hls/main.m3u8",
            "DURATION": 15.04, "X-AD-CREATIVE-SIGNALING": signaling,
        })
    );
    assert_eq!(found["ASSETS"][2], json!({ "URI": "https://cdn.example/a.m3u8?x=1", "DURATION": 10 }));
    assert_eq!(found["SKIP-CONTROL"], json!({ "OFFSET": 5, "LABEL-ID": "skip" }));
    let avail = &found["TRACKING"]["avails"][0];
    assert_eq!((&avail["availId"], &avail["duration"]), (&json!("mid-600"), &json!("PT27.04S")));
    let told = &avail["ads"][0];
    assert_eq!((&told["startTimeInSeconds"], &told["skipOffset"]), (&json!(2), &json!("PT5S")));
    let times: Vec<_> = told["trackingEvents"].as_array().unwrap().iter().collect();
    assert_eq!(times[0]["beaconUrls"], json!(["https://t.example/wrapper", "https://t.example/i?a=1&b=2"]));
    assert_eq!((&times[1]["startTimeInSeconds"], &times[2]["startTimeInSeconds"]), (&json!(7), &json!(9.52)));
    assert_eq!(avail["nonLinearAdsList"], json!([]));
}

/// The number of a slot stays the number in the pod, so that its beacons stay right.
#[test]
fn media_that_is_no_playlist_is_left_out() {
    let pod = pod(vec![
        slot(creative("dash-only", None), 1_000, None),
        slot(direct("https://cdn.example/a.mpd", "application/dash+xml"), 1_000, None),
        slot(direct("https://cdn.example/a.mp4", "video/mp4"), 1_000, None),
        slot(creative("plum", Some("main.m3u8")), 1_000, None),
    ]);
    let found = list(&opening(), &pod, None).unwrap();
    assert_eq!(found["ASSETS"].as_array().unwrap().len(), 1);
    assert!(found["ASSETS"][0]["URI"].as_str().unwrap().ends_with("/3/plum/main.m3u8"));
}

#[test]
fn an_empty_pod_is_an_empty_list_on_demand_and_no_list_in_live() {
    let empty = Pod::empty(opening().id);
    let skip = SkipControl { offset_s: 5, duration_s: None, label: None };
    assert_eq!(list(&opening(), &empty, Some(&skip)), Some(json!({ "ASSETS": [] })));
    let live = Opening { start: None, date: Some(crate::time::UnixMillis(1)), ..opening() };
    assert_eq!(list(&live, &empty, None), None);
}

#[test]
fn items_beside_the_content_have_both_vocabularies() {
    let item = |layout| NonLinear {
        start: Duration::from_secs(3),
        duration: Duration::from_secs(10),
        layout,
        url: "https://cdn.example/l.png".parse().unwrap(),
        media_type: "image/png".to_owned(),
        ad: ad(),
    };
    let pod = Pod {
        non_linear: vec![item(Layout::SqueezebackLShape), item(Layout::CornerOverlay)],
        ..Pod::empty(opening().id)
    };
    let found = list(&opening(), &pod, None).unwrap();
    assert_eq!(found["ASSETS"], json!([]));
    let overlay = &found["X-OVERLAYS"][0];
    for (name, expected) in [
        ("X-OVERLAY-ID", json!("mid-600-0")),
        ("X-ASSET-URI", json!("https://cdn.example/l.png")),
        ("X-ASSET-MIMETYPE", json!("image/png")),
        ("START-OFFSET", json!(3)),
        ("DURATION", json!(10)),
        ("X-LAYOUT", json!("SQUEEZEBACK-L-SHAPE")),
        ("X-OVERLAY-SIZE", json!("1920x1080")),
        ("X-DEPTH", json!(-1)),
        ("X-SQUEEZECURRENT", json!(0.75)),
        ("X-SQUEEZECURRENT-POSITION", json!("480x0")),
    ] {
        assert_eq!(overlay[name], expected, "{name}");
    }
    let payload = &overlay["X-AD-CREATIVE-SIGNALING"]["payload"][0];
    assert_eq!((&payload["type"], &payload["start"]), (&json!("nonlinear"), &json!(3)));
    assert_eq!(payload["layout"]["type"], json!("squeezebackLShape"));
    assert_eq!(payload["layout"]["primaryContent"]["viewport"], json!("0 0 25 25"));
    assert_eq!(found["X-OVERLAYS"][1]["X-SQUEEZECURRENT"], Value::Null);
    let beside = &found["TRACKING"]["avails"][0]["nonLinearAdsList"];
    assert_eq!(beside[1]["nonLinearAdList"][0]["staticResource"], json!("https://cdn.example/l.png"));
}
