//! `stagedoor edge`: what a running edge decides, whether it is well, and what it refuses.

mod event;
mod explain;
mod lines;
mod status;
mod tail;

use crate::Answer;
use crate::context::Context;
use crate::failure::Failure;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Ask the edge how it decides a request, by its own documents and keys.
    Explain(explain::Arguments),
    /// Show whether the edge is well, which build it is, and whether it has all of the origin's changes.
    Status(status::Arguments),
    /// Follow the refusals and faults of the edge, one a line.
    Tail(tail::Arguments),
}

pub(crate) fn run(command: &Command, context: &Context) -> Result<Answer, Failure> {
    match command {
        Command::Explain(arguments) => explain::run(arguments, context),
        Command::Status(arguments) => status::run(arguments, context),
        Command::Tail(arguments) => tail::run(arguments, context),
    }
}
