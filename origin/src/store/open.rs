//! Opens the database, and creates it at the first start.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;
use std::{fs, io};

use sqlx::migrate::MigrateError;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection, Sqlite, SqliteConnection, Transaction};

use crate::clock::UnixMillis;
use crate::io_reason::io_reason;

/// The location of the database: a file, by its path or by a `sqlite:` URL.
#[derive(Clone, Debug)]
pub struct Database(pub(super) SqliteConnectOptions);

/// Why the database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The name of the database cannot be read.
    #[error("expected a file or a sqlite: URL for the database, found `{0}`: {1}")]
    Name(String, String),
    /// There is no file, or an empty one.
    #[error("expected a database at {0}, found none: check the path")]
    Missing(String),
    /// The file cannot be made or opened.
    #[error("cannot open the database file {0}: {reason}", reason = io_reason(.1))]
    File(String, io::Error),
    /// The file is not this service's database.
    #[error("expected a database of stagedoor-origin at {0}, found {1}")]
    Foreign(String, &'static str),
    /// A newer version of this service has changed the tables.
    #[error(
        "the database {0} was migrated by a newer stagedoor-origin: start that version, or restore the backup that was made \
         before the upgrade"
    )]
    Newer(String),
    /// The database does not answer.
    #[error("cannot open the database: {0}")]
    Open(#[from] sqlx::Error),
    /// Its tables cannot be brought up to date.
    #[error("cannot migrate the database: {0}")]
    Migrate(MigrateError),
}

impl FromStr for Database {
    type Err = DatabaseError;

    fn from_str(text: &str) -> Result<Self, DatabaseError> {
        // A database URL may contain a password, so only its scheme is quoted.
        match text.split_once(':') {
            Some(("sqlite", rest)) if rest.contains(":memory:") || rest.contains("mode=memory") => {
                Err(DatabaseError::Name(
                    "sqlite:…".to_owned(),
                    "memory forgets the catalogue at the end".to_owned(),
                ))
            }
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

impl Database {
    /// The path of its file.
    pub fn path(&self) -> &Path {
        self.0.get_filename()
    }

    /// Refuses a place without a database: most likely its path is mistyped.
    pub fn require(&self) -> Result<(), DatabaseError> {
        let named = || self.path().display().to_string();
        match fs::metadata(self.path()) {
            Ok(found) if found.is_file() && found.len() == 0 => Err(DatabaseError::Missing(named())),
            Ok(found) if found.is_dir() => Err(DatabaseError::Foreign(named(), "a folder")),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(DatabaseError::Missing(named())),
            Err(error) => Err(DatabaseError::File(named(), error)),
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
    pub async fn open(database: &Database) -> Result<Self, DatabaseError> {
        let named = || database.path().display().to_string();
        make_private(&database.0)?;
        let options = database
            .0
            .clone()
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A change that was confirmed to the CMS also survives a loss of power.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5));
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .after_release(|connection, _| Box::pin(is_reusable(connection)))
            .connect_with(options)
            .await
            .map_err(|error| {
                match error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() {
                    Some(NOT_A_DATABASE) => DatabaseError::Foreign(named(), "a file of another kind"),
                    _ => DatabaseError::Open(error),
                }
            })?;
        let tables = "SELECT COUNT(*), COUNT(*) FILTER (WHERE name = '_sqlx_migrations') FROM sqlite_schema";
        if let (1.., 0) = sqlx::query_as::<_, (i64, i64)>(tables).fetch_one(&pool).await? {
            return Err(DatabaseError::Foreign(named(), "the database of another program"));
        }
        sqlx::migrate!().run(&pool).await.map_err(|error| match error {
            MigrateError::VersionMissing(_) => DatabaseError::Newer(named()),
            error => DatabaseError::Migrate(error),
        })?;
        let store = Self { pool };
        store.adopt_revocations(UnixMillis::now()).await?;
        store.adopt_derived().await?;
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

/// Whether a connection can serve somebody else.
///
/// SQLite itself rolls a transaction back when the disk is full. Then sqlx's own rollback fails, and it counts the connection as
/// within a transaction for ever: such a connection would begin no other one.
async fn is_reusable(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // A rollback that is under way ends before the answer.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// SQLite's code for a file that is not a database.
const NOT_A_DATABASE: &str = "26";

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
    use crate::store::StoreError;

    #[test]
    fn names_of_databases() {
        for (text, file) in [("./a.db", "./a.db"), ("/var/a.db", "/var/a.db"), ("sqlite:b.db", "b.db")] {
            assert_eq!(text.parse::<Database>().unwrap().0.get_filename(), std::path::Path::new(file));
        }
        let error = "postgres://me:secret@db/stagedoor".parse::<Database>().unwrap_err().to_string();
        assert!(error.contains("only SQLite") && !error.contains("secret"), "{error}");
        for memory in ["sqlite::memory:", "sqlite:a.db?mode=memory"] {
            assert!(memory.parse::<Database>().is_err(), "{memory}");
        }
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

    /// A full disk, by SQLite's own limit of a connection.
    #[tokio::test]
    async fn after_a_full_disk_every_connection_writes_again() {
        let folder = tempfile::tempdir().unwrap();
        let store =
            Store::open(&folder.path().join("a.db").to_str().unwrap().parse().unwrap()).await.unwrap();
        let write = async || -> Result<(), sqlx::Error> {
            let mut transaction = store.write_transaction().await?;
            sqlx::query("CREATE TABLE IF NOT EXISTS large (bytes BLOB)").execute(&mut *transaction).await?;
            sqlx::query("INSERT INTO large VALUES (zeroblob(10000000))").execute(&mut *transaction).await?;
            transaction.commit().await
        };
        let mut all = Vec::new();
        for _ in 0..4 {
            let mut connection = store.pool.acquire().await.unwrap();
            sqlx::query("PRAGMA max_page_count = 100").fetch_one(&mut *connection).await.unwrap();
            all.push(connection);
        }
        drop(all);
        let refused = StoreError::from(write().await.unwrap_err());
        assert!(refused.is_disk_full(), "{refused}");
        let mut written = 0;
        for _ in 0..20 {
            match write().await {
                Ok(()) => written += 1,
                // The limit of a connection that had not failed yet.
                Err(error) => assert!(StoreError::from(error).is_disk_full()),
            }
        }
        assert!(written >= 16, "{written} of 20");
    }
}
