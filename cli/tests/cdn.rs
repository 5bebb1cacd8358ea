//! Tokens of other CDNs, as ops mint and verify them.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

const NOW: &str = "1795370400";
const URL: &str = "https://watch.example.com/harbour/hd/m.m3u8?a=1";

struct Desk(TempDir);

impl Desk {
    /// A site that accepts one dialect, with one key.
    fn new(dialect: &str, policy: &Value, key: &Value) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        let mut policy = policy.clone();
        policy["keys"] = json!("cdn");
        desk.file(
            "site.json",
            &json!({
                "host": "watch.example.com",
                "media": { "origin": "https://media.example.com/vod/" },
                "tokens": { "accept": [{ dialect: policy }] },
                "sessions": { "keys": "watch-sessions" },
            }),
        );
        desk.file("key.json", key);
        let mut public = key.clone();
        public.as_object_mut().unwrap().remove("d");
        desk.file("keys.json", &json!({ "issuer": "cdn", "keys": [public] }));
        desk
    }

    fn file(&self, name: &str, value: &Value) {
        fs::write(self.0.path().join(name), value.to_string()).unwrap();
    }

    fn run(&self, code: i32, arguments: &[&str]) -> Value {
        let output = Command::new(env!("CARGO_BIN_EXE_stagedoor"))
            .arg("--json")
            .args(arguments)
            .current_dir(self.0.path())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn mint(&self, code: i32, dialect: &str, claims: &Value) -> Value {
        let claims = claims.to_string();
        let order = ["--key", "key.json", "--claims", &claims, "--url", URL, "--now", NOW];
        self.run(code, &[&["token", "mint", "--dialect", dialect], order.as_slice()].concat())
    }

    fn verify(&self, code: i32, url: &str, more: &[&str]) -> Value {
        let base =
            ["token", "verify", "--site", "site.json", "--keys", "keys.json", "--url", url, "--now", NOW];
        self.run(code, &[base.as_slice(), more].concat())
    }
}

fn url(minted: &Value) -> &str {
    minted["url"].as_str().unwrap()
}

/// Twelve bytes: shared secrets of these dialects may be short.
fn secret() -> Value {
    json!({ "kty": "oct", "kid": "k1", "k": "c2hhcmVkc2VjcmV0" })
}

#[test]
fn edge_auth() {
    let policy = json!({ "escape_early": true, "salt": "pepper", "names": ["hdnts"] });
    let desk = Desk::new("edge_auth", &policy, &secret());
    let claims = json!({ "acl": ["/harbour/*"], "ip": "2001:db8::1", "id": "s1", "policy": policy });
    let minted = desk.mint(0, "edge-auth", &claims);
    assert!(
        minted["token"]
            .as_str()
            .unwrap()
            .starts_with("ip=2001%3adb8%3a%3a1~exp=1795374000~acl=/harbour/*~id=s1")
    );
    let expected = json!({ "ok": true, "dialect": "edge_auth", "grant": {
        "dialect": "edge_auth", "issuer": "cdn", "key": "k1", "subject": null, "token_id": "s1",
        "expires_at": "2026-11-22T19:00:00Z", "plans": [], "titles": ["harbour"],
        "lock": { "address": true } } });
    assert_eq!(desk.verify(0, url(&minted), &["--ip", "2001:db8::1"]), expected);
    assert_eq!(desk.verify(1, url(&minted), &["--ip", "2001:db8::2"])["reason"], "token_address");
    let header = format!("hdnts: {}", minted["token"].as_str().unwrap());
    assert_eq!(desk.verify(0, URL, &["--ip", "2001:db8::1", "--header", &header]), expected);
    assert_eq!(desk.verify(1, URL, &[])["reason"], "token_missing");
    assert!(
        desk.mint(2, "edge-auth", &json!({ "acl": [] }))["error"]["detail"]
            .as_str()
            .unwrap()
            .contains("expected a pattern")
    );
    assert!(
        desk.mint(2, "edge-auth", &json!({ "geo": "GB" }))["error"]["detail"]
            .as_str()
            .unwrap()
            .contains("geo: there is no such member")
    );
}

#[test]
fn timed_hmac() {
    let desk = Desk::new("timed_hmac", &json!({ "lifetime_s": 60 }), &secret());
    let minted = desk.mint(0, "timed-hmac", &json!({}));
    let verified = desk.verify(0, url(&minted), &[]);
    assert_eq!(verified["grant"]["expires_at"], "2026-11-22T18:01:00Z");
    assert_eq!(desk.verify(1, &format!("{}&x=1", url(&minted)), &[])["reason"], "token_malformed");
    let old = desk.mint(0, "timed-hmac", &json!({ "iat": 1_795_370_340 }));
    assert_eq!(desk.verify(1, url(&old), &[])["reason"], "token_expired");
}

#[test]
fn media_cdn() {
    let ed25519 = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "k1", "d": "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc",
        "x": "6kpsY-KcUgq-9VB7Ey7F-ZVHdq6-vnuSQh7qaRRG0iw" });
    for key in [ed25519, secret()] {
        let desk = Desk::new("media_cdn", &json!({}), &key);
        for claims in [
            json!({}),
            json!({ "url_prefix": "https://watch.example.com/harbour/" }),
            json!({ "form": "path", "url_prefix": "https://watch.example.com/harbour/" }),
            json!({ "form": "token", "path_globs": "/harbour/*" }),
            json!({ "form": "token" }),
        ] {
            let minted = desk.mint(0, "media-cdn", &claims);
            let verified = desk.verify(0, url(&minted), &[]);
            assert_eq!(verified["grant"]["titles"], json!(["harbour"]), "{minted}");
            let other = url(&minted).replace("/harbour/", "/other/");
            assert_eq!(desk.verify(1, &other, &[])["ok"], json!(false));
        }
        let minted = desk.mint(
            0,
            "media-cdn",
            &json!({ "form": "cookie", "url_prefix": "https://watch.example.com/" }),
        );
        let cookie = format!("cookie: {}", minted["cookies"][0].as_str().unwrap());
        assert_eq!(desk.verify(0, URL, &["--header", &cookie])["ok"], json!(true));
    }
    let desk = Desk::new("media_cdn", &json!({}), &secret());
    let minted =
        desk.mint(0, "media-cdn", &json!({ "form": "pod", "parameters": { "a": "1", "pod_id": "m" } }));
    assert_eq!(desk.verify(0, url(&minted), &[])["ok"], json!(true));
}

#[test]
fn secure_link() {
    let policy = json!({ "expression": "{expires}{folder}{address} {secret}" });
    let desk = Desk::new("secure_link", &policy, &secret());
    let claims = json!({ "policy": policy, "request": { "address": "192.0.2.7" } });
    let minted = desk.mint(0, "secure-link", &claims);
    let verified = desk.verify(0, &url(&minted).replace("/m.m3u8", "/n.m3u8"), &["--ip", "192.0.2.7"]);
    assert_eq!(verified["grant"]["lock"]["address"], json!(true));
    assert_eq!(desk.verify(1, url(&minted), &["--ip", "192.0.2.8"])["reason"], "token_signature");
    assert!(
        desk.mint(2, "secure-link", &json!({}))["error"]["detail"]
            .as_str()
            .unwrap()
            .contains("`policy`: expression: this member is required, and it is missing")
    );
}

#[test]
fn cloud_front() {
    let key = json!({ "kty": "EC", "kid": "K1", "crv": "P-256", "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" });
    let desk = Desk::new("cloud_front", &json!({}), &key);
    for claims in [
        json!({}),
        json!({ "sha256": true }),
        json!({ "resource": "https://watch.example.com/harbour/*", "ip": "192.0.2.0/24", "nbf": 1_795_370_000 }),
    ] {
        let minted = desk.mint(0, "cloud-front", &claims);
        let verified = desk.verify(0, url(&minted), &["--ip", "192.0.2.7"]);
        assert_eq!(verified["grant"]["expires_at"], "2026-11-22T19:00:00Z");
        let cookies: Vec<_> =
            minted["cookies"].as_array().unwrap().iter().map(|cookie| cookie.as_str().unwrap()).collect();
        let cookies = format!("cookie: {}", cookies.join("; "));
        assert_eq!(desk.verify(0, URL, &["--ip", "192.0.2.7", "--header", &cookies]), verified);
        let other = url(&minted).replace("/harbour/", "/other/");
        assert_eq!(desk.verify(1, &other, &["--ip", "192.0.2.7"])["ok"], json!(false));
    }
}

#[test]
fn a_dialect_that_signs_a_url_asks_for_one() {
    let desk = Desk::new("cloud_front", &json!({}), &secret());
    let why = desk.run(2, &["token", "mint", "--dialect", "cloud-front", "--key", "key.json", "--now", NOW]);
    assert_eq!(why["error"]["kind"], "misuse");
    assert!(why["error"]["detail"].as_str().unwrap().contains("--url"), "{why}");
}
