//! `stagedoor token mint` and `verify` for Common Access Tokens.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

const NOW: &str = "1795370400";
const SECRET: &str = "aHMyNTYtc2VjcmV0LW9mLXRoZS1mbG93LXRlc3RzLSE";

struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        desk.file(
            "site.json",
            &json!({
                "host": "watch.example.com",
                "media": { "origin": "https://media.example.com/vod/" },
                "tokens": { "issuers": ["id"], "accept": [{ "cat": { "keys": "id" } }] },
                "sessions": { "keys": "watch-sessions" },
            }),
        );
        desk.file("keys.json", &json!({ "issuer": "id", "keys": [
            { "kty": "oct", "kid": "h1", "alg": "HS256", "k": SECRET },
            { "kty": "EC", "kid": "e1", "alg": "ES256", "crv": "P-256",
              "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" },
        ]}));
        desk.file("hs256.json", &json!({ "kty": "oct", "kid": "h1", "alg": "HS256", "k": SECRET }));
        let d = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";
        desk.file("es256.json", &json!({ "kty": "EC", "kid": "e1", "alg": "ES256", "d": d }));
        desk.file("rs256.json", &json!({ "kty": "EC", "kid": "e1", "alg": "ES1", "d": d }));
        desk
    }

    fn file(&self, name: &str, value: &Value) {
        fs::write(self.0.path().join(name), value.to_string()).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_stagedoor"))
            .current_dir(self.0.path())
            .args(arguments)
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    fn mint(&self, key: &str, claims: &Value) -> String {
        let claims = claims.to_string();
        let (code, printed, error) = self.run(&[
            "--json",
            "token",
            "mint",
            "--dialect",
            "cat",
            "--key",
            key,
            "--claims",
            &claims,
            "--now",
            NOW,
        ]);
        assert_eq!((code, error.as_str()), (0, ""));
        let minted: Value = serde_json::from_str(&printed).unwrap();
        minted["token"].as_str().unwrap().to_owned()
    }

    fn verify(&self, code: i32, url: &str, more: &[&str]) -> Value {
        let mut arguments = vec![
            "--json",
            "token",
            "verify",
            "--site",
            "site.json",
            "--keys",
            "keys.json",
            "--url",
            url,
            "--now",
            NOW,
        ];
        arguments.extend(more);
        let (found, printed, error) = self.run(&arguments);
        assert_eq!(found, code, "{printed}{error}");
        serde_json::from_str(&printed).unwrap()
    }
}

#[test]
fn a_minted_token_verifies() {
    let desk = Desk::new();
    let claims = json!({
        "iss": "id", "sub": "v1", "cti": "0a0b",
        "catu": { "path": { "prefix": "/harbour/" } },
        "catnip": ["192.0.2.0/24"], "catgeoiso3166": ["AE"], "catm": ["GET"],
        "cath": { "User-Agent": { "contains": "Player" } },
        "or": [{ "catnip": [64496] }, { "geohash": "thrr" }],
    });
    let seen = ["--geo", "AE-DU;asn=64496", "--ip", "192.0.2.9", "--header", "User-Agent: Player/7"];
    for key in ["hs256.json", "es256.json"] {
        let token = desk.mint(key, &claims);
        let url = format!("https://watch.example.com/harbour/any/thing?CAT={token}");
        let proved = desk.verify(0, &url, &seen);
        assert_eq!((&proved["ok"], &proved["dialect"]), (&json!(true), &json!("cat")));
        let grant = &proved["grant"];
        assert_eq!(grant["subject"], "v1");
        assert_eq!(grant["token_id"], "0a0b");
        assert_eq!(grant["titles"], json!(["harbour"]));
        assert_eq!(grant["expires_at"], "2026-11-22T19:00:00Z");
        assert_eq!(grant["lock"], json!({ "country": true, "network": true, "asn": true }));

        let header = format!("CTA-Common-Access-Token: {token}");
        let more = [&seen[..], &["--header", &header]].concat();
        desk.verify(0, "https://watch.example.com/harbour/a", &more);
        let reason = |url: &str, more: &[&str]| desk.verify(1, url, more)["reason"].clone();
        assert_eq!(reason(&url.replace("/harbour/", "/other/"), &seen), "token_url");
        assert_eq!(reason(&url, &[&seen[..], &["--method", "HEAD"]].concat()), "token_binding");
        assert_eq!(reason(&url, &["--geo", "AE", "--ip", "198.51.100.1"]), "token_claims");
        assert_eq!(reason("https://watch.example.com/harbour/a", &seen), "token_missing");
    }
}

#[test]
fn a_refusal_tells_what_the_token_wants_to_be_answered() {
    let desk = Desk::new();
    let claims = json!({ "exp": 1, "catif": { "exp": [302, { "Location": "https://id.example.com/" }] } });
    let url = format!("https://watch.example.com/a/b?CAT={}", desk.mint("hs256.json", &claims));
    let refused = desk.verify(1, &url, &[]);
    assert_eq!(refused["reason"], "token_expired");
    let wanted = json!({ "status": 302, "headers": { "location": "https://id.example.com/" } });
    assert_eq!(refused["reply"], wanted);
}

#[test]
fn a_token_that_cannot_be_minted_says_why() {
    let desk = Desk::new();
    for (key, claims, why) in [
        ("rs256.json", r#"{}"#, "an algorithm of COSE"),
        ("hs256.json", r#"{"cti":"xyz"}"#, "`cti`: expected hexadecimal digits"),
        ("hs256.json", r#"{"or":[{"catnip":["here"]}]}"#, "`catnip`: expected ASNs, addresses and prefixes"),
    ] {
        let (code, _, error) =
            desk.run(&["token", "mint", "--dialect", "cat", "--key", key, "--claims", claims]);
        assert!(code > 1 && error.contains(why), "{error}");
    }
}
