//! `stagedoor ads rehearse`

use std::fs;

use serde_json::json;

use crate::desk::Desk;

/// Two breaks, ten minutes apart.
const LOG: &str = "0 OUT:60\n600 OUT:60\n";

fn desk() -> Desk {
    let desk = Desk::new();
    fs::write(desk.path("cues.txt"), LOG).unwrap();
    let mut site = desk.site();
    site["ads"] = json!({});
    desk.file("documents/site.json", &site);
    let creative = |id: &str, seconds: u32| {
        json!({
            "id": id, "sites": ["watch.example.com"],
            "kind": { "linear": { "media": format!("ads/{id}/"), "hls": "m.m3u8", "duration_ms": seconds * 1_000 } },
        })
    };
    desk.file("documents/plum.json", &creative("plum", 30));
    desk.file("documents/pear.json", &creative("pear", 15));
    desk.file(
        "documents/campaigns.json",
        &json!({
            "host": "watch.example.com",
            "campaigns": [
                { "id": "plum", "creatives": ["plum"], "cap": 40 },
                { "id": "pear", "creatives": ["pear"], "frequency": { "per_session": 1 } },
                { "id": "abroad", "creatives": ["pear"], "territories": { "allow": ["FR"] } },
            ],
        }),
    );
    desk
}

#[test]
fn campaigns_fill_breaks_within_their_caps_and_frequencies() {
    let desk = desk();
    let of = ["ads", "rehearse", "cues.txt", "--viewers", "100", "--documents", "documents"];
    let of = [&of[..], &["--site", "watch.example.com", "--title", "harbour", "--country", "AE"]].concat();
    let report = desk.json(0, &of);
    let (first, second) = (&report["breaks"][0], &report["breaks"][1]);
    // 40 viewers see a plum of 30 s, and all of them a pear of 15 s, once.
    assert_eq!((&first["ads"], &second["ads"]), (&json!(140), &json!(0)));
    assert_eq!(first["fill_percent"], (40.0 * 30.0 + 100.0 * 15.0) / 60.0);
    assert_eq!((&first["requests"], &first["decisions"]), (&json!(0), &json!(100)));
    assert!(first["durable_object_calls"].as_u64().unwrap() >= 200);
    let abroad = desk.json(0, &[&of[..of.len() - 1], &["FR"]].concat());
    assert!(abroad["total"]["ads"].as_u64() > report["total"]["ads"].as_u64());
}

#[test]
fn an_ad_server_is_asked_at_its_rate() {
    let desk = desk();
    let of = ["ads", "rehearse", "cues.txt", "--viewers", "1000", "--peak", "20", "--jitter-ms", "2000"];
    let report = desk.json(0, &of);
    let total = &report["total"];
    assert!(total["requests_per_s_peak"].as_u64().unwrap() <= 24, "{total}");
    assert!(total["refused_by_rate"].as_u64().unwrap() > 0, "{total}");
    assert_eq!(report, desk.json(0, &of), "the same seed");
    let text = desk.run(&of, "");
    assert!(String::from_utf8(text.stdout).unwrap().contains("peak/s"));
    fs::write(desk.path("cues.txt"), "0 AWAY\n").unwrap();
    assert!(desk.misuse(&of).contains("cues.txt: line 1: expected OUT, IN, CONT"), "{}", desk.misuse(&of));
}
