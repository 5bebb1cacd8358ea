//! `stagedoor ads pod`.

use serde_json::{Value, json};

use crate::desk::{Desk, NOW};

/// A desk whose title has ads, two campaigns and a break; and the arguments, with a viewer's request.
fn desk(campaigns: &Value) -> (Desk, String) {
    let desk = Desk::new();
    desk.file(
        "documents/site.json",
        &json!({
            "host": "watch.example.com", "media": { "origin": "https://media.example.com/vod/" },
            "tokens": { "issuers": ["https://id.example.com/"] }, "sessions": { "keys": "watch-sessions" },
            "ads": { "least_age": 13 },
        }),
    );
    desk.file(
        "documents/harbour.json",
        &json!({
            "revision": 7, "id": "harbour", "sites": ["watch.example.com"], "genres": ["drama"],
            "offers": [{ "id": "gulf", "territories": { "allow": ["AE"] }, "model": "avod" }],
        }),
    );
    desk.file(
        "documents/campaigns.json",
        &json!({ "revision": 3, "host": "watch.example.com", "campaigns": campaigns }),
    );
    for (id, secs) in [("plum", 20), ("pear", 30)] {
        let media =
            json!({ "media": format!("ads/{id}/"), "hls": "master.m3u8", "duration_ms": secs * 1000 });
        desk.file(
            &format!("documents/{id}.json"),
            &json!({ "id": id, "sites": ["watch.example.com"], "kind": { "linear": media } }),
        );
    }
    desk.file(
        "break.json",
        &json!({ "id": "mid-600000", "place": "mid_roll", "start_ms": 600_000, "planned_ms": 60_000 }),
    );
    let token = desk.mint("hs256.json", &json!({ "iss": "https://id.example.com/", "sub": "v" }));
    (desk, format!("https://watch.example.com/harbour/master.m3u8?token={token}"))
}

fn campaigns() -> Value {
    json!([
        { "id": "autumn", "creatives": ["plum"], "genres": ["drama"], "frequency": { "per_day": 2 } },
        { "id": "news", "creatives": ["pear"], "genres": ["news"] },
        { "id": "twice", "creatives": ["pear"], "priority": 1, "territories": { "allow": ["AE"] } },
    ])
}

fn text(desk: &Desk, code: i32, arguments: &[&str]) -> String {
    let output = desk.run(arguments, "");
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_pod_is_printed_with_its_explanation() {
    let (desk, url) = desk(&campaigns());
    desk.file("request.json", &json!({ "url": url, "geo": "AE" }));
    let arguments = [
        "ads",
        "pod",
        "--documents",
        "documents",
        "--request",
        "request.json",
        "--break",
        "break.json",
        "--now",
        NOW,
    ];
    let pod = desk.json(0, &arguments);
    let slots: Vec<_> = pod["slots"]
        .as_array()
        .unwrap()
        .iter()
        .map(|slot| (slot["ad"]["campaign"].as_str().unwrap(), slot["duration_ms"].as_u64().unwrap()))
        .collect();
    assert_eq!((&pod["break"], slots), (&json!("mid-600000"), vec![("twice", 30_000), ("autumn", 20_000)]));
    // `manifest rewrite` takes it as it is.
    desk.file("pod.json", &pod);
    let film =
        "#EXTM3U\n#EXT-X-TARGETDURATION:900\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:900,\n0.ts\n#EXT-X-ENDLIST\n";
    let rewrite =
        ["manifest", "rewrite", "--url", "https://watch.example.com/harbour/720p.m3u8", "--ads", "guided"];
    let output = desk
        .run(&[&rewrite[..], &["--break", "break.json", "--pod", "pod.json", "--json", "-"]].concat(), film);
    let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(listed["list"]["ASSETS"].as_array().map(Vec::len), Some(2), "{listed}");
    let steps = pod["explanation"]["steps"].as_array().unwrap();
    let why = &steps.iter().find(|step| step["step"] == "campaigns").unwrap()["saw"]["why"];
    assert_eq!(why["omitted"], 0);
    let told = why["campaigns"].as_array().unwrap();
    let news = told.iter().find(|told| told["campaign"] == "news").unwrap();
    assert_eq!(
        *news,
        json!({ "campaign": "news", "taken": false, "findings": [{ "of": "campaign news", "rule": "genres",
            "mode": "enforce", "passed": false, "wanted": "a genre of news", "saw": "drama" }] })
    );
    let text = text(&desk, 0, &arguments);
    for expected in [
        "POD: 2 ads, 50 s together, in the break mid-600000 of 60 s.",
        "ad, 30 s: creative pear, campaign twice",
        "autumn: taken",
        "STOP  genres       asks for a genre of news; found drama",
    ] {
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn who_sees_no_ads_is_told_why() {
    let (desk, _) = desk(&campaigns());
    let token = desk.mint("hs256.json", &json!({ "iss": "https://id.example.com/", "sub": "v", "age": 9 }));
    let url = format!("https://watch.example.com/harbour/master.m3u8?token={token}");
    let pod = |code, geo: &str| {
        let arguments = [
            "ads",
            "pod",
            "--documents",
            "documents",
            "--break",
            "break.json",
            "--now",
            NOW,
            "--geo",
            geo,
            &url,
        ];
        text(&desk, code, &arguments)
    };
    let child = pod(0, "AE");
    assert!(child.contains("CONTENT: nothing fills the break mid-600000 of 60 s."), "{child}");
    assert!(
        child.contains("none: it would take a viewer from 13 for advertising, found a viewer of 9"),
        "{child}"
    );
    assert!(pod(1, "GB").contains("REFUSED"));
}
