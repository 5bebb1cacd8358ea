//! The database: the catalogue as the CMS left it, what the edge has yet to be told, and the API keys.

mod api_keys;
mod hosts;
mod open;
mod outbox;
mod record;
mod revision;
mod revocations;
mod scope;
mod status;
mod write;

pub use api_keys::{ApiKey, ApiKeyRecord, ApiKeyStoreError};
pub use open::{Database, DatabaseError, Store};
pub use outbox::{Outgoing, Settlement, Urgency, Verdict};
pub use record::{List, Listed, Record, State};
pub use revocations::Revoking;
pub use scope::{Actor, OutOfScope, Scope, ScopeError};
pub use status::{Failure, LastError, SyncStatus};
pub use write::{Expectation, Written};

use stagedoor::catalog::DocumentKey;

/// Why a row cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// A document is not what this program writes. It is named, its content never is.
    #[error("the database holds a document that cannot be read: {0}")]
    Corrupt(DocumentKey),
}
