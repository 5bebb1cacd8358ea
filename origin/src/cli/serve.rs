//! `stagedoor-origin serve`.

use std::env;
use std::error::Error;
use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use stagedoor::control::PATH_VARIABLE;
use stagedoor::redacted::Redacted;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use url::Url;

use super::DatabaseArgs;
use crate::origin::{Origin, Settings};
use crate::push::{Edge, Pace, Sink};
use crate::server::Limits;

/// The secret shared with the edge is read from the environment variable SYNC_SECRET, because every user of a machine can read a
/// command line. So is CONTROL_PATH, the folder of the edge's endpoints, if the Worker has one.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Address to listen on.
    #[arg(long, env = "STAGEDOOR_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8788")]
    listen: SocketAddr,
    #[command(flatten)]
    database: DatabaseArgs,
    /// Address of the edge, by any of its host names, such as http://127.0.0.1:8787.
    #[arg(long, env = "STAGEDOOR_EDGE", value_name = "URL")]
    edge: Url,
    /// Folder of sample media to serve under /media/.
    #[arg(long, env = "STAGEDOOR_MEDIA", value_name = "DIR")]
    media: Option<PathBuf>,
    /// Age of a pending change, in seconds, that raises an alarm in the log and in /api/v1/sync.
    #[arg(long, env = "STAGEDOOR_LAG_ALARM_S", value_name = "SECONDS", default_value = "60")]
    lag_alarm_s: u64,
    /// Greatest number of connections, each with a file descriptor. A new one replaces the connection that has been idle longest.
    #[arg(long, env = "STAGEDOOR_CONNECTIONS", value_name = "NUMBER", default_value_t = Limits::default().connections)]
    connections: usize,
    /// Format of the log. RUST_LOG sets its level.
    #[arg(long, env = "STAGEDOOR_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

/// The time limit for the edge's answer to a batch. A hundred changes are two hundred KV operations, one after another. A batch
/// that was given up may still be running at the edge when the next one is sent.
const PUSH_TIMEOUT: Duration = Duration::from_secs(60);

impl Serve {
    pub(super) async fn run(self) -> Result<(), Box<dyn Error>> {
        let filter =
            EnvFilter::builder().with_default_directive(tracing::Level::INFO.into()).from_env_lossy();
        let colour = io::stderr().is_terminal();
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(colour);
        match self.log_format {
            LogFormat::Text => log.init(),
            LogFormat::Json => log.json().init(),
        }
        let secret = env::var("SYNC_SECRET").map_err(|_| "expected the edge's secret in SYNC_SECRET")?;
        let folder = env::var(PATH_VARIABLE).unwrap_or_default();
        let edge = Edge::new(&self.edge, Redacted::new(secret), PUSH_TIMEOUT)?.below(&folder)?;
        if self.edge.scheme() == "http" && !is_loopback(&self.edge) {
            tracing::warn!("documents, including keys, go to the edge unencrypted: use https");
        }
        let settings = Settings {
            listen: self.listen,
            database: self.database.database()?,
            sink: Sink::Edge(edge),
            media: self.media,
            pace: Pace::default(),
            lag_alarm: Duration::from_secs(self.lag_alarm_s),
            limits: Limits { connections: self.connections.max(1), ..Limits::default() },
        };
        let origin = Origin::start(settings).await?;
        tracing::info!(address = %origin.address(), edge = %self.edge, "listening");
        let stop = CancellationToken::new();
        tokio::spawn(cancel_on_signal(stop.clone()));
        origin.run(stop).await;
        Ok(())
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
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
