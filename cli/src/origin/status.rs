//! `stagedoor origin status`, `retry` and `warnings`

use serde::Deserialize;
use serde_json::{Value, json};
use stagedoor::time::UnixTime;

use super::api::{Api, Warning};
use super::reference::Reference;
use crate::context::Context;
use crate::failure::Failure;
use crate::{Answer, input, text};

#[derive(clap::Args)]
#[command(after_help = "\
The exit code is 1 if the edge refused a document, or if a change has been
waiting for so long that the service raised its alarm.

Examples:
  stagedoor origin status
  stagedoor --json origin status | jq .lag_s")]
pub(crate) struct Status {}

#[derive(clap::Args)]
#[command(after_help = "Example:\n  stagedoor origin retry")]
pub(crate) struct Retry {}

#[derive(clap::Args)]
#[command(after_help = "Example:\n  stagedoor origin warnings")]
pub(crate) struct Warnings {}

/// The state of the synchronisation, as far as people read it.
#[derive(Deserialize)]
struct State {
    pending: u64,
    lag_s: Option<u64>,
    failed_count: u64,
    failed: Vec<Failed>,
    last_success_at: Option<UnixTime>,
    last_error: Option<LastError>,
    lag_alarm: Alarm,
    visible_within_s: u64,
}

#[derive(Deserialize)]
struct Failed {
    key: String,
    at: UnixTime,
    detail: String,
}

#[derive(Deserialize)]
struct LastError {
    at: UnixTime,
    detail: String,
}

#[derive(Deserialize)]
struct Alarm {
    threshold_s: u64,
    raised_at: Option<UnixTime>,
}

pub(crate) fn status(Status {}: &Status, context: &Context) -> Result<Answer, Failure> {
    let api = Api::new(context)?;
    let reply = api.send("GET", "/sync", &[], None)?;
    let state: State = api.parse(reply.clone())?;
    let now = input::now(None)?;
    context.output.result(&reply, || state.text(now))?;
    let is_well = state.failed_count == 0 && state.lag_alarm.raised_at.is_none();
    Ok(if is_well { Answer::Yes } else { Answer::Denied })
}

impl State {
    fn text(&self, now: UnixTime) -> String {
        let when = |at: UnixTime| format!("{at} ({})", text::ago(at, now));
        let mut lines = vec![match (self.pending, self.lag_s) {
            (0, _) => "The edge holds every change.".to_owned(),
            (1, lag_s) => format!("1 change has been on its way for {} s.", lag_s.unwrap_or_default()),
            (pending, lag_s) => {
                format!("{pending} changes are on their way, the oldest for {} s.", lag_s.unwrap_or_default())
            }
        }];
        if let Some(raised_at) = self.lag_alarm.raised_at {
            lines.push(format!(
                "ALARM: changes have waited for more than {} s, since {}.",
                self.lag_alarm.threshold_s,
                when(raised_at)
            ));
        }
        lines.extend(self.last_success_at.map(|at| format!("Last success: {}.", when(at))));
        if let Some(LastError { at, detail }) =
            self.last_error.as_ref().filter(|_| self.pending + self.failed_count > 0)
        {
            lines.push(text::wrapped(&format!("Last error: {}: {detail}", when(*at)), 0));
        }
        if self.failed_count > 0 {
            lines.push(format!("The edge refused {} documents:", self.failed_count));
        }
        for Failed { key, at, detail } in &self.failed {
            lines.push(format!("  {}  {}", key.trim_start_matches("v1/"), when(*at)));
            lines.push(text::wrapped(detail, 4));
        }
        lines.push(format!(
            "Every location decides by a change within {} s of its arrival.",
            self.visible_within_s
        ));
        lines.join("\n")
    }
}

pub(crate) fn retry(Retry {}: &Retry, context: &Context) -> Result<Answer, Failure> {
    let reply = Api::new(context)?.send("POST", "/sync/retry", &[], None)?;
    let requeued = reply.get("requeued").and_then(Value::as_u64).unwrap_or_default();
    context.output.result(&reply, || format!("{requeued} documents are sent again"))?;
    Ok(Answer::Yes)
}

pub(crate) fn warnings(Warnings {}: &Warnings, context: &Context) -> Result<Answer, Failure> {
    #[derive(Deserialize)]
    struct Item {
        key: stagedoor::catalog::DocumentKey,
        warnings: Vec<Warning>,
    }
    let api = Api::new(context)?;
    let pages: Vec<Vec<Value>> = api.pages("warnings", "").collect::<Result<_, _>>()?;
    let items = pages.concat();
    let listed: Vec<Item> = api.parse(json!(items))?;
    context.output.result(&json!({ "items": items }), || {
        let lines = listed.iter().flat_map(|Item { key, warnings }| {
            let head = Reference::from(key.clone()).to_string();
            [head].into_iter().chain(warnings.iter().map(|warning| text::wrapped(&warning.to_string(), 2)))
        });
        if listed.is_empty() { "no warnings".to_owned() } else { lines.collect::<Vec<_>>().join("\n") }
    })?;
    Ok(Answer::Yes)
}
