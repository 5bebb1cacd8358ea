//! How the synchronisation stands, and another try for what the edge refused.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use stagedoor::catalog::VISIBLE_WITHIN_S;

use super::Api;
use super::problem::Problem;
use crate::clock::UnixMillis;
use crate::store::SyncStatus;

/// `{"pending", "lag_s", "failed_count", "failed": [{"key", "revision", "at", "detail"}], "last_success_at",
/// "last_error": {"at", "detail"}, "visible_within_s"}`
#[derive(Debug, Serialize)]
pub(super) struct StatusReply {
    #[serde(flatten)]
    status: SyncStatus,
    /// Seconds since the oldest change that is pending.
    lag_s: Option<u64>,
    /// Seconds from a confirmation until every edge location decides by it.
    visible_within_s: u64,
}

/// How many documents are sent once more.
#[derive(Debug, Serialize)]
pub(super) struct RetryReply {
    requeued: usize,
}

/// `GET /api/v1/sync`
pub(super) async fn status(State(api): State<Api>) -> Result<Json<StatusReply>, Problem> {
    let (status, now) = (api.store.sync_status().await?, UnixMillis::now());
    let lag_s = status.oldest_pending.map(|since| now.secs_since(since));
    Ok(Json(StatusReply { status, lag_s, visible_within_s: VISIBLE_WITHIN_S }))
}

/// `POST /api/v1/sync/retry`
pub(super) async fn retry(State(api): State<Api>) -> Result<Json<RetryReply>, Problem> {
    let requeued = api.store.retry_failed(UnixMillis::now()).await?;
    api.wake.notify_one();
    Ok(Json(RetryReply { requeued }))
}
