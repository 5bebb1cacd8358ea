//! The outbox: changes for the edge, and their outcome.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use stagedoor::catalog::DocumentKey;
use stagedoor::redacted::Redacted;

use super::{Store, StoreError, record};
use crate::clock::UnixMillis;

/// The priority of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type)]
#[repr(i64)]
pub enum Urgency {
    /// Revocations of a site.
    Revocation = 0,
    /// A deletion, a title without offers, a set of keys: somebody may lose access by it.
    TakeDown = 1,
    /// Everything else.
    Ordinary = 2,
}

/// The newest state of a document, as it is sent to the edge.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Its revision.
    pub revision: u64,
    /// The document; `None` if it was deleted.
    pub body: Option<Redacted<String>>,
}

/// The outcome for a document up to a revision.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// Its key.
    pub key: DocumentKey,
    /// The revision that was sent. Older revisions are settled with it.
    pub revision: u64,
    /// The revision that the edge reports.
    pub edge_revision: Option<u64>,
    /// The outcome.
    pub verdict: Verdict,
}

/// The outcome for a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The edge has it.
    Deliver,
    /// The edge refuses it for good, for this reason.
    Refuse(String),
    /// It is to be sent again, for this reason.
    Retry(String),
}

/// How long delivered changes stay in the outbox for operators who look for one, in milliseconds: a week.
const KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;

impl Store {
    /// The documents whose newest state the edge does not have: the urgent ones, or the others. Parties with waiting changes take
    /// turns.
    pub async fn due(&self, urgent: bool, limit: usize) -> Result<Vec<DocumentKey>, StoreError> {
        let rows: Vec<SqliteRow> = sqlx::query(if urgent {
            "SELECT d.kind, d.id, d.revision FROM outbox o JOIN documents d ON d.revision = o.revision
              WHERE o.state = 'pending' AND o.urgency < 2 ORDER BY o.urgency, o.turn, o.revision LIMIT $1"
        } else {
            "SELECT d.kind, d.id, d.revision FROM outbox o JOIN documents d ON d.revision = o.revision
              WHERE o.state = 'pending' AND o.urgency = 2 ORDER BY o.turn, o.revision LIMIT $1"
        })
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        let mut due = Vec::with_capacity(rows.len());
        for row in &rows {
            match record::key(row) {
                Ok(key) => due.push(key),
                Err(error) => self.refuse_unreadable(row, &error).await?,
            }
        }
        Ok(due)
    }

    /// Settles a document whose key this version cannot read, such as one written by a newer version, so that the others go on. An
    /// operator can ask for a retry.
    async fn refuse_unreadable(&self, row: &SqliteRow, error: &sqlx::Error) -> Result<(), StoreError> {
        let name = record::name(row)?;
        tracing::error!(document = name, %error, "a document cannot be sent, see /api/v1/sync");
        sqlx::query(
            "UPDATE outbox SET state = 'failed', last_error = $1, last_error_at = $2, settled_at = $2
              WHERE revision = $3 AND state = 'pending'",
        )
        .bind(format!("this version of the origin service cannot read its key: {error}"))
        .bind(UnixMillis::now())
        .bind(row.try_get::<i64, _>("revision")?)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The newest state of a document, if the edge does not have it. [`StoreError::Unreadable`] if it cannot be sent.
    pub async fn outgoing(&self, key: &DocumentKey) -> Result<Option<Outgoing>, StoreError> {
        if let DocumentKey::Revocations(host) = key {
            return self.outgoing_revocations(host).await;
        }
        pending(&mut *self.pool.acquire().await?, key).await
    }

    /// The time of the oldest pending change, if there is one.
    pub async fn oldest_pending(&self) -> Result<Option<UnixMillis>, StoreError> {
        let oldest = sqlx::query_scalar("SELECT MIN(changed_at) FROM outbox WHERE state = 'pending'");
        Ok(oldest.fetch_one(&self.pool).await?)
    }

    /// Records the outcome of a batch, in one transaction. Changes made in the meantime stay pending.
    pub async fn settle(&self, settlements: &[Settlement], now: UnixMillis) -> Result<(), StoreError> {
        let mut transaction = self.write_transaction().await?;
        for settlement in settlements {
            let Settlement { key, revision, edge_revision, verdict } = settlement;
            let (state, error, delivered) = match verdict {
                Verdict::Deliver => ("done", None, true),
                Verdict::Refuse(reason) => ("failed", Some(reason), false),
                Verdict::Retry(reason) => ("pending", Some(reason), false),
            };
            // The delivery of a newer revision settles an earlier refusal too.
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

/// The newest state of a document as it is stored, if the edge does not have it.
pub(super) async fn pending(
    connection: &mut SqliteConnection,
    key: &DocumentKey,
) -> Result<Option<Outgoing>, StoreError> {
    let row = sqlx::query(
        "SELECT d.revision, d.body FROM documents d JOIN outbox o ON o.revision = d.revision
          WHERE d.kind = $1 AND d.id = $2 AND o.state = 'pending'",
    );
    let row = row.bind(key.kind().name()).bind(key.id()).fetch_optional(connection).await?;
    let Some(row) = row else { return Ok(None) };
    let revision = row.try_get::<i64, _>("revision")?.cast_unsigned();
    let body: Option<String> = row.try_get("body").map_err(|_| StoreError::Unreadable {
        key: key.clone(),
        revision,
        why: "the stored document is not text: put the document again".to_owned(),
    })?;
    Ok(Some(Outgoing { revision, body: body.map(Redacted::new) }))
}

/// Records a failure of a document that was not sent, for the list of failures.
pub(super) async fn fail(
    connection: &mut SqliteConnection,
    (kind, id): (&str, &str),
    why: &str,
    now: UnixMillis,
) -> Result<(), sqlx::Error> {
    // The row of its newest revision may have been pruned.
    sqlx::query(
        "INSERT INTO outbox (revision, kind, id, changed_at, changed_by)
         SELECT revision, kind, id, $3, changed_by FROM documents WHERE kind = $1 AND id = $2
         ON CONFLICT (revision) DO NOTHING",
    )
    .bind(kind)
    .bind(id)
    .bind(now)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE outbox SET state = 'failed', last_error = $3, last_error_at = $4, settled_at = $4
          WHERE kind = $1 AND id = $2
            AND (state = 'pending'
                 OR revision = (SELECT revision FROM documents WHERE kind = $1 AND id = $2))",
    )
    .bind(kind)
    .bind(id)
    .bind(why)
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}
