//! Why a command fails, and its exit code.

use std::fmt;
use std::process::ExitCode;

use crate::origin::StartError;
use crate::push::EdgeError;
use crate::store::{ApiKeyStoreError, BackupError, DatabaseError, ScopeError, StoreError};

/// Why a command fails. The text is complete: it says what was expected, what was found, and the remedy.
#[derive(Debug)]
pub enum Failure {
    /// The command was understood, and what it asks for is refused. Exit code 1.
    Refused(String),
    /// An argument, a setting or an input file is wrong. Exit code 2.
    Misuse(String),
    /// Something does not work: the disk, the port, the database. Exit code 3.
    Broken(String),
}

impl Failure {
    /// The exit code.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Refused(_) => 1,
            Self::Misuse(_) => 2,
            Self::Broken(_) => 3,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Refused(text) | Self::Misuse(text) | Self::Broken(text)) = self;
        f.write_str(text)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Broken(format!("the database: {error}"))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Broken(error.to_string())
    }
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        let text = error.to_string();
        match error {
            DatabaseError::Open(_) | DatabaseError::Migrate(_) => Self::Broken(text),
            DatabaseError::Name(..)
            | DatabaseError::Missing(_)
            | DatabaseError::File(..)
            | DatabaseError::Foreign(..)
            | DatabaseError::Newer(_) => Self::Misuse(text),
        }
    }
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        let text = error.to_string();
        match error {
            BackupError::Database(error) => error.into(),
            BackupError::Taken(_) => Self::Misuse(text),
            BackupError::File(..) | BackupError::Copy(_) | BackupError::Damaged(_) => Self::Broken(text),
        }
    }
}

impl From<ApiKeyStoreError> for Failure {
    fn from(error: ApiKeyStoreError) -> Self {
        let text = error.to_string();
        match error {
            ApiKeyStoreError::Taken(_) => Self::Refused(text),
            ApiKeyStoreError::Random(_) | ApiKeyStoreError::Database(_) => Self::Broken(text),
        }
    }
}

impl From<ScopeError> for Failure {
    fn from(error: ScopeError) -> Self {
        Self::Misuse(error.to_string())
    }
}

impl From<EdgeError> for Failure {
    fn from(error: EdgeError) -> Self {
        let text = error.to_string();
        match error {
            EdgeError::Client(_) => Self::Broken(text),
            EdgeError::Address(_) | EdgeError::Secret { .. } | EdgeError::Folder(_) => Self::Misuse(text),
        }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let text = error.to_string();
        match error {
            StartError::Database(error) => error.into(),
            StartError::Listen(..) => Self::Broken(text),
            StartError::Media(..) => Self::Misuse(text),
        }
    }
}
