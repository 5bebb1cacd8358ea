//! A folder with the documents of one site, and the command run in it.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const NOW: &str = "1795370400";

pub(crate) const MASTER: &str = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=640x360\n360.m3u8\n\
    #EXT-X-STREAM-INF:BANDWIDTH=2,RESOLUTION=1920x1080\nhttps://media.example.com/vod/harbour/1080.m3u8\n";

pub(crate) struct Desk(TempDir);

impl Desk {
    pub(crate) fn new() -> Self {
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

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The document of the site, for a test that changes it.
    pub(crate) fn site(&self) -> Value {
        serde_json::from_slice(&fs::read(self.path("documents/site.json")).unwrap()).unwrap()
    }

    pub(crate) fn file(&self, name: &str, value: &Value) {
        fs::write(self.path(name), value.to_string()).unwrap();
    }

    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_stagedoor"))
            .args(arguments)
            .current_dir(self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that refuses its arguments reads no input.
        let written = child.stdin.take().unwrap().write_all(input.as_bytes());
        assert!(
            written.as_ref().map_or_else(|error| error.kind() == ErrorKind::BrokenPipe, |()| true),
            "{written:?}"
        );
        child.wait_with_output().unwrap()
    }

    pub(crate) fn json(&self, code: i32, arguments: &[&str]) -> Value {
        let output = self.run(&[&["--json"], arguments].concat(), "");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
        assert!(errors.is_empty(), "{errors}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The message of a misuse: exit code 2 and nothing on standard output.
    pub(crate) fn misuse(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    }

    pub(crate) fn mint(&self, key: &str, claims: &Value) -> String {
        let minted =
            self.json(0, &["token", "mint", "--key", key, "--claims", &claims.to_string(), "--now", NOW]);
        minted["token"].as_str().unwrap().to_owned()
    }

    pub(crate) fn verify(&self, code: i32, url: &str, header: &str) -> Value {
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
