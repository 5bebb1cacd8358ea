//! The state of the synchronisation, and a retry for refused documents.

use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use stagedoor::catalog::VISIBLE_WITHIN_S;

use super::Api;
use super::problem::Problem;
use crate::clock::UnixMillis;
use crate::push::Alarm;
use crate::store::{Actor, SyncStatus};

/// `{"pending", "lag_s", "failed_count", "failed": [{"key", "revision", "at", "detail"}], "last_success_at",
/// "last_error": {"at", "detail"}, "lag_alarm": {"threshold_s", "raised_at"}, "visible_within_s"}`
#[derive(Debug, Serialize)]
pub(super) struct StatusReply {
    #[serde(flatten)]
    status: SyncStatus,
    /// Seconds since the oldest pending change.
    lag_s: Option<u64>,
    /// The alarm for pending changes that are too old.
    lag_alarm: Alarm,
    /// The longest time in seconds from a confirmation until every edge location decides by the document.
    visible_within_s: u64,
}

/// The number of documents that are sent again.
#[derive(Debug, Serialize)]
pub(super) struct RetryReply {
    requeued: usize,
}

/// `GET /api/v1/sync`
pub(super) async fn status(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
) -> Result<Json<StatusReply>, Problem> {
    require_full_scope(&by)?;
    let (status, now) = (api.store.sync_status().await?, UnixMillis::now());
    let lag_s = status.oldest_pending.map(|since| now.secs_since(since));
    Ok(Json(StatusReply { status, lag_s, lag_alarm: api.lag.alarm(), visible_within_s: VISIBLE_WITHIN_S }))
}

/// `POST /api/v1/sync/retry`
pub(super) async fn retry(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
) -> Result<Json<RetryReply>, Problem> {
    require_full_scope(&by)?;
    let requeued = api.store.retry_failed(UnixMillis::now()).await?;
    api.wake.notify_one();
    Ok(Json(RetryReply { requeued }))
}

/// Refuses limited keys: the queue holds the documents of all tenants.
fn require_full_scope(by: &Actor) -> Result<(), Problem> {
    if by.scope.is_full() { Ok(()) } else { Err(Problem::needs_full_scope()) }
}
