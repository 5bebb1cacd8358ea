//! `stagedoor cache-key` as ops run it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

fn desk() -> tempfile::TempDir {
    let desk = tempfile::tempdir().unwrap();
    let write = |name: &str, value: &Value| fs::write(desk.path().join(name), value.to_string()).unwrap();
    write(
        "site.json",
        &json!({
            "host": "watch.example.com",
            "media": { "origin": "https://media.example.com/vod/", "query": ["v"] },
            "tokens": { "issuers": ["https://id.example.com/"] },
            "sessions": { "keys": "watch-sessions" },
            "cache": { "segment": { "fresh_s": 60 } },
        }),
    );
    write(
        "title.json",
        &json!({ "id": "harbour", "sites": ["watch.example.com"], "media": "films/harbour/", "generation": 4, "offers": [] }),
    );
    fs::write(
        desk.path().join("live.m3u8"),
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PART-INF:PART-TARGET=0.5\n",
    )
    .unwrap();
    desk
}

fn run(desk: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stagedoor"))
        .current_dir(desk)
        .arg("cache-key")
        .args(["--site", "site.json"])
        .args(arguments)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn every_url_of_one_file_has_one_key() {
    let desk = desk();
    let title = ["--title", "title.json"];
    for url in [
        "https://watch.example.com/harbour/v/1.m4s?v=7",
        "https://WATCH.example.com/harbour/v/%31.m4s?CMCD=bl%3D1&v=%37&token=secret",
        "https://watch.example.com/~secretsession/harbour/v/1.m4s?v=7",
        "https://watch.example.com/%7Esecretsession/harbour/v/1.m4s?x=1&v=7",
        "https://watch.example.com/harbour/v/1.m4s?sd_session=secret&v=7",
    ] {
        let output = run(desk.path(), &[&title[..], &[url]].concat());
        let expected =
            "https://watch.example.com/_cache/4/https/media.example.com/vod/films/harbour/v/1.m4s?v=7\n";
        assert_eq!(text(&output), expected, "{url}");
    }
    let plain = run(desk.path(), &["https://watch.example.com/harbour/a.m3u8?_HLS_part=2&_HLS_msn=1"]);
    let expected = "https://watch.example.com/_cache/0/https/media.example.com/vod/harbour/a.m3u8?_HLS_msn=1&_HLS_part=2\n";
    assert_eq!(text(&plain), expected);
}

#[test]
fn json_tells_the_times() {
    let desk = desk();
    let of = |arguments: &[&str]| -> Value {
        serde_json::from_str(&text(&run(desk.path(), &[&["--json"], arguments].concat()))).unwrap()
    };
    let segment = of(&["https://watch.example.com/harbour/v/1.m4s"]);
    assert_eq!(segment["url"], "https://media.example.com/vod/harbour/v/1.m4s");
    assert_eq!(
        (&segment["times"]["kind"], &segment["times"]["fresh_ms"]),
        (&json!("segment"), &json!(60_000))
    );
    assert_eq!(segment["player"], "private, max-age=60, immutable");
    let playlist = of(&["https://watch.example.com/harbour/live.m3u8"]);
    assert_eq!((&playlist["times"], &playlist["missing_ms"]), (&Value::Null, &json!(1_000)));
    let playlist = of(&["--playlist", "live.m3u8", "https://watch.example.com/harbour/live.m3u8"]);
    assert_eq!(
        playlist["times"],
        json!({ "kind": "low_latency", "fresh_ms": 500, "stale_ms": 500, "error_ms": 11_500, "immutable": false })
    );
}

#[test]
fn a_url_without_a_key_says_why() {
    let desk = desk();
    for (url, code, expected) in [
        ("https://watch.example.com/harbour/a.m3u8?_HLS_part=2", 1, "directive_invalid"),
        ("https://watch.example.com/harbour/a%2fb", 1, "path_invalid"),
        ("https://watch.example.com/healthz", 1, "not_found"),
        ("https://other.example.com/harbour/a.ts", 2, "expected a URL of watch.example.com"),
        ("harbour/a.ts", 2, "expected an absolute URL"),
    ] {
        let output = run(desk.path(), &[url]);
        let told = [output.stdout, output.stderr].concat();
        assert_eq!(output.status.code(), Some(code), "{url}");
        assert!(
            String::from_utf8_lossy(&told).contains(expected),
            "{url}: {}",
            String::from_utf8_lossy(&told)
        );
    }
    let output = run(desk.path(), &["--title", "title.json", "https://watch.example.com/quay/a.ts"]);
    assert_eq!(output.status.code(), Some(2));
}
