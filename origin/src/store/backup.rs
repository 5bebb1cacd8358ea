//! Copies the database into a file while the service runs.

use std::path::{Path, PathBuf};
use std::{fs, io};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::{Database, DatabaseError, Store};
use crate::io_reason::io_reason;
use crate::private_file;

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is no database to copy.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The file exists.
    #[error("expected no file at {0}, found one: a backup overwrites nothing, choose another name")]
    Taken(String),
    /// The file cannot be written.
    #[error("cannot write the backup {0}: {reason}", reason = io_reason(.1))]
    File(String, io::Error),
    /// SQLite cannot copy the database.
    #[error("cannot copy the database: {0}")]
    Copy(#[from] sqlx::Error),
    /// The copy does not pass SQLite's check.
    #[error("the copy is damaged, which means that the database is: {0}")]
    Damaged(String),
}

impl Store {
    /// Copies the database into a new file that only its owner can read, and returns the file's size in bytes.
    ///
    /// The copy is the state of one moment. Writers are not kept waiting, and the tables are not migrated. Until it is complete, it
    /// lies beside its place, under the same name with `.partial`.
    pub async fn back_up(database: &Database, to: &Path) -> Result<u64, BackupError> {
        database.require()?;
        if to.exists() {
            return Err(BackupError::Taken(to.display().to_string()));
        }
        let partial = PathBuf::from(format!("{}.partial", to.display()));
        create_private(&partial)?;
        let copied = match copy(database, &partial).await {
            Ok(()) => put_in_place(&partial, to),
            Err(error) => Err(error),
        };
        if copied.is_err() {
            // The error that led here says more than one of removing.
            let _ = fs::remove_file(&partial);
        }
        copied
    }
}

/// Creates a file that only its owner can read, where there is none.
fn create_private(path: &Path) -> Result<fs::File, BackupError> {
    private_file::create(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Taken(path.display().to_string()),
        _ => BackupError::File(path.display().to_string(), error),
    })
}

/// Copies by SQLite's `VACUUM INTO`, which takes an empty file, and checks the copy.
async fn copy(Database(options): &Database, to: &Path) -> Result<(), BackupError> {
    let mut connection = options.clone().create_if_missing(false).connect().await?;
    sqlx::query("VACUUM INTO $1").bind(to.display().to_string()).execute(&mut connection).await?;
    connection.close().await?;
    let mut copy = SqliteConnectOptions::new().filename(to).immutable(true).connect().await?;
    let found: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut copy).await?;
    copy.close().await?;
    if found == "ok" { Ok(()) } else { Err(BackupError::Damaged(found)) }
}

/// Makes the copy survive a loss of power, which SQLite leaves to its caller, and gives it its name.
fn put_in_place(partial: &Path, to: &Path) -> Result<u64, BackupError> {
    let failed = |error| BackupError::File(to.display().to_string(), error);
    let file = fs::File::open(partial).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    // Only the creation of a file fails where there is one; renaming would replace it.
    create_private(to)?;
    fs::rename(partial, to).map_err(failed)?;
    Ok(size)
}
