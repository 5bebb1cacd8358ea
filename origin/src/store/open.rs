//! Opens the database, and creates it at the first start.

use std::str::FromStr;
use std::time::Duration;
use std::{fs, io};

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, Transaction};

use crate::clock::UnixMillis;

/// The location of the database: a file, by its path or by a `sqlite:` URL.
#[derive(Clone, Debug)]
pub struct Database(SqliteConnectOptions);

/// Why the database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The name of the database cannot be read.
    #[error("expected a file or a sqlite: URL for the database, found `{0}`: {1}")]
    Name(String, String),
    /// The file cannot be made or opened.
    #[error("cannot open the database file {0}: {1}")]
    File(String, io::Error),
    /// The file is not a database, or does not answer.
    #[error("cannot open the database: {0}")]
    Open(#[from] sqlx::Error),
    /// Its tables cannot be brought up to date.
    #[error("cannot migrate the database: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

impl FromStr for Database {
    type Err = DatabaseError;

    fn from_str(text: &str) -> Result<Self, DatabaseError> {
        // A database URL may contain a password, so only its scheme is quoted.
        match text.split_once(':') {
            Some(("sqlite", _)) => text
                .parse()
                .map(Self)
                .map_err(|error: sqlx::Error| DatabaseError::Name("sqlite:…".to_owned(), error.to_string())),
            Some((scheme, rest)) if rest.starts_with("//") => {
                let found = format!("{scheme}://…");
                Err(DatabaseError::Name(found, "only SQLite is built in so far".to_owned()))
            }
            _ => Ok(Self(SqliteConnectOptions::new().filename(text))),
        }
    }
}

/// The open database. Clones share one pool of connections.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) pool: SqlitePool,
}

impl Store {
    /// Opens the database, creates its file if there is none, and brings its tables up to date.
    pub async fn open(Database(options): &Database) -> Result<Self, DatabaseError> {
        make_private(options)?;
        let options = options
            .clone()
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A change that was confirmed to the CMS also survives a loss of power.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5));
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await?;
        sqlx::migrate!().run(&pool).await?;
        let store = Self { pool };
        store.adopt_revocations(UnixMillis::now()).await?;
        store.adopt_title_sites().await?;
        Ok(store)
    }

    /// Whether the database answers.
    pub async fn check(&self) -> Result<(), sqlx::Error> {
        sqlx::query("SELECT 1 FROM documents LIMIT 1").fetch_optional(&self.pool).await.map(drop)
    }

    /// Begins a write transaction. It becomes the only writer at once, so the rows that it reads cannot change before it
    /// writes.
    pub(super) async fn write_transaction(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        self.pool.begin_with("BEGIN IMMEDIATE").await
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Creates the file readable by its owner only, because its documents include the session keys. The files that SQLite puts
/// beside it have the same permissions.
fn make_private(options: &SqliteConnectOptions) -> Result<(), DatabaseError> {
    let path = options.get_filename();
    let mut file = fs::OpenOptions::new();
    file.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    match file.open(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(DatabaseError::File(path.display().to_string(), error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_databases() {
        for (text, file) in [("./a.db", "./a.db"), ("/var/a.db", "/var/a.db"), ("sqlite:b.db", "b.db")] {
            assert_eq!(text.parse::<Database>().unwrap().0.get_filename(), std::path::Path::new(file));
        }
        let error = "postgres://me:secret@db/stagedoor".parse::<Database>().unwrap_err().to_string();
        assert!(error.contains("only SQLite") && !error.contains("secret"), "{error}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_the_owner_can_read_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new.db");
        let store = Store::open(&path.to_str().unwrap().parse().unwrap()).await.unwrap();
        store.check().await.unwrap();
        for suffix in ["", "-wal"] {
            let file = fs::metadata(format!("{}{suffix}", path.display())).unwrap();
            assert_eq!(file.permissions().mode() & 0o777, 0o600, "{suffix}");
        }
    }
}
