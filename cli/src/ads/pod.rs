//! `stagedoor ads pod`

use std::path::PathBuf;
use std::rc::Rc;

use clap::ValueEnum;
use serde_json::Value;
use stagedoor::ads::address::Listing;
use stagedoor::ads::{Break, Opening, Pod};
use stagedoor::explain::{self, Trace, Verdict};
use stagedoor::life::at_once;

use crate::context::Context;
use crate::explain::human::{self, Page};
use crate::explain::{answer, asked, breaks};
use crate::failure::{Failure, Misuse};
use crate::{Answer, documents, input, terminal};

/// Decide what fills a break for a viewer, out of documents, and say why.
#[derive(clap::Args)]
#[command(
    override_usage = "\
    stagedoor ads pod [OPTIONS] --documents <DIR> --break <FILE> <URL>
       stagedoor ads pod [OPTIONS] --documents <DIR> --break <FILE>
                         --request <FILE>",
    after_help = "\
The request is any request of the viewer, as `stagedoor explain` takes it. A URL
with a session decides exactly as the edge does for a viewer who has seen no ad.
A URL with a viewer token opens a session of another name, so campaigns of equal
priority may come in another order. Ad servers are not asked.

A break in JSON, with its times in milliseconds:
  {\"id\": \"mid-600000\", \"place\": \"mid_roll\",
   \"start_ms\": 600000, \"planned_ms\": 60000}

With --json, the output is the pod, as `stagedoor manifest rewrite --pod` takes
it, with the member `explanation`.

Examples:
  stagedoor ads pod --documents export --request asked.json --break b.json
  stagedoor ads pod --documents export/ --break break.json --geo AE \\
    'https://watch.example.com/harbour/master.m3u8?token=eyJ...'

Exit codes: 0 decided, with or without an ad; 1 the request is refused;
2 misuse, or it depends on a signature that cannot be checked; 3 something is
broken."
)]
pub(crate) struct Arguments {
    /// A folder with the documents (.json files) of sites, titles, keys, campaigns and creatives.
    #[arg(long, value_name = "DIR")]
    documents: PathBuf,
    /// The break.
    #[arg(long = "break", value_name = "FILE")]
    of: PathBuf,
    /// The format in which the pod is listed. Creatives have to have it.
    #[arg(long, value_enum, default_value_t = Format::Hls)]
    format: Format,
    #[command(flatten)]
    asked: asked::Asked,
}

/// The format of a list.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// An asset list.
    Hls,
    /// A list MPD.
    Dash,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Answer, Failure> {
    let folder = documents::read(&arguments.documents)?;
    let of: Break = input::json(&arguments.of)?;
    let (request, _) = arguments.asked.request(None)?;
    let facts = request.facts().map_err(|error| Misuse(error.to_string()))?;
    let now = input::now(request.now)?;
    // A break whose end is known is as long as it was.
    let opening = Opening { planned: of.duration(), ..of.opening };
    let listing = match arguments.format {
        Format::Hls => Listing::Assets,
        Format::Dash => Listing::Mpd,
    };
    let explained = at_once(explain::pod(&facts, now, &folder, &opening, listing));
    let (trace, pod) = explained.map_err(|error| Failure::Broken(error.to_string()))?;
    let pod = pod.unwrap_or_else(|| Rc::new(Pod::empty(opening.id.clone())));
    let explanation = trace.json();
    let mut json = serde_json::to_value(&*pod).map_err(|error| Failure::Broken(error.to_string()))?;
    if let Some(members) = json.as_object_mut() {
        members.insert("explanation".to_owned(), explanation.clone());
    }
    context.output.result(&json, || text(&opening, &pod, &trace, &explanation))?;
    Ok(match trace.verdict() {
        Verdict::Permit => Answer::Yes,
        verdict => answer(verdict),
    })
}

/// The pod for people, and why it is so.
fn text(opening: &Opening, pod: &Pod, trace: &Trace, explanation: &Value) -> String {
    let mut page = Page::new(terminal::columns());
    if trace.outcome.is_err() {
        return human::text(explanation, terminal::columns());
    }
    breaks::pod(&mut page, "", opening, pod);
    if let Some(no_ads) = human::no_ads(explanation) {
        page.section("Advertising");
        page.line("  ", &no_ads);
    }
    breaks::reasons(&mut page, explanation);
    page.text
}
