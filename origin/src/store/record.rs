//! Documents as they stand.

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};
use stagedoor::catalog::{DocumentKey, Kind};
use stagedoor::redacted::Redacted;

use super::{Store, StoreError};
use crate::clock::UnixMillis;

/// A document as it stands, deleted or not, and how far the edge is behind it.
#[derive(Clone, Debug)]
pub struct Record {
    /// Which document.
    pub key: DocumentKey,
    /// The revision of this state.
    pub revision: u64,
    /// Its own members as JSON, which may hold secrets; `None` when it was deleted.
    pub body: Option<Redacted<String>>,
    /// What has become of this state at the edge.
    pub state: State,
    /// The revision that the edge was last known to hold.
    pub edge_revision: Option<u64>,
    /// When the edge last confirmed a state of this document.
    pub synced_at: Option<UnixMillis>,
    /// When the oldest change was made that the edge does not hold; `None` when it is level.
    pub behind_since: Option<UnixMillis>,
    /// Why this state is not at the edge yet, if something went wrong.
    pub last_error: Option<String>,
}

/// What has become of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
pub enum State {
    /// The edge is still to be told.
    Pending,
    /// The edge has confirmed it.
    #[serde(rename = "synced")]
    Done,
    /// The edge will not take it. Sending it again would not help.
    Failed,
}

impl Store {
    /// A document or its tombstone; `None` when there never was one.
    pub async fn document(&self, key: &DocumentKey) -> Result<Option<Record>, StoreError> {
        Ok(find(&mut *self.pool.acquire().await?, key).await?)
    }

    /// The documents of a kind that are not deleted, by their ids in byte order, from the one behind `after`.
    pub async fn documents(&self, kind: Kind, after: &str, limit: u32) -> Result<Vec<Record>, StoreError> {
        let records = sqlx::query_as(
            "SELECT * FROM document_states WHERE kind = $1 AND id > $2 AND body IS NOT NULL ORDER BY id LIMIT $3",
        );
        Ok(records.bind(kind.name()).bind(after).bind(i64::from(limit)).fetch_all(&self.pool).await?)
    }
}

/// A document or its tombstone, as a transaction sees it.
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
            state: row.try_get("state")?,
            edge_revision: row.try_get::<Option<_>, _>("edge_revision")?.map(i64::cast_unsigned),
            synced_at: row.try_get("synced_at")?,
            behind_since: row.try_get("behind_since")?,
            last_error: row.try_get("last_error")?,
        })
    }
}

/// The name of the document in the columns `kind` and `id` of a row, whether or not this version knows its kind.
pub(super) fn name(row: &SqliteRow) -> Result<String, sqlx::Error> {
    let (kind, id): (&str, &str) = (row.try_get("kind")?, row.try_get("id")?);
    Ok(format!("v1/{kind}/{id}"))
}

/// The key in the columns `kind` and `id` of a row.
pub(super) fn key(row: &SqliteRow) -> Result<DocumentKey, sqlx::Error> {
    name(row)?.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}
