//! `stagedoor origin history` and `rollback`

use serde::Deserialize;
use serde_json::Value;
use stagedoor::catalog::{DocumentKey, DocumentKind};
use stagedoor::reading::Tree;
use stagedoor::time::UnixTime;

use super::api::Api;
use super::change::{Change, Options};
use super::reference::{Reference, encoded};
use crate::context::Context;
use crate::failure::Failure;
use crate::{Answer, input, text};

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  stagedoor origin history
  stagedoor origin history title/harbour
  stagedoor origin history title/harbour --json --limit 2")]
pub(crate) struct Arguments {
    /// The document, such as title/harbour. Default: all documents.
    #[arg(value_name = "KIND/ID")]
    reference: Option<Reference>,
    /// The number of changes, newest first.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = input::between(1, 500_u16))]
    limit: u16,
    /// The changes after this place in the list: `next` of an earlier list.
    #[arg(long, value_name = "NEXT")]
    after: Option<String>,
}

#[derive(clap::Args)]
#[command(after_help = "\
The document of an earlier revision is stored as a new revision, if nobody
changes the document meanwhile.

Examples:
  stagedoor origin rollback title/harbour --dry-run
  stagedoor origin rollback title/harbour --to 1795370400123 --wait")]
pub(crate) struct Rollback {
    /// The document, such as title/harbour.
    #[arg(value_name = "KIND/ID")]
    reference: Reference,
    /// The revision to go back to. Default: the one before the newest.
    #[arg(long, value_name = "N", value_parser = input::whole)]
    to: Option<u64>,
    #[command(flatten)]
    options: Options,
}

/// A change, as the service remembers it.
#[derive(Deserialize)]
struct Entry {
    key: DocumentKey,
    revision: u64,
    at: UnixTime,
    by: Option<Actor>,
    action: String,
    /// The revocation that was added or taken back.
    revocation: Option<Value>,
}

#[derive(Deserialize)]
struct Actor {
    id: String,
    name: Option<String>,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Answer, Failure> {
    let Arguments { reference, limit, after } = arguments;
    let api = Api::new(context)?;
    let list = page(&api, reference.as_ref(), *limit, after.as_deref())?;
    let entries: Vec<Entry> = api.parse(list.get("items").cloned().unwrap_or_default())?;
    let now = input::now(None)?;
    context.output.result(&list, || {
        let row = |entry: &Entry| {
            let by = entry.by.as_ref().map_or("-", |by| by.name.as_deref().unwrap_or(&by.id));
            let (at, ago) = (entry.at.to_string(), text::ago(entry.at, now));
            let revocation = entry.revocation.as_ref().map_or_else(String::new, revoked);
            let what = format!("{}{revocation}", Reference::from(entry.key.clone()));
            vec![at, ago, entry.action.clone(), entry.revision.to_string(), by.to_owned(), what]
        };
        if entries.is_empty() {
            return "no changes are remembered".to_owned();
        }
        let rows: Vec<_> = entries.iter().map(row).collect();
        text::table(&["AT", "", "CHANGE", "REVISION", "BY", "DOCUMENT"], &rows)
    })?;
    if let Some(next) = list.get("next").and_then(Value::as_str) {
        context.output.remark(&format!("There are older changes: --after {next}"));
    }
    Ok(Answer::Yes)
}

/// `, generation 7: subject https://id.example.com/ viewer-1`
fn revoked(revocation: &Value) -> String {
    let generation = revocation.get("generation").and_then(Value::as_u64).unwrap_or_default();
    let what = revocation.get("what").and_then(Value::as_object).into_iter().flatten();
    let mut text = format!(", generation {generation}:");
    for (kind, target) in what {
        text.push_str(&format!(" {kind}"));
        let values: Vec<_> = match target {
            Value::Object(members) => members.values().filter_map(Value::as_str).collect(),
            target => target.as_str().into_iter().collect(),
        };
        values.iter().for_each(|value| text.push_str(&format!(" {value}")));
    }
    text
}

fn page(api: &Api, reference: Option<&Reference>, limit: u16, after: Option<&str>) -> Result<Value, Failure> {
    let path = reference.map_or_else(String::new, Reference::path);
    let after = after.map_or_else(String::new, |after| format!("&after={}", encoded(after)));
    api.send("GET", &format!("{path}/history?limit={limit}{after}"), &[], None)
}

pub(crate) fn rollback(arguments: &Rollback, context: &Context) -> Result<Answer, Failure> {
    let Rollback { reference, to, options } = arguments;
    if reference.kind().0 == DocumentKind::Revocations {
        return Err(Failure::Misuse(
            "revocations are taken back one by one: use `stagedoor origin unrevoke`".to_owned(),
        ));
    }
    let api = Api::new(context)?;
    let list = page(&api, Some(reference), 2, None)?;
    let entries: Vec<Entry> = api.parse(list.get("items").cloned().unwrap_or_default())?;
    let current = entries.first().map(|entry| entry.revision);
    let to = to.or_else(|| entries.get(1).map(|entry| entry.revision));
    let (Some(current), Some(to)) = (current, to) else {
        return Err(Failure::refused(format!("the history of {reference} has no earlier revision")));
    };
    let document = api.get(reference, Some(to))?.document;
    let document = Some(document).filter(|document| *document != Tree::Null).ok_or_else(|| {
        Failure::refused(format!("{reference} was deleted at revision {to}: name an earlier one with --to"))
    })?;
    let change = Change::begin(&api, *options);
    // A document that is deleted now has no revision to compare.
    let is_deleted = entries.first().is_some_and(|entry| entry.action == "delete");
    let expected = format!("\"{current}\"");
    let header = if is_deleted { ("if-none-match", "*") } else { ("if-match", expected.as_str()) };
    let body = serde_json::to_string(&document).map_err(|error| Failure::Broken(error.to_string()))?;
    let reply = change.send("PUT", &reference.path(), &[], &[header], Some(body.as_bytes()))?;
    change.report(reference, reply, &format!("back at the document of revision {to}"), &[], context)?;
    Ok(Answer::Yes)
}
