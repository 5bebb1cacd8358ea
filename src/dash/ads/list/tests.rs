use serde_json::json;

use super::*;
use crate::catalog::{SigningStyle, TitleId};

/// A pod of three slots, of which the second has no MPD, and of an item in a corner.
fn pod() -> Pod {
    serde_json::from_value(json!({
        "break": "mid-1",
        "slots": [
            {
                "role": "ad",
                "media": { "creative": { "id": "plum", "hls": "m.m3u8", "dash": "m.mpd" } },
                "duration_ms": 10_000,
                "ad": {
                    "id": "1",
                    "tracking": [
                        { "event": "complete", "url": "https://a.example/c?x=1&y=<2>" },
                        { "event": "impression", "url": "https://a.example/i" },
                        { "event": "midpoint", "url": "https://a.example/m" },
                        { "event": "progress", "offset_ms": 3_000, "url": "https://a.example/p" },
                        { "event": "progress", "offset_ms": 30_000, "url": "https://a.example/late" },
                        { "event": "mute", "url": "https://a.example/mute" },
                        { "event": "start", "url": "javascript:alert(1)" },
                    ],
                },
            },
            { "role": "bumper", "media": { "creative": { "id": "teal", "hls": "m.m3u8" } }, "duration_ms": 2_000 },
            {
                "role": "slate",
                "media": { "direct": { "url": "https://ads.example/s.mpd?a=1&b=2", "media_type": "application/dash+xml" } },
                "duration_ms": 5_040,
            },
        ],
        "non_linear": [{
            "start_ms": 11_000, "duration_ms": 4_000, "layout": "squeezeback_l_shape",
            "url": "https://ads.example/l.png", "media_type": "image/png", "ad": { "id": "2" },
        }],
    }))
    .unwrap()
}

fn listed(pod: &Pod) -> Option<String> {
    let title: TitleId = "harbour".parse().unwrap();
    list_mpd(
        pod,
        &ListRequest {
            authority: "https://watch.example.com",
            title: &title,
            folder: "",
            token: "T",
            signing: SigningStyle::Path,
        },
    )
}

#[test]
fn a_pod_is_listed_with_its_callbacks_and_overlays() {
    let expected = concat!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
        "<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"list\" profiles=\"urn:mpeg:dash:profile:list:2024\" minBufferTime=\"PT2S\">",
        "<Period id=\"0\" duration=\"PT10S\">",
        "<ImportedMPD earliestResolutionTimeOffset=\"60\">https://watch.example.com/~T/harbour/_stagedoor/ad/mid-1/0/plum/m.mpd</ImportedMPD>",
        "<EventStream schemeIdUri=\"urn:mpeg:dash:event:callback:2015\" value=\"1\" timescale=\"1000\">",
        "<Event presentationTime=\"0\" duration=\"500\" id=\"1\">https://a.example/i</Event>",
        "<Event presentationTime=\"3000\" duration=\"500\" id=\"2\">https://a.example/p</Event>",
        "<Event presentationTime=\"5000\" duration=\"500\" id=\"3\">https://a.example/m</Event>",
        "<Event presentationTime=\"9500\" duration=\"500\" id=\"4\">https://a.example/c?x=1&amp;y=&lt;2&gt;</Event>",
        "</EventStream>",
        "<EventStream schemeIdUri=\"urn:svta:advertising-wg:ad-creative-signaling\" timescale=\"1000\">",
        "<Event presentationTime=\"0\" duration=\"10000\" id=\"5\">",
        "{&quot;version&quot;:2,&quot;type&quot;:&quot;slot&quot;,&quot;payload&quot;:[{&quot;type&quot;:&quot;linear&quot;,",
        "&quot;start&quot;:0,&quot;duration&quot;:10,&quot;identifiers&quot;:[],&quot;tracking&quot;:[",
        "{&quot;type&quot;:&quot;progress&quot;,&quot;offset&quot;:30,&quot;urls&quot;:[&quot;https://a.example/late&quot;]},",
        "{&quot;type&quot;:&quot;mute&quot;,&quot;urls&quot;:[&quot;https://a.example/mute&quot;]},",
        "{&quot;type&quot;:&quot;start&quot;,&quot;urls&quot;:[&quot;javascript:alert(1)&quot;]}]}]}",
        "</Event></EventStream></Period>",
        "<Period id=\"2\" duration=\"PT5.04S\">",
        "<ImportedMPD earliestResolutionTimeOffset=\"60\">https://ads.example/s.mpd?a=1&amp;b=2</ImportedMPD>",
        "<EventStream schemeIdUri=\"urn:svta:advertising-wg:ad-creative-signaling\" timescale=\"1000\">",
        "<Event presentationTime=\"1000\" duration=\"4000\" id=\"6\">NON-LINEAR</Event></EventStream>",
        "<EventStream schemeIdUri=\"urn:scte:dash:scte214-events\" timescale=\"1000\">",
        "<Event presentationTime=\"1000\" duration=\"4000\" id=\"7\">",
        "<OverlayEvent xmlns=\"urn:scte:dash:scte214-events\" uri=\"https://ads.example/l.png\" mimeType=\"image/png\" z=\"-1\">",
        "<Viewport x=\"1920\" y=\"1080\"/>",
        "<Overlay><TopLeft x=\"0\" y=\"0\"/><Size x=\"1920\" y=\"1080\"/></Overlay>",
        "<Squeeze><TopLeft x=\"480\" y=\"0\"/><Size x=\"1440\" y=\"810\"/></Squeeze>",
        "</OverlayEvent></Event></EventStream></Period></MPD>",
    );
    let found = listed(&pod()).unwrap();
    // The layout is tested where it is made.
    let (before, item) = found.split_once("id=\"6\">").unwrap();
    let (item, behind) = item.split_once("</Event>").unwrap();
    assert!(item.contains("squeezebackLShape") && item.contains("&quot;start&quot;:0,"), "{item}");
    assert_eq!(format!("{before}id=\"6\">NON-LINEAR</Event>{behind}"), expected);
}

#[test]
fn a_pod_without_an_mpd_has_no_list() {
    let only_hls = Pod { slots: vec![pod().slots[1].clone()], ..pod() };
    assert_eq!(listed(&only_hls), None);
    assert_eq!(listed(&Pod::empty("mid-1".parse().unwrap())), None);
}
