//! `stagedoor explain`

pub(crate) mod asked;
pub(crate) mod breaks;
pub(crate) mod human;
mod rules;
mod saved;
mod steps;

use std::path::PathBuf;

use stagedoor::explain::{self, Verdict};
use stagedoor::life::at_once;

use crate::context::Context;
use crate::failure::{Failure, Misuse};
use crate::{Answer, documents, input, terminal};

/// Show how the edge decides a request: what was asked, which step stopped it, why, and what would change it.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  stagedoor explain --documents export/ --geo GB \\
    'https://watch.example.com/harbour/master.m3u8?token=eyJ...'
  stagedoor explain --documents export/ --request request.json
  pbpaste | stagedoor explain --documents export/ --request -

A saved request is a HAR file, a `curl` command line, or JSON:
  {\"url\": \"https://...\", \"method\": \"GET\", \"headers\": {\"Name\": \"value\"},
   \"geo\": \"AE\", \"ip\": \"192.0.2.1\", \"now\": 1795370400}

Documents from `stagedoor origin export` have [redacted] in place of secrets.
The steps say what cannot be checked.

Exit codes: 0 let in; 1 refused; 2 misuse, or the outcome depends on a signature
that cannot be checked, since the secret of its key is redacted;
3 something is broken.")]
pub(crate) struct Arguments {
    /// A folder with the documents (.json files) of sites, titles, keys and revocations.
    #[arg(long, value_name = "DIR")]
    documents: PathBuf,
    #[command(flatten)]
    asked: asked::Asked,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Answer, Failure> {
    let folder = documents::read(&arguments.documents)?;
    let (request, _) = arguments.asked.request(None)?;
    let facts = request.facts().map_err(|error| Misuse(error.to_string()))?;
    let now = input::now(request.now)?;
    let trace = at_once(explain::explain(&facts, now, &folder))
        .map_err(|error| Failure::Broken(error.to_string()))?;
    let json = trace.json();
    context.output.result(&json, || human::text(&json, terminal::columns()))?;
    Ok(answer(trace.verdict()))
}

/// The exit code of an outcome.
pub(crate) const fn answer(verdict: Verdict) -> Answer {
    match verdict {
        Verdict::Permit => Answer::Yes,
        Verdict::Denial => Answer::Denied,
        Verdict::Unchecked => Answer::Unchecked,
        Verdict::Fault => Answer::Broken,
    }
}
