//! `stagedoor origin list` and `find`

use serde_json::{Value, json};
use stagedoor::catalog::Host;
use stagedoor::time::UnixTime;

use super::api::{Api, Held};
use super::reference::{Kind, Reference, encoded};
use crate::context::Context;
use crate::failure::Failure;
use crate::{Answer, input, text};

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  stagedoor origin list titles
  stagedoor origin list titles --site watch.example.com --state failed
  stagedoor origin list titles --all --json | jq -r .key")]
pub(crate) struct Arguments {
    /// titles, sites, keys, revocations, campaigns or creatives.
    kind: Kind,
    /// Only titles or creatives of this site.
    #[arg(long, value_name = "HOST")]
    site: Option<Host>,
    /// Only documents in this state at the edge.
    #[arg(long, value_parser = ["pending", "synced", "failed"])]
    state: Option<String>,
    /// The number of documents.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = input::between(1, 500_u16))]
    limit: u16,
    /// The documents after this id.
    #[arg(long, value_name = "ID")]
    after: Option<String>,
    /// All documents. With --json, one line each.
    #[arg(long, conflicts_with_all = ["limit", "after"])]
    all: bool,
}

#[derive(clap::Args)]
#[command(after_help = "\
Every word has to occur in the id or in a name, in any case.

Examples:
  stagedoor origin find harbour
  stagedoor origin find 'night train' --kind titles")]
pub(crate) struct Find {
    /// The words.
    #[arg(required = true, value_name = "WORDS")]
    words: Vec<String>,
    /// Only documents of this kind.
    #[arg(long)]
    kind: Option<Kind>,
    /// The number of documents of each kind.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = input::between(1, 500_u16))]
    limit: u16,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Answer, Failure> {
    let Arguments { kind, site, state, limit, after, all } = arguments;
    let site = site.as_ref().map(|site| format!("&site={}", encoded(site.as_str()))).unwrap_or_default();
    let state = state.as_ref().map(|state| format!("&state={state}")).unwrap_or_default();
    let api = Api::new(context)?;
    if *all {
        return every(&api, *kind, &format!("{site}{state}"), context);
    }
    let after = after.as_ref().map(|after| format!("&after={}", encoded(after))).unwrap_or_default();
    let page = api.page(*kind, &format!("limit={limit}{site}{state}{after}"))?;
    let rows = rows(&api, &page.items)?;
    context.output.result(&json!({ "items": page.items, "next": page.next }), || shown(&rows))?;
    if let Some(next) = page.next {
        context.output.remark(&format!("There are more: --after {next}, or --all"));
    }
    Ok(Answer::Yes)
}

/// Prints every document of a list, a page at a time.
fn every(api: &Api, kind: Kind, filter: &str, context: &Context) -> Result<Answer, Failure> {
    for page in api.pages::<Value>(kind.folder(), filter) {
        let items = page?;
        if context.output.json {
            for item in &items {
                context.output.line(item, String::new)?;
            }
        } else if !items.is_empty() {
            crate::output::write(format!("{}\n", shown(&rows(api, &items)?)).as_bytes())?;
        }
    }
    Ok(Answer::Yes)
}

pub(crate) fn find(Find { words, kind, limit }: &Find, context: &Context) -> Result<Answer, Failure> {
    let api = Api::new(context)?;
    let query = format!("limit={limit}&q={}", encoded(&words.join(" ")));
    let (mut items, mut more) = (Vec::new(), Vec::new());
    for kind in kind.map_or_else(|| Kind::ALL.to_vec(), |kind| vec![kind]) {
        match api.page(kind, &query) {
            Ok(page) => {
                items.extend(page.items);
                more.extend(page.next.map(|_| kind.folder()));
            }
            Err(failure) if failure.status() == Some(403) => {
                context
                    .output
                    .remark(&format!("{} are left out: the API key is not for them", kind.folder()));
            }
            Err(failure) => return Err(failure),
        }
    }
    let rows = rows(&api, &items)?;
    context.output.result(&json!({ "items": items, "more": more }), || shown(&rows))?;
    if !more.is_empty() {
        context
            .output
            .remark(&format!("There are more {}: raise --limit, or give more words", more.join(" and ")));
    }
    Ok(Answer::Yes)
}

fn rows(api: &Api, items: &[Value]) -> Result<Vec<Vec<String>>, Failure> {
    let now = input::now(None)?;
    let row = |item: &Value| -> Result<Vec<String>, Failure> {
        let held: Held = api.parse(item.clone())?;
        let revision = held.revision.unwrap_or_default();
        let state = held.sync.map_or_else(|| "-".to_owned(), |sync| sync.state);
        let named = name(held.document.as_ref()).map_or_else(String::new, |name| format!("  {name}"));
        Ok(vec![
            state,
            // A revision is the time of its change in milliseconds.
            text::ago(UnixTime::from_secs(revision / 1_000), now),
            revision.to_string(),
            format!("{}{named}", Reference::from(held.key)),
        ])
    };
    items.iter().map(row).collect()
}

fn shown(rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        "nothing found".to_owned()
    } else {
        text::table(&["STATE", "CHANGED", "REVISION", "DOCUMENT"], rows)
    }
}

/// The name of a title or creative for people: the English one, or any.
fn name(document: Option<&Value>) -> Option<&str> {
    let document = document?;
    let names = document.get("names").and_then(Value::as_object);
    let title = names.and_then(|names| names.get("en").or_else(|| names.values().next()));
    title.or_else(|| document.get("name"))?.as_str()
}
