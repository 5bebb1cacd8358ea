//! `stagedoor ads`

mod rehearse;

use crate::Answer;
use crate::context::Context;
use crate::failure::Failure;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Play a log of cues against simulated viewers: fill, requests to the ad server a second, money.
    Rehearse(rehearse::Arguments),
}

pub(crate) fn run(command: &Command, context: &Context) -> Result<Answer, Failure> {
    match command {
        Command::Rehearse(arguments) => rehearse::run(arguments, context),
    }
}
