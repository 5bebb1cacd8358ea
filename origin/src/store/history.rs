//! The history: who changed what, and the document of each revision.
//!
//! The current state of a document has a row without a copy of the document. When another state replaces it, the document moves into
//! the row, without its shared secrets. So each state is stored once, and the state before a change is kept for the whole time,
//! however old it was when it was replaced.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, QueryBuilder, Row, Sqlite, SqliteConnection};
use stagedoor::catalog::{DocumentKey, DocumentKind, Host};

use super::{Actor, Scope, Store, StoreError, document_sites, record};
use crate::clock::UnixMillis;
use crate::validate;

/// The effect of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
pub enum Action {
    /// The document did not exist, or was deleted.
    Create,
    /// The document was different.
    Change,
    /// The document existed.
    Delete,
    /// A revocation was added.
    Revoke,
    /// A revocation was taken back.
    Unrevoke,
}

/// A change.
#[derive(Clone, Debug)]
pub struct Event {
    /// The document.
    pub key: DocumentKey,
    /// The revision that the document has by it.
    pub revision: u64,
    /// Its time.
    pub at: UnixMillis,
    /// The API key that made it, if that is known.
    pub by: Option<By>,
    /// Its effect.
    pub action: Action,
    /// The added or taken back revocation, as JSON.
    pub revocation: Option<String>,
}

/// An API key as others see it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct By {
    /// Its public id.
    pub id: String,
    /// The name of its holder. A limited API key sees its own name only.
    pub name: Option<String>,
}

/// The document of a revision.
#[derive(Clone, Debug)]
pub struct Past {
    /// The change that led to it.
    pub event: Event,
    /// The document as JSON, without shared secrets; `None` if it was deleted.
    pub body: Option<String>,
}

/// The state that a change begins.
pub(super) struct State<'a> {
    pub(super) key: &'a DocumentKey,
    pub(super) revision: i64,
    pub(super) action: Action,
    /// The document; of a deletion, the deleted one. It tells the sites of a title or creative.
    pub(super) body: Option<&'a str>,
    pub(super) by: &'a str,
}

/// Adds a state of a document, and ends the state that it replaces. `replaced` is the current state's document, if it has one.
pub(super) async fn begin(
    connection: &mut SqliteConnection,
    State { key, revision, action, body, by }: State<'_>,
    replaced: Option<&str>,
    now: UnixMillis,
) -> Result<(), sqlx::Error> {
    let kept = replaced.and_then(|replaced| without_secrets(key, replaced));
    sqlx::query(
        "UPDATE history SET body = $1, ended_at = $2 WHERE kind = $3 AND id = $4 AND ended_at IS NULL
            AND revision = (SELECT MAX(revision) FROM history WHERE kind = $3 AND id = $4)",
    )
    .bind(kept)
    .bind(now)
    .bind(key.kind().name())
    .bind(key.id())
    .execute(&mut *connection)
    .await?;
    let row =
        "INSERT INTO history (revision, kind, id, at, changed_by, action) VALUES ($1, $2, $3, $4, $5, $6)";
    let row = sqlx::query(row).bind(revision).bind(key.kind().name()).bind(key.id());
    row.bind(now).bind(by).bind(action).execute(&mut *connection).await?;
    note_sites(connection, key, revision, body).await
}

/// A document without its shared secrets. `None` for a set of keys that cannot be read, since its secrets cannot be found.
fn without_secrets(key: &DocumentKey, body: &str) -> Option<String> {
    match key.kind() {
        DocumentKind::Keys => validate::without_secrets(body).ok(),
        DocumentKind::Site
        | DocumentKind::Title
        | DocumentKind::Revocations
        | DocumentKind::Campaigns
        | DocumentKind::Creative => Some(body.to_owned()),
    }
}

/// Adds a change of a site's revocations. `entry` is the revocation as JSON.
pub(super) async fn add_revocation(
    connection: &mut SqliteConnection,
    State { key, revision, action, by, .. }: State<'_>,
    entry: &str,
    now: UnixMillis,
) -> Result<(), sqlx::Error> {
    let row = "INSERT INTO history (revision, kind, id, at, changed_by, action, body, ended_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $4)";
    let row = sqlx::query(row).bind(revision).bind(key.kind().name()).bind(key.id());
    row.bind(now).bind(by).bind(action).bind(entry).execute(&mut *connection).await?;
    note_sites(connection, key, revision, None).await
}

/// Gives the current state of a document another revision.
pub(super) async fn renumber(
    connection: &mut SqliteConnection,
    from: i64,
    to: i64,
) -> Result<(), sqlx::Error> {
    for update in [
        "UPDATE history SET revision = $1 WHERE revision = $2 AND ended_at IS NULL",
        "UPDATE history_sites SET revision = $1 WHERE revision = $2
            AND EXISTS (SELECT 1 FROM history WHERE revision = $1)",
    ] {
        sqlx::query(update).bind(to).bind(from).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Stores the sites of a row.
pub(super) async fn note_sites(
    connection: &mut SqliteConnection,
    key: &DocumentKey,
    revision: i64,
    body: Option<&str>,
) -> Result<(), sqlx::Error> {
    let hosts: Vec<Host> = match key {
        DocumentKey::Title(_) | DocumentKey::Creative(_) => {
            body.map(document_sites::shown_on).into_iter().flatten().collect()
        }
        DocumentKey::Site(host) | DocumentKey::Revocations(host) | DocumentKey::Campaigns(host) => {
            vec![host.clone()]
        }
        DocumentKey::Keys(_) => Vec::new(),
    };
    for host in hosts {
        sqlx::query(
            "INSERT INTO history_sites (host, kind, revision) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .bind(host.as_str())
        .bind(key.kind().name())
        .bind(revision)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Which changes are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Changes<'a> {
    /// Of this document only.
    pub of: Option<&'a DocumentKey>,
    /// Before this revision.
    pub before: u64,
    /// The greatest number of changes.
    pub limit: usize,
}

impl Store {
    /// Changes within the scope of an API key, the newest first, and whether there are more.
    pub async fn history(
        &self,
        Changes { of, before, limit }: Changes<'_>,
        by: &Actor,
    ) -> Result<(Vec<Event>, bool), StoreError> {
        // A transaction reads all rows as of one time.
        let mut transaction = self.pool.begin().await?;
        let mut found = BTreeMap::new();
        for (mut query, revision) in queries(of, &by.scope) {
            query.push(" AND ").push(revision).push(" < ");
            query.push_bind(i64::try_from(before).unwrap_or(i64::MAX));
            query.push(" ORDER BY ").push(revision).push(" DESC LIMIT ");
            query.push_bind(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1));
            for row in query.build().fetch_all(&mut *transaction).await? {
                // A row whose key this version cannot read is left out.
                if let Ok(event) = Event::from_row(&row) {
                    found.insert(event.revision, event);
                }
            }
        }
        // The newest changes over all queries are among the newest of each.
        let more = found.len() > limit;
        let newest = found.into_values().rev().take(limit);
        Ok((newest.map(|event| event.for_eyes_of(by)).collect(), more))
    }

    /// The document of a revision; `None` if there is no such revision, it is forgotten, or it is outside the scope of the API key.
    pub async fn past(
        &self,
        key: &DocumentKey,
        revision: u64,
        by: &Actor,
    ) -> Result<Option<Past>, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let Some((mut query, _)) = queries(Some(key), &by.scope).pop() else { return Ok(None) };
        query.push(" AND h.revision = ").push_bind(i64::try_from(revision).unwrap_or(i64::MAX));
        let Some(row) = query.build().fetch_optional(&mut *transaction).await? else { return Ok(None) };
        let event = Event::from_row(&row)?.for_eyes_of(by);
        let body = if row.try_get::<Option<i64>, _>("ended_at")?.is_none() {
            let current = record::find(&mut transaction, key).await?.and_then(|record| record.body);
            current.and_then(|body| without_secrets(key, body.expose()))
        } else {
            let body = sqlx::query_scalar("SELECT body FROM history WHERE revision = $1");
            let body = body.bind(i64::try_from(revision).unwrap_or(i64::MAX));
            body.fetch_one(&mut *transaction).await?
        };
        Ok(Some(Past { event, body }))
    }

    /// Forgets the states that were replaced longer ago than `keep`, and returns their number.
    pub async fn prune_history(&self, keep: Duration, now: UnixMillis) -> Result<u64, StoreError> {
        let until = now.0.saturating_sub(i64::try_from(keep.as_millis()).unwrap_or(i64::MAX));
        let mut pruned = 0;
        // In parts, so that no other writer waits for long.
        loop {
            let mut transaction = self.write_transaction().await?;
            let mut gone = 0;
            for table in [
                "DELETE FROM history_sites WHERE revision IN
                 (SELECT revision FROM history WHERE ended_at < $1 ORDER BY ended_at, revision LIMIT 500)",
                "DELETE FROM history WHERE revision IN
                 (SELECT revision FROM history WHERE ended_at < $1 ORDER BY ended_at, revision LIMIT 500)",
            ] {
                gone = sqlx::query(table).bind(until).execute(&mut *transaction).await?.rows_affected();
            }
            transaction.commit().await?;
            pruned += gone;
            if gone == 0 {
                return Ok(pruned);
            }
        }
    }
}

const COLUMNS: &str = "SELECT h.revision, h.kind, h.id, h.at, h.changed_by, h.action, h.ended_at, k.name,
    CASE WHEN h.kind = 'revocations' THEN h.body END AS revocation FROM ";

/// The queries that find the changes within a scope, each with the column by which an index has its rows in order.
fn queries(of: Option<&DocumentKey>, scope: &Scope) -> Vec<(QueryBuilder<Sqlite>, &'static str)> {
    let kinds: Vec<_> =
        DocumentKind::ALL.into_iter().filter(|kind| scope.check_kind(*kind).is_ok()).collect();
    let on_history = || {
        QueryBuilder::new(format!("{COLUMNS} history h LEFT JOIN api_keys k ON k.id = h.changed_by WHERE "))
    };
    match (of, scope.sites()) {
        (Some(key), sites) => {
            let mut query = on_history();
            query
                .push("h.kind = ")
                .push_bind(key.kind().name())
                .push(" AND h.id = ")
                .push_bind(key.id().to_owned());
            if let Some(sites) = sites {
                query.push(" AND EXISTS (SELECT 1 FROM history_sites own WHERE own.revision = h.revision)");
                push_within(&mut query, sites);
            }
            vec![(query, "h.revision")]
        }
        (None, None) if scope.is_full() => {
            let mut query = on_history();
            query.push("1 = 1");
            vec![(query, "h.revision")]
        }
        (None, None) => {
            let of_kind = |kind: DocumentKind| {
                let mut query = on_history();
                query.push("h.kind = ").push_bind(kind.name());
                (query, "h.revision")
            };
            kinds.into_iter().map(of_kind).collect()
        }
        (None, Some(sites)) => {
            let pairs = sites.iter().flat_map(|host| kinds.iter().map(move |kind| (host, kind)));
            let of_site = |(host, kind): (&Host, &DocumentKind)| {
                let mut query = QueryBuilder::new(format!(
                    "{COLUMNS} history_sites here JOIN history h ON h.revision = here.revision
                     LEFT JOIN api_keys k ON k.id = h.changed_by WHERE here.host = "
                ));
                query.push_bind(host.as_str().to_owned()).push(" AND here.kind = ").push_bind(kind.name());
                push_within(&mut query, sites);
                (query, "here.revision")
            };
            pairs.map(of_site).collect()
        }
    }
}

/// Leaves rows out that concern other sites too.
fn push_within<'a>(query: &mut QueryBuilder<Sqlite>, sites: impl IntoIterator<Item = &'a Host>) {
    query.push(
        " AND NOT EXISTS (SELECT 1 FROM history_sites other WHERE other.revision = h.revision AND other.host NOT IN (",
    );
    let mut list = query.separated(", ");
    for site in sites {
        list.push_bind(site.as_str().to_owned());
    }
    query.push("))");
}

impl Event {
    /// Without the names of other holders, if the API key is limited.
    fn for_eyes_of(mut self, actor: &Actor) -> Self {
        if let Some(by) = self.by.as_mut().filter(|by| !actor.scope.is_full() && by.id != actor.id) {
            by.name = None;
        }
        self
    }
}

impl FromRow<'_, SqliteRow> for Event {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let id: Option<String> = row.try_get("changed_by")?;
        let name = row.try_get("name")?;
        Ok(Self {
            key: record::key(row)?,
            revision: row.try_get("revision").map(i64::cast_unsigned)?,
            at: row.try_get("at")?,
            by: id.map(|id| By { id, name }),
            action: row.try_get("action")?,
            revocation: row.try_get("revocation")?,
        })
    }
}
