//! The outbox: changes that the edge is still to be told, and what became of them.

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};
use stagedoor::catalog::DocumentKey;
use stagedoor::redacted::Redacted;

use super::{Store, StoreError, record};
use crate::clock::UnixMillis;

/// A document whose newest state the edge is to be told.
#[derive(Clone, Debug)]
pub struct Due {
    /// Which document.
    pub key: DocumentKey,
    /// The revision of its newest state.
    pub revision: u64,
    /// That state; `None` when it was deleted.
    pub body: Option<Redacted<String>>,
}

/// What became of a document's states up to a revision.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// Which document.
    pub key: DocumentKey,
    /// The revision that was sent. Older states of the document are settled with it.
    pub revision: u64,
    /// The revision that the edge says it holds now.
    pub edge_revision: Option<u64>,
    /// What became of it.
    pub verdict: Verdict,
}

/// What became of a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The edge holds it.
    Deliver,
    /// The edge will never take it, for this reason.
    Refuse(String),
    /// It is to be sent again, for this reason.
    Retry(String),
}

/// Milliseconds for which delivered changes stay in the outbox, for people who look for one: a week.
const KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;

impl Store {
    /// The newest states that the edge is to be told, in the order in which they were written.
    pub async fn due(&self, limit: usize) -> Result<Vec<Due>, StoreError> {
        let due = sqlx::query_as(
            "SELECT d.kind, d.id, d.revision, d.body
               FROM outbox o JOIN documents d ON d.revision = o.revision
              WHERE o.state = 'pending' ORDER BY o.revision LIMIT $1",
        );
        Ok(due.bind(i64::try_from(limit).unwrap_or(i64::MAX)).fetch_all(&self.pool).await?)
    }

    /// Notes what became of a batch, in one transaction. A change that was made meanwhile stays pending.
    pub async fn settle(&self, settlements: &[Settlement], now: UnixMillis) -> Result<(), StoreError> {
        let mut transaction = self.write_transaction().await?;
        for settlement in settlements {
            let Settlement { key, revision, edge_revision, verdict } = settlement;
            let (state, error, delivered) = match verdict {
                Verdict::Deliver => ("done", None, true),
                Verdict::Refuse(reason) => ("failed", Some(reason), false),
                Verdict::Retry(reason) => ("pending", Some(reason), false),
            };
            // An earlier refusal is settled too, once a newer state was delivered.
            sqlx::query(
                "UPDATE outbox
                    SET state = $1,
                        last_error = COALESCE($2, last_error),
                        last_error_at = CASE WHEN $2 IS NULL THEN last_error_at ELSE $3 END,
                        settled_at = CASE WHEN $1 = 'pending' THEN NULL ELSE $3 END
                  WHERE kind = $4 AND id = $5 AND revision <= $6
                    AND (state = 'pending' OR (state = 'failed' AND $1 = 'done'))",
            )
            .bind(state)
            .bind(error)
            .bind(now)
            .bind(key.kind().name())
            .bind(key.id())
            .bind(revision.cast_signed())
            .execute(&mut *transaction)
            .await?;
            sqlx::query(
                "UPDATE documents
                    SET edge_revision = COALESCE($1, edge_revision),
                        synced_at = COALESCE($2, synced_at)
                  WHERE kind = $3 AND id = $4",
            )
            .bind(edge_revision.map(u64::cast_signed))
            .bind(delivered.then_some(now))
            .bind(key.kind().name())
            .bind(key.id())
            .execute(&mut *transaction)
            .await?;
        }
        sqlx::query("DELETE FROM outbox WHERE state = 'done' AND settled_at < $1")
            .bind(now.0 - KEPT_MS)
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}

impl FromRow<'_, SqliteRow> for Due {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let revision = row.try_get("revision").map(i64::cast_unsigned)?;
        let body = row.try_get::<Option<_>, _>("body")?.map(Redacted::new);
        Ok(Self { key: record::key(row)?, revision, body })
    }
}
