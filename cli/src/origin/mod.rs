//! `stagedoor origin`: the documents of a running origin service.

mod api;
mod change;
mod delete;
mod export;
mod get;
mod history;
mod list;
mod purge;
mod put;
mod reference;
mod revoke;
mod status;
mod validate;
mod wanted;

use crate::Answer;
use crate::context::Context;
use crate::failure::Failure;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Print a document.
    Get(get::Arguments),
    /// Create or change a document.
    Put(put::Arguments),
    /// Check documents without storing them.
    Validate(validate::Arguments),
    /// List the documents of a kind.
    List(list::Arguments),
    /// Find documents by words in their ids and names.
    Find(list::Find),
    /// Write all documents into a folder.
    Export(export::Arguments),
    /// Delete a document.
    Delete(delete::Arguments),
    /// Purge the cached files of a title.
    Purge(purge::Arguments),
    /// Revoke a viewer, session, token, title or key.
    Revoke(revoke::Arguments),
    /// Take a revocation back.
    Unrevoke(revoke::Unrevoke),
    /// Show who changed what and when.
    History(history::Arguments),
    /// Store an earlier revision of a document again.
    Rollback(history::Rollback),
    /// Show whether the edge holds every change.
    Status(status::Status),
    /// Send the documents again that the edge refused.
    Retry(status::Retry),
    /// List the documents with warnings.
    Warnings(status::Warnings),
    /// List the creatives of ad servers that nobody has conditioned.
    Wanted(wanted::Arguments),
}

pub(crate) fn run(command: &Command, context: &Context) -> Result<Answer, Failure> {
    match command {
        Command::Get(arguments) => get::run(arguments, context),
        Command::Put(arguments) => put::run(arguments, context),
        Command::Validate(arguments) => validate::run(arguments, context),
        Command::List(arguments) => list::run(arguments, context),
        Command::Find(arguments) => list::find(arguments, context),
        Command::Export(arguments) => export::run(arguments, context),
        Command::Delete(arguments) => delete::run(arguments, context),
        Command::Purge(arguments) => purge::run(arguments, context),
        Command::Revoke(arguments) => revoke::run(arguments, context),
        Command::Unrevoke(arguments) => revoke::unrevoke(arguments, context),
        Command::History(arguments) => history::run(arguments, context),
        Command::Rollback(arguments) => history::rollback(arguments, context),
        Command::Status(arguments) => status::status(arguments, context),
        Command::Retry(arguments) => status::retry(arguments, context),
        Command::Warnings(arguments) => status::warnings(arguments, context),
        Command::Wanted(arguments) => wanted::run(arguments, context),
    }
}
