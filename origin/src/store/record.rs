//! The current state of documents.

use std::collections::BTreeSet;

use futures_util::TryStreamExt;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};
use stagedoor::catalog::{DocumentKey, DocumentKind};
use stagedoor::redacted::Redacted;

use super::lookup::Lookup;
use super::{Scope, Store, StoreError, Warning, title_sites, warnings};
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

    /// A document or its tombstone, and the warnings about it.
    pub async fn document_and_warnings(
        &self,
        key: &DocumentKey,
    ) -> Result<(Option<Record>, Vec<Warning>), StoreError> {
        // A transaction reads all rows as of one time.
        let mut transaction = self.pool.begin().await?;
        let record = find(&mut transaction, key).await?;
        let body = record.as_ref().and_then(|record| record.body.as_ref());
        let warnings = match body {
            Some(body) => warnings::of(&mut Lookup::default(), &mut transaction, key, body.expose()).await?,
            None => Vec::new(),
        };
        Ok((record, warnings))
    }

    /// A page of the existing documents of a kind within a scope, by id in byte order, after the id `after`. The next page starts
    /// after a listed document, so documents outside the scope are neither named nor read.
    ///
    /// A page ends early if it would exceed its limit in bytes.
    pub async fn documents(
        &self,
        kind: DocumentKind,
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
        // A transaction reads all rows as of one time.
        let mut transaction = self.pool.begin().await?;
        let ids = match kind {
            DocumentKind::Title => {
                title_sites::within(&mut transaction, sites, after, limits.documents + 1).await?
            }
            DocumentKind::Site | DocumentKind::Revocations => sites
                .iter()
                .map(|host| host.as_str().to_owned())
                .filter(|host| host.as_str() > after)
                .collect(),
            DocumentKind::Keys => BTreeSet::new(),
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

/// The limits of a page.
#[derive(Clone, Copy, Debug)]
pub struct List {
    /// The greatest number of documents.
    pub documents: usize,
    /// The greatest size in bytes, unless a single document is larger.
    pub bytes: usize,
}

/// A page of a list.
#[derive(Debug, Default)]
pub struct Listed {
    /// The documents.
    pub records: Vec<Record>,
    /// The id before the first document of the next page; `None` on the last page.
    pub next: Option<String>,
    /// The size of the documents in bytes.
    bytes: usize,
}

impl Listed {
    /// Adds a document of the scope, or ends the page after the last one.
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
