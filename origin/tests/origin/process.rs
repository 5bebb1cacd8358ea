//! The service in its own process, so that tests can kill it.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::app::ApiClient;
use crate::edge::{FakeEdge, SECRET};

pub(crate) struct OriginProcess {
    pub(crate) api: ApiClient,
    child: Child,
}

/// `stagedoor-origin` in this folder, with nothing in its environment but the place of the database.
pub(crate) fn command(folder: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stagedoor-origin"));
    command.env_clear().env("STAGEDOOR_DATABASE", folder.path().join("stagedoor.db"));
    command.current_dir(folder).kill_on_drop(true);
    command
}

/// Runs `stagedoor-origin` with these arguments to its end and returns what it printed.
pub(crate) async fn run(folder: &TempDir, arguments: &[&str]) -> Result<String, String> {
    let output = command(folder).args(arguments).output().await.unwrap();
    let (printed, said) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    if output.status.success() { Ok(printed) } else { Err(said) }
}

impl OriginProcess {
    pub(crate) async fn start(folder: &TempDir, edge: &FakeEdge, key: &str) -> Self {
        Self::start_with(folder, edge, key, &[("SYNC_SECRET", SECRET)]).await
    }

    /// Starts it with these variables in its environment.
    pub(crate) async fn start_with(
        folder: &TempDir,
        edge: &FakeEdge,
        key: &str,
        environment: &[(&str, &str)],
    ) -> Self {
        let mut child = command(folder)
            .args(["serve", "--listen", "127.0.0.1:0", "--edge", edge.url().as_str(), "--log-format", "json"])
            .envs(environment.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = loop {
            let line = lines.next_line().await.unwrap().unwrap_or_else(|| panic!("it did not start"));
            let line: Value = serde_json::from_str(&line).unwrap();
            if line["fields"]["message"] == "listening" {
                break line["fields"]["address"].as_str().unwrap().to_owned();
            }
        };
        // The process must not block on an unread log.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { api: ApiClient::new(&format!("http://{address}"), key), child }
    }

    /// Kills it without a clean-up.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to end (SIGTERM) and waits for its end.
    pub(crate) async fn terminate(mut self) {
        let pid = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
        // Well before the deadline at which work in flight is given up.
        let ended = tokio::time::timeout(Duration::from_secs(5), self.child.wait()).await;
        assert!(ended.expect("it did not end").unwrap().success());
    }
}
