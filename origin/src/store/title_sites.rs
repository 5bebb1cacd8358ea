//! The sites of titles, in rows. An API key for some sites lists its titles by them, without reading the titles of others.

use std::collections::BTreeSet;

use serde::Deserialize;
use sqlx::{Row, Sqlite, SqliteConnection};
use stagedoor::catalog::Host;

/// The sites of a title; none if they cannot be read.
pub(super) fn shown_on(body: &str) -> BTreeSet<Host> {
    #[derive(Deserialize)]
    struct Shown {
        sites: BTreeSet<Host>,
    }
    serde_json::from_str(body).map(|Shown { sites }| sites).unwrap_or_default()
}

/// Stores the sites of a title.
pub(super) async fn note(
    connection: &mut SqliteConnection,
    id: &str,
    body: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM title_sites WHERE id = $1").bind(id).execute(&mut *connection).await?;
    for host in body.map(shown_on).unwrap_or_default() {
        sqlx::query("INSERT INTO title_sites (host, id) VALUES ($1, $2)")
            .bind(host.as_str())
            .bind(id)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Whether an existing title is shown on a site.
pub(super) async fn shows(
    connection: &mut SqliteConnection,
    host: &Host,
    id: &str,
) -> Result<bool, sqlx::Error> {
    let row = sqlx::query("SELECT 1 FROM title_sites WHERE host = $1 AND id = $2");
    Ok(row.bind(host.as_str()).bind(id).fetch_optional(connection).await?.is_some())
}

/// The ids of titles that are shown on one of some sites, and on no others than `sites`, in byte order, after the id `after`.
pub(super) async fn within(
    connection: &mut SqliteConnection,
    shown_on: &BTreeSet<Host>,
    sites: &BTreeSet<Host>,
    after: &str,
    limit: usize,
) -> Result<BTreeSet<String>, sqlx::Error> {
    let mut ids = BTreeSet::new();
    for host in shown_on {
        let mut query =
            sqlx::QueryBuilder::<Sqlite>::new("SELECT own.id FROM title_sites own WHERE own.host = ");
        query.push_bind(host.as_str()).push(" AND own.id > ").push_bind(after);
        query.push(
            " AND NOT EXISTS (SELECT 1 FROM title_sites other WHERE other.id = own.id AND other.host NOT IN (",
        );
        let mut list = query.separated(", ");
        for site in sites {
            list.push_bind(site.as_str());
        }
        query.push(")) ORDER BY own.id LIMIT ").push_bind(i64::try_from(limit).unwrap_or(i64::MAX));
        for row in query.build().fetch_all(&mut *connection).await? {
            ids.insert(row.try_get("id")?);
        }
        // The first ids over all sites are among the first ids of each site.
        while ids.len() > limit {
            ids.pop_last();
        }
    }
    Ok(ids)
}
