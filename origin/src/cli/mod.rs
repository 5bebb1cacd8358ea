//! The command line: `serve`, `api-key create|list|revoke`, `backup` and `resend`.

mod api_key;
mod backup;
mod database;
mod failure;
mod log;
mod output;
mod resend;
mod secret;
mod serve;

use clap::{Parser, Subcommand};

pub use failure::Failure;

/// Takes the catalogue from the CMS, validates it, and keeps the edge's KV documents in step.
#[derive(Debug, Parser)]
#[command(name = "stagedoor-origin", version, after_help = HELP, max_term_width = 80)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const HELP: &str = "\
Examples:
  stagedoor-origin api-key create --name cms --out api-key --create-database
  stagedoor-origin serve --edge https://watch.example.com \\
    --sync-secret-file sync-secret
  stagedoor-origin backup stagedoor-backup.db

`stagedoor-origin COMMAND --help` lists the settings of a command. An option
wins over its variable.

Exit codes:
  0  success
  1  refused, such as a second key of the same name
  2  misuse: a wrong argument or setting, a missing or unreadable file
  3  broken: the database, the disk or the port does not work

Errors go to standard error, in one line that says what was expected and found.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API and send changes to the edge.
    Serve(serve::Serve),
    /// Make, list and revoke the keys of the API.
    #[command(subcommand, after_help = api_key::HELP)]
    ApiKey(api_key::ApiKeyCommand),
    /// Copy the database into a new file, also while the service runs.
    Backup(backup::Backup),
    /// Send every document to the edge again, after the restoration of a backup.
    Resend(resend::Resend),
}

impl Cli {
    /// Runs the command.
    pub async fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Serve(serve) => serve.run().await,
            Command::ApiKey(command) => command.run().await,
            Command::Backup(backup) => backup.run().await,
            Command::Resend(resend) => resend.run().await,
        }
    }
}
