//! `stagedoor ads rehearse`

mod crowd;
mod log;
mod own;
mod report;

use std::path::PathBuf;
use std::time::Duration;

use stagedoor::ads::signals;
use stagedoor::catalog::{AdPolicy, DocumentKey, Host, Site, TitleId};
use stagedoor::facts::Geography;
use stagedoor::time::UnixMillis;

use self::crowd::{Crowd, Server};
use self::own::Own;
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
  stagedoor ads rehearse cues.txt --documents export \\
    --site watch.example.com --title harbour --country AE")]
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
    /// The title, whose viewers see the site's own campaigns.
    #[arg(long, value_name = "ID", requires = "site")]
    title: Option<TitleId>,
    /// The place of the viewers, for the campaigns' territories: AE, US-CA or 'US-CA;dma=803'.
    #[arg(long, value_name = "PLACE", requires = "title", default_value = "")]
    country: Geography,
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

/// The most viewers for whom campaigns are chosen one by one.
const CHOOSING_MAX: u32 = 100_000;

/// Times of a log from here on are dates, in milliseconds since 1970.
const DATED_MS: u64 = 100_000_000_000;

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Answer, Failure> {
    let name = input::name(&arguments.log);
    let text = String::from_utf8(input::bytes(&arguments.log)?)
        .map_err(|_| Misuse(format!("{name}: expected text")))?;
    let signals = log::signals(&text).map_err(|why| Misuse(format!("{name}: {why}")))?;
    let (policy, own) = site(arguments)?;
    let server = policy.server.as_ref();
    let is_asked = arguments.documents.is_none() || server.is_some();
    let begin = signals.iter().filter_map(|signal| signal.at.date).min().unwrap_or(UnixMillis(0));
    // A log in seconds begins now.
    let is_dated = begin.0 >= DATED_MS;
    let clock_ms = if is_dated { begin.0 } else { input::now(None)?.as_secs() * 1_000 };
    let ms = |ms: u32| Duration::from_millis(ms.into());
    let crowd = Crowd {
        viewers: arguments.viewers,
        join: Duration::from_secs(arguments.join_s.into()),
        spread: Duration::from_secs(arguments.spread_s.into()),
        isolates: arguments.isolates,
        seed: arguments.seed,
        server: is_asked.then(|| Server {
            ads: arguments.ads.iter().map(|seconds| Duration::from_secs((*seconds).into())).collect(),
            answer: ms(arguments.answer_ms),
            wrappers: arguments.wrappers,
            failing_percent: arguments.failing,
            request: ms(server.map_or(3_000, |server| server.request_ms)),
            total: ms(server.map_or(8_000, |server| server.total_ms)),
            jitter: ms(arguments.jitter_ms.or(server.map(|server| server.jitter_ms)).unwrap_or_default()),
            peak_per_s: arguments.peak.or(server.and_then(|server| server.peak_per_s)),
            is_shared: arguments.shared || server.is_some_and(|server| server.shared),
        }),
        own,
        clock_ms,
        policy: &policy,
    };
    let uses = crowd.play(&signals::breaks(&signals), begin);
    let report = Report::of(&crowd, &uses, &arguments.prices);
    context.output.result(&report, || report.text())?;
    Ok(Answer::Yes)
}

/// The site's policy and its own campaigns.
fn site(arguments: &Arguments) -> Result<(AdPolicy, Option<Own>), Failure> {
    let (Some(folder), Some(host)) = (&arguments.documents, &arguments.site) else {
        return Ok((AdPolicy::default(), None));
    };
    let folder = documents::read(folder)?;
    let documents = &folder.documents;
    let site = documents
        .read::<Site>(&DocumentKey::Site(host.clone()))
        .map_err(|fault| Misuse(fault.to_string()))?;
    let site = site.ok_or_else(|| Misuse(format!("--documents has no site/{host}")))?.body;
    let policy = site.ads.clone();
    let policy = policy.ok_or_else(|| Misuse(format!("site/{host}: expected `ads`, found none")))?;
    let Some(title) = &arguments.title else { return Ok((policy, None)) };
    if arguments.viewers > CHOOSING_MAX {
        let found = arguments.viewers;
        return Err(Misuse(format!(
            "expected --viewers of at most {CHOOSING_MAX} with --title, because campaigns are chosen for each viewer; found {found}"
        ))
        .into());
    }
    let own = Own::of(documents, site, title, arguments.country.clone())?;
    Ok((policy, own))
}
