//! Tokens on the command line: each dialect of the JOSE family minted and verified, and signatures alone.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

const NOW: &str = "1795370400";
const RSA: &str = include_str!("../../tests/fixtures/tokens/ietf-jose-cookbook/jwk/3_4.rsa_private_key.json");

struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        let mut rsa: Value = serde_json::from_str(RSA).unwrap();
        rsa["kid"] = "r1".into();
        desk.file("rsa.json", &rsa);
        let secret = json!({ "kty": "oct", "kid": "s1", "k": "aHMyNTYtc2VjcmV0LW9mLXRoZS1mbG93LXRlc3RzLSE" });
        desk.file("oct.json", &secret);
        let public = json!({ "kty": "RSA", "kid": "r1", "alg": "RS256", "n": rsa["n"], "e": rsa["e"] });
        let set = |issuer: &str, key: &Value| json!({ "issuer": issuer, "keys": [key] });
        desk.file("keys.json", &json!([set("stream", &public), set("media", &secret), set("ucdn", &secret)]));
        desk.file("jwks.json", &json!({ "keys": [public] }));
        desk.file(
            "site.json",
            &json!({
                "host": "watch.example.com",
                "media": { "origin": "https://media.example.com/vod/" },
                "sessions": { "keys": "sessions" },
                "tokens": { "accept": [
                    { "stream": { "keys": "stream" } },
                    { "secure_media": { "keys": "media" } },
                    { "uri_signing": { "keys": "ucdn" } },
                ] },
            }),
        );
        desk
    }

    fn file(&self, name: &str, value: &Value) {
        fs::write(self.0.path().join(name), value.to_string()).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_stagedoor"))
            .args(arguments)
            .current_dir(self.0.path())
            .output()
            .unwrap()
    }

    fn json(&self, code: i32, arguments: &[&str]) -> Value {
        let output = self.run(&[&["--json"], arguments].concat());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn mint(&self, dialect: &str, key: &str, url: &str, claims: &Value) -> String {
        let claims = claims.to_string();
        let arguments = [
            "token",
            "mint",
            "--dialect",
            dialect,
            "--key",
            key,
            "--url",
            url,
            "--claims",
            &claims,
            "--now",
            NOW,
            "--expires-in",
            "60",
        ];
        self.json(0, &arguments)["url"].as_str().unwrap().to_owned()
    }

    fn verify(&self, code: i32, url: &str, ip: &str) -> Value {
        let arguments = [
            "token",
            "verify",
            "--site",
            "site.json",
            "--keys",
            "keys.json",
            "--url",
            url,
            "--geo",
            "AE",
            "--ip",
            ip,
            "--now",
            NOW,
        ];
        self.json(code, &arguments)
    }

    fn check(&self, code: i32, jwks: &str, token: &str) -> Value {
        self.json(code, &["token", "check-signature", "--jwks", jwks, "--", token])
    }
}

const URL: &str = "https://watch.example.com/harbour/hls/master.m3u8?x=1";

#[test]
fn a_raw_token_is_alone() {
    let desk = Desk::new();
    let mint = ["token", "mint", "--key", "oct.json", "--now", NOW];
    for dialect in ["jwt", "cat", "secure-media", "edge-auth"] {
        let arguments = [&mint[..], &["--dialect", dialect, "--url", URL]].concat();
        let whole = desk.json(0, &arguments);
        let raw = desk.run(&[&arguments[..], &["--raw"]].concat()).stdout;
        assert_eq!(
            String::from_utf8(raw).unwrap(),
            format!("{}\n", whole["token"].as_str().unwrap()),
            "{dialect}"
        );
    }
}

#[test]
fn a_minted_token_verifies_in_each_dialect() {
    let desk = Desk::new();
    let viewer = json!({ "ip": "192.0.2.7", "co": "AE", "sessionId": "S1" });
    for (dialect, key, claims, reason) in [
        (
            "stream",
            "rsa.json",
            json!({ "accessRules": [
            { "type": "ip.src", "action": "allow", "ip": ["192.0.2.0/24"] },
            { "type": "any", "action": "block" }] }),
            "token_binding",
        ),
        (
            "secure-media",
            "oct.json",
            json!({ "ip": true, "co": true, "ssn": true, "paths": ["/harbour/"],
            "viewer": viewer }),
            "token_binding",
        ),
    ] {
        let url = desk.mint(dialect, key, URL, &claims);
        let found = desk.verify(0, &url, "192.0.2.7");
        let name = dialect.replace('-', "_");
        assert_eq!(found["dialect"], json!(name));
        assert_eq!(found["grant"]["titles"], json!(["harbour"]), "{dialect}");
        assert_eq!(found["grant"]["expires_at"], "2026-11-22T18:01:00Z", "{dialect}");
        assert_eq!(desk.verify(1, &url, "198.51.100.1")["reason"], reason, "{dialect}");
    }
    let signed = desk.mint("uri-signing", "oct.json", URL, &json!({}));
    assert_eq!(desk.verify(0, &signed, "192.0.2.7")["grant"]["titles"], json!(["harbour"]));
    assert_eq!(desk.verify(1, &signed.replace("x=1", "x=2"), "192.0.2.7")["reason"], "token_url");
}

#[test]
fn a_signature_alone() {
    let desk = Desk::new();
    let arguments = ["token", "mint", "--key", "rsa.json", "--claims", r#"{"exp":1}"#, "--now", NOW];
    let minted = desk.json(0, &arguments);
    let token = minted["token"].as_str().unwrap();
    // It has expired, and names no issuer: that is not asked.
    let right = json!({ "ok": true, "alg": "RS256", "kid": "r1" });
    for keys in ["jwks.json", "rsa.json"] {
        assert_eq!(desk.check(0, keys, token), right, "{keys}");
    }
    let parts: Vec<_> = token.split('.').collect();
    let flattened = json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] });
    assert_eq!(desk.check(0, "jwks.json", &flattened.to_string()), right);
    let general = json!({ "payload": parts[1],
        "signatures": [{ "protected": parts[0], "signature": parts[2] }] });
    assert_eq!(desk.check(0, "jwks.json", &general.to_string()), right);
    for (name, token, reason) in [
        ("another signature", format!("{}.{}.AAAA", parts[0], parts[1]), "token_signature"),
        ("no token", "nonsense".to_owned(), "token_malformed"),
        ("nothing", String::new(), "token_malformed"),
        ("what looks like an option", "-x.y.z".to_owned(), "token_malformed"),
    ] {
        assert_eq!(desk.check(1, "jwks.json", &token)["reason"], reason, "{name}");
    }
    assert_eq!(desk.check(1, "oct.json", token)["reason"], "token_key_unknown");
    fs::write(desk.0.path().join("content"), "content").unwrap();
    let output =
        desk.run(&["token", "check-signature", "--jwks", "jwks.json", "--payload", "content", "--", token]);
    assert_eq!(output.status.code(), Some(1));
    for misuse in ["absent.json", "content"] {
        let output = desk.run(&["token", "check-signature", "--jwks", misuse, "--", token]);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{misuse}");
    }
}

#[test]
fn a_key_that_cannot_sign_says_why_and_not_what_is_in_it() {
    let desk = Desk::new();
    desk.file("wrong.json", &json!({ "kty": "oct", "alg": "HS512", "k": "c2VjcmV0LW9mLW1pbmU" }));
    for (dialect, key, why) in [
        ("jwt", "wrong.json", "expected `kty` oct with 64 bytes or more in `k` for `alg` HS512"),
        ("stream", "oct.json", "expected `kty` RSA for `alg` RS256"),
        ("secure-media", "rsa.json", "for `alg` HS256"),
    ] {
        let output = desk.run(&["token", "mint", "--dialect", dialect, "--key", key, "--now", NOW]);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{dialect}");
        assert!(errors.contains(why), "{errors} does not say {why}");
        assert!(!errors.contains("c2VjcmV0"), "{errors}");
    }
}
