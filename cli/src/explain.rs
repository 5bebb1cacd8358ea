//! `stagedoor explain`

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::json;
use stagedoor::cache;
use stagedoor::offline::{self, Admitted, Step};
use stagedoor::pipeline::Stop;
use stagedoor::route::{Route, route};
use stagedoor::token::session::SessionId;

use crate::input::{self, Misuse};
use crate::{Answer, documents, request};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A folder of documents (.json files): sites, titles and keys.
    #[arg(long, value_name = "DIR")]
    documents: PathBuf,
    /// The request: {"url": "https://...", "method": "GET", "headers": {"Name": "value"}, "geo": "AE"}; `-` reads
    /// standard input.
    #[arg(long, value_name = "REQUEST.json")]
    request: PathBuf,
    /// The time, in Unix seconds; this machine's if absent.
    #[arg(long, value_name = "T")]
    now: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    url: String,
    #[serde(default = "get")]
    method: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    geo: String,
    ip: Option<IpAddr>,
}

fn get() -> String {
    "GET".to_owned()
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Misuse> {
    let documents = documents::read(&arguments.documents)?;
    let wanted: Request = input::json(&arguments.request)?;
    let headers = wanted.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let facts = request::facts(&wanted.method, &wanted.url, headers, &wanted.geo, wanted.ip)?;
    let now = input::now(arguments.now)?;

    let mut steps = vec![Step {
        step: "facts",
        saw: json!({ "method": wanted.method, "host": facts.host, "place": facts.geography.to_string(), "now": now }),
    }];
    let below = match route(&facts) {
        Ok(Route::Entry) => Ok(None),
        Ok(Route::Below(request, token)) => Ok(Some((request, token))),
        Ok(_) => {
            return Err(Misuse(
                "the URL is answered by the edge itself: there is nothing to decide".to_owned(),
            ));
        }
        Err(denial) => Err(Stop::from(denial)),
    };
    let outcome = below.and_then(|below| {
        steps.push(Step {
            step: "route",
            saw: json!({ "credential": if below.is_some() { "session token" } else { "viewer token" } }),
        });
        offline::admit(&documents, &facts, below, now, SessionId([0; 8]), &mut steps)
    });
    match outcome {
        Ok(Admitted { request, site, title, admission }) => {
            let source =
                cache::source(&facts, &request, &site, &title).map_err(|error| Misuse(error.to_string()))?;
            steps.push(Step {
                step: "source",
                saw: json!({ "title": request.title, "resource": request.resource.as_str(), "url": source.url, "cache_key": source.cache_key, "ttl_s": source.ttl_s }),
            });
            input::print(&json!({ "outcome": "permit", "caps": admission.caps, "steps": steps }))?;
            Ok(Answer::Yes)
        }
        Err(Stop::Denied(denial)) => {
            input::print(&json!({
                "outcome": "denial", "reason": denial.reason.code(), "meaning": denial.reason.meaning(),
                "remedy": denial.reason.remedy(),
                "detail": denial.detail, "steps": steps,
            }))?;
            Ok(Answer::Denied)
        }
        Err(Stop::Failed(fault)) => Err(Misuse(fault.to_string())),
    }
}
