//! The place of the database. A place without one is refused, since most likely its path is mistyped: only `--create-database`
//! makes a new one.

use std::env;
use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::PathBuf;

use clap::Args;

use super::failure::Failure;
use crate::io_reason::io_reason;
use crate::store::{Database, DatabaseError, Store};

/// Takes the database for this process, as long as the file is open. Two services would send the same changes in their own orders.
pub(super) fn take(database: &Database) -> Result<File, Failure> {
    let named = || database.path().display().to_string();
    let mut path = OsString::from(database.path());
    path.push(".lock");
    let opened = File::options().write(true).create(true).truncate(false).open(PathBuf::from(path));
    let file = opened.map_err(|error| DatabaseError::File(named(), error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::Broken(format!(
            "another stagedoor-origin serves the database {}: stop it first",
            named()
        ))),
        Err(TryLockError::Error(error)) => Err(Failure::Broken(format!(
            "cannot lock the database {}: {}; expected a file system with locks",
            named(),
            io_reason(&error)
        ))),
    }
}

#[derive(Debug, Args)]
pub(super) struct DatabaseArgs {
    /// File, or sqlite: URL, of the database. Default: DATABASE_URL, else ./stagedoor.db.
    #[arg(long, env = "STAGEDOOR_DATABASE", hide_env_values = true, value_name = "FILE")]
    database: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct NewDatabaseArgs {
    #[command(flatten)]
    place: DatabaseArgs,
    /// Make a new database if there is none. Its folder has to exist.
    #[arg(long)]
    create_database: bool,
}

impl DatabaseArgs {
    /// The place, which has a database.
    pub(super) fn existing(&self) -> Result<Database, Failure> {
        let database = self.place()?;
        database.require()?;
        Ok(database)
    }

    fn place(&self) -> Result<Database, Failure> {
        let text = match (&self.database, env::var("DATABASE_URL")) {
            (Some(text), _) => text.clone(),
            (None, Ok(url)) if !url.is_empty() => url,
            (None, _) => "./stagedoor.db".to_owned(),
        };
        Ok(text.parse()?)
    }
}

impl NewDatabaseArgs {
    /// The place, which has a database or may get one, and whether the database will be new.
    pub(super) fn place(&self) -> Result<(Database, bool), Failure> {
        let database = self.place.place()?;
        match database.require() {
            Ok(()) => Ok((database, false)),
            Err(DatabaseError::Missing(_)) if self.create_database => Ok((database, true)),
            Err(error @ DatabaseError::Missing(_)) => {
                Err(Failure::Misuse(format!("{error}, or make a new database with --create-database")))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Opens the database, or makes it.
    pub(super) async fn open(&self) -> Result<Store, Failure> {
        Ok(Store::open(&self.place()?.0).await?)
    }
}
