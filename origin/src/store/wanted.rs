//! The creatives that ad servers named and that nobody has conditioned.
//!
//! The edge counts them, so a row holds what it said last. A creative leaves the list when it has a document for the site: the row
//! stays until the creative is not seen any more, since its document may be deleted again.

use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};
use stagedoor::catalog::{
    CreativeId, DocumentKind, Host, WantedAnswer, WantedCreative, WantedOfSite, WantedSighting, WantedSince,
};
use stagedoor::time::UnixTime;

use super::{Scope, Store, StoreError};
use crate::clock::UnixMillis;

/// A creative that is wanted for a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The site.
    pub site: Host,
    /// The creative, and how often it was skipped.
    pub sighting: WantedSighting,
}

/// Which wanted creatives are listed.
#[derive(Clone, Copy, Debug)]
pub struct WantedList<'a> {
    /// After this site and id.
    pub after: Option<(&'a Host, &'a CreativeId)>,
    /// Of this site only.
    pub site: Option<&'a Host>,
    /// The greatest number.
    pub limit: usize,
}

/// The most creatives that are kept for a site. The edge keeps as many.
const MOST_OF_SITE: i64 = 1_000;

/// How long a creative is kept after it was seen last: longer than the edge keeps it.
const KEPT_S: u64 = 35 * 24 * 60 * 60;

impl Store {
    /// The sites that may have an ad server, each with the mark of the edge's last answer.
    pub async fn wanted_marks(&self) -> Result<Vec<WantedSince>, StoreError> {
        let rows = sqlx::query(
            "SELECT d.id, COALESCE(m.mark, 0) AS mark FROM documents d LEFT JOIN wanted_marks m ON m.host = d.id
              WHERE d.kind = 'site' AND d.body LIKE '%\"ads\":{%' ORDER BY d.id",
        );
        let rows = rows.fetch_all(&self.pool).await?;
        let since = |row: &sqlx::sqlite::SqliteRow| -> Result<Option<WantedSince>, sqlx::Error> {
            let after = row.try_get("mark").map(i64::cast_unsigned)?;
            let site: String = row.try_get("id")?;
            Ok(site.parse().ok().map(|site| WantedSince { site, after }))
        };
        let marks: Result<Vec<_>, _> = rows.iter().map(since).collect();
        Ok(marks?.into_iter().flatten().collect())
    }

    /// Stores an answer of the edge.
    pub async fn note_wanted(&self, answer: &WantedAnswer) -> Result<(), StoreError> {
        let mut transaction = self.write_transaction().await?;
        for site in &answer.sites {
            note(&mut transaction, site).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Creatives that are wanted and have no document for their site, within a scope, by site and id; and whether there are more.
    pub async fn wanted(
        &self,
        WantedList { after, site, limit }: WantedList<'_>,
        scope: &Scope,
    ) -> Result<(Vec<Wanted>, bool), StoreError> {
        if scope.check_kind(DocumentKind::Creative).is_err() {
            return Ok((Vec::new(), false));
        }
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT w.host, w.times, w.first_at, w.last_at, w.creative FROM wanted_creatives w
              WHERE NOT EXISTS (SELECT 1 FROM document_sites own
                                 WHERE own.kind = 'creative' AND own.host = w.host AND own.id = w.id)",
        );
        if let Some((host, id)) = after {
            query.push(" AND (w.host, w.id) > (").push_bind(host.as_str().to_owned());
            query.push(", ").push_bind(id.as_str().to_owned()).push(")");
        }
        if let Some(site) = site {
            query.push(" AND w.host = ").push_bind(site.as_str().to_owned());
        }
        if let Some(sites) = scope.sites() {
            query.push(" AND w.host IN (");
            let mut list = query.separated(", ");
            for own in sites {
                list.push_bind(own.as_str().to_owned());
            }
            query.push(")");
        }
        query.push(" ORDER BY w.host, w.id LIMIT ");
        query.push_bind(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1));
        let rows = query.build().fetch_all(&self.pool).await?;
        let more = rows.len() > limit;
        let listed = rows.iter().take(limit).map(read).collect::<Result<Vec<_>, _>>()?;
        Ok((listed.into_iter().flatten().collect(), more))
    }

    /// Forgets the creatives that have not been seen for long, and returns their number.
    pub async fn prune_wanted(&self, now: UnixMillis) -> Result<u64, StoreError> {
        let until = now.seconds().as_secs().saturating_sub(KEPT_S);
        let gone = sqlx::query("DELETE FROM wanted_creatives WHERE last_at < $1").bind(seconds(until));
        Ok(gone.execute(&self.pool).await?.rows_affected())
    }
}

async fn note(connection: &mut SqliteConnection, of_site: &WantedOfSite) -> Result<(), StoreError> {
    let WantedOfSite { site, creatives, next, .. } = of_site;
    for WantedSighting { creative, times, first, last } in creatives {
        let json = serde_json::to_string(creative).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
        sqlx::query(
            "INSERT INTO wanted_creatives (host, id, times, first_at, last_at, creative)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (host, id) DO UPDATE
                SET times = excluded.times, last_at = excluded.last_at, creative = excluded.creative",
        )
        .bind(site.as_str())
        .bind(creative.id.as_str())
        .bind(seconds(*times))
        .bind(seconds(first.as_secs()))
        .bind(seconds(last.as_secs()))
        .bind(json)
        .execute(&mut *connection)
        .await?;
    }
    if !creatives.is_empty() {
        sqlx::query(
            "DELETE FROM wanted_creatives WHERE host = $1 AND id NOT IN
             (SELECT id FROM wanted_creatives WHERE host = $1 ORDER BY last_at DESC, id LIMIT $2)",
        )
        .bind(site.as_str())
        .bind(MOST_OF_SITE)
        .execute(&mut *connection)
        .await?;
        let mark = "INSERT INTO wanted_marks (host, mark) VALUES ($1, $2)
                    ON CONFLICT (host) DO UPDATE SET mark = excluded.mark";
        sqlx::query(mark).bind(site.as_str()).bind(seconds(*next)).execute(connection).await?;
    }
    Ok(())
}

/// A row; `None` if this version cannot read it.
fn read(row: &sqlx::sqlite::SqliteRow) -> Result<Option<Wanted>, sqlx::Error> {
    let (host, json): (String, String) = (row.try_get("host")?, row.try_get("creative")?);
    let time = |column| row.try_get(column).map(|secs: i64| UnixTime::from_secs(secs.cast_unsigned()));
    let times = row.try_get("times").map(i64::cast_unsigned)?;
    let (first, last) = (time("first_at")?, time("last_at")?);
    let creative: Option<WantedCreative> = serde_json::from_str(&json).ok();
    let site = host.parse().ok();
    Ok(site
        .zip(creative)
        .map(|(site, creative)| Wanted { site, sighting: WantedSighting { creative, times, first, last } }))
}

fn seconds(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
