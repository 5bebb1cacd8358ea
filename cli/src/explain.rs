//! `stagedoor explain`

use std::path::PathBuf;

use stagedoor::explain::{self, Request};
use stagedoor::life::at_once;
use stagedoor::stop::Stop;

use crate::context::Context;
use crate::failure::{Failure, Misuse};
use crate::{Answer, documents, input, output};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A folder with the documents (.json files) of sites, titles and keys.
    #[arg(long, value_name = "DIR")]
    documents: PathBuf,
    /// The request: {"url": "https://...", "method": "GET", "headers": {"Name": "value"}, "geo": "AE"}; `-` reads
    /// standard input.
    #[arg(long, value_name = "REQUEST.json")]
    request: PathBuf,
    /// The time in Unix seconds. Default: the request's `now`, or else this machine's clock.
    #[arg(long, value_name = "T")]
    now: Option<u64>,
}

pub(crate) fn run(arguments: &Arguments, _context: &Context) -> Result<Answer, Failure> {
    let documents = documents::read(&arguments.documents)?;
    let request: Request = input::json(&arguments.request)?;
    let facts = request.facts().map_err(|error| Misuse(error.to_string()))?;
    let now = input::now(arguments.now.or(request.now))?;
    let trace =
        at_once(explain::explain(&facts, now, &documents)).map_err(|error| Misuse(error.to_string()))?;
    output::print(&trace.json())?;
    match trace.outcome {
        Ok(_) => Ok(Answer::Yes),
        Err(Stop::Denied(_)) => Ok(Answer::Denied),
        Err(Stop::Failed(fault)) => Err(Failure::Broken(fault.to_string())),
    }
}
