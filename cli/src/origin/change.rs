//! What a change of a document reports: the revision, warnings, and with `--wait` when the edge holds it.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::api::{Api, Held, Sync};
use super::reference::Reference;
use crate::context::Context;
use crate::failure::Failure;
use crate::input::{self, Stopwatch};
use crate::{output, text};

/// The options of every command that changes a document.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Options {
    /// Check everything, and store nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Wait until the edge holds the change, and tell how long that took.
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
    /// Stop waiting after this many seconds, with exit code 3.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "wait", value_parser = input::whole)]
    wait_within: u64,
}

/// Refuses the reply of a service that has not understood that nothing was to be stored.
pub(super) fn refuse_write(reply: &Value) -> Result<(), Failure> {
    if reply.get("dry_run") == Some(&json!(true)) {
        return Ok(());
    }
    Err(Failure::Broken(
        "the origin service does not know dry runs, and has made the change: update the service".to_owned(),
    ))
}

/// A change under way.
#[derive(Debug)]
pub(super) struct Change<'a> {
    api: &'a Api,
    options: Options,
    clock: Stopwatch,
}

impl<'a> Change<'a> {
    /// Begins a change: the time until the edge holds it counts from here.
    pub(super) fn begin(api: &'a Api, options: Options) -> Self {
        Self { api, options, clock: Stopwatch::start() }
    }

    /// Sends the change. `query` is what the path has behind `?`.
    pub(super) fn send(
        &self,
        method: &str,
        path: &str,
        query: &[&str],
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Value, Failure> {
        let dry_run = self.options.dry_run.then_some("dry_run=true");
        let query = query.iter().copied().chain(dry_run).collect::<Vec<_>>().join("&");
        let separator = if query.is_empty() { "" } else { "?" };
        let reply = self.api.send(method, &format!("{path}{separator}{query}"), headers, body)?;
        if self.options.dry_run {
            refuse_write(&reply)?;
        }
        Ok(reply)
    }

    /// Reports the reply to the change. `done` says what was done, such as `stored`; `more` is told behind it.
    pub(super) fn report(
        self,
        reference: &Reference,
        mut reply: Value,
        done: &str,
        more: &[String],
        context: &Context,
    ) -> Result<(), Failure> {
        let held: Held = self.api.parse(reply.clone())?;
        let what = match (reply.get("would").and_then(Value::as_str), held.revision) {
            (Some(would), _) => format!("{reference}: valid; would {would}, nothing is stored"),
            (None, Some(revision)) => format!("{reference}: {done}, revision {revision}"),
            (None, None) => format!("{reference}: {done}"),
        };
        let mut lines = vec![text::wrapped(&what, 0)];
        lines.extend(more.iter().cloned());
        lines.extend(held.warnings.iter().map(|warning| text::wrapped(&warning.to_string(), 2)));
        match (held.revision, held.sync) {
            (Some(revision), Some(_)) if self.options.wait => {
                if !context.output.json {
                    // What is known is told before the rest is waited for.
                    output::write(format!("{}\n", lines.join("\n")).as_bytes())?;
                }
                let sync = self.wait(reference, revision)?;
                let waited = self.clock.elapsed();
                if let Value::Object(members) = &mut reply {
                    members.insert(
                        "waited_ms".to_owned(),
                        json!(u64::try_from(waited.as_millis()).unwrap_or(u64::MAX)),
                    );
                    members.insert("sync".to_owned(), sync.1);
                }
                lines = vec![format!(
                    "The edge holds it after {:.2} s. Every location decides by it within {} s.",
                    waited.as_secs_f64(),
                    sync.0.visible_within_s
                )];
            }
            (Some(_), Some(sync)) if !self.options.dry_run => lines.push(match sync.state.as_str() {
                "synced" => "The edge holds it.".to_owned(),
                _ => format!(
                    "It is on its way to the edge. Every location decides by it within {} s.",
                    sync.visible_within_s
                ),
            }),
            _ => {}
        }
        context.output.result(&reply, || lines.join("\n"))
    }

    /// Waits until the edge holds a revision.
    fn wait(&self, reference: &Reference, revision: u64) -> Result<(Sync, Value), Failure> {
        const PAUSE: Duration = Duration::from_millis(100);
        loop {
            let state = self.api.sync(reference)?;
            let sync: Sync = self.api.parse(state.clone())?;
            if sync.revision_at_edge.is_some_and(|held| held >= revision) {
                return Ok((sync, state));
            }
            let why = sync.last_error.as_deref().unwrap_or("it gives no reason");
            if sync.state == "failed" {
                return Err(Failure::refused(format!(
                    "{reference} is stored, and the edge refuses it: {why}"
                )));
            }
            if self.clock.elapsed() >= Duration::from_secs(self.options.wait_within) {
                let why = sync.last_error.map_or_else(String::new, |why| format!(": {why}"));
                return Err(Failure::Broken(format!(
                    "{reference} is stored, and the edge does not hold it after {} s{why}. The origin service goes on \
                     trying; `stagedoor origin status` shows the state",
                    self.options.wait_within
                )));
            }
            thread::sleep(PAUSE);
        }
    }
}
