//! The sync endpoint: documents from the origin service into KV.

use worker::{Env, Request};

use super::documents::{Documents, forget};
use super::signed;
use crate::catalog::{
    Change, Document, DocumentError, DocumentKey, Outcome, Stored, SyncBatch, SyncReport, SyncResult,
    VISIBLE_WITHIN_S,
};
use crate::fault::{Fault, FaultKind};
use crate::pipeline::Stop;
use crate::reply::Reply;

const SECRET: &str = "SYNC_SECRET";

/// Takes a batch in.
pub(super) async fn receive(
    request: Request,
    env: &Env,
    documents: Result<&Documents, &Fault>,
) -> Result<Reply, Stop> {
    let documents = documents.map_err(Clone::clone)?;
    let secret = signed::secret(env, SECRET)?.ok_or_else(|| signed::too_short(SECRET))?;
    let body = match signed::body(request, &secret, SyncBatch::MAX_BYTES).await? {
        Ok(body) => body,
        Err(refusal) => return Ok(refusal.reply("sync")),
    };
    let refuse = |detail: &str| signed::Refusal::new(400, detail).reply("sync");
    let batch: SyncBatch = match serde_json::from_slice(&body) {
        Ok(batch) => batch,
        Err(error) => return Ok(refuse(&error.to_string())),
    };
    if batch.changes.len() > SyncBatch::MAX_CHANGES {
        return Ok(refuse(&format!("expected {} changes at most", SyncBatch::MAX_CHANGES)));
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
