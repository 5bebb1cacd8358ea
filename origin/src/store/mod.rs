//! The database: the catalogue, the changes that the edge does not have yet, and the API keys.

mod ad_warnings;
mod adopt;
mod api_keys;
mod backup;
mod creative_uses;
mod document_names;
mod document_sites;
mod history;
mod hosts;
mod in_use;
mod list;
mod lookup;
mod nearest;
mod open;
mod outbox;
mod record;
mod references;
mod revision;
mod revocations;
mod scope;
mod site_keys;
mod status;
mod targets;
mod turn;
mod wanted;
mod warnings;
mod write;

pub use api_keys::{ApiKey, ApiKeyRecord, ApiKeyStoreError};
pub use backup::BackupError;
pub use history::{Action, By, Changes, Event, Past};
pub use in_use::Dependents;
pub use list::{Filter, List, Listed, Warned};
pub use open::{Database, DatabaseError, Store};
pub use outbox::{Outgoing, Settlement, Urgency, Verdict};
pub use record::{Record, State};
pub use revocations::{Revised, Revoking};
pub use scope::{Actor, OutOfScope, Scope, ScopeError};
pub use status::{Failure, LastError, SyncStatus};
pub use wanted::{Wanted, WantedList};
pub use warnings::{Warning, WarningCode};
pub use write::{Done, Effect, Expectation, Manner, Written};

use stagedoor::catalog::DocumentKey;

/// Why a row cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// A stored document cannot be read. The error has its key, never its content.
    #[error("the database holds a document that cannot be read: {0}")]
    Corrupt(DocumentKey),
    /// The state of a document that the edge should get cannot be read. Only this document fails.
    #[error("{key} cannot be sent: {why}")]
    Unreadable {
        /// Its key.
        key: DocumentKey,
        /// Its revision.
        revision: u64,
        /// The reason, without its content.
        why: String,
    },
}

impl StoreError {
    /// Whether nothing can be written because the disk is full.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.code().as_deref() == Some(DISK_FULL),
            Self::Database(_) | Self::Corrupt(_) | Self::Unreadable { .. } => false,
        }
    }
}

/// SQLite's code for a full disk.
const DISK_FULL: &str = "13";
