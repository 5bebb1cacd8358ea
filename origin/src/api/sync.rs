//! How the synchronisation stands, and another try for what the edge refused.

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
    /// Seconds since the oldest change that is pending.
    lag_s: Option<u64>,
    /// Whether the oldest pending change is older than it should be.
    lag_alarm: Alarm,
    /// Seconds from a confirmation until every edge location decides by it.
    visible_within_s: u64,
}

/// How many documents are sent once more.
#[derive(Debug, Serialize)]
pub(super) struct RetryReply {
    requeued: usize,
}

/// `GET /api/v1/sync`
pub(super) async fn status(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
) -> Result<Json<StatusReply>, Problem> {
    full(&by)?;
    let (status, now) = (api.store.sync_status().await?, UnixMillis::now());
    let lag_s = status.oldest_pending.map(|since| now.secs_since(since));
    Ok(Json(StatusReply { status, lag_s, lag_alarm: api.lag.alarm(), visible_within_s: VISIBLE_WITHIN_S }))
}

/// `POST /api/v1/sync/retry`
pub(super) async fn retry(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
) -> Result<Json<RetryReply>, Problem> {
    full(&by)?;
    let requeued = api.store.retry_failed(UnixMillis::now()).await?;
    api.wake.notify_one();
    Ok(Json(RetryReply { requeued }))
}

/// The queue is everybody's.
fn full(by: &Actor) -> Result<(), Problem> {
    if by.scope.is_full() { Ok(()) } else { Err(Problem::needs_full_scope()) }
}
