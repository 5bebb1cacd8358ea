//! `stagedoor origin purge`

use serde_json::{Value, json};
use stagedoor::catalog::DocumentKind;

use super::api::{Api, Held};
use super::change::{Change, Options};
use super::reference::Reference;
use crate::Answer;
use crate::context::Context;
use crate::failure::Failure;

#[derive(clap::Args)]
#[command(after_help = "\
The title's `generation` is raised, so that its files have new cache keys. The
old files are not served any more. Copies in players stay for their max-age.

Example:
  stagedoor origin purge title/harbour --wait")]
pub(crate) struct Arguments {
    /// The title, such as title/harbour.
    #[arg(value_name = "title/ID")]
    reference: Reference,
    #[command(flatten)]
    options: Options,
}

pub(crate) fn run(
    Arguments { reference, options }: &Arguments,
    context: &Context,
) -> Result<Answer, Failure> {
    if reference.kind().0 != DocumentKind::Title {
        return Err(Failure::Misuse(format!(
            "expected a title, such as title/harbour, found `{reference}`: only titles have files"
        )));
    }
    let api = Api::new(context)?;
    let change = Change::begin(&api, *options);
    // Somebody else may change the title between reading and writing.
    for _ in 0..5 {
        let held: Held = api.parse(api.send("GET", &reference.path(), &[], None)?)?;
        let mut document = held.document.unwrap_or_default();
        let generation = document.get("generation").and_then(Value::as_u64).unwrap_or(0).saturating_add(1);
        if let Value::Object(members) = &mut document {
            members.insert("generation".to_owned(), json!(generation));
        }
        let expected = format!("\"{}\"", held.revision.unwrap_or_default());
        let body = document.to_string();
        match change.send("PUT", &reference.path(), &[], &[("if-match", &expected)], Some(body.as_bytes())) {
            Err(failure) if failure.status() == Some(412) => {}
            Err(failure) => return Err(failure),
            Ok(reply) => {
                let more = [format!("The generation is {generation}.")];
                change.report(reference, reply, "purged", &more, context)?;
                return Ok(Answer::Yes);
            }
        }
    }
    Err(Failure::Broken(format!("{reference} was changed by others five times meanwhile: try again")))
}
