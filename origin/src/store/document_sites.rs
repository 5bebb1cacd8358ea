//! The sites of titles and creatives, in rows. An API key for some sites lists its documents by them, without reading the documents
//! of others.

use std::collections::BTreeSet;

use serde::Deserialize;
use sqlx::{Row, Sqlite, SqliteConnection};
use stagedoor::catalog::{DocumentKind, Host};

/// The sites of a title or creative; none if they cannot be read.
pub(super) fn shown_on(body: &str) -> BTreeSet<Host> {
    #[derive(Deserialize)]
    struct Shown {
        sites: BTreeSet<Host>,
    }
    serde_json::from_str(body).map(|Shown { sites }| sites).unwrap_or_default()
}

/// Stores the sites of a document.
pub(super) async fn note(
    connection: &mut SqliteConnection,
    kind: DocumentKind,
    id: &str,
    body: Option<&str>,
) -> Result<(), sqlx::Error> {
    let gone = sqlx::query("DELETE FROM document_sites WHERE kind = $1 AND id = $2").bind(kind.name());
    gone.bind(id).execute(&mut *connection).await?;
    for host in body.map(shown_on).unwrap_or_default() {
        sqlx::query("INSERT INTO document_sites (kind, host, id) VALUES ($1, $2, $3)")
            .bind(kind.name())
            .bind(host.as_str())
            .bind(id)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Whether an existing document of a kind may be shown on a site.
pub(super) async fn shows(
    connection: &mut SqliteConnection,
    kind: DocumentKind,
    host: &Host,
    id: &str,
) -> Result<bool, sqlx::Error> {
    let row = sqlx::query("SELECT 1 FROM document_sites WHERE kind = $1 AND host = $2 AND id = $3");
    let row = row.bind(kind.name()).bind(host.as_str()).bind(id);
    Ok(row.fetch_optional(connection).await?.is_some())
}

/// The ids of documents of a kind that may be shown on one of some sites, and on no others than `sites`, in byte order, after the
/// id `after`.
pub(super) async fn within(
    connection: &mut SqliteConnection,
    kind: DocumentKind,
    (shown_on, sites): (&BTreeSet<Host>, &BTreeSet<Host>),
    after: &str,
    limit: usize,
) -> Result<BTreeSet<String>, sqlx::Error> {
    let mut ids = BTreeSet::new();
    for host in shown_on {
        let mut query =
            sqlx::QueryBuilder::<Sqlite>::new("SELECT own.id FROM document_sites own WHERE own.kind = ");
        query.push_bind(kind.name()).push(" AND own.host = ").push_bind(host.as_str());
        query.push(" AND own.id > ").push_bind(after);
        query.push(
            " AND NOT EXISTS (SELECT 1 FROM document_sites other
               WHERE other.kind = own.kind AND other.id = own.id AND other.host NOT IN (",
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
