//! The current state of documents.

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};
use stagedoor::catalog::DocumentKey;
use stagedoor::redacted::Redacted;

use super::{Scope, Store, StoreError, Warning, warnings};
use crate::clock::UnixMillis;

/// The current state of a document, deleted or not, here and at the edge.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its key.
    pub key: DocumentKey,
    /// Its revision.
    pub revision: u64,
    /// Its members as JSON, which may contain secrets; `None` if it was deleted.
    pub body: Option<Redacted<String>>,
    /// The public id of the API key that made this revision, if known.
    pub changed_by: Option<String>,
    /// The state of this revision at the edge.
    pub state: State,
    /// The revision that the edge was last known to hold.
    pub edge_revision: Option<u64>,
    /// The time of the last confirmation by the edge.
    pub synced_at: Option<UnixMillis>,
    /// The time of the oldest pending change; `None` if there is none.
    pub behind_since: Option<UnixMillis>,
    /// The last error, if this revision is not at the edge yet.
    pub last_error: Option<String>,
}

/// The state of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
pub enum State {
    /// It is to be sent.
    Pending,
    /// The edge has confirmed it.
    #[serde(rename = "synced")]
    Done,
    /// The edge refused it for good. Sending it again would not help.
    Failed,
}

impl Store {
    /// A document or its tombstone; `None` if it never existed.
    pub async fn document(&self, key: &DocumentKey) -> Result<Option<Record>, StoreError> {
        Ok(find(&mut *self.pool.acquire().await?, key).await?)
    }

    /// A document or its tombstone, and the warnings about it for an API key of this scope.
    pub async fn document_and_warnings(
        &self,
        key: &DocumentKey,
        scope: &Scope,
    ) -> Result<(Option<Record>, Vec<Warning>), StoreError> {
        // A transaction reads all rows as of one time.
        let mut transaction = self.pool.begin().await?;
        let record = find(&mut transaction, key).await?;
        let body = record.as_ref().and_then(|record| record.body.as_ref());
        let warnings = match body {
            Some(body) => warnings::with_suggestions(&mut transaction, key, body.expose(), scope).await?,
            None => Vec::new(),
        };
        Ok((record, warnings))
    }
}

/// Replaces a document by a new one, or by a tombstone.
pub(super) async fn put(
    transaction: &mut SqliteConnection,
    key: &DocumentKey,
    revision: i64,
    body: Option<&str>,
    by: Option<&str>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO documents (kind, id, revision, body, changed_by) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (kind, id) DO UPDATE
            SET revision = excluded.revision, body = excluded.body, changed_by = excluded.changed_by",
    )
    .bind(key.kind().name())
    .bind(key.id())
    .bind(revision)
    .bind(body)
    .bind(by)
    .execute(transaction)
    .await?;
    Ok(())
}

/// A document or its tombstone, read within a transaction.
pub(super) async fn find(
    connection: &mut SqliteConnection,
    key: &DocumentKey,
) -> Result<Option<Record>, sqlx::Error> {
    let record = sqlx::query_as("SELECT * FROM document_states WHERE kind = $1 AND id = $2");
    record.bind(key.kind().name()).bind(key.id()).fetch_optional(connection).await
}

impl FromRow<'_, SqliteRow> for Record {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            key: key(row)?,
            revision: row.try_get("revision").map(i64::cast_unsigned)?,
            body: row.try_get::<Option<_>, _>("body")?.map(Redacted::new),
            changed_by: row.try_get("changed_by")?,
            state: row.try_get("state")?,
            edge_revision: row.try_get::<Option<_>, _>("edge_revision")?.map(i64::cast_unsigned),
            synced_at: row.try_get("synced_at")?,
            behind_since: row.try_get("behind_since")?,
            last_error: row.try_get("last_error")?,
        })
    }
}

/// The name of a document from the columns `kind` and `id`. It works for kinds that this version does not know.
pub(super) fn name(row: &SqliteRow) -> Result<String, sqlx::Error> {
    let (kind, id): (&str, &str) = (row.try_get("kind")?, row.try_get("id")?);
    Ok(format!("v1/{kind}/{id}"))
}

/// The key of a document from the columns `kind` and `id`.
pub(super) fn key(row: &SqliteRow) -> Result<DocumentKey, sqlx::Error> {
    name(row)?.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}
