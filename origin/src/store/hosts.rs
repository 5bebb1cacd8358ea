//! Documents that have edges fetch from a host.

use stagedoor::catalog::{Host, Kind};

use super::{Record, Store, StoreError};

impl Store {
    /// The documents that are not deleted and may have a URL of this host, or of one that begins with it.
    pub async fn documents_naming(&self, host: &Host) -> Result<Vec<Record>, StoreError> {
        // In a pattern, `_` stands for itself and for others: more is found than has to be.
        let records = sqlx::query_as(
            "SELECT * FROM document_states WHERE kind IN ($1, $2) AND body LIKE '%//' || $3 || '%'",
        );
        let records = records.bind(Kind::Site.name()).bind(Kind::Keys.name()).bind(host.as_str());
        Ok(records.fetch_all(&self.pool).await?)
    }
}
