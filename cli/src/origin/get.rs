//! `stagedoor origin get`

use stagedoor::catalog::DocumentKind;

use super::api::Api;
use super::reference::Reference;
use crate::context::Context;
use crate::failure::Failure;
use crate::{Answer, input, output};

#[derive(clap::Args)]
#[command(after_help = "\
The document is printed as JSON, and can be put back. With --json, the whole
reply is printed, with the revision, the warnings and the state at the edge.
Shared secrets read [redacted].

Examples:
  stagedoor origin get title/harbour
  stagedoor origin get keys/https://id.example.com/
  stagedoor origin get title/harbour --revision 1795370400123 |
    stagedoor origin put title/harbour -")]
pub(crate) struct Arguments {
    /// The document, such as title/harbour.
    #[arg(value_name = "KIND/ID")]
    reference: Reference,
    /// An earlier revision, which `origin history` lists.
    #[arg(long, value_name = "N", value_parser = input::whole)]
    revision: Option<u64>,
}

pub(crate) fn run(
    Arguments { reference, revision }: &Arguments,
    context: &Context,
) -> Result<Answer, Failure> {
    if revision.is_some() && reference.kind().0 == DocumentKind::Revocations {
        return Err(Failure::Misuse(
            "--revision: revocations have no earlier revisions: `stagedoor origin history` lists what was revoked"
                .to_owned(),
        ));
    }
    let api = Api::new(context)?;
    let got = api.get(reference, *revision)?;
    if context.output.json {
        output::print(&got.reply)?;
    } else {
        output::print(&got.document)?;
    }
    Ok(Answer::Yes)
}
