//! The human form of explanations, compared with texts in `cli/tests/golden/explain/`. `UPDATE=1 cargo test -p stagedoor-cli --test
//! command explained` writes them anew.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::desk::{Desk, NOW};

const TOKEN_EXPIRES: u64 = 1_795_374_000;

/// A desk whose documents have a case for each refusal below.
fn desk() -> Desk {
    let desk = Desk::new();
    let mut site = desk.site();
    site["geography"] = json!({ "groups": { "gulf": ["AE", "SA"] } });
    site["revision"] = json!(3);
    desk.file("documents/site.json", &site);
    let subject = json!({ "issuer": "https://id.example.com/", "subject": "revoked-viewer" });
    let revoked = json!({ "what": { "subject": subject }, "at": "2026-11-22T17:00:00Z", "generation": 1 });
    desk.file(
        "documents/revocations.json",
        &json!({ "revision": 5, "host": "watch.example.com", "generation": 1, "revoked": [revoked] }),
    );
    let title = |id: &str, more: Value| {
        let mut title = json!({ "revision": 7, "id": id, "sites": ["watch.example.com"] });
        title.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        desk.file(&format!("documents/{id}.json"), &title);
    };
    let world = json!([{ "id": "all", "territories": { "allow": ["*"] } }]);
    title(
        "harbour",
        json!({ "offers": [
        { "id": "basic", "territories": { "allow": ["group:gulf"] }, "plans": ["basic"], "model": "avod",
          "caps": { "max_height": 360, "audio": ["ar", "en"] } },
        { "id": "premium", "territories": { "allow": ["*"], "deny": ["FR"] }, "plans": ["premium"],
          "window": { "from": "2026-12-01T00:00:00Z" } },
    ] }),
    );
    title(
        "film",
        json!({ "offers": [{ "id": "gold", "territories": { "allow": ["AE"] }, "plans": ["gold"] }] }),
    );
    title("news", json!({ "offers": world, "embargo": "2026-11-23T06:00:00Z" }));
    title(
        "match",
        json!({ "offers": world, "blackouts": [{ "id": "cup-final", "territories": { "allow": ["AE-DU"] },
            "window": { "until": "2026-11-22T21:00:00Z" }, "action": "deny" }] }),
    );
    title("elsewhere", json!({ "offers": world, "sites": ["other.example.com"] }));
    desk.file("documents/lost.json", &{
        let mut lost = site;
        lost["host"] = json!("lost.example.com");
        lost["sessions"] = json!({ "keys": "nobodys-keys" });
        lost
    });
    desk
}

/// Compares the human form of an explanation with the golden text, and checks what holds for all of them.
fn compare(desk: &Desk, name: &str, code: i32, documents: &str, request: &Value, secrets: &[&str]) {
    desk.file("request.json", request);
    let arguments = ["explain", "--documents", documents, "--request", "request.json"];
    let output = desk.run(&arguments, "");
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{name}: {errors}{text}");
    let json = desk.run(&[&["--json"], &arguments[..]].concat(), "");
    assert_eq!(json.status.code(), Some(code), "{name}: both forms have one exit code");
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{name}: {line}");
    }
    for secret in secrets.iter().chain(&["aHMyNTYtc2VjcmV0", "c2Vzc2lvbi1zZWNyZXQ"]) {
        assert!(!text.contains(secret), "{name} shows {secret}: {text}");
        assert!(!String::from_utf8_lossy(&json.stdout).contains(secret), "{name}");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/explain/{name}.txt"));
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{name}");
}

#[test]
fn explained_for_people() {
    let desk = desk();
    let claims = |more: Value| {
        let mut claims = json!({ "iss": "https://id.example.com/", "sub": "viewer-1", "plan": "basic", "exp": TOKEN_EXPIRES });
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        claims
    };
    let minted = |more: Value| desk.mint("es256.json", &claims(more));
    let token = minted(json!({}));
    let url = |path: &str, token: &str| format!("https://watch.example.com/{path}?token={token}");
    let now: u64 = NOW.parse().unwrap();
    let ask = |url: &str, geo: &str| json!({ "url": url, "geo": geo, "ip": "192.0.2.1", "now": now });
    let session = "A".repeat(100);
    let of_another_key = format!("A{}", "B".repeat(99));
    let revoked = minted(json!({ "sub": "revoked-viewer" }));
    let of_another_title = minted(json!({ "titles": ["film"] }));
    let forged = format!("{}AA", &token[..token.len() - 2]);
    let elsewhere = minted(json!({ "iss": "https://elsewhere.example.com/" }));
    let table: &[(&str, i32, Value)] = &[
        ("permit", 0, ask(&url("harbour/m.m3u8", &token), "AE")),
        ("territory", 1, ask(&url("film/m.m3u8", &token), "GB")),
        ("plan", 1, ask(&url("film/m.m3u8", &token), "AE")),
        ("window_not_open", 1, ask(&url("harbour/m.m3u8", &token), "US")),
        ("geography_unknown", 1, ask(&url("harbour/m.m3u8", &token), "")),
        ("embargo", 1, ask(&url("news/m.m3u8", &token), "AE")),
        ("blackout", 1, ask(&url("match/m.m3u8", &token), "AE-DU")),
        ("token_missing", 1, ask("https://watch.example.com/harbour/m.m3u8", "AE")),
        ("token_expired", 1, {
            let mut late = ask(&url("harbour/m.m3u8", &token), "AE");
            late["now"] = json!(TOKEN_EXPIRES + 400);
            late
        }),
        ("token_signature", 1, ask(&url("harbour/m.m3u8", &forged), "AE")),
        ("token_issuer", 1, ask(&url("harbour/m.m3u8", &elsewhere), "AE")),
        ("token_title", 1, ask(&url("harbour/m.m3u8", &of_another_title), "AE")),
        ("revoked", 1, ask(&url("harbour/m.m3u8", &revoked), "AE")),
        ("title_unknown", 1, ask(&url("elsewhere/m.m3u8", &token), "AE")),
        ("site_unknown", 1, ask("https://wach.example.com/harbour/m.m3u8", "AE")),
        ("session_missing", 1, ask("https://watch.example.com/harbour/360p/1.ts", "AE")),
        ("session_malformed", 1, ask(&format!("https://watch.example.com/~{session}/harbour/m.m3u8"), "AE")),
        ("not_found", 1, ask("https://watch.example.com/", "AE")),
        ("document_missing", 3, ask(&format!("https://lost.example.com/harbour/m.m3u8?token={token}"), "AE")),
    ];
    for (name, code, request) in table {
        compare(&desk, name, *code, "documents", request, &[&token, &revoked, &session, &of_another_key]);
    }
}

#[test]
fn explained_for_people_without_the_secrets() {
    let desk = desk();
    // As the API answers: whole replies, and secrets that are redacted.
    fs::create_dir(desk.path("exported")).unwrap();
    for name in ["site", "keys", "session-keys", "harbour", "film", "revocations"] {
        let mut document: Value =
            serde_json::from_slice(&fs::read(desk.path(&format!("documents/{name}.json"))).unwrap()).unwrap();
        for key in document["keys"].as_array_mut().into_iter().flatten() {
            if key.get("k").is_some() {
                key["k"] = json!("[redacted]");
            }
        }
        let key = match &document {
            keys if keys.get("issuer").is_some() => format!("v1/keys/{}", keys["issuer"].as_str().unwrap()),
            revoked if revoked.get("revoked").is_some() => "v1/revocations/watch.example.com".to_owned(),
            site if site.get("host").is_some() => "v1/site/watch.example.com".to_owned(),
            title => format!("v1/title/{}", title["id"].as_str().unwrap()),
        };
        let sync = json!({ "state": "synced" });
        document.as_object_mut().unwrap().remove("revision");
        let reply =
            json!({ "key": key, "revision": 9, "changed_by": null, "document": document, "sync": sync });
        desk.file(&format!("exported/{name}.json"), &reply);
    }
    let claims =
        json!({ "iss": "https://id.example.com/", "sub": "viewer-1", "plan": "basic", "exp": TOKEN_EXPIRES });
    let now: u64 = NOW.parse().unwrap();
    let (shared, public) = (desk.mint("hs256.json", &claims), desk.mint("es256.json", &claims));
    let forged = format!("{}AA", &shared[..shared.len() - 2]);
    let ask = |title: &str, token: &str| json!({ "url": format!("https://watch.example.com/{title}/m.m3u8?token={token}"), "geo": "AE", "now": now });
    for (name, code, request) in [
        // A public key is no secret: everything is checked.
        ("exported_permit", 0, ask("harbour", &public)),
        ("unchecked_permit", 2, ask("harbour", &shared)),
        // Nobody can tell the two apart, and neither text says more than the other.
        ("unchecked_permit", 2, ask("harbour", &forged)),
        ("unchecked_denial", 1, ask("film", &shared)),
    ] {
        compare(&desk, name, code, "exported", &request, &[&shared, &public, "redacted]"]);
    }
    // The key may be one that the issuer publishes.
    desk.file(
        "exported/keys.json",
        &json!({ "issuer": "https://id.example.com/", "keys": [], "published": { "url": "https://id.example.com/jwks.json" } }),
    );
    compare(&desk, "unchecked_published", 2, "exported", &ask("harbour", &public), &[&public]);
    let mut page: Value =
        serde_json::from_slice(&fs::read(desk.path("exported/revocations.json")).unwrap()).unwrap();
    page["revocations"] = json!({ "count": 1_000, "next": 500 });
    desk.file("exported/revocations.json", &page);
    desk.file("request.json", &ask("harbour", &public));
    let said = desk.misuse(&["explain", "--documents", "exported", "--request", "request.json"]);
    assert!(said.contains("expected all revocations, found one page of them"), "{said}");
}

#[test]
fn explains_requests_that_were_saved() {
    let desk = desk();
    let claims =
        json!({ "iss": "https://id.example.com/", "sub": "v", "plan": "basic", "exp": TOKEN_EXPIRES });
    let token = desk.mint("es256.json", &claims);
    let url = format!("https://watch.example.com/harbour/m.m3u8?token={token}");
    let outcome = |arguments: &[&str], input: &str| -> (Option<i32>, Value) {
        let output =
            desk.run(&[&["--json", "explain", "--documents", "documents"], arguments].concat(), input);
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), json["reason"].clone())
    };
    assert_eq!(outcome(&["--geo", "AE", "--now", NOW, &url], ""), (Some(0), Value::Null));
    assert_eq!(
        outcome(&["--geo", "FR", "--now", "2026-11-22T18:00:00Z", &url], ""),
        (Some(1), json!("territory"))
    );
    let header = ["--header", &format!("Authorization: Bearer {token}")];
    let plain = ["--geo", "AE", "--now", NOW, "https://watch.example.com/harbour/m.m3u8"];
    assert_eq!(outcome(&[&header[..], &plain[..]].concat(), ""), (Some(0), Value::Null));
    let curl = format!("curl '{url}' \\\n  -H 'Stagedoor-Geography: AE' \\\n  --compressed");
    assert_eq!(outcome(&["--now", NOW, "--request", "-"], &curl), (Some(0), Value::Null));
    let har = json!({ "log": { "entries": [
        { "startedDateTime": "2026-11-22T18:00:00.000Z", "request": { "method": "GET", "url": "https://tv.example.com/app.js" },
          "response": { "status": 200 } },
        { "startedDateTime": "2026-11-22T18:00:01.000Z", "request": { "method": "GET", "url": url }, "response": { "status": 403 } },
    ] } });
    desk.file("player.har", &har);
    assert_eq!(outcome(&["--geo", "FR", "--request", "player.har"], ""), (Some(1), json!("territory")));
    for (arguments, input, why) in [
        (vec![], "", "<URL|--request <FILE>>"),
        (
            vec!["--request", "-"],
            "eyJhbGciOiJub25lIn0.e30.c2VjcmV0",
            "expected a request in JSON, a HAR file or a `curl` command",
        ),
        (
            vec!["--request", "-"],
            r#"{"log":{"entries":[]}}"#,
            "expected a request in log.entries, found none",
        ),
        (vec!["--request", "-"], "curl --data x https://a.example/", "--data is not understood"),
        (vec!["--request", "-"], r#"{"geo":"AE"}"#, "url: this member is required, and it is missing"),
        (vec!["nonsense"], "", "expected an absolute URL"),
        (vec!["https://watch.example.com/healthz"], "", "the URL is answered by the edge itself"),
        (vec!["--geo", "usa", "https://a.example/b/c.m3u8"], "", "expected a place such as AE"),
        (vec!["--now", "soon", "https://a.example/b/c.m3u8"], "", "--now: "),
        (vec!["--header", "X", "https://a.example/b/c.m3u8"], "", "--header: expected `Name: value`"),
    ] {
        let output = desk.run(&[&["explain", "--documents", "documents"], &arguments[..]].concat(), input);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(why), "{said} does not say {why}");
        assert!(!said.contains("c2VjcmV0"), "{said}");
    }
}
