//! Documents as they stand.

use std::collections::BTreeSet;

use futures_util::TryStreamExt;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};
use stagedoor::catalog::{DocumentKey, Kind};
use stagedoor::redacted::Redacted;

use super::{Scope, Store, StoreError, title_sites};
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
    /// The public id of the API key that made it, where that is known.
    pub changed_by: Option<String>,
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

    /// The documents of a kind that are not deleted and within a scope, by their ids in byte order, from the one behind
    /// `after`, and where to go on if there may be more: behind one of the documents that are listed, so that nothing outside the
    /// scope is named or costs anything.
    ///
    /// A page ends early rather than hold more bytes than it may.
    pub async fn documents(
        &self,
        kind: Kind,
        after: &str,
        limits: List,
        scope: &Scope,
    ) -> Result<Listed, StoreError> {
        let mut listed = Listed::default();
        if scope.check_kind(kind).is_err() {
            return Ok(listed);
        }
        let Some(sites) = scope.sites() else {
            let query = sqlx::query_as::<_, Record>(
                "SELECT * FROM document_states WHERE kind = $1 AND id > $2 AND body IS NOT NULL ORDER BY id",
            );
            let mut rows = query.bind(kind.name()).bind(after).fetch(&self.pool);
            while let Some(record) = rows.try_next().await? {
                if !listed.take(record, limits) {
                    break;
                }
            }
            return Ok(listed);
        };
        // All of it as it was at one time.
        let mut transaction = self.pool.begin().await?;
        let ids = match kind {
            Kind::Title => title_sites::within(&mut transaction, sites, after, limits.documents + 1).await?,
            Kind::Site | Kind::Revocations => sites
                .iter()
                .map(|host| host.as_str().to_owned())
                .filter(|host| host.as_str() > after)
                .collect(),
            Kind::Keys => BTreeSet::new(),
        };
        for id in ids {
            let key = DocumentKey::new(kind, &id).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
            let Some(record) = find(&mut transaction, &key).await? else { continue };
            let Some(body) = &record.body else { continue };
            if scope.check(&key, Some(body.expose())).is_ok() && !listed.take(record, limits) {
                break;
            }
        }
        Ok(listed)
    }
}

/// How far a list goes.
#[derive(Clone, Copy, Debug)]
pub struct List {
    /// The most documents.
    pub documents: usize,
    /// The most bytes of documents, unless one alone has more.
    pub bytes: usize,
}

/// A part of a list.
#[derive(Debug, Default)]
pub struct Listed {
    /// The documents.
    pub records: Vec<Record>,
    /// The id behind which the next part begins; `None`: there is nothing more.
    pub next: Option<String>,
    /// The bytes of the documents.
    bytes: usize,
}

impl Listed {
    /// Takes a document that is within the scope, or says that it goes on behind the last one.
    fn take(&mut self, record: Record, limits: List) -> bool {
        let length = record.body.as_ref().map_or(0, |body| body.expose().len());
        let full = self.records.len() >= limits.documents || self.bytes + length > limits.bytes;
        if full && let Some(last) = self.records.last() {
            self.next = Some(last.key.id().to_owned());
            return false;
        }
        self.bytes += length;
        self.records.push(record);
        true
    }
}

/// Puts a document, or the mark of a deletion, in the place of the one of its key.
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
            changed_by: row.try_get("changed_by")?,
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
