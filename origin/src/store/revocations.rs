//! Revocations: a row for each, and the document that is built from the rows for the edge.

use sqlx::sqlite::SqliteRow;
use sqlx::{Acquire, FromRow, Row, SqliteConnection};
use stagedoor::catalog::{DocumentKey, DocumentKind, Host, Revocation, Revocations, Revoked};
use stagedoor::redacted::Redacted;
use stagedoor::time::UnixTime;
use stagedoor::token;

use super::lookup::Lookup;
use super::targets::{Checked, Unknown};
use super::write::{Queued, enqueue};
use super::{
    Action, Actor, Manner, Outgoing, Record, Store, StoreError, Urgency, Warning, history, outbox, record,
    revision, targets, warnings,
};
use crate::clock::UnixMillis;
use crate::validate::FieldError;

/// The document of a site's revocations in `documents.body`. Any other member is refused, because it might be a revocation
/// without a row.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    host: Host,
    generation: u32,
}

/// The outcome of a revocation. Unless it is done, nothing was written.
#[derive(Debug)]
pub enum Revoking {
    /// The revocation was added, or would be, in a dry run.
    Done(Box<Revised>),
    /// It names nothing that is known.
    Unknown(Vec<FieldError>),
    /// [`Revocations::MOST`] are in force.
    Full,
}

/// A site's revocations after a change.
#[derive(Debug)]
pub struct Revised {
    /// Their document.
    pub record: Record,
    /// The added revocation.
    pub added: Option<Revocation>,
    /// The number of all revocations.
    pub count: usize,
    /// The revision of the document before the change; `None` if there was no document.
    pub found: Option<u64>,
    /// Warnings about the document, and about the target of the added revocation.
    pub warnings: Vec<Warning>,
}

impl Store {
    /// Adds a revocation, which `make` builds from its generation.
    pub async fn revoke(
        &self,
        host: &Host,
        what: &Revoked,
        make: impl FnOnce(u32) -> Revocation,
        manner: Manner,
        by: &Actor,
        now: UnixMillis,
    ) -> Result<Revoking, StoreError> {
        let mut transaction = self.write_transaction().await?;
        let Checked { unknown, mut warnings } =
            targets::check(&mut transaction, host, what, &by.scope).await?;
        if !unknown.is_empty() && !manner.force {
            transaction.rollback().await?;
            return Ok(Revoking::Unknown(self.refusals(host, unknown, &by.scope).await?));
        }
        warnings.extend(unknown.into_iter().map(Unknown::into_warning));
        prune(&mut transaction, host, now).await?;
        if count(&mut transaction, host).await? >= Revocations::MOST {
            return Ok(Revoking::Full);
        }
        let found = current_revision(&mut transaction, host).await?;
        // Never below the clock, so a database restored from a backup does not use a generation again.
        let clock = u32::try_from(now.seconds().as_secs()).unwrap_or(u32::MAX);
        let last = generation(&mut transaction, host).await?;
        let revocation = make(last.saturating_add(1).max(clock));
        insert(&mut transaction, host, &revocation, Some(&by.id)).await?;
        let record = touch(&mut transaction, host, revocation.generation, Some(&by.id), now).await?;
        remember(&mut transaction, &record, Action::Revoke, &entry_of(&revocation)?, by, now).await?;
        let count = count(&mut transaction, host).await?;
        if !manner.dry_run {
            transaction.commit().await?;
        }
        Ok(Revoking::Done(Box::new(Revised { record, added: Some(revocation), count, found, warnings })))
    }

    /// Takes a revocation back, even if this version cannot read it. Its generation is not used again. `None` if there is no such
    /// revocation.
    pub async fn take_back(
        &self,
        host: &Host,
        taken: u32,
        manner: Manner,
        by: &Actor,
        now: UnixMillis,
    ) -> Result<Option<Revised>, StoreError> {
        let mut transaction = self.write_transaction().await?;
        let row = sqlx::query("SELECT * FROM revocations WHERE host = $1 AND generation = $2");
        let row = row.bind(host.as_str()).bind(i64::from(taken)).fetch_optional(&mut *transaction).await?;
        let Some(row) = row else { return Ok(None) };
        let entry = match Stored::from_row(&row) {
            Ok(Stored(revocation)) => entry_of(&revocation)?,
            Err(_) => format!(r#"{{"generation":{taken}}}"#),
        };
        sqlx::query("DELETE FROM revocations WHERE host = $1 AND generation = $2")
            .bind(host.as_str())
            .bind(i64::from(taken))
            .execute(&mut *transaction)
            .await?;
        let found = current_revision(&mut transaction, host).await?;
        let generation = generation(&mut transaction, host).await?;
        let record = touch(&mut transaction, host, generation, Some(&by.id), now).await?;
        remember(&mut transaction, &record, Action::Unrevoke, &entry, by, now).await?;
        let count = count(&mut transaction, host).await?;
        let key = DocumentKey::Revocations(host.clone());
        let warnings = warnings::of(&mut Lookup::default(), &mut transaction, &key, "").await?;
        if !manner.dry_run {
            transaction.commit().await?;
        }
        Ok(Some(Revised { record, added: None, count, found, warnings }))
    }

    /// Drops the expired revocations of every site, and returns the number of sites concerned. A site whose document cannot be read
    /// keeps its rows, and its document is marked as failed.
    pub async fn prune_revocations(&self, now: UnixMillis) -> Result<usize, StoreError> {
        let hosts: Vec<String> =
            sqlx::query_scalar("SELECT DISTINCT host FROM revocations WHERE until <= $1")
                .bind(seconds(now.seconds()))
                .fetch_all(&self.pool)
                .await?;
        let mut pruned = 0;
        for name in &hosts {
            let Ok(host) = name.parse() else {
                tracing::error!(host = name, "cannot prune revocations whose host cannot be read");
                continue;
            };
            let mut transaction = self.write_transaction().await?;
            match generation(&mut transaction, &host).await {
                Ok(generation) => {
                    prune(&mut transaction, &host, now).await?;
                    touch(&mut transaction, &host, generation, None, now).await?;
                    pruned += 1;
                }
                Err(error @ StoreError::Corrupt(_)) => {
                    tracing::error!(%error, %host, "revocations are not pruned, see /api/v1/sync");
                    let document = (DocumentKind::Revocations.name(), name.as_str());
                    outbox::fail(&mut transaction, document, UNREADABLE_HEAD, now).await?;
                }
                Err(error) => return Err(error),
            }
            transaction.commit().await?;
        }
        Ok(pruned)
    }

    /// Some of a site's revocations by generation, after the generation `after`, and whether there are more.
    pub async fn revocations(
        &self,
        host: &Host,
        after: u32,
        limit: usize,
    ) -> Result<(Vec<Revocation>, bool), StoreError> {
        let rows =
            "SELECT * FROM revocations WHERE host = $1 AND generation > $2 ORDER BY generation LIMIT $3";
        let mut rows: Vec<Stored> = sqlx::query_as(rows)
            .bind(host.as_str())
            .bind(i64::from(after))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1))
            .fetch_all(&self.pool)
            .await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        Ok((rows.into_iter().map(|Stored(revocation)| revocation).collect(), more))
    }

    /// The number of a site's revocations in force.
    pub async fn count_revocations(&self, host: &Host) -> Result<usize, StoreError> {
        Ok(count(&mut *self.pool.acquire().await?, host).await?)
    }

    /// The newest state of a site's revocations, if the edge does not have it. A few are spelled out, so that an operator can find
    /// one in KV and older edges can read them. Many are packed.
    pub(super) async fn outgoing_revocations(&self, host: &Host) -> Result<Option<Outgoing>, StoreError> {
        let key = DocumentKey::Revocations(host.clone());
        // A transaction reads all rows as of one time.
        let mut transaction = self.pool.begin().await?;
        let pending = outbox::pending(&mut transaction, &key).await?;
        let Some(Outgoing { revision, body: Some(body) }) = pending else { return Ok(pending) };
        let unreadable =
            |why: &str| StoreError::Unreadable { key: key.clone(), revision, why: why.to_owned() };
        let Head { host, generation } =
            serde_json::from_str(body.expose()).map_err(|_| unreadable(UNREADABLE_HEAD))?;
        let rows = sqlx::query("SELECT * FROM revocations WHERE host = $1 ORDER BY generation")
            .bind(host.as_str())
            .fetch_all(&mut *transaction)
            .await?;
        drop(transaction);
        let mut revoked = Vec::with_capacity(rows.len());
        for row in &rows {
            // Leaving the entry out would take it back. So nothing is sent, and the edge keeps its document.
            let Ok(Stored(revocation)) = Stored::from_row(row) else {
                let generation: i64 = row.try_get("generation")?;
                return Err(unreadable(&format!(
                    "this version of the origin cannot read the revocation of generation {generation}: \
                     run the version that wrote it, or take it back"
                )));
            };
            revoked.push(revocation);
        }
        // Hashing a hundred thousand entries takes a while.
        let document = tokio::task::spawn_blocking(move || for_edge(host, generation, revoked)).await;
        let body = document.ok().and_then(Result::ok);
        let body = body.ok_or_else(|| unreadable("the document of the revocations cannot be built"))?;
        Ok(Some(Outgoing { revision, body: Some(Redacted::new(body)) }))
    }

    /// Makes rows from documents of versions that had no rows. A document that cannot be converted is kept, so that none of its
    /// revocations is taken back, and is marked as failed.
    pub(super) async fn adopt_revocations(&self, now: UnixMillis) -> Result<(), sqlx::Error> {
        let mut transaction = self.write_transaction().await?;
        let documents =
            sqlx::query("SELECT id, body FROM documents WHERE kind = $1 AND body LIKE '%\"revoked\"%'")
                .bind(DocumentKind::Revocations.name())
                .fetch_all(&mut *transaction)
                .await?;
        for row in &documents {
            let id: &str = row.try_get("id")?;
            let mut savepoint = transaction.begin().await?;
            let adopted = match row.try_get("body") {
                Ok(body) => adopt(&mut savepoint, id, body).await,
                Err(error) => Err(error),
            };
            match adopted {
                Ok(()) => savepoint.commit().await?,
                Err(error) => {
                    savepoint.rollback().await?;
                    tracing::error!(host = id, %error, "revocations cannot be adopted, see /api/v1/sync");
                    let document = (DocumentKind::Revocations.name(), id);
                    outbox::fail(&mut transaction, document, UNREADABLE_HEAD, now).await?;
                }
            }
        }
        transaction.commit().await
    }
}

/// The failure of a document of revocations with members other than host and generation.
const UNREADABLE_HEAD: &str = "this version of the origin cannot read the document of the site's revocations: it stays as it is, \
                               and so does what the edge holds";

/// Makes rows from one document's revocations.
async fn adopt(connection: &mut SqliteConnection, id: &str, body: &str) -> Result<(), sqlx::Error> {
    // The position of the error, not the content.
    let decode = |error: serde_json::Error| {
        let (line, column) = (error.line(), error.column());
        sqlx::Error::Decode(format!("{:?} error at line {line}, column {column}", error.classify()).into())
    };
    let Revocations { host, generation, revoked, .. } = serde_json::from_str(body).map_err(decode)?;
    let Some(revoked) = revoked.filter(|_| host.as_str() == id) else {
        return Err(sqlx::Error::Decode("expected the revocations of this host, not packed".into()));
    };
    for revocation in revoked {
        insert(connection, &host, &revocation, None).await?;
    }
    let head = serde_json::to_string(&Head { host, generation }).map_err(decode)?;
    let update = sqlx::query("UPDATE documents SET body = $1 WHERE kind = $2 AND id = $3");
    update.bind(head).bind(DocumentKind::Revocations.name()).bind(id).execute(connection).await.map(drop)
}

/// The document for the edge.
fn for_edge(host: Host, generation: u32, revoked: Vec<Revocation>) -> Result<String, serde_json::Error> {
    if revoked.len() <= Revocations::MOST_SPELLED_OUT {
        let document =
            Revocations { host: host.clone(), generation, revoked: Some(revoked.clone()), packed: None };
        let json = serde_json::to_string(&document)?;
        if json.len() <= Revocations::MOST_SPELLED_OUT_BYTES {
            return Ok(json);
        }
    }
    let packed = Some(token::pack(revoked));
    serde_json::to_string(&Revocations { host, generation, revoked: None, packed })
}

async fn count(connection: &mut SqliteConnection, host: &Host) -> Result<usize, sqlx::Error> {
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM revocations WHERE host = $1");
    let count: i64 = count.bind(host.as_str()).fetch_one(connection).await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// The current revision of the document.
async fn current_revision(
    connection: &mut SqliteConnection,
    host: &Host,
) -> Result<Option<u64>, sqlx::Error> {
    let record = record::find(connection, &DocumentKey::Revocations(host.clone())).await?;
    Ok(record.map(|record| record.revision))
}

async fn generation(connection: &mut SqliteConnection, host: &Host) -> Result<u32, StoreError> {
    let key = DocumentKey::Revocations(host.clone());
    let head = record::find(connection, &key).await?.and_then(|record| record.body);
    let Some(head) = head else { return Ok(0) };
    let head: Head = serde_json::from_str(head.expose()).map_err(|_| StoreError::Corrupt(key))?;
    Ok(head.generation)
}

async fn prune(connection: &mut SqliteConnection, host: &Host, now: UnixMillis) -> Result<(), sqlx::Error> {
    let over = sqlx::query("DELETE FROM revocations WHERE host = $1 AND until <= $2");
    over.bind(host.as_str()).bind(seconds(now.seconds())).execute(connection).await.map(drop)
}

async fn insert(
    connection: &mut SqliteConnection,
    host: &Host,
    Revocation { what, generation, at, until, note }: &Revocation,
    by: Option<&str>,
) -> Result<(), sqlx::Error> {
    let what = serde_json::to_string(what).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let row = "INSERT INTO revocations (host, generation, what, at, until, note, changed_by)
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    sqlx::query(row)
        .bind(host.as_str())
        .bind(i64::from(*generation))
        .bind(what)
        .bind(seconds(*at))
        .bind(until.map(seconds))
        .bind(note)
        .bind(by)
        .execute(connection)
        .await
        .map(drop)
}

/// Sets the generation and a new revision of the document, and adds it to the outbox.
async fn touch(
    connection: &mut SqliteConnection,
    host: &Host,
    generation: u32,
    by: Option<&str>,
    now: UnixMillis,
) -> Result<Record, StoreError> {
    let key = DocumentKey::Revocations(host.clone());
    let revision = revision::next(connection, now).await?;
    let head = serde_json::to_string(&Head { host: host.clone(), generation })
        .map_err(|_| StoreError::Corrupt(key.clone()))?;
    record::put(connection, &key, revision, Some(&head), by).await?;
    // A site's revocations are one document, so the site is the party.
    let party = &format!("site:{host}");
    let document = (key.kind().name(), key.id());
    let change = Queued { document, revision, urgency: Urgency::Revocation, party, by };
    enqueue(connection, change, now).await?;
    Ok(record::find(connection, &key).await?.ok_or(sqlx::Error::RowNotFound)?)
}

/// Adds the change to the history.
async fn remember(
    connection: &mut SqliteConnection,
    changed: &Record,
    action: Action,
    entry: &str,
    by: &Actor,
    now: UnixMillis,
) -> Result<(), sqlx::Error> {
    let Record { key, revision, .. } = changed;
    let state = history::State { key, revision: revision.cast_signed(), action, body: None, by: &by.id };
    history::add_revocation(connection, state, entry, now).await
}

fn entry_of(revocation: &Revocation) -> Result<String, sqlx::Error> {
    serde_json::to_string(revocation).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

/// A row of a revocation.
struct Stored(Revocation);

impl FromRow<'_, SqliteRow> for Stored {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let decode = |error: serde_json::Error| sqlx::Error::Decode(Box::new(error));
        let time = |seconds: i64| UnixTime::from_secs(seconds.cast_unsigned());
        Ok(Self(Revocation {
            what: serde_json::from_str(row.try_get("what")?).map_err(decode)?,
            generation: row.try_get("generation")?,
            at: time(row.try_get("at")?),
            until: row.try_get::<Option<i64>, _>("until")?.map(time),
            note: row.try_get("note")?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stagedoor::catalog::SyncBatch;
    use stagedoor::token::RevocationIndex;

    fn revoked(count: u32, note: Option<&str>) -> Vec<Revocation> {
        let entry = |n| Revocation {
            what: Revoked::Subject {
                issuer: "https://id.example.com/".parse().unwrap(),
                subject: format!("v{n}"),
            },
            generation: n,
            at: UnixTime::from_secs(1_795_370_400),
            until: None,
            note: note.map(str::to_owned),
        };
        (1..=count).map(entry).collect()
    }

    #[test]
    fn few_are_spelled_out_and_many_are_packed() {
        let host: Host = "a.example".parse().unwrap();
        let note = "x".repeat(Revocation::MAX_NOTE_CHARS);
        for (count, note, packed) in [
            (0, None, false),
            (1_000, None, false),
            (1_001, None, true),
            (1_000, Some(note.as_str()), true),
            (100_000, Some(note.as_str()), true),
        ] {
            let json = for_edge(host.clone(), count, revoked(count, note)).unwrap();
            assert_eq!(json.contains("\"packed\""), packed, "{count}");
            assert!(
                json.len() <= SyncBatch::MAX_BYTES - SyncBatch::MAX_DOCUMENT_BYTES,
                "{count}: {}",
                json.len()
            );
            assert!(serde_json::from_str::<RevocationIndex>(&json).is_ok(), "{count}");
        }
    }
}
