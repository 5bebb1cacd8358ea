//! `stagedoor origin wanted`

use serde::Deserialize;
use serde_json::{Value, json};
use stagedoor::catalog::{Host, WantedCreative};
use stagedoor::time::UnixTime;

use super::api::Api;
use super::reference::encoded;
use crate::context::Context;
use crate::failure::Failure;
use crate::{Answer, input, text};

#[derive(clap::Args)]
#[command(after_help = "\
An ad server names a creative by a universal ad id or a media file. Without a
document of the listed id, the edge skips it. Package the file, and put the
document: it leaves the list.

Examples:
  stagedoor origin wanted
  stagedoor origin wanted --site watch.example.com --json | jq -r .file.url")]
pub(crate) struct Arguments {
    /// Only for this site.
    #[arg(long, value_name = "HOST")]
    site: Option<Host>,
}

#[derive(Deserialize)]
struct Item {
    site: Host,
    #[serde(flatten)]
    creative: WantedCreative,
    times: u64,
    last_at: UnixTime,
}

pub(crate) fn run(Arguments { site }: &Arguments, context: &Context) -> Result<Answer, Failure> {
    let filter = site.as_ref().map(|site| format!("&site={}", encoded(site.as_str()))).unwrap_or_default();
    let api = Api::new(context)?;
    let pages: Vec<Vec<Value>> = api.pages("creatives/wanted", &filter).collect::<Result<_, _>>()?;
    let items = pages.concat();
    if context.output.json {
        for item in &items {
            context.output.line(item, String::new)?;
        }
        return Ok(Answer::Yes);
    }
    let mut wanted: Vec<Item> = api.parse(json!(items))?;
    wanted.sort_by_key(|item| std::cmp::Reverse(item.times));
    let now = input::now(None)?;
    let row = |item: &Item| {
        let ids = item.creative.universal_ad_ids.iter().map(|id| format!("{}:{}", id.registry, id.id));
        let file = item.creative.file.iter().map(|file| file.url.clone());
        let source = ids.chain(file).next().unwrap_or_default();
        vec![
            item.times.to_string(),
            text::ago(item.last_at, now),
            item.site.to_string(),
            item.creative.id.to_string(),
            source,
        ]
    };
    let rows: Vec<_> = wanted.iter().map(row).collect();
    context.output.result(&json!({ "items": items }), || {
        if rows.is_empty() {
            "no creative is wanted".to_owned()
        } else {
            text::table(&["TIMES", "LAST", "SITE", "CREATIVE", "SOURCE"], &rows)
        }
    })?;
    Ok(Answer::Yes)
}
