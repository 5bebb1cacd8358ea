//! `stagedoor edge status`

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::Answer;
use crate::client::Client;
use crate::context::Context;
use crate::failure::Failure;
use crate::input::Stopwatch;
use crate::terminal::{self, plain, wrap};

#[derive(clap::Args)]
#[command(after_help = "\
Asks the edge's /healthz and /version, and the origin service for the state of
the synchronisation, if the profile has an origin and an API key.

Examples:
  stagedoor edge status
  stagedoor --profile production --json edge status

Exit codes: 0 well; 1 something is failing; 2 misuse; 3 the edge or the origin
service cannot be reached, or is broken.")]
pub(crate) struct Arguments {}

/// The state of an edge, and of the way to it.
#[derive(Debug, Serialize)]
struct Status {
    edge: String,
    /// Nothing is failing.
    ok: bool,
    /// The status of `/healthz`.
    healthz: u16,
    /// The time to the answer of `/healthz`, in milliseconds. It is asked twice, so this is without the time to connect.
    answer_ms: u64,
    /// `/version`, as the edge gives it.
    version: Option<Value>,
    origin: Option<Origin>,
    /// What is failing.
    problems: Vec<String>,
}

/// The origin service.
#[derive(Debug, Serialize)]
struct Origin {
    address: String,
    /// `/api/v1/sync`, as the service gives it; `None`: it was not asked, or did not answer.
    sync: Option<Value>,
    /// Why there is no `sync`.
    note: Option<String>,
}

pub(crate) fn run(_: &Arguments, context: &Context) -> Result<Answer, Failure> {
    let profile = context.profile()?;
    let edge = profile.edge()?;
    let client = Client::new(edge, context.output)?;
    client.send("GET", "/healthz", &[], None)?;
    let watch = Stopwatch::start();
    let health = client.send("GET", "/healthz", &[], None)?;
    let answer_ms = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (mut failing, mut broken) = (Vec::new(), Vec::new());
    let is_well = health.status == 200 && member(health.json().as_ref(), "status") == Some("ok");
    if !is_well {
        let found = health.status;
        failing
            .push(format!(r#"/healthz: expected status 200 with {{"status":"ok"}}, found status {found}"#));
    }
    let version = client.send("GET", "/version", &[], None)?;
    let version: Option<Value> = version.json().filter(|_| version.status == 200);
    if member(version.as_ref(), "name") != Some("stagedoor") {
        let expected = "/version: expected the build of a Stagedoor edge, found something else";
        failing.push(format!("{expected}: is {edge} the edge's address?"));
    }
    let origin = profile.origin().ok().map(|address| {
        let of = |sync, note| Origin { address: address.to_string(), sync, note };
        let Ok(key) = profile.api_key() else {
            return of(None, Some("not asked, since the profile has no API key".to_owned()));
        };
        match asked(address, key.expose(), context) {
            Ok(sync) => of(Some(sync), None),
            Err(failure @ Failure::Refused { .. }) => of(None, Some(failure.to_string())),
            Err(failure) => {
                broken.push(failure.to_string());
                of(None, None)
            }
        }
    });
    failing.extend(origin.iter().filter_map(|origin| origin.sync.as_ref()).flat_map(behind));
    let answer = match (broken.is_empty(), failing.is_empty()) {
        (true, true) => Answer::Yes,
        (true, false) => Answer::Denied,
        (false, _) => Answer::Broken,
    };
    let problems: Vec<_> = broken.into_iter().chain(failing).collect();
    let status = Status {
        edge: edge.to_string(),
        ok: problems.is_empty(),
        healthz: health.status,
        answer_ms,
        version,
        origin,
        problems,
    };
    context.output.result(&status, || text(&status, terminal::columns()))?;
    Ok(answer)
}

fn member<'v>(value: Option<&'v Value>, name: &str) -> Option<&'v str> {
    value?.get(name)?.as_str()
}

fn number(sync: &Value, name: &str) -> u64 {
    sync.get(name).and_then(Value::as_u64).unwrap_or_default()
}

/// The state of the synchronisation.
fn asked(address: &Url, key: &str, context: &Context) -> Result<Value, Failure> {
    let client = Client::new(address, context.output)?;
    let reply = client.send("GET", "/api/v1/sync", &[("Authorization", &format!("Bearer {key}"))], None)?;
    let status = reply.status;
    match (status, reply.json::<Value>()) {
        (200, Some(sync)) if sync.get("pending").is_some() => Ok(sync),
        (400..500, json) => {
            let detail = member(json.as_ref(), "detail").unwrap_or("no reason is given");
            Err(Failure::refused(format!("not known, since the service refuses (status {status}): {detail}")))
        }
        _ => Err(Failure::Broken(format!(
            "{address}: expected the state of the synchronisation, found a reply of status {status}"
        ))),
    }
}

/// What is failing about the synchronisation.
fn behind(sync: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    if number(sync, "failed_count") > 0 {
        let failed = sync.get("failed").and_then(Value::as_array).into_iter().flatten();
        let named = failed.filter_map(|failed| {
            let key = member(Some(failed), "key")?;
            let why = member(Some(failed), "detail").unwrap_or("no reason is given");
            Some(format!("{} ({why})", key.strip_prefix("v1/").unwrap_or(key)))
        });
        let named: Vec<_> = named.take(5).collect();
        problems.push(format!(
            "the edge refuses {} documents: {}",
            number(sync, "failed_count"),
            named.join(", ")
        ));
    }
    if sync.pointer("/lag_alarm/raised_at").is_some_and(|raised| !raised.is_null()) {
        problems.push(format!("the edge lacks changes that are {} s old", number(sync, "lag_s")));
    }
    problems
}

fn text(status: &Status, width: usize) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        let head = format!("{name:<13}");
        let _infallible = writeln!(text, "{}", wrap(&plain(value), width, &head, &" ".repeat(13)));
    };
    let version = |name| member(status.version.as_ref(), name).unwrap_or("unknown");
    line(if status.ok { "WELL" } else { "FAILING" }, &status.edge);
    line("answers in", &format!("{} ms", status.answer_ms));
    line("version", &format!("{}, commit {}", version("version"), version("commit")));
    line("environment", version("environment"));
    if let Some(Origin { address, sync, note }) = &status.origin {
        line("origin", address);
        if let Some(sync) = sync {
            let pending = number(sync, "pending");
            let lag = if pending > 0 { format!(" for {} s", number(sync, "lag_s")) } else { String::new() };
            line(
                "sync",
                &format!("{pending} on their way to the edge{lag}, {} refused", number(sync, "failed_count")),
            );
            if let Some(last) = member(Some(sync), "last_success_at") {
                line("", &format!("the last change arrived at {last}"));
            }
        }
        if let Some(note) = note {
            line("sync", note);
        }
    }
    for problem in &status.problems {
        line("problem", problem);
    }
    text
}
