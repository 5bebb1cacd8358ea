//! The sync endpoint: documents from the origin service into KV.

use std::fmt::Display;

use worker::{Env, Request};

use super::documents::{Documents, forget};
use super::signed;
use crate::catalog::{
    Outcome, ReceivedBatch, ReceivedChange, SyncBatch, SyncReport, SyncResult, VISIBLE_WITHIN_S, WantedState,
    stored_revision, tombstone,
};
use crate::fault::{Fault, FaultKind};
use crate::reply::Reply;
use crate::stop::Stop;

/// The secret that the origin service shares.
pub(super) const SECRET: &str = "SYNC_SECRET";

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
    let batch = match ReceivedBatch::read(&body) {
        Ok(batch) => batch,
        Err(error) => return Ok(refuse(&SyncResult::detail_of(&error))),
    };
    let mut results = Vec::with_capacity(batch.len());
    for change in batch.changes() {
        results.push(apply(documents, change).await);
    }
    let report = SyncReport { results, visible_within_s: VISIBLE_WITHIN_S };
    let body =
        serde_json::to_vec(&report).map_err(|error| Fault::new(FaultKind::Platform, error.to_string()))?;
    Ok(Reply::new(200, "application/json", body))
}

/// Applies one change, and answers for it alone: a change that is wrong does not stop the others of its batch.
async fn apply(documents: &Documents, ReceivedChange { name, change }: ReceivedChange<'_>) -> SyncResult {
    let done = |outcome, revision, detail: Option<&dyn Display>| SyncResult {
        key: name.to_string(),
        revision,
        outcome,
        detail: detail.map(SyncResult::detail_of),
    };
    let WantedState { key, revision, document } = match change {
        Ok(wanted) => wanted,
        Err(why) => return done(Outcome::Invalid, None, Some(&why)),
    };
    // Under the canonical spelling of the key, under which it is read.
    let place = key.to_string();
    let held = match documents.kv.get(&place).bytes().await {
        Ok(held) => held.and_then(|bytes| stored_revision(&bytes)),
        Err(error) => return done(Outcome::Failed, None, Some(&error)),
    };
    if held.is_some_and(|held| held >= revision) {
        return done(Outcome::Stale, held, None);
    }
    let value = match document.map(|members| key.stored(revision, members.get())) {
        Some(Ok(value)) => value,
        Some(Err(error)) => return done(Outcome::Invalid, held, Some(&error)),
        None => tombstone(revision),
    };
    let written = match documents.kv.put(&place, value) {
        Ok(put) => put.execute().await,
        Err(error) => Err(error),
    };
    match written {
        Ok(()) => {
            forget(&key);
            done(Outcome::Applied, Some(revision), None)
        }
        Err(error) => done(Outcome::Failed, held, Some(&error)),
    }
}
