//! `stagedoor ads`

mod pod;
mod rehearse;

use crate::Answer;
use crate::context::Context;
use crate::failure::Failure;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    Pod(pod::Arguments),
    /// Play a log of cues against simulated viewers: fill, requests to the ad server a second, money.
    Rehearse(rehearse::Arguments),
}

pub(crate) fn run(command: &Command, context: &Context) -> Result<Answer, Failure> {
    match command {
        Command::Pod(arguments) => pod::run(arguments, context),
        Command::Rehearse(arguments) => rehearse::run(arguments, context),
    }
}
