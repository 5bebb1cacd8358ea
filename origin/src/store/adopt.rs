//! Rows that are derived from documents, for documents of versions without these rows.

use sqlx::{Row, SqliteConnection};
use stagedoor::catalog::{DocumentKey, DocumentKind};

use super::{Store, document_names, document_sites, history, site_keys};

/// Finds the first document of a kind after an id that has no row in a table. The column has the document's id.
macro_rules! without_row {
    ($table:literal, $column:literal $(, $kind:literal)?) => {
        concat!(
            "SELECT d.id, d.body, d.revision FROM documents d
              WHERE d.kind = $1 AND d.id > $2 AND d.body IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM ",
            $table,
            " noted WHERE noted.",
            $column,
            " = d.id",
            $(" AND noted.", $kind, " = d.kind",)?
            ")
              ORDER BY d.id LIMIT 1",
        )
    };
}

/// A table of derived rows.
#[derive(Clone, Copy)]
enum Derived {
    TitleSites,
    TitleNames,
    SiteKeys,
}

impl Derived {
    const ALL: [Self; 3] = [Self::TitleSites, Self::TitleNames, Self::SiteKeys];

    /// The kind of the documents, and a query for the first of them after an id that has no row.
    const fn missing(self) -> (DocumentKind, &'static str) {
        match self {
            Self::TitleSites => (DocumentKind::Title, without_row!("document_sites", "id", "kind")),
            Self::TitleNames => (DocumentKind::Title, without_row!("document_names", "id", "kind")),
            Self::SiteKeys => (DocumentKind::Site, without_row!("site_keys", "host")),
        }
    }

    async fn note(
        self,
        connection: &mut SqliteConnection,
        id: &str,
        body: Option<&str>,
        revision: i64,
    ) -> Result<(), sqlx::Error> {
        match self {
            Self::TitleSites => {
                document_sites::note(connection, DocumentKind::Title, id, body).await?;
                match DocumentKey::new(DocumentKind::Title, id) {
                    Ok(key) => history::note_sites(connection, &key, revision, body).await,
                    Err(_) => Ok(()),
                }
            }
            Self::TitleNames => {
                let body = Some(body.unwrap_or_default());
                document_names::note(connection, DocumentKind::Title, id, body).await
            }
            Self::SiteKeys => site_keys::note(connection, id, body).await,
        }
    }
}

impl Store {
    /// Stores the rows that are missing. A document that cannot be read belongs to no site and names no keys, and is read again at the
    /// next start.
    pub(super) async fn adopt_derived(&self) -> Result<(), sqlx::Error> {
        for table in Derived::ALL {
            let (kind, missing) = table.missing();
            let first = sqlx::query(missing).bind(kind.name()).bind("").fetch_optional(&self.pool).await?;
            if first.is_none() {
                // No writer waits for a search that finds nothing.
                continue;
            }
            let mut transaction = self.write_transaction().await?;
            let mut after = String::new();
            loop {
                let row = sqlx::query(missing).bind(kind.name()).bind(&after);
                let Some(row) = row.fetch_optional(&mut *transaction).await? else { break };
                after = row.try_get("id")?;
                table
                    .note(&mut transaction, &after, row.try_get("body").ok(), row.try_get("revision")?)
                    .await?;
            }
            transaction.commit().await?;
        }
        Ok(())
    }
}
