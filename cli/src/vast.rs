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
use stagedoor::ads::vmap::{AdBreak, AdSource, Vmap, VmapError};
use stagedoor::ads::{AdEvent, Candidate, Format, Happening, Offset, Pod, Role, Slot, Tracking};
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
media file is taken, conditioned or not. A place whose ad fails goes to a spare.
Each break of a VMAP document is resolved. The exit code is 1 if a document or
a break has no ad.

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
    /// Ads that no place needs.
    spares: Vec<Slot>,
    /// The ids under which the site conditions the creatives, by ad.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    creatives: Vec<Conditioned>,
    /// URLs of the break of a VMAP document.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tracking: Vec<Tracking>,
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

impl Outcome {
    fn of(source: &str, events: Vec<Happening>) -> Self {
        Self {
            source: source.to_owned(),
            at: None,
            pod: Pod::empty(fetch::break_id()),
            spares: Vec::new(),
            creatives: Vec::new(),
            tracking: Vec::new(),
            errors: Vec::new(),
            events,
            requests: 0,
            took_ms: 0,
        }
    }
}

/// Where a break lies.
fn place(found: &AdBreak) -> String {
    let at = match found.offset {
        Offset::Start => "start".to_owned(),
        Offset::End => "end".to_owned(),
        Offset::Time(time) => format!("at {} s", time.as_secs_f64()),
        Offset::Share(share) => format!("at {} %", f64::from(share) / 1_000.0),
        Offset::Mark(number) => format!("at mark {number}"),
    };
    let again = found.repeat_after.map(|time| format!(", again after each {} s", time.as_secs_f64()));
    format!("{}, {at}{}", found.id, again.unwrap_or_default())
}

#[derive(Serialize)]
struct Told {
    code: u16,
    url: String,
}

impl Arguments {
    fn results(&self, source: &str) -> Result<Vec<Outcome>, Failure> {
        let is_url = ["http://", "https://"].iter().any(|scheme| source.starts_with(scheme));
        let (asked, outcome, bytes) = if is_url {
            let asked = Asked { source, url: source, most_wrappers: self.wrappers };
            let (outcome, bytes) = self.outcome(&asked, Start::Template(source))?;
            (asked, Some(outcome), bytes)
        } else {
            let asked = Asked { source, url: "", most_wrappers: self.wrappers };
            (asked, None, input::bytes(&PathBuf::from(source))?)
        };
        match (Vmap::read(&bytes), outcome) {
            (Ok(vmap), _) => self.breaks(&asked, vmap),
            (Err(error @ VmapError::Version(_)), _) => {
                let why = Happening::new(AdEvent::UnknownRoot, error.to_string());
                Ok(vec![Outcome::of(source, vec![why])])
            }
            (Err(_), Some(outcome)) => Ok(vec![outcome]),
            (Err(_), None) => Ok(vec![self.outcome(&asked, Start::Document(&bytes))?.0]),
        }
    }

    /// The outcomes of the breaks of a VMAP document.
    fn breaks(&self, asked: &Asked<'_>, vmap: Vmap) -> Result<Vec<Outcome>, Failure> {
        let mut events = vmap.left_out;
        if vmap.breaks.is_empty() {
            events.insert(0, Happening::new(AdEvent::EmptyVmap, "expected an `AdBreak` that can be filled"));
            return Ok(vec![Outcome::of(asked.source, events)]);
        }
        let mut outcomes = Vec::new();
        for found in vmap.breaks {
            let start = match &found.source {
                AdSource::Vast(document) => Start::Document(document.as_bytes()),
                AdSource::Tag(url) => Start::Template(url),
            };
            let most_wrappers = if found.follows == Some(false) { 0 } else { self.wrappers };
            let (mut outcome, _) = self.outcome(&Asked { most_wrappers, ..*asked }, start)?;
            if found.allows_pod == Some(false) {
                outcome.pod.slots.truncate(1);
            }
            outcome.at = Some(place(&found));
            outcome.tracking = found.tracking;
            // What is left out of the document stands with its first break.
            outcome.events.splice(..0, events.drain(..));
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    /// The outcome, and the first reply.
    fn outcome(&self, asked: &Asked<'_>, start: Start<'_>) -> Result<(Outcome, Vec<u8>), Failure> {
        let Asked { source, url, most_wrappers } = *asked;
        let is_near = Url::parse(url).is_ok_and(|url| is_loopback(&url));
        let reach = Reach::new(None, url, None, self.loopback || is_near);
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
            wrappers: most_wrappers,
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
        let mut spares = offered.spares.into_iter();
        let places = offered.places.into_iter();
        let slots = places.filter_map(|found| found.or_else(|| spares.next())).map(slot).collect();
        let pod = Pod { slots, non_linear: offered.non_linear, ..Pod::empty(fetch::break_id()) };
        let outcome = Outcome {
            pod,
            spares: spares.map(slot).collect(),
            creatives,
            errors: pings.into_iter().map(|Ping { url, code }| Told { code: code.number(), url }).collect(),
            requests,
            took_ms: took.as_millis(),
            ..Outcome::of(source, events)
        };
        Ok((outcome, network.first()))
    }
}

/// Which document is asked for.
#[derive(Clone, Copy)]
struct Asked<'a> {
    /// The argument.
    source: &'a str,
    /// The URL, whose host may be asked; empty for a file.
    url: &'a str,
    most_wrappers: u8,
}
