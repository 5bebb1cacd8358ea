//! Finds documents that make edges fetch from a host.

use sqlx::SqliteConnection;
use stagedoor::catalog::{DocumentKey, DocumentKind};

use super::{Record, Scope, record};
use crate::validate::{self, FieldError};

/// Finds conflicts between the hosts of a document and the hosts of other documents, within the transaction that writes it.
/// Documents outside the scope are not named.
pub(super) async fn clashes(
    connection: &mut SqliteConnection,
    key: &DocumentKey,
    document: &str,
    scope: &Scope,
) -> Result<Vec<FieldError>, sqlx::Error> {
    let mut reaches_site = false;
    if let Some(site) = validate::fetched(key, document).and_then(|fetched| fetched.site()) {
        reaches_site = record::find(connection, &site).await?.is_some_and(|record| record.body.is_some());
    }
    let others = match key {
        DocumentKey::Site(host) => documents_naming(connection, host.as_str()).await?,
        DocumentKey::Title(_)
        | DocumentKey::Keys(_)
        | DocumentKey::Revocations(_)
        | DocumentKey::Campaigns(_)
        | DocumentKey::Creative(_) => Vec::new(),
    };
    let others = others.iter().filter_map(|other| Some((&other.key, other.body.as_ref()?.expose().as_str())));
    let may_see = |other: &DocumentKey, body: &str| scope.check(other, Some(body)).is_ok();
    Ok(validate::clashes(key, document, reaches_site, others, may_see))
}

/// The existing documents that may contain a URL of this host, or of a host whose name begins with it.
async fn documents_naming(connection: &mut SqliteConnection, host: &str) -> Result<Vec<Record>, sqlx::Error> {
    // In a pattern, `_` matches any character, so this finds more than necessary.
    let records = sqlx::query_as(
        "SELECT * FROM document_states WHERE kind IN ($1, $2) AND body LIKE '%//' || $3 || '%'",
    );
    records
        .bind(DocumentKind::Site.name())
        .bind(DocumentKind::Keys.name())
        .bind(host)
        .fetch_all(connection)
        .await
}
