//! The sets of keys that sites name, in rows: which sites need a set, and whether any site knows an issuer, without reading the sites.

use std::collections::BTreeSet;

use sqlx::{Row, SqliteConnection};
use stagedoor::catalog::{DocumentKind, Host, Issuer, Site};

use super::{Store, references};

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

impl Store {
    /// Stores the sets of keys of sites from versions without these rows. A site that cannot be read is read again at the next
    /// start.
    pub(super) async fn adopt_site_keys(&self) -> Result<(), sqlx::Error> {
        let mut transaction = self.write_transaction().await?;
        let mut after = String::new();
        loop {
            let row = sqlx::query(
                "SELECT d.id, d.body FROM documents d
                  WHERE d.kind = $1 AND d.id > $2 AND d.body IS NOT NULL
                    AND NOT EXISTS (SELECT 1 FROM site_keys noted WHERE noted.host = d.id)
                  ORDER BY d.id LIMIT 1",
            );
            let row =
                row.bind(DocumentKind::Site.name()).bind(&after).fetch_optional(&mut *transaction).await?;
            let Some(row) = row else { break };
            after = row.try_get("id")?;
            note(&mut transaction, &after, row.try_get("body").ok()).await?;
        }
        transaction.commit().await
    }
}
