//! `stagedoor simulate`.

use serde_json::{Value, json};

use crate::desk::Desk;

#[test]
fn simulate_shows_who_may_watch_what() {
    let desk = Desk::new();
    desk.file(
        "documents/harbour.json",
        &json!({
            "id": "harbour", "sites": ["watch.example.com"], "offers": [
                { "id": "gulf", "territories": { "allow": ["AE"] }, "model": "avod",
                  "caps": { "max_height": 360, "audio": ["ar", "en"] } },
                { "id": "tv", "territories": { "allow": ["AE"] }, "plans": ["gold"], "devices": ["tv"],
                  "window": { "until": "2026-11-22T19:00:00Z" } },
            ],
        }),
    );
    let simulate = |more: &[&str]| {
        let common = ["simulate", "--documents", "documents", "--site", "watch.example.com"];
        let output = desk.run(&[&common, more].concat(), "");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let at = ["--at", "2026-11-22T18:00:00Z,1795374000", "--devices", "tv,mobile"];
    let table = simulate(&[&["--title", "harbour"], &at[..]].concat());
    let caps = "gulf 360p audio=ar|en ads:guided";
    let expected = format!(
        "\
title    at                    country  entitlements  device  age      plans none                        plans gold
harbour  2026-11-22T18:00:00Z  AE       none          tv      unknown  {caps}  tv
harbour  2026-11-22T18:00:00Z  AE       none          mobile  unknown  {caps}  {caps}
harbour  2026-11-22T18:00:00Z  XX       none          tv      unknown  - geography_unknown               - geography_unknown
harbour  2026-11-22T18:00:00Z  XX       none          mobile  unknown  - geography_unknown               - geography_unknown
harbour  2026-11-22T19:00:00Z  AE       none          tv      unknown  {caps}  {caps}
harbour  2026-11-22T19:00:00Z  AE       none          mobile  unknown  {caps}  {caps}
harbour  2026-11-22T19:00:00Z  XX       none          tv      unknown  - geography_unknown               - geography_unknown
harbour  2026-11-22T19:00:00Z  XX       none          mobile  unknown  - geography_unknown               - geography_unknown
"
    );
    assert_eq!(table, expected);
    let one =
        ["--countries", "AE,GB", "--plans", "basic+gold", "--devices", "tv", "--at", "2026-11-22T18:00:00Z"];
    let csv = simulate(&[&["--all", "--format", "csv"], &one[..]].concat());
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[1].starts_with(
        "harbour,2026-11-22T18:00:00Z,AE,none,tv,unknown,basic+gold,permit,tv,,,,,2026-11-22T19:00:00Z,"
    ));
    assert!(lines[2].contains(",denial,,,,,,,territory,\"none of the 2 offers"), "{}", lines[2]);
    let one =
        simulate(&["--all", "--format", "csv", "--countries", "AE", "--plans", "none", "--at", "1795370400"]);
    let expected = "none,permit,gulf,audio=ar|en max_height=360,guided,,,,,,";
    assert!(one.lines().nth(1).unwrap().ends_with(expected), "{one}");
    let misuse = |more: &[&str]| {
        let common = ["simulate", "--documents", "documents", "--site", "watch.example.com", "--all"];
        desk.misuse(&[&common, more].concat())
    };
    let table = [
        (["--ages", "x"], "--ages, found `x`"),
        (["--countries", "AE,UK"], "found `UK`; the United Kingdom is GB"),
    ];
    for (more, expected) in table {
        let misuse = misuse(&more);
        assert!(misuse.contains(expected), "{misuse}");
    }
}

#[test]
fn simulate_takes_one_place_of_each_territory() {
    let desk = Desk::new();
    let places = |name: &str, title: &Value| -> Vec<String> {
        desk.file(&format!("documents/{name}.json"), title);
        let common = ["simulate", "--documents", "documents", "--site", "watch.example.com", "--title", name];
        let output = desk.run(&[&common[..], &["--format", "csv"]].concat(), "");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let csv = String::from_utf8(output.stdout).unwrap();
        csv.lines().skip(1).map(|line| line.split(',').nth(2).unwrap().to_owned()).collect()
    };
    let title = json!({
        "id": "many", "sites": ["watch.example.com"],
        "offers": [{ "id": "o", "territories": { "allow": ["*", "GB-ENG"], "deny": ["continent:AF"] },
            "premieres": [{ "territories": { "allow": ["SA"] }, "from": "2026-12-01T00:00:00Z" }] }],
        "variances": [{ "id": "v", "media": "v/", "territories": { "allow": ["group:none", "group:isles", "postal:US-902"] } }],
        "blackouts": [{ "id": "b", "territories": { "allow": ["dma:803", "asn:5384"] }, "action": "deny" }],
    });
    let mut site = desk.site();
    site["geography"] = json!({ "groups": { "isles": ["IE", "dma:501"] } });
    desk.file("documents/site.json", &site);
    let expected =
        ["AO", "GB-ENG", "IE", "SA", "US;asn=5384", "US;dma=501", "US;dma=803", "US;postal=902", "XX"];
    assert_eq!(places("many", &title), expected);
    desk.file(
        "documents/world.json",
        &json!({
            "id": "world", "sites": ["watch.example.com"],
            "offers": [{ "id": "o", "territories": { "allow": ["*"] } }],
        }),
    );
    let common = ["simulate", "--documents", "documents", "--site", "watch.example.com", "--title", "world"];
    let misuse = desk.misuse(&common);
    assert!(misuse.contains("expected --countries"), "{misuse}");
}
