//! The state of the whole synchronisation.

use serde::Serialize;
use sqlx::FromRow;
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreError, record};
use crate::clock::UnixMillis;

/// The state of the whole synchronisation.
#[derive(Clone, Debug, Serialize)]
pub struct SyncStatus {
    /// The number of documents whose newest revision is pending.
    pub pending: i64,
    /// The time of the oldest pending change.
    #[serde(skip)]
    pub oldest_pending: Option<UnixMillis>,
    /// The number of documents whose newest revision the edge refused.
    pub failed_count: i64,
    /// The newest refusals, at most [`SyncStatus::MAX_FAILED`].
    pub failed: Vec<Failure>,
    /// The time of the last confirmation by the edge.
    pub last_success_at: Option<UnixMillis>,
    /// The last error, even if it has been resolved since.
    pub last_error: Option<LastError>,
}

impl SyncStatus {
    /// The greatest number of listed refusals.
    pub const MAX_FAILED: u32 = 100;
}

/// A document whose newest revision the edge refused.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// Its key in KV.
    pub key: String,
    /// The revision that was refused.
    pub revision: i64,
    /// The time and the reason.
    #[serde(flatten)]
    pub error: LastError,
}

/// The last error.
#[derive(Clone, Debug, Serialize, FromRow)]
pub struct LastError {
    /// Its time.
    #[sqlx(rename = "last_error_at")]
    pub at: UnixMillis,
    /// Its message.
    #[sqlx(rename = "last_error")]
    pub detail: String,
}

impl FromRow<'_, SqliteRow> for Failure {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let revision = sqlx::Row::try_get(row, "revision")?;
        Ok(Self { key: record::name(row)?, revision, error: LastError::from_row(row)? })
    }
}

impl Store {
    /// Reads the state of the synchronisation.
    pub async fn sync_status(&self) -> Result<SyncStatus, StoreError> {
        let (pending, oldest_pending) = sqlx::query_as(
            "SELECT COUNT(DISTINCT d.revision), MIN(o.changed_at)
               FROM outbox o JOIN documents d ON d.kind = o.kind AND d.id = o.id
              WHERE o.state = 'pending'",
        )
        .fetch_one(&self.pool)
        .await?;
        let failed_count = sqlx::query_scalar(
            "SELECT COUNT(*) FROM outbox o JOIN documents d ON d.revision = o.revision WHERE o.state = 'failed'",
        );
        let failed = sqlx::query_as(
            "SELECT o.* FROM outbox o JOIN documents d ON d.revision = o.revision
              WHERE o.state = 'failed' ORDER BY o.last_error_at DESC, o.revision DESC LIMIT $1",
        );
        let last_success = sqlx::query_scalar("SELECT MAX(synced_at) FROM documents");
        let last_error = sqlx::query_as(
            "SELECT last_error_at, last_error FROM outbox WHERE last_error_at IS NOT NULL
              ORDER BY last_error_at DESC LIMIT 1",
        );
        Ok(SyncStatus {
            pending,
            oldest_pending,
            failed_count: failed_count.fetch_one(&self.pool).await?,
            failed: failed.bind(i64::from(SyncStatus::MAX_FAILED)).fetch_all(&self.pool).await?,
            last_success_at: last_success.fetch_one(&self.pool).await?,
            last_error: last_error.fetch_optional(&self.pool).await?,
        })
    }
}
