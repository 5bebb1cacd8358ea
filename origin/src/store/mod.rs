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
mod title_sites;
mod turn;
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
    /// What the edge is to be told of a document cannot be read. That is this document's failure alone.
    #[error("{key} cannot be sent: {why}")]
    Unreadable {
        /// Which document.
        key: DocumentKey,
        /// The revision of that state.
        revision: u64,
        /// What is wrong, without its content.
        why: String,
    },
}
