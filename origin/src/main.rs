//! `stagedoor-origin`: runs the command line.

use std::process::ExitCode;

use clap::Parser;
use stagedoor_origin::cli::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stagedoor-origin: {error}");
            ExitCode::FAILURE
        }
    }
}
