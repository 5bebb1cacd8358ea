//! The edge's own endpoints: their bodies are signed with a secret of the deployment.

use worker::{Env, Request};

use super::body::{self, Body};
use super::{now, platform};
use crate::catalog::SyncSignature;
use crate::fault::{Fault, FaultKind};
use crate::redacted::Redacted;
use crate::reply::Reply;

/// A secret by its name; `None` where the deployment has none.
pub(super) fn secret(env: &Env, name: &str) -> Result<Option<Redacted<String>>, Fault> {
    let secret = env.secret(name).map(|secret| secret.to_string()).unwrap_or_default();
    match secret.len() {
        0 => Ok(None),
        32.. => Ok(Some(Redacted::new(secret))),
        _ => Err(too_short(name)),
    }
}

/// The fault of a secret that is absent or easy to guess.
pub(super) fn too_short(name: &str) -> Fault {
    Fault::new(FaultKind::Configuration, format!("expected the secret {name} of 32 characters or more"))
}

/// Reads a request's body and holds its signature against it.
pub(super) async fn body(
    mut request: Request,
    secret: &Redacted<String>,
    most: usize,
) -> Result<Result<Vec<u8>, Refusal>, Fault> {
    let header = request.headers().get(SyncSignature::HEADER).map_err(|error| platform(&error))?;
    let body = match body::of_request(&mut request, most).await.map_err(|error| platform(&error))? {
        Body::Whole(body) => body,
        Body::TooLong(_) => return Ok(Err(Refusal::new(413, &format!("expected {most} bytes at most")))),
    };
    Ok(match SyncSignature::verify(header.as_deref(), secret, &body, now()) {
        Ok(()) => Ok(body),
        Err(error) => Err(Refusal::new(401, &error.to_string())),
    })
}

/// Why an endpoint does not take a request.
pub(super) struct Refusal {
    status: u16,
    detail: String,
}

impl Refusal {
    pub(super) fn new(status: u16, detail: &str) -> Self {
        Self { status, detail: detail.to_owned() }
    }

    /// The reply, with a line in the log.
    pub(super) fn reply(&self, endpoint: &str) -> Reply {
        let Self { status, detail } = self;
        let kind = format!("{endpoint} refused");
        worker::console_log!("{}", serde_json::json!({ "kind": kind, "status": status, "detail": detail }));
        let body = serde_json::json!({ "type": "about:blank", "status": status, "detail": detail });
        let reply = Reply::json(*status, &body).with("Content-Type", "application/problem+json");
        if *status == 401 { reply.with("WWW-Authenticate", SyncSignature::HEADER) } else { reply }
    }
}
