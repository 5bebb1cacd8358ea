//! `stagedoor manifest rewrite`.

use serde_json::{Value, json};

use crate::desk::{Desk, MASTER};

#[test]
fn rewrite_without_permit_and_session_changes_nothing() {
    let desk = Desk::new();
    let url = ["--url", "https://watch.example.com/harbour/master.m3u8"];
    let output = desk.run(&[&["manifest", "rewrite"], &url[..], &["-"]].concat(), MASTER);
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), MASTER);
}

#[test]
fn rewrite_signs_and_caps() {
    let desk = Desk::new();
    desk.file("permit.json", &json!({ "caps": { "max_height": 720 } }));
    let rewrite = |more: &[&str], input: &str| {
        let url = [
            "manifest",
            "rewrite",
            "--site",
            "documents/site.json",
            "--url",
            "https://watch.example.com/harbour/master.m3u8",
        ];
        desk.run(&[&url[..], more, &["-"]].concat(), input)
    };
    let signed =
        rewrite(&["--session", "TOKEN", "--signing", "path", "--foreign", "refuse", "--kind", "hls"], MASTER);
    let expected = MASTER
        .replace("\n360", "\n/~TOKEN/harbour/360")
        .replace("https://media.example.com/vod/harbour/", "/~TOKEN/harbour/");
    assert_eq!(String::from_utf8(signed.stdout).unwrap(), expected);
    let capped = rewrite(&["--permit", "permit.json"], MASTER);
    assert_eq!(
        String::from_utf8(capped.stdout).unwrap(),
        MASTER.split("#EXT-X-STREAM-INF:BANDWIDTH=2").next().unwrap()
    );
    let query = rewrite(&["--session", "TOKEN", "--signing", "query"], MASTER);
    let expected = MASTER
        .replace("360.m3u8", "360.m3u8?sd_session=TOKEN")
        .replace("https://media.example.com/vod/harbour/1080.m3u8", "/harbour/1080.m3u8?sd_session=TOKEN");
    assert_eq!(String::from_utf8(query.stdout).unwrap(), expected);
    let defined = rewrite(&["--session", "TOKEN", "--define"], MASTER);
    assert_eq!(String::from_utf8(defined.stdout).unwrap().matches("TOKEN").count(), 1);
    for (start, first) in [("1999", "360"), ("2000", "1080")] {
        let found = rewrite(&["--start", start], &MASTER.replace("=2,", "=2000000,"));
        let found = String::from_utf8(found.stdout).unwrap();
        let (before, after) = found.split_once(".m3u8").unwrap();
        assert!(before.ends_with(first) && after.contains(".m3u8"), "{found}");
    }
    let foreign = rewrite(&["--json", "--session", "TOKEN"], "#EXTM3U\nhttps://ads.example/a.ts\n");
    assert_eq!(foreign.status.code(), Some(1));
    assert_eq!(serde_json::from_slice::<Value>(&foreign.stdout).unwrap()["reason"], "manifest_foreign_uri");
    // Without --json, nothing but a manifest goes where a manifest is expected.
    let foreign = rewrite(&["--session", "TOKEN"], "#EXTM3U\nhttps://ads.example/a.ts\n");
    assert_eq!((foreign.status.code(), foreign.stdout.len()), (Some(1), 0));
    assert!(String::from_utf8(foreign.stderr).unwrap().contains("manifest_foreign_uri"));
    let signed = rewrite(&["--json", "--session", "TOKEN"], "#EXTM3U\na.ts\n");
    let signed: Value = serde_json::from_slice(&signed.stdout).unwrap();
    assert_eq!(signed, json!({ "ok": true, "manifest": "#EXTM3U\n/~TOKEN/harbour/a.ts\n" }));
    for (policy, expected) in
        [("pass", "https://ads.example/a.ts"), ("sign", "https://ads.example/~TOKEN/a.ts")]
    {
        let found =
            rewrite(&["--session", "TOKEN", "--foreign", policy], "#EXTM3U\nhttps://ads.example/a.ts\n");
        assert_eq!(String::from_utf8(found.stdout).unwrap(), format!("#EXTM3U\n{expected}\n"));
    }
    assert_eq!(rewrite(&["--session", "TOKEN"], "<html>").status.code(), Some(2));
}

#[test]
fn rewrite_announces_the_steering_of_the_site() {
    let desk = Desk::new();
    let mut site = desk.site();
    site["steering"] = json!({ "clones": [{ "id": "b", "base_id": ".", "host": "watch.example.com" }] });
    desk.file("steering.json", &site);
    let rewrite = |site: &str, more: &[&str]| {
        let url = "https://watch.example.com/harbour/master.m3u8";
        let all = [&["manifest", "rewrite", "--site", site, "--url", url], more, &["-"]].concat();
        String::from_utf8(desk.run(&all, MASTER).stdout).unwrap()
    };
    let tag = "#EXT-X-CONTENT-STEERING:SERVER-URI=\"/~TOKEN/harbour/_stagedoor/steering.json\"\n";
    let session = ["--session", "TOKEN"];
    let expected = rewrite("documents/site.json", &session).replace("#EXTM3U\n", &format!("#EXTM3U\n{tag}"));
    assert_eq!(rewrite("steering.json", &session), expected);
    assert_eq!(rewrite("steering.json", &[]), MASTER);
}

#[test]
fn without_a_site_everything_on_the_playlists_host_is_covered() {
    let desk = Desk::new();
    let playlist =
        "#EXTM3U\n#EXTINF:4,\na.ts\n#EXTINF:4,\n/other/b.ts\n#EXTINF:4,\nhttp://cdn.example:8080/c.ts?x\n";
    let rewrite = |url: &str| {
        let output = desk.run(&["manifest", "rewrite", "--url", url, "--session", "T", "-"], playlist);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let expected = "#EXTM3U\n#EXTINF:4,\n/~T/live/a.ts\n#EXTINF:4,\n/~T/other/b.ts\n#EXTINF:4,\n/~T/c.ts?x\n";
    assert_eq!(rewrite("http://cdn.example:8080/live/a.m3u8"), expected);
    assert_eq!(rewrite("http://cdn.example:8080/~T/live/a.m3u8"), expected.replace("/~T/live/a.ts", "a.ts"));
}

/// Without --session, URIs carry the session of the URL.
#[test]
fn rewrite_takes_the_session_of_the_url() {
    let desk = Desk::new();
    let playlist = "#EXTM3U\n#EXTINF:4,\na.ts\n#EXTINF:4,\nhttps://media.example.com/vod/harbour/b.ts\n";
    let rewrite = |url: &str| {
        let all = ["manifest", "rewrite", "--site", "documents/site.json", "--url", url, "-"];
        let output = desk.run(&all, playlist);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let expected =
        |first: &str, second: &str| format!("#EXTM3U\n#EXTINF:4,\n{first}\n#EXTINF:4,\n{second}\n");
    let by_path = expected("a.ts", "/~T/harbour/b.ts");
    assert_eq!(rewrite("https://watch.example.com/~T/harbour/v/a.m3u8"), by_path);
    assert_eq!(rewrite("https://watch.example.com/%7ET/harbour/v/a.m3u8"), by_path);
    let by_query = expected("a.ts?sd_session=T", "/harbour/b.ts?sd_session=T");
    assert_eq!(rewrite("https://watch.example.com/harbour/v/a.m3u8?sd_session=T"), by_query);
    let foreign = "#EXTM3U\n#EXTINF:4,\nhttps://evil.example/b.ts\n";
    let url = "https://watch.example.com/~T/harbour/v/a.m3u8";
    let output = desk.run(&["manifest", "rewrite", "--url", url, "-"], foreign);
    assert!(String::from_utf8(output.stderr).unwrap().contains("manifest_foreign_uri"));
}

#[test]
fn a_permit_has_no_members_without_a_meaning() {
    let desk = Desk::new();
    for (permit, expected) in [
        (
            json!({ "caps": { "max_hight": 720 } }),
            "caps.max_hight: there is no such member; did you mean `max_height`?",
        ),
        (
            json!({ "cap": { "max_height": 720 }, "caps": { "max_height": 720, "HDR": false } }),
            "cap: there is no such member",
        ),
        (json!({ "caps": { "max_height": "720" } }), "caps.max_height: expected a whole number"),
    ] {
        desk.file("permit.json", &permit);
        let words =
            ["manifest", "rewrite", "--url", "https://a.example/b.m3u8", "--permit", "permit.json", "-"];
        let output = desk.run(&words, MASTER);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{permit}");
        assert!(said.contains(&format!("permit.json: {expected}")), "{permit}: {said}");
    }
    // Names of DRM systems are values.
    desk.file("permit.json", &json!({ "caps": { "allowed_cpc": { "com.example": ["HW"] } } }));
    let words = ["manifest", "rewrite", "--url", "https://a.example/b.m3u8", "--permit", "permit.json", "-"];
    assert_eq!(desk.run(&words, MASTER).stdout, MASTER.as_bytes());
}

/// A film of a minute and a half, with a mark.
const FILM: &str = "#EXTM3U\n#EXT-X-TARGETDURATION:30\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:30,\n0.ts\n\
    #EXT-X-CUE-OUT:0\n#EXTINF:30,\n1.ts\n#EXTINF:30,\n2.ts\n#EXT-X-ENDLIST\n";

#[test]
fn rewrite_inserts_breaks_and_lists_a_pod() {
    let desk = Desk::new();
    desk.file(
        "pod.json",
        &json!({ "break": "mid-60000", "slots": [{
            "role": "ad", "duration_ms": 15_000, "media": { "creative": { "id": "plum", "hls": "main.m3u8" } },
        }] }),
    );
    desk.file(
        "break.json",
        &json!({ "id": "given", "place": "mid_roll", "start_ms": 75_000, "planned_ms": 10_000 }),
    );
    let rewrite = |more: &[&str]| {
        let url = ["manifest", "rewrite", "--url", "https://watch.example.com/harbour/720p.m3u8"];
        desk.run(&[&url[..], &["--site", "documents/site.json"], more, &["-"]].concat(), FILM)
    };
    let guided = ["--ads", "guided", "--break-at", "60", "--break", "break.json"];
    let found = rewrite(&guided);
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    let text = String::from_utf8(found.stdout).unwrap();
    for (id, date) in [("at-30000", "00:30"), ("mid-60000", "01:00"), ("given", "01:15")] {
        let start = format!(
            "#EXT-X-DATERANGE:ID=\"sd-{id}\",CLASS=\"com.apple.hls.interstitial\",START-DATE=\"2000-01-01T00:{date}.000Z\""
        );
        assert!(text.contains(&start), "{id} {text}");
    }
    let with_pod = [&guided[..], &["--pod", "pod.json", "--json", "--session", "TOKEN"]].concat();
    let found: Value = serde_json::from_slice(&rewrite(&with_pod).stdout).unwrap();
    assert_eq!(
        found["list"]["ASSETS"],
        json!([{ "URI": "https://watch.example.com/~TOKEN/harbour/_stagedoor/ad/mid-60000/0/plum/main.m3u8", "DURATION": 15 }])
    );
    assert!(found["manifest"].as_str().unwrap().contains("X-ASSET-LIST=\"/~TOKEN/harbour/_stagedoor/break/"));
    // Beside the manifest, the list is a remark.
    let found = rewrite(&[&guided[..], &["--pod", "pod.json"]].concat());
    assert_eq!(String::from_utf8(found.stdout).unwrap(), text);
    assert!(String::from_utf8(found.stderr).unwrap().contains("\"DURATION\": 15"));
    let other = rewrite(&["--ads", "guided", "--pod", "pod.json"]);
    let why = String::from_utf8(other.stderr).unwrap();
    assert_eq!(other.status.code(), Some(2));
    assert!(
        why.contains("expected the pod of a break of the manifest (at-30000), found the pod of `mid-60000`"),
        "{why}"
    );
    assert_eq!(rewrite(&["--break-at", "60"]).status.code(), Some(2));
    // A break that has no effect is told.
    desk.file("break.json", &json!({ "id": "timeless", "place": "mid_roll" }));
    let told = rewrite(&["--ads", "guided", "--break", "break.json"]);
    assert_eq!(told.status.code(), Some(0));
    assert!(String::from_utf8(told.stderr).unwrap().contains("the break `timeless` is not in the manifest"));
}

#[test]
fn rewrite_announces_breaks_in_an_mpd_and_lists_a_pod() {
    let desk = Desk::new();
    desk.file(
        "pod.json",
        &json!({ "break": "mid-60000", "slots": [
            { "role": "ad", "duration_ms": 15_000, "media": { "creative": { "id": "plum", "dash": "a.mpd" } } },
            { "role": "ad", "duration_ms": 5_000, "media": { "creative": { "id": "teal", "hls": "a.m3u8" } } },
        ] }),
    );
    let film = "<MPD mediaPresentationDuration=\"PT90S\"><Period><AdaptationSet/></Period></MPD>";
    let rewrite = |more: &[&str]| {
        let url = ["manifest", "rewrite", "--url", "https://watch.example.com/harbour/dash/m.mpd", "--json"];
        desk.run(
            &[&url[..], &["--ads", "guided", "--break-at", "60", "--pod", "pod.json"], more, &["-"]].concat(),
            film,
        )
    };
    // Without a site, the first folder is the title.
    for site in [&[][..], &["--site", "documents/site.json"]] {
        let found = rewrite(&[site, &["--session", "TOKEN"]].concat());
        let found: Value = serde_json::from_slice(&found.stdout).unwrap();
        let manifest = found["manifest"].as_str().unwrap();
        let below = "https://watch.example.com/~TOKEN/harbour/dash/_stagedoor/";
        assert!(manifest.contains("urn:mpeg:dash:event:alternativeMPD:insert:2025"), "{manifest}");
        assert!(manifest.contains(&format!("<InsertPresentation uri=\"{below}break/")), "{manifest}");
        let list = found["list"].as_str().unwrap();
        assert!(list.contains(&format!(">{below}ad/mid-60000/0/plum/a.mpd</ImportedMPD>")), "{list}");
        assert_eq!(list.matches("<Period ").count(), 1, "{list}");
    }
    let plain: Value = serde_json::from_slice(&rewrite(&[]).stdout).unwrap();
    assert!(plain["manifest"].as_str().unwrap().contains("<InsertPresentation uri=\"_stagedoor/break/"));
}
