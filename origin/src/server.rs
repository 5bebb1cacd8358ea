//! Serves HTTP to strangers: a request's head has a time in which to come, and half-open connections give way.
//!
//! A connection that waits for a request, whether it has sent half of one or none, is worth nothing yet. When there are as
//! many connections as there may be, the one that has waited longest is closed for the one that comes, so that a flood of
//! half requests keeps neither the CMS nor a load balancer's `/healthz` out.

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tower_service::Service;

/// What strangers may take of the service.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most connections at a time. Each takes a file descriptor.
    pub connections: usize,
    /// How long a request's head may take to come, and a connection may stay without a request.
    pub head_within: Duration,
    /// How long a request's body may take to come.
    pub body_within: Duration,
}

impl Default for Limits {
    /// Beside 192 connections, the database and the edge get by with the 256 file descriptors that the smallest systems give.
    fn default() -> Self {
        Self { connections: 192, head_within: Duration::from_secs(10), body_within: Duration::from_secs(30) }
    }
}

/// The most bytes of a request's head: what comes of it is kept until it is whole.
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// Serves until `stop`, then finishes what is in flight.
pub(crate) async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: CancellationToken) {
    let connections = Connections::default();
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = tasks.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => match connections.enter(limits.connections) {
                    Some(place) => {
                        tasks.spawn(connection(stream, router.clone(), place, limits, stop.clone()));
                    }
                    None => tracing::warn!("a connection is turned away: every other one is at work"),
                },
                // Most likely there is no file descriptor left: one that waits gives way.
                Err(error) => {
                    tracing::warn!(%error, "a connection cannot be accepted");
                    connections.close_longest_waiting();
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }
    drop(listener);
    while tasks.join_next().await.is_some() {}
}

async fn connection(
    stream: TcpStream,
    router: Router,
    place: Place,
    limits: Limits,
    stop: CancellationToken,
) {
    let answer = |request: hyper::Request<Incoming>| {
        let request: Request = request.map(Body::new);
        let (work, mut router) = (place.begin(), router.clone());
        async move {
            let response: Result<Response, Infallible> = router.call(request).await;
            drop(work);
            response
        }
    };
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.head_within).max_buf_size(MAX_HEAD_BYTES);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service_fn(answer)));
    let mut stopping = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended");
                }
                return;
            }
            () = place.closed.cancelled() => return,
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// The connections that there are.
#[derive(Clone, Debug, Default)]
struct Connections(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    next: u64,
    by_number: HashMap<u64, Connection>,
}

#[derive(Debug)]
struct Connection {
    /// Since when it waits for a request; `None` while it is at work on one.
    waiting_since: Option<Instant>,
    closed: CancellationToken,
}

/// One connection's place among them, which it gives up when it ends.
#[derive(Debug)]
struct Place {
    connections: Connections,
    number: u64,
    closed: CancellationToken,
}

/// One request of a connection.
#[derive(Debug)]
struct Work {
    connections: Connections,
    number: u64,
}

impl Connections {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a connection, if need be that of the one that has waited longest.
    fn enter(&self, most: usize) -> Option<Place> {
        if self.held().by_number.len() >= most && !self.close_longest_waiting() {
            return None;
        }
        let mut held = self.held();
        let (number, closed) = (held.next, CancellationToken::new());
        held.next += 1;
        let connection = Connection { waiting_since: Some(Instant::now()), closed: closed.clone() };
        held.by_number.insert(number, connection);
        Some(Place { connections: self.clone(), number, closed })
    }

    fn close_longest_waiting(&self) -> bool {
        let mut held = self.held();
        let waiting = held
            .by_number
            .iter()
            .filter_map(|(number, connection)| connection.waiting_since.map(|since| (since, *number)));
        let longest = waiting.min().and_then(|(_, number)| held.by_number.remove(&number));
        longest.map(|connection| connection.closed.cancel()).is_some()
    }

    fn mark(&self, number: u64, waiting_since: Option<Instant>) {
        if let Some(connection) = self.held().by_number.get_mut(&number) {
            connection.waiting_since = waiting_since;
        }
    }
}

impl Place {
    fn begin(&self) -> Work {
        self.connections.mark(self.number, None);
        Work { connections: self.connections.clone(), number: self.number }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.held().by_number.remove(&self.number);
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.connections.mark(self.number, Some(Instant::now()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connection_that_waits_longest_gives_way_and_one_at_work_does_not() {
        let connections = Connections::default();
        let [first, second] = [connections.enter(2).unwrap(), connections.enter(2).unwrap()];
        let work = first.begin();
        let third = connections.enter(2).unwrap();
        assert!(second.closed.is_cancelled() && !first.closed.is_cancelled());
        drop(second);
        let third_at_work = third.begin();
        assert!(connections.enter(2).is_none(), "work was cut short");
        drop((work, third_at_work));
        assert!(connections.enter(2).is_some());
        assert!(first.closed.is_cancelled() != third.closed.is_cancelled());
        drop((first, third));
        assert_eq!(connections.held().by_number.len(), 0);
    }
}
