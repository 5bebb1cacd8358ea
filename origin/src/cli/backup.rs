//! `stagedoor-origin backup`.

use std::path::PathBuf;

use clap::Args;

use super::database::DatabaseArgs;
use super::failure::Failure;
use super::output::print;
use crate::store::Store;

const HELP: &str = "\
The copy is the state of one moment, and `serve --database FILE` starts with it.
It holds the session keys and the hashes of the API keys, so only its owner can
read it. An existing file is not overwritten. The service may run meanwhile.

Examples:
  stagedoor-origin backup --database stagedoor.db /var/backups/stagedoor.db
  stagedoor-origin backup \"stagedoor-$(date +%F).db\"";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct Backup {
    /// The file to make.
    file: PathBuf,
    #[command(flatten)]
    database: DatabaseArgs,
}

impl Backup {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let size = Store::back_up(&self.database.existing()?, &self.file).await?;
        print(&format!("{}: {size} bytes", self.file.display()))
    }
}
