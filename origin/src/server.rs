//! Serves HTTP to strangers: the head of a request has a time limit, and idle connections give way to new ones.
//!
//! A connection is idle until it has sent a whole head. When all connections are taken, a new one replaces the connection that
//! has been idle longest. So a flood of half requests locks out neither the CMS nor a load balancer's `/healthz`.

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

/// The limits on connections and requests.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The greatest number of connections. Each takes a file descriptor.
    pub connections: usize,
    /// The time limit for a request's head, and for a connection without a request.
    pub head_within: Duration,
    /// The time limit for a request's body.
    pub body_within: Duration,
}

impl Default for Limits {
    /// The smallest systems give 256 file descriptors. 192 connections leave enough for the database and the edge.
    fn default() -> Self {
        Self { connections: 192, head_within: Duration::from_secs(10), body_within: Duration::from_secs(30) }
    }
}

/// The greatest length of a request's head, which is buffered until it is complete.
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
                    Some(slot) => {
                        tasks.spawn(connection(stream, router.clone(), slot, limits, stop.clone()));
                    }
                    None => tracing::warn!("a connection is refused: all connections have a request under way"),
                },
                // Most likely no file descriptor is left: close an idle connection.
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

async fn connection(stream: TcpStream, router: Router, slot: Slot, limits: Limits, stop: CancellationToken) {
    let answer = |request: hyper::Request<Incoming>| {
        let request: Request = request.map(Body::new);
        let (work, mut router) = (slot.begin(), router.clone());
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
            () = slot.closed.cancelled() => return,
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// The open connections.
#[derive(Clone, Debug, Default)]
struct Connections(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    next: u64,
    by_number: HashMap<u64, Connection>,
}

#[derive(Debug)]
struct Connection {
    /// The start of its idle time; `None` while a request is under way.
    waiting_since: Option<Instant>,
    closed: CancellationToken,
}

/// One connection's slot, which is freed on drop.
#[derive(Debug)]
struct Slot {
    connections: Connections,
    number: u64,
    closed: CancellationToken,
}

/// A request under way; its connection is idle again on drop.
#[derive(Debug)]
struct ActiveRequest {
    connections: Connections,
    number: u64,
}

impl Connections {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A slot for a connection. If all are taken, the connection that has been idle longest is closed for it.
    fn enter(&self, most: usize) -> Option<Slot> {
        if self.table().by_number.len() >= most && !self.close_longest_waiting() {
            return None;
        }
        let mut table = self.table();
        let (number, closed) = (table.next, CancellationToken::new());
        table.next += 1;
        let connection = Connection { waiting_since: Some(Instant::now()), closed: closed.clone() };
        table.by_number.insert(number, connection);
        Some(Slot { connections: self.clone(), number, closed })
    }

    fn close_longest_waiting(&self) -> bool {
        let mut table = self.table();
        let waiting = table
            .by_number
            .iter()
            .filter_map(|(number, connection)| connection.waiting_since.map(|since| (since, *number)));
        let longest = waiting.min().and_then(|(_, number)| table.by_number.remove(&number));
        longest.map(|connection| connection.closed.cancel()).is_some()
    }

    fn mark(&self, number: u64, waiting_since: Option<Instant>) {
        if let Some(connection) = self.table().by_number.get_mut(&number) {
            connection.waiting_since = waiting_since;
        }
    }
}

impl Slot {
    fn begin(&self) -> ActiveRequest {
        self.connections.mark(self.number, None);
        ActiveRequest { connections: self.connections.clone(), number: self.number }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.connections.table().by_number.remove(&self.number);
    }
}

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        self.connections.mark(self.number, Some(Instant::now()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_idle_connection_gives_way_and_a_busy_one_does_not() {
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
        assert_eq!(connections.table().by_number.len(), 0);
    }
}
