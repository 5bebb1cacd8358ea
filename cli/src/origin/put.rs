//! `stagedoor origin put`

use std::path::PathBuf;

use stagedoor::catalog::DocumentKind;

use super::api::Api;
use super::change::{Change, Options};
use super::reference::Reference;
use crate::context::Context;
use crate::failure::Failure;
use crate::{Answer, input};

#[derive(clap::Args)]
#[command(after_help = "\
The file is a document, or what `origin get` prints. A revision in it is
ignored, since the service assigns revisions. A secret that reads [redacted]
stays as it is.

Examples:
  stagedoor origin put title/harbour harbour.json --wait
  stagedoor origin put site/watch.example.com site.json --dry-run
  stagedoor origin get title/harbour --revision 1795370400123 |
    stagedoor origin put title/harbour -")]
pub(crate) struct Arguments {
    /// The document, such as title/harbour.
    #[arg(value_name = "KIND/ID")]
    reference: Reference,
    /// The file; `-` reads standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Change the document only if it is still at this revision.
    #[arg(long, value_name = "N", value_parser = input::whole)]
    if_revision: Option<u64>,
    /// Create the document, but do not change an existing one.
    #[arg(long, conflicts_with = "if_revision")]
    if_absent: bool,
    #[command(flatten)]
    options: Options,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Answer, Failure> {
    let Arguments { reference, file, if_revision, if_absent, options } = arguments;
    if reference.kind().0 == DocumentKind::Revocations {
        return Err(Failure::Misuse(
            "the service writes this document itself: use `stagedoor origin revoke` and `unrevoke`"
                .to_owned(),
        ));
    }
    let body = input::json_bytes(file)?;
    let api = Api::new(context)?;
    let change = Change::begin(&api, *options);
    let revision = if_revision.map(|revision| format!("\"{revision}\""));
    let mut headers = Vec::new();
    headers.extend(revision.as_deref().map(|revision| ("if-match", revision)));
    headers.extend(if_absent.then_some(("if-none-match", "*")));
    let reply = change.send("PUT", &reference.path(), &[], &headers, Some(&body))?;
    change.report(reference, reply, "stored", &[], context)?;
    Ok(Answer::Yes)
}
