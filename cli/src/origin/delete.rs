//! `stagedoor origin delete`

use stagedoor::catalog::DocumentKind;

use super::api::Api;
use super::change::{Change, Options};
use super::reference::Reference;
use crate::context::Context;
use crate::failure::Failure;
use crate::{Answer, input};

#[derive(clap::Args)]
#[command(after_help = "\
A site that has titles, and keys that a site names, are deleted with --force
only.

Examples:
  stagedoor origin delete title/harbour --wait
  stagedoor origin delete site/old.example.com --dry-run")]
pub(crate) struct Arguments {
    /// The document, such as title/harbour.
    #[arg(value_name = "KIND/ID")]
    reference: Reference,
    /// Delete the document only if it is still at this revision.
    #[arg(long, value_name = "N", value_parser = input::whole)]
    if_revision: Option<u64>,
    /// Delete it although other documents depend on it.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    options: Options,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Answer, Failure> {
    let Arguments { reference, if_revision, force, options } = arguments;
    if reference.kind().0 == DocumentKind::Revocations {
        return Err(Failure::Misuse(
            "revocations are taken back one by one: use `stagedoor origin unrevoke`".to_owned(),
        ));
    }
    let api = Api::new(context)?;
    let change = Change::begin(&api, *options);
    let revision = if_revision.map(|revision| format!("\"{revision}\""));
    let headers: Vec<_> = revision.as_deref().map(|revision| ("if-match", revision)).into_iter().collect();
    let query: &[&str] = if *force { &["force=true"] } else { &[] };
    let reply = change.send("DELETE", &reference.path(), query, &headers, None)?;
    change.report(reference, reply, "deleted", &[], context)?;
    Ok(Answer::Yes)
}
