//! The command line: `serve`, and `api-key create|list|revoke`.

mod api_key;
mod serve;

use std::env;
use std::error::Error;

use clap::{Args, Parser, Subcommand};

use crate::store::{Database, DatabaseError};

/// Takes the catalogue from the CMS, validates it, and keeps the edge's KV documents in step.
#[derive(Debug, Parser)]
#[command(name = "stagedoor-origin", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API and send changes to the edge.
    Serve(serve::Serve),
    /// Make, list and revoke the keys of the API.
    #[command(subcommand)]
    ApiKey(api_key::ApiKeyCommand),
}

impl Cli {
    /// Runs the command.
    pub async fn run(self) -> Result<(), Box<dyn Error>> {
        match self.command {
            Command::Serve(serve) => serve.run().await,
            Command::ApiKey(command) => command.run().await,
        }
    }
}

#[derive(Debug, Args)]
struct DatabaseArgs {
    /// File, or sqlite: URL, of the database; created at the first start. Default: DATABASE_URL, else ./stagedoor.db.
    #[arg(long, env = "STAGEDOOR_DATABASE", value_name = "FILE")]
    database: Option<Database>,
}

impl DatabaseArgs {
    fn database(&self) -> Result<Database, DatabaseError> {
        match (&self.database, env::var("DATABASE_URL")) {
            (Some(database), _) => Ok(database.clone()),
            (None, Ok(url)) => url.parse(),
            (None, Err(_)) => "./stagedoor.db".parse(),
        }
    }
}
