//! An origin service in a process of its own, and the command that talks to it.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use clap::Parser;
use serde_json::{Value, json};
use stagedoor_origin::cli::Cli;
use tempfile::TempDir;

use crate::edge::FakeEdge;

/// The arguments of the service, one a line.
const SERVE: &str = "STAGEDOOR_TEST_SERVICE";

pub(crate) fn serve_if_asked() {
    let Ok(arguments) = env::var(SERVE) else { return };
    let cli = Cli::parse_from(["stagedoor-origin"].into_iter().chain(arguments.lines()));
    tokio::runtime::Runtime::new().unwrap().block_on(cli.run()).unwrap();
}

/// This test program as `stagedoor-origin`.
fn stagedoor_origin(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "the_service_itself", "--nocapture"])
        .env(SERVE, arguments.join("\n"))
        .env("STAGEDOOR_DATABASE", folder.path().join("stagedoor.db"))
        .env("SYNC_SECRET", "the-edge-and-the-origin-share-this-secret")
        .env_remove("DATABASE_URL");
    command
}

pub(crate) struct Service {
    pub(crate) edge: FakeEdge,
    pub(crate) folder: TempDir,
    pub(crate) address: String,
    child: Child,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

impl Service {
    pub(crate) fn start() -> Self {
        let (folder, edge) = (tempfile::tempdir().unwrap(), FakeEdge::start());
        let key = api_key(&folder, &["--name", "cms", "--create-database"]);
        let serve = ["serve", "--listen", "127.0.0.1:0", "--edge", &edge.url, "--log-format", "json"];
        let mut child =
            stagedoor_origin(&folder, &serve).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().unwrap_or_else(|| panic!("the service did not start")).unwrap();
            let line: Value = serde_json::from_str(&line).unwrap_or_default();
            if line["fields"]["message"] == "listening" {
                break line["fields"]["address"].as_str().unwrap().to_owned();
            }
        };
        // The process must not block on an unread log.
        thread::spawn(move || lines.for_each(drop));
        let service = Self { edge, folder, address, child };
        fs::write(service.path("api-key"), format!("{key}\n")).unwrap();
        fs::write(service.path("wrong-key"), "sdk_wrong").unwrap();
        let origin = format!("origin = \"http://{}\"", service.address);
        let profiles = format!(
            "default = \"here\"\n[profiles.here]\n{origin}\napi_key_file = \"api-key\"\n\
             [profiles.stranger]\n{origin}\napi_key_file = \"wrong-key\"\n\
             [profiles.nowhere]\norigin = \"http://127.0.0.1:1\"\napi_key_file = \"api-key\"\n"
        );
        fs::write(service.path("profiles.toml"), profiles).unwrap();
        service
    }

    /// A service with a site, its keys and a title.
    pub(crate) fn with_catalogue() -> Self {
        let service = Self::start();
        service.put("keys/https://id.example.com/", &issuer_keys());
        service.put("keys/watch-sessions", &json!({ "issuer": "watch-sessions", "keys": [secret("s1")] }));
        service.put("site/watch.example.com", &site());
        service.put("title/harbour", &title("harbour", "Harbour lights"));
        service
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, value: &Value) {
        fs::write(self.path(name), value.to_string()).unwrap();
    }

    /// Runs the command, with `input` on its standard input.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_stagedoor"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("STAGEDOOR_PROFILES", self.path("profiles.toml"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that fails early reads nothing.
        let _closed = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// The text of a command that succeeds. It fits a terminal.
    pub(crate) fn text(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments, "");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {errors}");
        let text = String::from_utf8(output.stdout).unwrap();
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{arguments:?}: {line}");
        }
        text
    }

    /// The JSON of a command that ends with this code.
    pub(crate) fn json(&self, code: i32, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat(), "");
        let errors = String::from_utf8_lossy(&output.stderr);
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}{errors}");
        assert_eq!(errors, "", "{arguments:?}");
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
    }

    pub(crate) fn put(&self, reference: &str, document: &Value) -> Value {
        let output = self.run(&["--json", "origin", "put", reference, "-"], &document.to_string());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// Creates an API key.
pub(crate) fn api_key(folder: &TempDir, options: &[&str]) -> String {
    let mut child = stagedoor_origin(folder, &[&["api-key", "create"], options].concat())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut printed = String::new();
    child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
    assert!(child.wait().unwrap().success(), "{printed}");
    printed.lines().find(|line| line.starts_with("sdk_")).unwrap().to_owned()
}

pub(crate) fn secret(kid: &str) -> Value {
    json!({ "kty": "oct", "kid": kid, "alg": "HS256", "k": "c2Vzc2lvbi1zZWNyZXQtb2YtdGhlLWZsb3ctdGVzdHM" })
}

pub(crate) fn issuer_keys() -> Value {
    json!({ "issuer": "https://id.example.com/", "keys": [secret("h1")] })
}

pub(crate) fn site() -> Value {
    json!({
        "host": "watch.example.com",
        "media": { "origin": "https://media.example.com/vod/" },
        "tokens": { "issuers": ["https://id.example.com/"] },
        "sessions": { "keys": "watch-sessions" },
    })
}

pub(crate) fn title(id: &str, name: &str) -> Value {
    json!({
        "id": id, "sites": ["watch.example.com"], "names": { "en": name },
        "offers": [{ "id": "gulf", "territories": { "allow": ["AE"] }, "caps": { "max_height": 720 } }],
    })
}
