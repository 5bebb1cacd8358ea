//! What sites have revoked: a row for each revocation, and the document that is made of them for the edge.

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};
use stagedoor::catalog::{DocumentKey, Host, Kind, Revocation, Revocations};
use stagedoor::redacted::Redacted;
use stagedoor::time::UnixTime;
use stagedoor::token;

use super::write::{Queued, enqueue};
use super::{Actor, Outgoing, Record, Store, StoreError, Urgency, record, revision};
use crate::clock::UnixMillis;

/// The document of a site's revocations, as `documents.body` keeps it.
#[derive(serde::Serialize, serde::Deserialize)]
struct Head {
    host: Host,
    generation: u32,
}

/// What became of a change of a site's revocations.
#[derive(Debug)]
pub enum Revoking {
    /// It was made: the document, and the revocation that was added or taken back.
    Done(Box<Record>, Revocation),
    /// There is no such revocation.
    Unknown,
    /// [`Revocations::MOST`] are in force.
    TooMany,
}

impl Store {
    /// Adds a revocation. `make` is told its generation.
    pub async fn revoke(
        &self,
        host: &Host,
        make: impl FnOnce(u32) -> Revocation,
        by: &Actor,
        now: UnixMillis,
    ) -> Result<Revoking, StoreError> {
        let mut transaction = self.write_transaction().await?;
        prune(&mut transaction, host, now).await?;
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM revocations WHERE host = $1")
            .bind(host.as_str())
            .fetch_one(&mut *transaction)
            .await?;
        if usize::try_from(count).unwrap_or(usize::MAX) >= Revocations::MOST {
            return Ok(Revoking::TooMany);
        }
        // Never below the clock, so that a database that was restored from a backup gives none out a second time.
        let clock = u32::try_from(now.seconds().as_secs()).unwrap_or(u32::MAX);
        let last = generation(&mut transaction, host).await?;
        let revocation = make(last.saturating_add(1).max(clock));
        insert(&mut transaction, host, &revocation, Some(&by.id)).await?;
        let record = touch(&mut transaction, host, revocation.generation, Some(&by.id), now).await?;
        transaction.commit().await?;
        Ok(Revoking::Done(Box::new(record), revocation))
    }

    /// Takes a revocation back. Its generation is not given again.
    pub async fn take_back(
        &self,
        host: &Host,
        taken: u32,
        by: &Actor,
        now: UnixMillis,
    ) -> Result<Revoking, StoreError> {
        let mut transaction = self.write_transaction().await?;
        let rows = "DELETE FROM revocations WHERE host = $1 AND generation = $2 RETURNING *";
        let row: Option<Stored> = sqlx::query_as(rows)
            .bind(host.as_str())
            .bind(i64::from(taken))
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(Stored(revocation)) = row else { return Ok(Revoking::Unknown) };
        let generation = generation(&mut transaction, host).await?;
        let record = touch(&mut transaction, host, generation, Some(&by.id), now).await?;
        transaction.commit().await?;
        Ok(Revoking::Done(Box::new(record), revocation))
    }

    /// Drops the revocations of every site that concern nothing any more, and says of how many sites.
    pub async fn prune_revocations(&self, now: UnixMillis) -> Result<usize, StoreError> {
        let hosts: Vec<String> =
            sqlx::query_scalar("SELECT DISTINCT host FROM revocations WHERE until <= $1")
                .bind(seconds(now.seconds()))
                .fetch_all(&self.pool)
                .await?;
        for host in &hosts {
            let Ok(host) = host.parse() else { continue };
            let mut transaction = self.write_transaction().await?;
            prune(&mut transaction, &host, now).await?;
            let generation = generation(&mut transaction, &host).await?;
            touch(&mut transaction, &host, generation, None, now).await?;
            transaction.commit().await?;
        }
        Ok(hosts.len())
    }

    /// Some of a site's revocations, by their generations from the one behind `after`, and whether there are more.
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

    /// How many revocations of a site are in force.
    pub async fn count_revocations(&self, host: &Host) -> Result<i64, StoreError> {
        let count = sqlx::query_scalar("SELECT COUNT(*) FROM revocations WHERE host = $1");
        Ok(count.bind(host.as_str()).fetch_one(&self.pool).await?)
    }

    /// The newest state of a site's revocations, if the edge is still to be told: spelled out while they are few, so that one
    /// can be looked up in KV and older edges read them, and packed when they are many.
    pub(super) async fn outgoing_revocations(&self, host: &Host) -> Result<Option<Outgoing>, StoreError> {
        let key = DocumentKey::Revocations(host.clone());
        // All of it as it was at one time.
        let mut transaction = self.pool.begin().await?;
        let pending = sqlx::query_as::<_, (i64, Option<String>)>(
            "SELECT d.revision, d.body FROM documents d JOIN outbox o ON o.revision = d.revision
              WHERE d.kind = $1 AND d.id = $2 AND o.state = 'pending'",
        );
        let pending = pending.bind(Kind::Revocations.name()).bind(host.as_str());
        let Some((revision, body)) = pending.fetch_optional(&mut *transaction).await? else {
            return Ok(None);
        };
        let revision = revision.cast_unsigned();
        let Some(body) = body else { return Ok(Some(Outgoing { revision, body: None })) };
        let Head { host, generation } =
            serde_json::from_str(&body).map_err(|_| StoreError::Corrupt(key.clone()))?;
        let rows: Vec<Stored> =
            sqlx::query_as("SELECT * FROM revocations WHERE host = $1 ORDER BY generation")
                .bind(host.as_str())
                .fetch_all(&mut *transaction)
                .await?;
        drop(transaction);
        let revoked = rows.into_iter().map(|Stored(revocation)| revocation).collect();
        // Hashing a hundred thousand of them takes a while.
        let document = tokio::task::spawn_blocking(move || for_edge(host, generation, revoked));
        let body = document.await.ok().and_then(Result::ok).ok_or(StoreError::Corrupt(key))?;
        Ok(Some(Outgoing { revision, body: Some(Redacted::new(body)) }))
    }

    /// Makes rows of the revocations that documents hold which were written before there were rows.
    pub(super) async fn adopt_revocations(&self) -> Result<(), sqlx::Error> {
        let mut transaction = self.write_transaction().await?;
        let documents: Vec<(String, String)> =
            sqlx::query_as("SELECT id, body FROM documents WHERE kind = $1 AND body LIKE '%\"revoked\"%'")
                .bind(Kind::Revocations.name())
                .fetch_all(&mut *transaction)
                .await?;
        for (id, body) in documents {
            let decode = |error: serde_json::Error| sqlx::Error::Decode(Box::new(error));
            let Revocations { host, generation, revoked, .. } =
                serde_json::from_str(&body).map_err(decode)?;
            for revocation in revoked.unwrap_or_default() {
                insert(&mut transaction, &host, &revocation, None).await?;
            }
            let head = serde_json::to_string(&Head { host, generation }).map_err(decode)?;
            sqlx::query("UPDATE documents SET body = $1 WHERE kind = $2 AND id = $3")
                .bind(head)
                .bind(Kind::Revocations.name())
                .bind(id)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await
    }
}

/// What the edge is told.
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

/// Gives the document a generation and a new revision, and puts it in the outbox.
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
    sqlx::query(
        "INSERT INTO documents (kind, id, revision, body, changed_by) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (kind, id) DO UPDATE
            SET revision = excluded.revision, body = excluded.body, changed_by = excluded.changed_by",
    )
    .bind(key.kind().name())
    .bind(key.id())
    .bind(revision)
    .bind(head)
    .bind(by)
    .execute(&mut *connection)
    .await?;
    let change =
        Queued { document: (key.kind().name(), key.id()), revision, urgency: Urgency::Revocation, by };
    enqueue(connection, change, now).await?;
    Ok(record::find(connection, &key).await?.ok_or(sqlx::Error::RowNotFound)?)
}

fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

/// A revocation as a row has it.
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
    use stagedoor::catalog::{Revoked, SyncBatch};
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
