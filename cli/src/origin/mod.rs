//! `stagedoor origin`: the documents of a running origin service.

mod api;
mod get;
mod reference;

use crate::Answer;
use crate::context::Context;
use crate::failure::Failure;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Print a document.
    Get(get::Arguments),
}

pub(crate) fn run(command: &Command, context: &Context) -> Result<Answer, Failure> {
    match command {
        Command::Get(arguments) => get::run(arguments, context),
    }
}
