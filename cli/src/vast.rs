//! `stagedoor vast resolve`

mod fetch;
mod human;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use stagedoor::ads::macros::Values;
use stagedoor::ads::resolve::{Choice, Chosen, Direct, Fetch as _, Order, Ping, Reach, Start, resolve};
use stagedoor::ads::vast::Needs;
use stagedoor::ads::vmap::{AdSource, Vmap};
use stagedoor::ads::{Candidate, Format, Happening, Offset, Pod, Role, Slot};
use stagedoor::catalog::{CreativeId, Host};
use url::Url;

use crate::client::is_loopback;
use crate::context::Context;
use crate::failure::Failure;
use crate::vast::fetch::Network;
use crate::{Answer, input};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Resolve VAST and VMAP documents as the edge does: follow wrappers, and print the pod and its tracking.
    Resolve(Arguments),
}

#[derive(clap::Args)]
#[command(after_help = "\
Nothing is told to the ad server: error URLs are printed, not requested. Any
media file is taken, conditioned or not. The exit code is 1 if there is no ad.

Examples:
  stagedoor vast resolve reply.xml
  stagedoor vast resolve 'https://ads.example.com/vast?cb=[CACHEBUSTING]'
  curl -s https://ads.example.com/vast | stagedoor vast resolve --json -")]
pub(crate) struct Arguments {
    /// The most wrappers in front of an ad.
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    wrappers: u8,
    /// The longest time for one request, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 3_000)]
    request_ms: u32,
    /// The longest time for all requests, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 8_000)]
    total_ms: u32,
    /// Let requests go to this machine. They may if SOURCE is a URL on this machine.
    #[arg(long)]
    loopback: bool,
    /// The site: for macros, and to print the ids under which it conditions the creatives.
    #[arg(long, value_name = "HOST")]
    site: Option<Host>,
    /// The viewer's address, for macros and headers.
    #[arg(long, value_name = "IP")]
    address: Option<IpAddr>,
    /// The viewer's user agent, for macros and headers.
    #[arg(long, value_name = "TEXT")]
    user_agent: Option<String>,
    /// A parameter of the viewer's request, such as gdpr_consent or those of [player_params.NAME]. May be repeated.
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    params: Vec<(String, String)>,
    /// Files and URLs of documents; `-` reads standard input. A URL may have macros.
    #[arg(required = true, value_name = "FILE|URL")]
    sources: Vec<String>,
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

pub(crate) fn run(command: &Command, context: &Context) -> Result<Answer, Failure> {
    let Command::Resolve(arguments) = command;
    let mut results = Vec::new();
    for source in &arguments.sources {
        results.extend(arguments.results(source)?);
    }
    let text = || results.iter().map(human::text).collect::<Vec<_>>().join("\n");
    match results.as_slice() {
        [one] => context.output.result(one, text)?,
        several => context.output.result(&several, text)?,
    }
    let is_filled = results.iter().all(|found| !found.pod.is_empty());
    Ok(if is_filled { Answer::Yes } else { Answer::Denied })
}

/// The outcome for a document, or for a break of a VMAP document.
#[derive(Serialize)]
struct Outcome {
    /// The file or URL.
    source: String,
    /// The id of the break of a VMAP document, and where it lies.
    #[serde(rename = "break", skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// The ads, as `BREAK.json` of other commands has them.
    pod: Pod,
    /// Ads for places whose own ad fails.
    spares: Vec<Slot>,
    /// The ids under which the site conditions the creatives, by ad.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    creatives: Vec<Conditioned>,
    /// The URLs that ad servers would be told of errors, with their codes.
    errors: Vec<Told>,
    /// What happened, in order.
    events: Vec<Happening>,
    requests: usize,
    took_ms: u128,
}

/// The creative of an ad.
#[derive(Serialize)]
struct Conditioned {
    ad: String,
    creative: CreativeId,
}

/// Where a break lies.
fn place(offset: Offset) -> String {
    match offset {
        Offset::Start => "start".to_owned(),
        Offset::End => "end".to_owned(),
        Offset::Time(time) => format!("at {} s", time.as_secs_f64()),
        Offset::Share(share) => format!("at {} %", f64::from(share) / 1_000.0),
        Offset::Mark(number) => format!("at mark {number}"),
    }
}

#[derive(Serialize)]
struct Told {
    code: u16,
    url: String,
}

impl Arguments {
    fn results(&self, source: &str) -> Result<Vec<Outcome>, Failure> {
        let is_url = ["http://", "https://"].iter().any(|scheme| source.starts_with(scheme));
        if is_url {
            return Ok(vec![self.outcome(source, None, Start::Template(source))?]);
        }
        let bytes = input::bytes(&PathBuf::from(source))?;
        match Vmap::read(&bytes) {
            Ok(vmap) => vmap
                .breaks
                .iter()
                .map(|found| {
                    let start = match &found.source {
                        AdSource::Vast(document) => Start::Document(document.as_bytes()),
                        AdSource::Tag(url) => Start::Template(url),
                    };
                    self.outcome(source, Some(format!("{}, {}", found.id, place(found.offset))), start)
                })
                .collect(),
            Err(_) => Ok(vec![self.outcome(source, None, Start::Document(&bytes))?]),
        }
    }

    fn outcome(&self, source: &str, at: Option<String>, start: Start<'_>) -> Result<Outcome, Failure> {
        let template = match start {
            Start::Template(template) => template,
            Start::Document(_) => "",
        };
        let is_near = Url::parse(template).is_ok_and(|url| is_loopback(&url));
        let reach = Reach::new(None, template, None, self.loopback || is_near);
        let network = Network::new(reach.clone())?;
        let values = Values {
            now_ms: network.now_ms(),
            random: fetch::random(),
            session: "rehearsal".to_owned(),
            transaction: stagedoor::ads::macros::transaction("rehearsal", source),
            address: self.address,
            user_agent: self.user_agent.clone(),
            site: self.site.as_ref().map(ToString::to_string).unwrap_or_default(),
            break_id: "rehearsal".to_owned(),
            player_params: self.params.iter().map(|(name, _)| name.clone()).collect(),
            parameters: self.params.clone(),
            ..Values::default()
        };
        let order = Order {
            start,
            values: &values,
            reach,
            each: Duration::from_millis(self.request_ms.into()),
            total: Duration::from_millis(self.total_ms.into()),
            wrappers: self.wrappers,
        };
        let choice = Choice { format: Format::Hls, site: None, direct: Direct::Any, needs: Needs::default() };
        let resolution = fetch::wait(resolve(&network, &order));
        let conditioned = resolution.ads.iter().filter_map(|found| {
            let creative = found.film.as_ref()?.source.as_ref()?.id.clone();
            Some(Conditioned { ad: found.ad.id.clone(), creative })
        });
        let creatives = if self.site.is_some() { conditioned.collect() } else { Vec::new() };
        let chosen = resolution.choose(&order, &choice, |_| None);
        let Chosen { offered, pings, events, requests, took, .. } = chosen;
        let slot = |Candidate { ad, media, duration, .. }: Candidate| Slot {
            role: Role::Ad,
            media,
            duration,
            ad: Some(ad),
        };
        Ok(Outcome {
            source: source.to_owned(),
            at,
            pod: Pod {
                slots: offered.places.into_iter().flatten().map(slot).collect(),
                non_linear: offered.non_linear,
                ..Pod::empty(fetch::break_id())
            },
            spares: offered.spares.into_iter().map(slot).collect(),
            creatives,
            errors: pings.into_iter().map(|Ping { url, code }| Told { code: code.number(), url }).collect(),
            events,
            requests,
            took_ms: took.as_millis(),
        })
    }
}
