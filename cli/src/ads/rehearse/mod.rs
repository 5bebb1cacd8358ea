//! `stagedoor ads rehearse`

mod crowd;
mod log;
mod report;

use std::path::PathBuf;
use std::time::Duration;

use stagedoor::ads::signals;
use stagedoor::catalog::{AdPolicy, Campaigns, DocumentKey, Host, Site};
use stagedoor::documents::Documents;

use self::crowd::{Crowd, Server};
use self::report::{Prices, Report};
use crate::context::Context;
use crate::failure::{Failure, Misuse};
use crate::{Answer, documents, input};

#[derive(clap::Args)]
#[command(after_help = "\
A cue log has a line for each mark. It begins with the time, in seconds or as a
date (RFC 3339). Behind it stands OUT, OUT:SECONDS, CONT:ELAPSED/SECONDS, IN, or
a message of SCTE 35 in base64 or hexadecimal digits. Lines that begin with #
are comments.

  0    OUT:60
  45   IN
  600  /DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=

Examples:
  stagedoor ads rehearse cues.txt --viewers 100000
  stagedoor ads rehearse cues.txt --viewers 100000 --jitter-ms 3000 --peak 500
  stagedoor ads rehearse cues.txt --documents export --site watch.example.com")]
pub(crate) struct Arguments {
    /// The cue log. `-` reads standard input.
    #[arg(value_name = "FILE")]
    log: PathBuf,
    /// How many viewers watch.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = input::between(1, 1_000_000_u32))]
    viewers: u32,
    /// The time within which the viewers join, from the first line of the log. 0: all are there.
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = input::between(0, 86_400_u32))]
    join_s: u32,
    /// The time within which players reach a break: their distances from the live edge and their reloads.
    #[arg(long, value_name = "SECONDS", default_value_t = 6, value_parser = input::between(0, 600_u32))]
    spread_s: u32,
    /// How many isolates serve the viewers.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = input::between(1, 100_000_u32))]
    isolates: u32,
    /// The ads that the ad server offers for each break, by their seconds.
    #[arg(long, value_name = "SECONDS", value_delimiter = ',', default_value = "30,30,30,30")]
    ads: Vec<u32>,
    /// The time that the ad server takes for one reply.
    #[arg(long, value_name = "MS", default_value_t = 200, value_parser = input::between(0, 60_000_u32))]
    answer_ms: u32,
    /// The wrappers behind each reply, one behind the other.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = input::between(0, 20_u32))]
    wrappers: u32,
    /// The share of the ad server's replies that fail.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = input::between(0, 100_u32))]
    failing: u32,
    /// A folder with the documents of the site, whose policy counts.
    #[arg(long, value_name = "DIR", requires = "site")]
    documents: Option<PathBuf>,
    /// The site's host name.
    #[arg(long, value_name = "HOST", requires = "documents")]
    site: Option<Host>,
    /// The longest random delay of a decision, in place of the site's `ads.server.jitter_ms`.
    #[arg(long, value_name = "MS")]
    jitter_ms: Option<u32>,
    /// The most requests a second, in place of the site's `ads.server.peak_per_s`.
    #[arg(long, value_name = "N", value_parser = input::between(1, 1_000_000_u32))]
    peak: Option<u32>,
    /// Share replies between viewers of an isolate, as with the site's `ads.server.shared`.
    #[arg(long)]
    shared: bool,
    /// The number that chance begins with. The same number gives the same rehearsal.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    prices: Prices,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Answer, Failure> {
    let name = input::name(&arguments.log);
    let text = String::from_utf8(input::bytes(&arguments.log)?)
        .map_err(|_| Misuse(format!("{name}: expected text")))?;
    let signals = log::signals(&text).map_err(|why| Misuse(format!("{name}: {why}")))?;
    let (policy, own) = site(arguments)?;
    let server = policy.server.as_ref();
    let ms = |ms: u32| Duration::from_millis(ms.into());
    let crowd = Crowd {
        viewers: arguments.viewers,
        join: Duration::from_secs(arguments.join_s.into()),
        spread: Duration::from_secs(arguments.spread_s.into()),
        isolates: arguments.isolates,
        seed: arguments.seed,
        server: Server {
            ads: arguments.ads.iter().map(|seconds| Duration::from_secs((*seconds).into())).collect(),
            answer: ms(arguments.answer_ms),
            wrappers: arguments.wrappers,
            failing_percent: arguments.failing,
            request: ms(server.map_or(3_000, |server| server.request_ms)),
            total: ms(server.map_or(8_000, |server| server.total_ms)),
            jitter: ms(arguments.jitter_ms.or(server.map(|server| server.jitter_ms)).unwrap_or_default()),
            peak_per_s: arguments.peak.or(server.and_then(|server| server.peak_per_s)),
            is_shared: arguments.shared || server.is_some_and(|server| server.shared),
        },
        own,
        policy: &policy,
    };
    let breaks = signals::breaks(&signals);
    let begin = signals.iter().filter_map(|signal| signal.at.date).min();
    let uses = crowd.play(&breaks, begin.unwrap_or(stagedoor::time::UnixMillis(0)));
    let report = Report::of(&crowd, &uses, &arguments.prices);
    context.output.result(&report, || report.text())?;
    Ok(Answer::Yes)
}

/// The site's policy, and the questions that its own campaigns ask of Durable Objects for one decision.
fn site(arguments: &Arguments) -> Result<(AdPolicy, u32), Failure> {
    let (Some(folder), Some(host)) = (&arguments.documents, &arguments.site) else {
        return Ok((AdPolicy::default(), 0));
    };
    let folder = documents::read(folder)?;
    let documents: &Documents = &folder.documents;
    let fault = |fault: stagedoor::fault::Fault| Misuse(fault.to_string());
    let site = documents.read::<Site>(&DocumentKey::Site(host.clone())).map_err(fault)?;
    let site = site.ok_or_else(|| Misuse(format!("--documents has no site/{host}")))?;
    let policy = site.body.ads.ok_or_else(|| Misuse(format!("site/{host}: expected `ads`, found none")))?;
    let campaigns = documents.read::<Campaigns>(&DocumentKey::Campaigns(host.clone())).map_err(fault)?;
    let campaigns = campaigns.map(|document| document.body.campaigns).unwrap_or_default();
    let asks_viewer = campaigns.iter().any(|campaign| {
        let frequency = &campaign.frequency;
        frequency.per_session.is_some() || frequency.per_day.is_some() || frequency.delay_s.is_some()
    });
    let asks_counter = campaigns.iter().any(|campaign| campaign.cap.is_some());
    Ok((policy, u32::from(asks_viewer) + u32::from(asks_counter)))
}
