//! `stagedoor-origin api-key create|list|revoke`. It works on the database, also while the service runs.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use stagedoor::catalog::{DocumentKind, Host};

use super::database::{DatabaseArgs, NewDatabaseArgs};
use super::failure::Failure;
use super::output::print;
use crate::clock::UnixMillis;
use crate::io_reason::io_reason;
use crate::private_file;
use crate::store::{ApiKey, ApiKeyRecord, Scope, Store};

#[derive(Debug, Subcommand)]
pub(super) enum ApiKeyCommand {
    /// Make a key and print it, once: only its hash is stored.
    #[command(after_help = CREATE)]
    Create {
        /// Name of the key's holder, such as `cms`.
        #[arg(long, value_parser = name)]
        name: String,
        /// File for the key, readable by its owner only, instead of standard output. It must not exist.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Kinds of documents to which it is limited: site, title, keys, revocations, campaigns, creative. Default: every kind.
        #[arg(long, value_delimiter = ',', value_name = "KIND", value_parser = kind)]
        kinds: Vec<DocumentKind>,
        /// Host names of the sites to which it is limited, with their titles and revocations. Default: every site. A set of keys
        /// belongs to no site, so such a key cannot reach it.
        #[arg(long, value_delimiter = ',', value_name = "HOST")]
        sites: Vec<Host>,
        #[command(flatten)]
        database: NewDatabaseArgs,
    },
    /// List the keys: public id, name, time made, kinds, sites, time revoked.
    #[command(after_help = "Example:\n  stagedoor-origin api-key list --database stagedoor.db")]
    List {
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Revoke a key at once.
    #[command(after_help = "Example:\n  stagedoor-origin api-key revoke cms --database stagedoor.db")]
    Revoke {
        /// The name of the key.
        name: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

pub(super) const HELP: &str = "\
Examples:
  stagedoor-origin api-key create --name cms --out api-key
  stagedoor-origin api-key list
  stagedoor-origin api-key revoke cms";

const CREATE: &str = "\
Examples:
  stagedoor-origin api-key create --name cms --out api-key
  stagedoor-origin api-key create --name partner --kinds title,revocations \\
    --sites watch.example.com
  stagedoor-origin api-key create --name cms --out api-key \\
    --create-database --database new.db";

impl ApiKeyCommand {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Create { name, out, kinds, sites, database } => {
                let scope = Scope::new(kinds, sites)?;
                let store = database.open().await?;
                create(&store, &name, &scope, out.as_deref()).await?;
                store.close().await;
            }
            Self::List { database } => {
                let store = Store::open(&database.existing()?).await?;
                for key in store.api_keys().await? {
                    let revoked =
                        key.revoked_at.map_or_else(|| "-".to_owned(), |at| at.seconds().to_string());
                    let ApiKeyRecord { id, name, created_at, scope, .. } = &key;
                    print(&format!("{id}\t{name}\t{}\t{scope}\t{revoked}", created_at.seconds()))?;
                }
                store.close().await;
            }
            Self::Revoke { name, database } => {
                let store = Store::open(&database.existing()?).await?;
                if !store.revoke_api_key(&name, UnixMillis::now()).await? {
                    let text = format!(
                        "expected the name of a valid key, found `{name}`: `api-key list` has the names"
                    );
                    return Err(Failure::Refused(text));
                }
                store.close().await;
            }
        }
        Ok(())
    }
}

/// Makes a key, and hands it out. A key that cannot be handed out is revoked, since nobody could ever use it.
async fn create(store: &Store, name: &str, scope: &Scope, out: Option<&Path>) -> Result<(), Failure> {
    let file = out.map(create_private).transpose()?;
    let key = match store.create_api_key(name, scope, UnixMillis::now()).await {
        Ok(key) => key,
        Err(error) => {
            // The error counts; an empty file would only be in the way.
            let _ = out.map(fs::remove_file);
            return Err(error.into());
        }
    };
    let handed_out = match (file, out) {
        (Some(file), Some(path)) => write(file, &key).map_err(|error| unwritable(path, &error)),
        _ => print(key.expose()),
    };
    if handed_out.is_err() {
        store.revoke_api_key(name, UnixMillis::now()).await?;
    }
    handed_out
}

/// Creates a file that only its owner can read, where there is none.
fn create_private(path: &Path) -> Result<File, Failure> {
    private_file::create(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::Misuse(format!(
            "expected no file at {}, found one: no key was made; choose another file",
            path.display()
        )),
        _ => Failure::Misuse(unwritable(path, &error).to_string()),
    })
}

fn write(mut file: File, key: &ApiKey) -> io::Result<()> {
    writeln!(file, "{}", key.expose())?;
    file.sync_all()
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::Broken(format!(
        "cannot write the key to {}: {}; no key was made",
        path.display(),
        io_reason(error)
    ))
}

/// Reads a name that fits into a line of a list.
fn name(text: &str) -> Result<String, &'static str> {
    if (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err("expected 1 to 64 visible ASCII characters")
    }
}

fn kind(text: &str) -> Result<DocumentKind, String> {
    let known = || DocumentKind::ALL.map(DocumentKind::name).join(", ");
    DocumentKind::ALL
        .into_iter()
        .find(|kind| kind.name() == text)
        .ok_or_else(|| format!("expected one of {}", known()))
}
