//! `stagedoor-origin serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::database::{self, NewDatabaseArgs};
use super::failure::Failure;
use super::log::{self, LogFormat};
use super::secret::SecretArgs;
use crate::origin::{Origin, Settings};
use crate::push::{Edge, Pace, Sink};
use crate::server::Limits;

const HELP: &str = "\
Variables without an option. Every user of a machine can read a command line,
so a secret is never on it:
  SYNC_SECRET   Secret shared with the edge, 32 characters or more. To make one:
                openssl rand -hex 32
  CONTROL_PATH  Folder of the edge's endpoints, if the Worker has CONTROL_PATH.
  RUST_LOG      Level of the log: off, error, warn, info (default), debug or
                trace, or MODULE=LEVEL such as stagedoor_origin=debug.
  NO_COLOR      If it is not empty, the log has no colours on a terminal.
  DATABASE_URL  Place of the database, if --database is absent.

A secret that is given in its variable and in a file is refused.

Examples:
  stagedoor-origin serve --edge https://watch.example.com \\
    --sync-secret-file sync-secret
  SYNC_SECRET=… stagedoor-origin serve --edge http://127.0.0.1:8787 \\
    --database new.db --create-database
  RUST_LOG=debug stagedoor-origin serve --edge https://watch.example.com \\
    --sync-secret-file sync-secret --log-format json";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct Serve {
    /// Address to listen on.
    #[arg(long, env = "STAGEDOOR_LISTEN", hide_env_values = true, value_name = "ADDRESS", default_value = "127.0.0.1:8788", value_parser = address)]
    listen: SocketAddr,
    #[command(flatten)]
    database: NewDatabaseArgs,
    /// Address of the edge, by any of its host names, such as https://watch.example.com.
    #[arg(long, env = "STAGEDOOR_EDGE", hide_env_values = true, value_name = "URL")]
    edge: String,
    /// Send documents, with their keys, over plain HTTP to an edge that is not on this machine.
    #[arg(long, env = "STAGEDOOR_PLAIN_HTTP", hide_env_values = true, value_parser = BoolishValueParser::new())]
    plain_http: bool,
    #[command(flatten)]
    secrets: SecretArgs,
    /// Folder of sample media to serve under /media/.
    #[arg(long, env = "STAGEDOOR_MEDIA", hide_env_values = true, value_name = "DIR")]
    media: Option<PathBuf>,
    /// Age of a pending change, in seconds, that raises an alarm in the log and in /api/v1/sync.
    #[arg(long, env = "STAGEDOOR_LAG_ALARM_S", hide_env_values = true, value_name = "SECONDS", default_value = "60", value_parser = positive)]
    lag_alarm_s: u32,
    /// Greatest number of connections, each with a file descriptor. A new one replaces the connection that has been idle longest.
    #[arg(long, env = "STAGEDOOR_CONNECTIONS", hide_env_values = true, value_name = "NUMBER", default_value = "192", value_parser = positive)]
    connections: u32,
    /// Days for which a document is kept after another revision has replaced it. API clients can read it and put it back.
    #[arg(long, env = "STAGEDOOR_HISTORY_DAYS", hide_env_values = true, value_name = "DAYS", default_value = "400", value_parser = positive)]
    history_days: u32,
    /// Format of the log.
    #[arg(
        long,
        env = "STAGEDOOR_LOG_FORMAT",
        hide_env_values = true,
        value_name = "FORMAT",
        default_value = "text"
    )]
    log_format: LogFormat,
}

/// The time limit for the edge's answer to a batch. A hundred changes are two hundred KV operations, one after another. A batch
/// that was given up may still be running at the edge when the next one is sent.
const PUSH_TIMEOUT: Duration = Duration::from_secs(60);

/// How often the edge is asked which creatives of ad servers nobody has conditioned.
const WANTED_EVERY: Duration = Duration::from_secs(60);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Serve {
    pub(super) async fn run(self) -> Result<(), Failure> {
        log::start(self.log_format)?;
        let address = edge_address(&self.edge, self.plain_http)?;
        let edge = Edge::new(&address, self.secrets.sync()?, PUSH_TIMEOUT)?;
        let edge = edge.below(self.secrets.control_path()?.expose())?;
        let (database, is_new) = self.database.place()?;
        let _taken = database::take(&database)?;
        let file = database.path().display().to_string();
        let settings = Settings {
            listen: self.listen,
            database,
            sink: Sink::Edge(edge),
            media: self.media,
            pace: Pace::default(),
            lag_alarm: Duration::from_secs(self.lag_alarm_s.into()),
            limits: Limits {
                connections: usize::try_from(self.connections).unwrap_or(usize::MAX),
                ..Limits::default()
            },
            history: DAY.saturating_mul(self.history_days),
            wanted: WANTED_EVERY,
        };
        let origin = Origin::start(settings).await?;
        if is_new {
            tracing::warn!(database = file, "made a new database, because --create-database is set");
        }
        tracing::info!(address = %origin.address(), edge = %address, database = file, "listening");
        let stop = CancellationToken::new();
        tokio::spawn(cancel_on_signal(stop.clone()));
        origin.run(stop).await;
        Ok(())
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "expected an IP address with a port, such as 127.0.0.1:8788 or [::1]:8788".to_owned())
}

fn positive(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("expected a whole number from 1 to {}", u32::MAX))
}

/// Reads the address of the edge. An address with plain HTTP has to be this machine's, because keys would cross the network.
fn edge_address(text: &str, plain_http: bool) -> Result<Url, Failure> {
    let url: Url = text.parse().map_err(|error| {
        // The text is not quoted, because it may hold a password.
        Failure::Misuse(format!(
            "expected the address of the edge in --edge, such as https://watch.example.com: {error}"
        ))
    })?;
    if url.scheme() == "http" && !plain_http && !is_loopback(&url) {
        return Err(Failure::Misuse(format!(
            "expected https in the address of the edge, or a host of this machine, found http to {}: documents, with their keys, would \
             cross the network unencrypted. Use https, or accept that with --plain-http",
            url.host_str().unwrap_or_default()
        )));
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Stops on SIGINT, and on SIGTERM where the system has it.
async fn cancel_on_signal(stop: CancellationToken) {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        _ = terminate => {}
    }
    tracing::info!("stopping");
    stop.cancel();
}
