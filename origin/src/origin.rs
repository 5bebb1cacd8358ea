//! The running service: the API and the worker over one database.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::api::{self, Api};
use crate::clock::UnixMillis;
use crate::io_reason::io_reason;
use crate::push::{Inquiry, Lag, Pace, Sink, Worker};
use crate::server::{self, Limits};
use crate::store::{Database, DatabaseError, Store};

/// The settings of the service.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address to listen on; port 0 selects a free one.
    pub listen: SocketAddr,
    /// The database.
    pub database: Database,
    /// The sink of the documents.
    pub sink: Sink,
    /// The folder of sample media to serve, if any.
    pub media: Option<PathBuf>,
    /// The times that pace the worker.
    pub pace: Pace,
    /// The age at which a pending change raises the alarm.
    pub lag_alarm: Duration,
    /// The limits on connections and requests.
    pub limits: Limits,
    /// How long a state of a document is kept after another one has replaced it.
    pub history: Duration,
    /// How often the edge is asked which creatives are wanted.
    pub wanted: Duration,
}

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be opened.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The service cannot listen on the address.
    #[error("cannot listen on {0}: {why}", why = cannot_listen(.1))]
    Listen(SocketAddr, io::Error),
    /// The folder of media is none, or cannot be read.
    #[error("cannot read the folder of media {path}: {reason}", path = .0.display(), reason = io_reason(.1))]
    Media(PathBuf, io::Error),
}

/// Why an address cannot be listened on, and the remedy.
fn cannot_listen(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another program listens there: stop it, or choose another address with --listen".to_owned()
        }
        io::ErrorKind::AddrNotAvailable => {
            "this machine has no such address: choose another with --listen, such as 127.0.0.1:8788"
                .to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            "only root may use this port: choose one above 1023 with --listen".to_owned()
        }
        _ => io_reason(error),
    }
}

/// The service, listening but not yet answering.
#[derive(Debug)]
pub struct Origin {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    limits: Limits,
    worker: Worker,
    inquiry: Inquiry,
    lag: Lag,
    wake: Arc<Notify>,
    store: Store,
    history: Duration,
}

/// How long requests and a push in flight may take after the stop signal. A change whose push is cut off stays pending in the
/// outbox, and is sent after the next start.
const STOP_WITHIN: Duration = Duration::from_secs(10);

impl Origin {
    /// Opens the database and the port.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        if let Some(folder) = &settings.media {
            fs::read_dir(folder).map_err(|error| StartError::Media(folder.clone(), error))?;
        }
        let store = Store::open(&settings.database).await?;
        let refused = |error| StartError::Listen(settings.listen, error);
        let listener = TcpListener::bind(settings.listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let wake = Arc::new(Notify::new());
        let inquiry = Inquiry::new(store.clone(), settings.sink.clone(), settings.wanted);
        let worker = Worker::new(store.clone(), settings.sink, wake.clone(), settings.pace);
        let (limits, lag) = (settings.limits, Lag::new(settings.lag_alarm));
        let api = Api {
            store: store.clone(),
            wake: wake.clone(),
            lag: lag.clone(),
            body_within: limits.body_within,
        };
        let router = api::router(api, settings.media.as_deref());
        let history = settings.history;
        Ok(Self { listener, address, router, limits, worker, inquiry, lag, wake, store, history })
    }

    /// The address of the listener.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`, then finishes what is in flight.
    pub async fn run(self, stop: CancellationToken) {
        let server = server::serve(self.listener, self.router, self.limits, stop.clone());
        let watch = self.lag.watch(self.store.clone(), stop.clone());
        let prune = prune(self.store.clone(), self.wake, self.history, stop.clone());
        let inquiry = self.inquiry.run(stop.clone());
        let work = async { tokio::join!(server, self.worker.run(stop.clone()), inquiry, watch, prune) };
        let deadline = async {
            stop.cancelled().await;
            tokio::time::sleep(STOP_WITHIN).await;
        };
        tokio::select! {
            _ = work => {}
            () = deadline => tracing::warn!("stopped with work in flight"),
        }
        // After the deadline, a request may still hold a connection.
        let _ = tokio::time::timeout(Duration::from_secs(1), self.store.close()).await;
    }
}

/// The interval between searches for expired revocations, and for history that is no longer kept.
const PRUNE_EVERY: Duration = Duration::from_secs(600);

/// Drops expired revocations and old history, until `stop`.
async fn prune(store: Store, wake: Arc<Notify>, history: Duration, stop: CancellationToken) {
    loop {
        match store.prune_revocations(UnixMillis::now()).await {
            Ok(0) => {}
            Ok(sites) => {
                tracing::info!(sites, "dropped expired revocations");
                wake.notify_one();
            }
            Err(error) => tracing::error!(%error, "revocations cannot be pruned"),
        }
        match store.prune_history(history, UnixMillis::now()).await {
            Ok(0) => {}
            Ok(states) => tracing::info!(states, "dropped old history"),
            Err(error) => tracing::error!(%error, "the history cannot be pruned"),
        }
        if let Err(error) = store.prune_wanted(UnixMillis::now()).await {
            tracing::error!(%error, "the wanted creatives cannot be pruned");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PRUNE_EVERY) => {}
        }
    }
}
