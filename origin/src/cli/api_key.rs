//! `stagedoor-origin api-key create|list|revoke`. It works on the database, also while the service runs.

use std::error::Error;

use clap::Subcommand;
use stagedoor::catalog::{DocumentKind, Host};

use super::DatabaseArgs;
use crate::clock::UnixMillis;
use crate::store::{ApiKeyRecord, Scope, Store};

#[derive(Debug, Subcommand)]
pub(super) enum ApiKeyCommand {
    /// Make a key and print it, once: only its hash is stored.
    Create {
        /// Name of the key's holder, such as `cms`.
        #[arg(long, value_parser = name)]
        name: String,
        /// Kinds of documents to which it is limited: site, title, keys, revocations. Default: every kind.
        #[arg(long, value_delimiter = ',', value_name = "KIND", value_parser = kind)]
        kinds: Vec<DocumentKind>,
        /// Host names of the sites to which it is limited, with their titles and revocations. Default: every site. A set of keys
        /// belongs to no site, so such a key cannot reach it.
        #[arg(long, value_delimiter = ',', value_name = "HOST")]
        sites: Vec<Host>,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// List the keys: public id, name, time made, kinds, sites, time revoked.
    List {
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Revoke a key at once.
    Revoke {
        /// The name of the key.
        name: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

impl ApiKeyCommand {
    pub(super) async fn run(self) -> Result<(), Box<dyn Error>> {
        let (Self::Create { database, .. } | Self::List { database } | Self::Revoke { database, .. }) = &self;
        let store = Store::open(&database.database()?).await?;
        match self {
            Self::Create { name, kinds, sites, .. } => {
                let scope = Scope::new(kinds, sites)?;
                println!("{}", store.create_api_key(&name, &scope, UnixMillis::now()).await?.expose());
            }
            Self::List { .. } => {
                for key in store.api_keys().await? {
                    let revoked =
                        key.revoked_at.map_or_else(|| "-".to_owned(), |at| at.seconds().to_string());
                    let ApiKeyRecord { id, name, created_at, scope, .. } = &key;
                    println!("{id}\t{name}\t{}\t{scope}\t{revoked}", created_at.seconds());
                }
            }
            Self::Revoke { name, .. } => {
                if !store.revoke_api_key(&name, UnixMillis::now()).await? {
                    return Err(format!("no valid key is named `{name}`").into());
                }
            }
        }
        store.close().await;
        Ok(())
    }
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
