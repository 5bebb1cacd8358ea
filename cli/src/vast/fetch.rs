//! Requests to ad servers from this machine, by the rules of the edge.

use std::cell::OnceCell;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use stagedoor::ads::resolve::{Ask, Failure, Fetch, Reach, Reply};
use stagedoor::ads::vast::LONGEST;
use stagedoor::catalog::BreakId;
use ureq::Agent;
use ureq::http::Request;
use ureq::tls::{RootCerts, TlsConfig};

use crate::failure::Misuse;
use crate::input::{self, Stopwatch};

/// The most redirects that are followed for one request.
const REDIRECTS_MAX: usize = 3;

/// Ad servers on the network.
pub(super) struct Network {
    agent: Agent,
    reach: Reach,
    began_ms: u64,
    stopwatch: Stopwatch,
    first: OnceCell<Vec<u8>>,
}

impl Network {
    pub(super) fn new(reach: Reach) -> Result<Self, Misuse> {
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .tls_config(tls.build());
        let began_ms = input::now(None)?.as_secs().saturating_mul(1_000);
        Ok(Self {
            agent: config.build().into(),
            reach,
            began_ms,
            stopwatch: Stopwatch::start(),
            first: OnceCell::new(),
        })
    }

    /// The first reply; empty if there is none.
    pub(super) fn first(self) -> Vec<u8> {
        self.first.into_inner().unwrap_or_default()
    }
}

fn ask(agent: &Agent, reach: &Reach, ask: &Ask) -> Result<Reply, Failure> {
    let stopwatch = Stopwatch::start();
    let mut url = ask.url.clone();
    for _ in 0..=REDIRECTS_MAX {
        reach.check(&url).map_err(Failure::Disallowed)?;
        let left = ask.within.saturating_sub(stopwatch.elapsed());
        if left.is_zero() {
            return Err(Failure::Timeout);
        }
        let mut request = Request::get(url.as_str());
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        let request = request.body(()).map_err(|error| Failure::Unreachable(error.to_string()))?;
        let request = agent.configure_request(request).timeout_global(Some(left)).build();
        let mut answer = agent.run(request).map_err(|error| failure(&error))?;
        let status = answer.status().as_u16();
        let place = answer.headers().get("location").and_then(|place| place.to_str().ok());
        if let Some(place) = place.filter(|_| matches!(status, 301 | 302 | 303 | 307 | 308)) {
            let led = |error| Failure::Disallowed(format!("a redirect to an invalid URL: {error}"));
            url = url.join(place).map_err(led)?;
            url.set_fragment(None);
            continue;
        }
        let bytes = match status {
            204 => Vec::new(),
            200 => {
                let most = u64::try_from(LONGEST).unwrap_or(u64::MAX);
                let read = answer.body_mut().with_config().limit(most).read_to_vec();
                read.map_err(|error| failure(&error))?
            }
            status => return Err(Failure::Status(status)),
        };
        return Ok(Reply { url, bytes });
    }
    Err(Failure::Redirects(REDIRECTS_MAX))
}

fn failure(error: &ureq::Error) -> Failure {
    match error {
        ureq::Error::Timeout(_) => Failure::Timeout,
        ureq::Error::BodyExceedsLimit(_) => Failure::TooLarge,
        error => Failure::Unreachable(error.to_string()),
    }
}

impl Fetch for Network {
    fn now_ms(&self) -> u64 {
        let passed = u64::try_from(self.stopwatch.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.began_ms.saturating_add(passed)
    }

    /// Each request has a thread of its own, so nothing waits for another.
    async fn fetch(&self, asks: Vec<Ask>) -> Vec<Result<Reply, Failure>> {
        let (agent, reach) = (&self.agent, &self.reach);
        let replies: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = asks.iter().map(|asked| scope.spawn(|| ask(agent, reach, asked))).collect();
            let broken = || Err(Failure::Unreachable("the request broke off".to_owned()));
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| broken())).collect()
        });
        if let Some(Ok(Reply { bytes, .. })) = replies.first() {
            self.first.get_or_init(|| bytes.clone());
        }
        replies
    }
}

/// The value of a future whose questions are answered at once.
pub(super) fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        // Invariant: `fetch` blocks, so the future is never pending.
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}

/// A random number: the keys of a new hash table are random.
pub(super) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// The id of the break of a rehearsal.
pub(super) fn break_id() -> BreakId {
    #[expect(clippy::expect_used, reason = "the text is an id")]
    "rehearsal".parse().expect("it is an id")
}
