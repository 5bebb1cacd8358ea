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
The `generation` of the title, or of the creative's media, is raised, so that
its files have new cache keys. The old files are not served any more. Copies in
players stay for their max-age.

Examples:
  stagedoor origin purge title/harbour --wait
  stagedoor origin purge creative/plum")]
pub(crate) struct Arguments {
    /// The title or creative, such as title/harbour.
    #[arg(value_name = "KIND/ID")]
    reference: Reference,
    #[command(flatten)]
    options: Options,
}

pub(crate) fn run(
    Arguments { reference, options }: &Arguments,
    context: &Context,
) -> Result<Answer, Failure> {
    // The object that has the member `generation`.
    let place = match reference.kind().0 {
        DocumentKind::Title => "",
        DocumentKind::Creative => "/kind/linear",
        _ => {
            return Err(Failure::Misuse(format!(
                "expected a title or a creative, such as title/harbour, found `{reference}`: no others have files"
            )));
        }
    };
    let api = Api::new(context)?;
    let change = Change::begin(&api, *options);
    // Somebody else may change the document between reading and writing.
    for _ in 0..5 {
        let held: Held = api.parse(api.send("GET", &reference.path(), &[], None)?)?;
        let mut document = held.document.unwrap_or_default();
        let Some(Value::Object(members)) = document.pointer_mut(place) else {
            return Err(Failure::Misuse(format!("{reference} has no files at the site's media origin")));
        };
        let generation = members.get("generation").and_then(Value::as_u64).unwrap_or(0).saturating_add(1);
        members.insert("generation".to_owned(), json!(generation));
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
