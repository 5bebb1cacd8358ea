//! The sets of keys that sites name, in rows: which sites need a set, and whether any site knows an issuer, without reading the sites.

use std::collections::BTreeSet;

use sqlx::SqliteConnection;
use stagedoor::catalog::{Host, Issuer, Site};

use super::references;

/// The sets of keys that a site names; none if it cannot be read.
fn named_by(body: &str) -> BTreeSet<Issuer> {
    let Ok(site) = serde_json::from_str::<Site>(body) else { return BTreeSet::new() };
    references::keys_of(&site).into_iter().map(|named| named.issuer.clone()).collect()
}

/// Stores the sets of keys that a site names.
pub(super) async fn note(
    connection: &mut SqliteConnection,
    host: &str,
    body: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM site_keys WHERE host = $1").bind(host).execute(&mut *connection).await?;
    for issuer in body.map(named_by).unwrap_or_default() {
        sqlx::query("INSERT INTO site_keys (issuer, host) VALUES ($1, $2)")
            .bind(issuer.as_str())
            .bind(host)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Whether a site names a set of keys.
pub(super) async fn names(
    connection: &mut SqliteConnection,
    host: &Host,
    issuer: &Issuer,
) -> Result<bool, sqlx::Error> {
    let row = sqlx::query("SELECT 1 FROM site_keys WHERE issuer = $1 AND host = $2");
    let row = row.bind(issuer.as_str()).bind(host.as_str()).fetch_optional(connection).await?;
    Ok(row.is_some())
}

/// Whether any site names a set of keys.
pub(super) async fn is_named(
    connection: &mut SqliteConnection,
    issuer: &Issuer,
) -> Result<bool, sqlx::Error> {
    let row = sqlx::query("SELECT 1 FROM site_keys WHERE issuer = $1 LIMIT 1");
    Ok(row.bind(issuer.as_str()).fetch_optional(connection).await?.is_some())
}
