//! The command as ops run it: arguments in, JSON and an exit code out.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

const NOW: &str = "1795370400";

struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        fs::create_dir(desk.path("documents")).unwrap();
        desk.file(
            "documents/site.json",
            &json!({
                "host": "watch.example.com",
                "media": { "origin": "https://media.example.com/vod/" },
                "tokens": { "issuers": ["https://id.example.com/"] },
                "sessions": { "keys": "watch-sessions" },
            }),
        );
        desk.file("documents/keys.json", &json!({
            "issuer": "https://id.example.com/",
            "keys": [
                { "kty": "oct", "kid": "h1", "alg": "HS256", "k": "aHMyNTYtc2VjcmV0LW9mLXRoZS1mbG93LXRlc3RzLSE" },
                { "kty": "EC", "kid": "e1", "alg": "ES256", "crv": "P-256",
                  "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" },
            ],
        }));
        desk.file("documents/session-keys.json", &json!({
            "issuer": "watch-sessions",
            "keys": [{ "kty": "oct", "kid": "s1", "alg": "HS256", "k": "c2Vzc2lvbi1zZWNyZXQtb2YtdGhlLWZsb3ctdGVzdHM" }],
        }));
        desk.file("documents/harbour.json", &json!({
            "revision": 7, "id": "harbour", "sites": ["watch.example.com"],
            "offers": [{ "id": "gulf", "territories": { "allow": ["AE"] }, "caps": { "max_height": 720 } }],
        }));
        desk.file(
            "hs256.json",
            &json!({
            "kty": "oct", "kid": "h1", "alg": "HS256", "k": "aHMyNTYtc2VjcmV0LW9mLXRoZS1mbG93LXRlc3RzLSE" }),
        );
        desk.file(
            "es256.json",
            &json!({
            "kty": "EC", "kid": "e1", "alg": "ES256", "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI" }),
        );
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, value: &Value) {
        fs::write(self.path(name), value.to_string()).unwrap();
    }

    fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_stagedoor"))
            .args(arguments)
            .current_dir(self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    fn json(&self, code: i32, arguments: &[&str]) -> Value {
        let output = self.run(arguments, "");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
        assert!(errors.is_empty(), "{errors}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The message of a misuse: exit code 2 and nothing on standard output.
    fn misuse(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    }

    fn mint(&self, key: &str, claims: &Value) -> String {
        let minted =
            self.json(0, &["token", "mint", "--key", key, "--claims", &claims.to_string(), "--now", NOW]);
        minted["token"].as_str().unwrap().to_owned()
    }

    fn verify(&self, code: i32, url: &str, header: &str) -> Value {
        fs::write(
            self.path("all-keys.json"),
            format!(
                "[{},{}]",
                fs::read_to_string(self.path("documents/keys.json")).unwrap(),
                fs::read_to_string(self.path("documents/session-keys.json")).unwrap()
            ),
        )
        .unwrap();
        self.json(
            code,
            &[
                "token",
                "verify",
                "--site",
                "documents/site.json",
                "--keys",
                "all-keys.json",
                "--url",
                url,
                "--header",
                header,
                "--geo",
                "AE-DU;asn=5384",
                "--now",
                NOW,
            ],
        )
    }
}

#[test]
fn what_is_minted_verifies() {
    let desk = Desk::new();
    for (key, kid) in [("hs256.json", "h1"), ("es256.json", "e1")] {
        let token = desk.mint(key, &json!({ "iss": "https://id.example.com/", "sub": "v", "plan": "gold" }));
        let expected = json!({ "ok": true, "dialect": "jwt", "grant": {
            "dialect": "jwt", "issuer": "https://id.example.com/", "key": kid, "subject": "v",
            "expires_at": "2026-11-22T19:00:00Z", "plans": ["gold"], "titles": null } });
        assert_eq!(
            desk.verify(
                0,
                "https://watch.example.com/harbour/m.m3u8",
                &format!("Authorization: Bearer {token}")
            ),
            expected
        );
        assert_eq!(
            desk.verify(0, &format!("https://watch.example.com/harbour/m.m3u8?token={token}"), "A: b"),
            expected
        );
    }
    // The keys alone, as an issuer publishes them, are those of the issuers that the site names.
    let mut keys: Value =
        serde_json::from_slice(&fs::read(desk.path("documents/keys.json")).unwrap()).unwrap();
    keys.as_object_mut().unwrap().remove("issuer");
    desk.file("jwks.json", &keys);
    let token = desk.mint("es256.json", &json!({ "iss": "https://id.example.com/" }));
    let url = format!("https://watch.example.com/harbour/m.m3u8?token={token}");
    let arguments = [
        "token",
        "verify",
        "--site",
        "documents/site.json",
        "--keys",
        "jwks.json",
        "--url",
        &url,
        "--now",
        NOW,
    ];
    assert_eq!(desk.json(0, &arguments)["ok"], json!(true));
    let late = desk.mint("hs256.json", &json!({ "iss": "https://id.example.com/", "exp": 1_795_370_400 }));
    let refused = desk.verify(1, &format!("https://watch.example.com/harbour/m.m3u8?token={late}"), "A: b");
    assert_eq!(refused["reason"], "token_expired");
}

#[test]
fn explain_tells_each_step_and_no_secret() {
    let desk = Desk::new();
    let token = desk.mint("es256.json", &json!({ "iss": "https://id.example.com/", "sub": "v" }));
    let url = format!("https://watch.example.com/harbour/master.m3u8?token={token}");
    let explain = |code, geo: &str| {
        desk.file("request.json", &json!({ "url": url, "geo": geo }));
        desk.json(code, &["explain", "--documents", "documents", "--request", "request.json", "--now", NOW])
    };
    let permit = explain(0, "AE");
    assert_eq!((&permit["outcome"], &permit["caps"]["max_height"]), (&json!("permit"), &json!(720)));
    let steps: Vec<_> =
        permit["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(
        steps,
        [
            "facts",
            "route",
            "document",
            "document",
            "document",
            "document",
            "token",
            "grant",
            "document",
            "credential",
            "rights",
            "permit",
            "source"
        ]
    );
    assert!(permit.to_string().contains(r#""key":"v1/title/harbour","revision":7"#));
    assert!(!permit.to_string().contains(&token));
    let denial = explain(1, "GB");
    assert_eq!((&denial["outcome"], &denial["reason"]), (&json!("denial"), &json!("territory")));
    assert!(denial["remedy"].as_str().unwrap().contains("territories"), "{denial}");
    let rights = denial["steps"].as_array().unwrap().iter().find(|step| step["step"] == "rights").unwrap();
    assert_eq!(
        rights["saw"]["by"],
        json!({ "key": "v1/title/harbour", "revision": 7, "decided": {
            "document": "title", "of": "offer gulf", "rule": "territory", "reason": "territory",
            "would_pass": "a viewer in AE" } })
    );
    assert_eq!(
        rights["saw"]["findings"][1],
        json!({ "of": "offer gulf", "rule": "territory", "mode": "enforce", "passed": false,
            "wanted": "a viewer in AE", "saw": "GB" })
    );
}

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
    desk.file(
        "documents/site.json",
        &json!({
            "host": "watch.example.com",
            "media": { "origin": "https://media.example.com/vod/" },
            "tokens": { "issuers": ["https://id.example.com/"] },
            "sessions": { "keys": "watch-sessions" },
            "geography": { "groups": { "isles": ["IE", "dma:501"] } },
        }),
    );
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

const MASTER: &str = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=640x360\n360.m3u8\n\
    #EXT-X-STREAM-INF:BANDWIDTH=2,RESOLUTION=1920x1080\nhttps://media.example.com/vod/harbour/1080.m3u8\n";

#[test]
fn rewrite_without_permit_and_session_changes_nothing() {
    let desk = Desk::new();
    let url = ["--url", "https://watch.example.com/harbour/master.m3u8"];
    let output = desk.run(&[&["manifest", "rewrite"], &url[..], &["-"]].concat(), MASTER);
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), MASTER);
}

#[test]
fn check_tells_findings_and_whether_one_is_an_error() {
    let desk = Desk::new();
    let check = |input: &str| {
        let output = desk.run(&["manifest", "check", "-"], input);
        (output.status.code(), serde_json::from_slice::<Value>(&output.stdout).unwrap())
    };
    assert_eq!(check(MASTER), (Some(0), json!([])));
    let unknown = check("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-NEW\n");
    assert_eq!((unknown.0, &unknown.1[0]["severity"]), (Some(0), &json!("info")));
    let wrong =
        check("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\u{e9}\n#EXT-X-KEY:METHOD=NONE,URI=\"a\"\na.ts\n");
    let expected = json!([{
        "line": 4,
        "column": 29,
        "clause": "rfc8216bis-22 4.4.4.4",
        "severity": "error",
        "code": "attribute-forbidden",
        "message": "expected no `URI` with the method `NONE`, found one",
    }]);
    assert_eq!(wrong, (Some(1), expected));
    assert_eq!(desk.run(&["manifest", "check", "missing.m3u8"], "").status.code(), Some(2));
    assert_eq!(desk.run(&["manifest", "check"], "").status.code(), Some(2));
}

#[test]
fn check_tells_mpds_by_their_content() {
    let desk = Desk::new();
    let check = |input: &str| {
        let output = desk.run(&["manifest", "check", "-"], input);
        (output.status.code(), serde_json::from_slice::<Value>(&output.stdout).unwrap())
    };
    let mpd = |start: &str| {
        format!(
            "<MPD xmlns='urn:mpeg:dash:schema:mpd:2011' profiles='a' minBufferTime='PT1S'>\n<Period duration='PT1S' \
             start='{start}'><AdaptationSet contentType='text'/></Period>\n</MPD>\n"
        )
    };
    assert_eq!(check(&mpd("PT0S")), (Some(0), json!([])));
    let expected = json!([{
        "line": 2,
        "column": 32,
        "clause": "ISO/IEC 23009-1 5.3.2",
        "severity": "error",
        "code": "attribute-type",
        "message": "expected a duration, such as `PT1.5S`, found `0`",
    }]);
    assert_eq!(check(&mpd("0")), (Some(1), expected));
    let cut_off = check("\u{feff}\n <MPD>");
    assert_eq!((cut_off.0, &cut_off.1[0]["code"]), (Some(1), &json!("malformed")));
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
    let foreign = rewrite(&["--session", "TOKEN"], "#EXTM3U\nhttps://ads.example/a.ts\n");
    assert_eq!(foreign.status.code(), Some(1));
    assert_eq!(serde_json::from_slice::<Value>(&foreign.stdout).unwrap()["reason"], "manifest_foreign_uri");
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
    let mut site: Value =
        serde_json::from_slice(&fs::read(desk.path("documents/site.json")).unwrap()).unwrap();
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

/// The session of the URL is the one that URIs carry, where none is given beside it.
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
    assert!(String::from_utf8(output.stdout).unwrap().contains("manifest_foreign_uri"));
}

#[test]
fn a_permit_has_no_members_without_a_meaning() {
    let desk = Desk::new();
    for (permit, expected) in [
        (json!({ "caps": { "max_hight": 720 } }), "there is no such member: caps.max_hight"),
        (
            json!({ "cap": { "max_height": 720 }, "caps": { "max_height": 720, "HDR": false } }),
            "there is no such member: cap, caps.HDR",
        ),
        (json!({ "caps": { "max_height": "720" } }), "invalid type: string"),
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

#[test]
fn misuse_says_what_was_expected() {
    let desk = Desk::new();
    fs::write(desk.path("broken.json"), "{").unwrap();
    let table: [(&[&str], &str); 7] = [
        (&[], "Usage: stagedoor"),
        (&["token", "mint", "--key", "absent.json"], "absent.json: No such file"),
        (&["token", "mint", "--key", "broken.json"], "broken.json: EOF"),
        (&["token", "mint", "--key", "hs256.json", "--claims", "[]"], "--claims: expected a JSON object"),
        (
            &["token", "verify", "--site", "documents/harbour.json", "--url", "https://a/b"],
            "missing field `host`",
        ),
        (&["manifest", "rewrite", "--url", "nonsense", "-"], "expected an absolute URL, found `nonsense`"),
        (
            &[
                "manifest",
                "rewrite",
                "--url",
                "https://a/~T/b/c.m3u8",
                "--signing",
                "query",
                "--session",
                "T",
                "-",
            ],
            "--signing query: the path of --url carries a session already",
        ),
    ];
    for (arguments, why) in table {
        let message = desk.misuse(arguments);
        assert!(message.contains(why), "{message} does not say {why}");
    }
    desk.file(
        "documents/twice.json",
        &serde_json::from_slice(&fs::read(desk.path("documents/harbour.json")).unwrap()).unwrap(),
    );
    desk.file("request.json", &json!({ "url": "https://a/b" }));
    let message = desk.misuse(&["explain", "--documents", "documents", "--request", "request.json"]);
    assert!(message.contains("v1/title/harbour is there twice"), "{message}");
}
