//! `stagedoor-origin resend`.

use clap::Args;

use super::database::DatabaseArgs;
use super::failure::Failure;
use super::output::print;
use crate::clock::UnixMillis;
use crate::store::Store;

const HELP: &str = "\
A restored database is older than the edge, which takes no older revision. Each
document gets a new revision, so the edge goes back to the state of the backup.
The service may run meanwhile: it begins to send within 30 s. Documents that
were created after the backup stay at the edge.

Example:
  stagedoor-origin resend --database /var/lib/stagedoor/stagedoor.db";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct Resend {
    #[command(flatten)]
    database: DatabaseArgs,
}

impl Resend {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let store = Store::open(&self.database.existing()?).await?;
        let sent = store.resend(UnixMillis::now()).await?;
        store.close().await;
        print(&format!("{sent} documents are on their way to the edge again"))
    }
}
