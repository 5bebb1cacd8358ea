//! The sync endpoint: documents from the origin service into KV.

use worker::{Env, Request};

use super::body::{self, Body};
use super::documents::{Documents, forget};
use super::{now, platform};
use crate::catalog::{
    Change, Document, DocumentError, DocumentKey, Outcome, Stored, SyncBatch, SyncReport, SyncResult,
    SyncSignature, VISIBLE_WITHIN_S,
};
use crate::fault::{Fault, FaultKind};
use crate::pipeline::Stop;
use crate::redacted::Redacted;
use crate::reply::Reply;

/// Takes a batch in.
pub(super) async fn receive(
    mut request: Request,
    env: &Env,
    documents: Result<&Documents, &Fault>,
) -> Result<Reply, Stop> {
    let documents = documents.map_err(Clone::clone)?;
    let header = request.headers().get(SyncSignature::HEADER).map_err(|error| platform(&error))?;
    let body =
        match body::of_request(&mut request, SyncBatch::MAX_BYTES).await.map_err(|error| platform(&error))? {
            Body::Whole(body) => body,
            Body::TooLong(_) => {
                return Ok(refuse(413, &format!("expected {} bytes at most", SyncBatch::MAX_BYTES)));
            }
        };
    if let Err(error) = SyncSignature::verify(header.as_deref(), &secret(env)?, &body, now()) {
        return Ok(refuse(401, &error.to_string()));
    }
    let batch: SyncBatch = match serde_json::from_slice(&body) {
        Ok(batch) => batch,
        Err(error) => return Ok(refuse(400, &error.to_string())),
    };
    if batch.changes.len() > SyncBatch::MAX_CHANGES {
        return Ok(refuse(400, &format!("expected {} changes at most", SyncBatch::MAX_CHANGES)));
    }
    let mut results = Vec::with_capacity(batch.changes.len());
    for change in batch.changes {
        results.push(apply(documents, change).await);
    }
    let report = SyncReport { results, visible_within_s: VISIBLE_WITHIN_S };
    let body =
        serde_json::to_vec(&report).map_err(|error| Fault::new(FaultKind::Platform, error.to_string()))?;
    Ok(Reply::new(200, "application/json", body))
}

fn secret(env: &Env) -> Result<Redacted<String>, Fault> {
    let secret = env.secret("SYNC_SECRET").map(|secret| secret.to_string()).unwrap_or_default();
    if secret.len() < 32 {
        return Err(Fault::new(
            FaultKind::Configuration,
            "expected the secret SYNC_SECRET of 32 characters or more",
        ));
    }
    Ok(Redacted::new(secret))
}

/// Refuses a batch as a whole, with a line in the log.
fn refuse(status: u16, detail: &str) -> Reply {
    worker::console_log!(
        "{}",
        serde_json::json!({ "kind": "sync refused", "status": status, "detail": detail })
    );
    let body = serde_json::json!({ "type": "about:blank", "status": status, "detail": detail });
    let reply = Reply::json(status, &body).with("Content-Type", "application/problem+json");
    if status == 401 { reply.with("WWW-Authenticate", SyncSignature::HEADER) } else { reply }
}

async fn apply(documents: &Documents, change: Change) -> SyncResult {
    let Change { key, revision, document } = change;
    let done = |outcome, revision, detail| SyncResult { key: key.clone(), revision, outcome, detail };
    let name = key.to_string();
    let held = match documents.kv.get(&name).bytes().await {
        Ok(held) => held.and_then(|bytes| Stored::<serde_json::Value>::from_json(&bytes).ok()),
        Err(error) => return done(Outcome::Failed, None, Some(error.to_string())),
    };
    let held = held.map(|stored| stored.revision());
    if held.is_some_and(|held| held >= revision) {
        return done(Outcome::Stale, held, None);
    }
    let value = match document {
        Some(body) => match checked(&key, &Document { revision, body }) {
            Ok(value) => value,
            Err(error) => return done(Outcome::Invalid, held, Some(error.to_string())),
        },
        None => serde_json::json!({ "revision": revision, "deleted": true }).to_string(),
    };
    let written = match documents.kv.put(&name, value) {
        Ok(put) => put.execute().await,
        Err(error) => Err(error),
    };
    match written {
        Ok(()) => {
            forget(&key);
            done(Outcome::Applied, Some(revision), None)
        }
        Err(error) => done(Outcome::Failed, held, Some(error.to_string())),
    }
}

/// The document as KV will hold it, if this build can read it as the one of its key.
fn checked(key: &DocumentKey, document: &Document<serde_json::Value>) -> Result<String, DocumentError> {
    let value = serde_json::to_string(document)?;
    key.check(value.as_bytes()).map(|()| value)
}
