//! The outbox: changes that the edge is still to be told, and what became of them.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use stagedoor::catalog::DocumentKey;
use stagedoor::redacted::Redacted;

use super::{Store, StoreError, record};
use crate::clock::UnixMillis;

/// What goes ahead of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type)]
#[repr(i64)]
pub enum Urgency {
    /// What a site has revoked.
    Revocation = 0,
    /// A document that was deleted, a title without offers, a set of keys: somebody may lose access by it.
    TakeDown = 1,
    /// Everything else.
    Ordinary = 2,
}

/// The newest state of a document, as the edge is to be told.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Its revision.
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
    /// The documents whose newest state the edge is to be told: the urgent ones, or the others, each by turns between
    /// those for whom changes wait.
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

    /// Settles a document whose key this version does not know, such as one that a newer version has written, so that it
    /// holds up no other. Another try is for the operator to ask for.
    async fn refuse_unreadable(&self, row: &SqliteRow, error: &sqlx::Error) -> Result<(), StoreError> {
        let name = record::name(row)?;
        tracing::error!(document = name, %error, "a document cannot be sent, see /api/v1/sync");
        sqlx::query(
            "UPDATE outbox SET state = 'failed', last_error = $1, last_error_at = $2, settled_at = $2
              WHERE revision = $3 AND state = 'pending'",
        )
        .bind(format!("this version of the origin cannot read its key: {error}"))
        .bind(UnixMillis::now())
        .bind(row.try_get::<i64, _>("revision")?)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The newest state of a document, if the edge is still to be told. [`StoreError::Unreadable`]: it cannot be told.
    pub async fn outgoing(&self, key: &DocumentKey) -> Result<Option<Outgoing>, StoreError> {
        if let DocumentKey::Revocations(host) = key {
            return self.outgoing_revocations(host).await;
        }
        let row = sqlx::query(
            "SELECT d.revision, d.body FROM documents d JOIN outbox o ON o.revision = d.revision
              WHERE d.kind = $1 AND d.id = $2 AND o.state = 'pending'",
        );
        let row = row.bind(key.kind().name()).bind(key.id()).fetch_optional(&self.pool).await?;
        row.map(|row| outgoing(key, &row)).transpose()
    }

    /// When the oldest change was made that the edge does not hold, if there is one.
    pub async fn oldest_pending(&self) -> Result<Option<UnixMillis>, StoreError> {
        let oldest = sqlx::query_scalar("SELECT MIN(changed_at) FROM outbox WHERE state = 'pending'");
        Ok(oldest.fetch_one(&self.pool).await?)
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

/// A document as its row has it.
pub(super) fn outgoing(key: &DocumentKey, row: &SqliteRow) -> Result<Outgoing, StoreError> {
    let revision = row.try_get::<i64, _>("revision")?.cast_unsigned();
    let body: Option<String> = row.try_get("body").map_err(|_| StoreError::Unreadable {
        key: key.clone(),
        revision,
        why: "the database holds something that is not text: put the document again".to_owned(),
    })?;
    Ok(Outgoing { revision, body: body.map(Redacted::new) })
}

/// Notes that a document failed although nothing was sent, for whoever looks at what has failed.
pub(super) async fn fail(
    connection: &mut SqliteConnection,
    (kind, id): (&str, &str),
    why: &str,
    now: UnixMillis,
) -> Result<(), sqlx::Error> {
    // The row of its newest state may have been pruned.
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
