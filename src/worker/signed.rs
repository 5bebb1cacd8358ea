//! The edge's own endpoints: their bodies are signed with a secret of the deployment.

use std::time::Duration;

use worker::{Env, Request};

use super::body::{self, Body};
use super::isolate::isolate;
use super::runtime::{now, now_ms, platform, within};
use super::{respond, single_flight};
use crate::catalog::SyncSignature;
use crate::control::{self, ControlPlace};
use crate::facts::Facts;
use crate::fault::{Fault, FaultKind};
use crate::redacted::Redacted;
use crate::repeats::{Class, Subject};
use crate::reply::Reply;
use crate::stop::Stop;

/// A secret by its name; `None` where the deployment has none.
pub(super) fn secret(env: &Env, name: &str) -> Result<Option<Redacted<String>>, Fault> {
    let secret = env.secret(name).map(|secret| secret.to_string()).unwrap_or_default();
    match secret.len() {
        0 => Ok(None),
        32.. => Ok(Some(Redacted::new(secret))),
        _ => Err(too_short(name)),
    }
}

/// The fault of a secret that is missing or easy to guess.
pub(super) fn too_short(name: &str) -> Fault {
    Fault::new(FaultKind::Configuration, format!("expected the secret {name} of 32 characters or more"))
}

/// Checks that a request for one of the endpoints came to the host and path where they answer.
pub(super) fn at_its_place(env: &Env, facts: &Facts, folder: Option<&Redacted<String>>) -> Result<(), Stop> {
    let setting = |name: &str| env.secret(name).map(|value| value.to_string()).unwrap_or_default();
    let place = ControlPlace::new(&setting(control::HOST_VARIABLE), &setting(control::PATH_VARIABLE))
        .map_err(|error| Fault::new(FaultKind::Configuration, error.to_string()))?;
    Ok(place.check(facts, folder)?)
}

/// How long a body may take to come in. Then the next one is read.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a request waits while another body is being read.
const TURN_PATIENCE: Duration = Duration::from_secs(5);

/// Reads a request's body and verifies its signature. One body is read at a time.
///
/// Nothing is read before the headers have proved that the sender has the secret, and have stated the body's length. So
/// strangers can neither fill the memory nor keep others waiting.
pub(super) async fn body(
    mut request: Request,
    secret: &Redacted<String>,
    most: usize,
) -> Result<Result<Vec<u8>, Refusal>, Fault> {
    let sent = |name: &str| request.headers().get(name).map_err(|error| platform(&error));
    let (header, head) = (sent(SyncSignature::HEADER)?, sent(SyncSignature::HEAD_HEADER)?);
    let head = match SyncSignature::open(header.as_deref(), head.as_deref(), secret, now()) {
        Ok(head) => head,
        Err(error) => return Ok(Err(Refusal::new(401, &error.to_string()))),
    };
    let length = head.length();
    if length > most {
        let detail = format!("expected {most} bytes at most, found n={length}");
        return Ok(Err(Refusal::new(413, &detail)));
    }
    if let Some(declared) = sent("Content-Length")?
        && declared.parse() != Ok(length)
    {
        let detail = format!("expected the Content-Length that was signed, n={length}, found {declared}");
        return Ok(Err(Refusal::new(400, &detail)));
    }
    let busy = || Ok(Err(Refusal::new(503, "another body is being read: send this one again")));
    let begin = || isolate().reading.borrow_mut().begin(now_ms(), PATIENCE).then_some(());
    if single_flight::until(TURN_PATIENCE, begin).await.is_none() {
        return busy();
    }
    let read = read(&mut request, length).await;
    isolate().reading.borrow_mut().end();
    Ok(match read? {
        Some(Body::Whole(body, _)) => match head.verify(&body) {
            Ok(()) => Ok(body),
            Err(error) => Err(Refusal::new(401, &error.to_string())),
        },
        Some(Body::TooLong(_) | Body::NoRoom) => {
            Err(Refusal::new(400, "the body is longer than it was signed to be"))
        }
        None => Err(Refusal::new(408, &format!("the body did not come within {} s", PATIENCE.as_secs()))),
    })
}

async fn read(request: &mut Request, length: usize) -> Result<Option<Body>, Fault> {
    within(PATIENCE, body::of_request(request, length)).await.transpose().map_err(|error| platform(&error))
}

/// Why an endpoint refuses a request.
pub(super) struct Refusal {
    status: u16,
    detail: String,
}

impl Refusal {
    pub(super) fn new(status: u16, detail: &str) -> Self {
        Self { status, detail: detail.to_owned() }
    }

    /// The reply, with a line in the log.
    pub(super) fn reply(&self, endpoint: &'static str) -> Reply {
        let Self { status, detail } = self;
        let kind = format!("{endpoint} refused");
        let detail_told = respond::shortened(detail);
        let line = || serde_json::json!({ "kind": kind, "status": status, "detail": detail_told });
        let subject = Subject { class: Class::Control, host: None, reason: endpoint };
        respond::tell(&subject, &(status, detail_told), line);
        let body = serde_json::json!({ "type": "about:blank", "status": status, "detail": detail });
        let reply = Reply::json(*status, &body).with("Content-Type", "application/problem+json");
        match status {
            401 => reply.with("WWW-Authenticate", SyncSignature::HEADER),
            503 => reply.with("Retry-After", "1"),
            _ => reply,
        }
    }
}
