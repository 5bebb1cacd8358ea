//! `stagedoor token`.

use std::fs;

use serde_json::{Value, json};

use crate::desk::{Desk, NOW};

#[test]
fn a_minted_token_verifies() {
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
fn a_redacted_secret_is_named_as_such() {
    let desk = Desk::new();
    let mut keys: Value =
        serde_json::from_slice(&fs::read(desk.path("documents/keys.json")).unwrap()).unwrap();
    let shared = keys["keys"].as_array_mut().unwrap().iter_mut().find(|key| key["kid"] == "h1").unwrap();
    shared["k"] = json!("[redacted]");
    desk.file("exported.json", &keys);
    let url = "https://watch.example.com/harbour/m.m3u8?token=a.b.c";
    let site = ["token", "verify", "--site", "documents/site.json", "--url", url];
    let message = desk.misuse(&[&site[..], &["--keys", "exported.json"]].concat());
    assert!(message.contains("expected the secret of key `h1`, found `[redacted]`"), "{message}");
}
