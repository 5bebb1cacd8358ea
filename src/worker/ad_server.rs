//! Requests to ad servers.
//!
//! Strangers choose what an ad server answers, and where it leads. So each hop of a redirect is checked, a body is read up to a
//! limit, and all of it ends with the time budget. An ad server that fails repeatedly is left alone. Nothing of this is a
//! refusal: the break is left to the content, and the events of the decision are logged.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use worker::{
    AbortController, AbortSignal, CacheMode, Delay, Headers, Request, RequestInit, RequestRedirect, Response,
};

use super::body::{self, Body};
use super::documents::Documents;
use super::isolate::isolate;
use super::objects::ad_rate;
use super::runtime::{header, now_ms, within};
use super::single_flight;
use super::upstream::{REDIRECTS, unread};
use crate::ads::AdEvent;
use crate::ads::macros::LONGEST_URL;
use crate::ads::resolve::{Ask, Failure, Fetch, Ping, Reach, Reply};
use crate::ads::vast::LONGEST;
use crate::catalog::{AdServer, Host, Site, is_kept_by_edges};
use crate::facts::Facts;
use crate::isolate::{Breakers, SharedReply};
use crate::shelf::{Arrived, Look, Outcome, Policy, Purpose, Times};

/// The most redirects that are followed for one request.
const REDIRECTS_MAX: usize = 3;

/// The variable that allows ad servers on this machine: for development, never set in production.
const LOOPBACK_VARIABLE: &str = "AD_SERVERS";

/// For how long viewers share a reply, in milliseconds.
const SHARED_MS: u64 = 2_000;

/// The longest time for an error URL.
const TELLS_WITHIN: Duration = Duration::from_secs(3);

/// Asks ad servers for one decision.
pub(super) struct AdServers<'a> {
    documents: &'a Documents,
    facts: &'a Facts,
    site: &'a Site,
    server: &'a AdServer,
    reach: Reach,
    /// Nothing has been asked yet.
    is_first: Cell<bool>,
}

/// The addresses that a site's requests may lead to. `template`: the URL of its documents.
pub(super) fn reach(documents: &Documents, site: &Site, server: &AdServer, template: &str) -> Reach {
    let is_loopback = |value: worker::Var| value.to_string() == "loopback";
    let loopback = documents.env.var(LOOPBACK_VARIABLE).is_ok_and(is_loopback);
    Reach::new(Some(&site.host), template, server.hosts.as_deref(), loopback)
}

impl<'a> AdServers<'a> {
    pub(super) const fn new(
        documents: &'a Documents,
        facts: &'a Facts,
        site: &'a Site,
        server: &'a AdServer,
        reach: Reach,
    ) -> Self {
        Self { documents, facts, site, server, reach, is_first: Cell::new(true) }
    }

    /// Waits for the jitter, and for the moment that the rate allows.
    async fn wait(&self, patience: Duration) -> Result<(), Failure> {
        let jitter_ms = f64::from(self.server.jitter_ms) * js_sys::Math::random();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is a number of milliseconds"
        )]
        let jitter = Duration::from_millis(jitter_ms as u64);
        if !jitter.is_zero() {
            Delay::from(jitter.min(patience)).await;
        }
        let Some(per_s) = self.server.peak_per_s else { return Ok(()) };
        let left = patience.saturating_sub(jitter) / 2;
        let wait_ms = ad_rate::wait_ms(&self.documents.env, self.facts, &self.site.host, per_s, left).await;
        match wait_ms {
            Some(0) => Ok(()),
            Some(wait_ms) => {
                Delay::from(Duration::from_millis(wait_ms)).await;
                Ok(())
            }
            None => Err(Failure::Rate),
        }
    }

    /// Asks within the time. An ad server that failed repeatedly is not asked.
    async fn ask(&self, ask: Ask, deadline_ms: u64) -> Result<Reply, Failure> {
        let left = Duration::from_millis(deadline_ms.saturating_sub(now_ms()));
        if left.is_zero() {
            return Err(Failure::Timeout);
        }
        if self.server.shared { self.shared(&ask, left).await } else { self.alone(&ask, left).await }
    }

    /// One request for byte-identical URLs.
    async fn shared(&self, ask: &Ask, patience: Duration) -> Result<Reply, Failure> {
        const POLICY: Policy = Policy { retry_ms: 500, retry_without_ms: 500, alone_ms: 0 };
        let key = format!("{} {}", self.site.host, ask.url);
        let memory = &isolate().ad_replies;
        let now = now_ms();
        let looked = memory.with(key.as_str(), now, |known| known.fetched.look(now, patience).cloned());
        let ticket = match looked {
            Look::Serve(SharedReply(reply)) | Look::Refresh(SharedReply(reply)) => {
                return Ok(Reply::clone(&reply));
            }
            Look::Failed(failure) => return Err(failure),
            Look::Wait(ticket) => ticket,
            Look::Fetch(_) | Look::Alone => {
                let answer = self.alone(ask, patience).await;
                let now = now_ms();
                let outcome = match &answer {
                    Ok(reply) => Outcome::Value(
                        SharedReply(Rc::new(reply.clone())),
                        Times::fresh_only(now + SHARED_MS),
                    ),
                    Err(failure) => Outcome::Failed(failure.clone()),
                };
                memory.with(key.as_str(), now, |known| known.fetched.settle(outcome, &POLICY, now));
                return answer;
            }
        };
        let look = || {
            memory.find(key.as_str(), |known| known.fetched.arrived(ticket, now_ms()).map(Arrived::cloned))
        };
        match single_flight::arrival(patience, look).await {
            Arrived::Value(SharedReply(reply)) => Ok(Reply::clone(&reply)),
            Arrived::Failed(failure) => Err(failure),
            // The request that asked was cut off.
            Arrived::Nothing => Err(Failure::Timeout),
        }
    }

    async fn alone(&self, ask: &Ask, patience: Duration) -> Result<Reply, Failure> {
        let host = ask.url.host_str().unwrap_or_default();
        let breakers = Breakers::of(&isolate().breakers, &self.site.host, host, self.facts.address);
        if !breakers.admit(now_ms()) {
            return Err(Failure::CircuitOpen);
        }
        let controller = AbortController::default();
        let signal = controller.signal();
        let answer =
            within(patience, self.follow(ask, &signal, patience)).await.unwrap_or(Err(Failure::Timeout));
        if answer.is_err() {
            controller.abort();
        }
        let usual = Duration::from_millis(self.server.request_ms.into());
        match &answer {
            Err(failure) if failure.is_fault_of_server(patience, usual) => breakers.count(now_ms()),
            Ok(_) => breakers.close(),
            Err(Failure::Status(_)) => breakers.close_own(),
            // It tells nothing of the ad server.
            Err(_) => {}
        }
        answer
    }

    /// Sends a request and follows its redirects. The runtime does not follow them by itself, since each may lead anywhere.
    async fn follow(&self, ask: &Ask, signal: &AbortSignal, patience: Duration) -> Result<Reply, Failure> {
        let mut url = ask.url.clone();
        for _ in 0..=REDIRECTS_MAX {
            check(self.documents, &self.reach, &url).await?;
            let response = send(url.as_str(), &ask.headers, signal).await?;
            let status = response.status_code();
            if status == 204 {
                return Ok(Reply { url, bytes: Vec::new() });
            }
            let place = header(&response, "Location").filter(|_| REDIRECTS.contains(&status));
            let Some(place) = place else {
                if status != 200 {
                    unread(response).await;
                    return Err(Failure::Status(status));
                }
                let bytes = self.read(response, patience).await?;
                return Ok(Reply { url, bytes });
            };
            unread(response).await;
            // Each ad of a document keeps the document's URL.
            if place.len() > LONGEST_URL {
                return Err(Failure::Disallowed(format!(
                    "a redirect to a URL of more than {LONGEST_URL} bytes"
                )));
            }
            let led = |error| Failure::Disallowed(format!("a redirect to an invalid URL: {error}"));
            url = url.join(&place).map_err(led)?;
            url.set_fragment(None);
        }
        Err(Failure::Redirects(REDIRECTS_MAX))
    }

    async fn read(&self, response: Response, patience: Duration) -> Result<Vec<u8>, Failure> {
        let room = (Purpose::Ads, self.site.host.as_str());
        match body::of_response(response, room, LONGEST, patience).await {
            Ok(Body::Whole(bytes, _)) => Ok(bytes),
            Ok(Body::TooLong(_)) => Err(Failure::TooLarge),
            Ok(Body::NoRoom) => {
                Err(Failure::Own("no room to read the reply: others are being read".to_owned()))
            }
            Err(error) => Err(Failure::Unreachable(error.to_string())),
        }
    }
}

impl Fetch for AdServers<'_> {
    fn now_ms(&self) -> u64 {
        now_ms()
    }

    async fn fetch(&self, asks: Vec<Ask>) -> Vec<Result<Reply, Failure>> {
        if self.is_first.replace(false) {
            let patience = asks.iter().map(|ask| ask.within).min().unwrap_or_default();
            if let Err(failure) = self.wait(patience).await {
                return asks.iter().map(|_| Err(failure.clone())).collect();
            }
        }
        // The wait took nothing of the ad server's own time.
        let began = now_ms();
        let deadline =
            |ask: &Ask| began.saturating_add(u64::try_from(ask.within.as_millis()).unwrap_or(u64::MAX));
        join_all(asks.into_iter().map(|ask| {
            let deadline = deadline(&ask);
            self.ask(ask, deadline)
        }))
        .await
    }
}

/// Checks that a request may go to a URL: not to the site, nor to another site, nor to a private address.
async fn check(documents: &Documents, reach: &Reach, url: &url::Url) -> Result<(), Failure> {
    reach.check(url).map_err(Failure::Disallowed)?;
    if is_kept_by_edges(url) {
        return Err(Failure::Disallowed("expected an ad server, found a cache key of the edge".to_owned()));
    }
    if reach.is_this_machine(url) {
        return Ok(());
    }
    let host: Host = match url.host_str().map(str::parse) {
        Some(Ok(host)) => host,
        _ => return Err(Failure::Disallowed("expected a host name".to_owned())),
    };
    match documents.site(&host).await {
        Ok(None) => Ok(()),
        Ok(Some(_)) => Err(Failure::Disallowed(format!("expected an ad server, found the site `{host}`"))),
        Err(fault) => Err(Failure::Own(fault.to_string())),
    }
}

async fn send(
    url: &str,
    headers: &[(&'static str, String)],
    signal: &AbortSignal,
) -> Result<Response, Failure> {
    let unreachable = |error: worker::Error| Failure::Unreachable(error.to_string());
    let own = Headers::new();
    for (name, value) in headers {
        own.set(name, value).map_err(unreachable)?;
    }
    let mut init = RequestInit::new();
    init.with_headers(own).with_redirect(RequestRedirect::Manual).with_cache(CacheMode::NoStore);
    let request = Request::new_with_init(url, &init).map_err(unreachable)?;
    worker::Fetch::Request(request).send_with_signal(signal).await.map_err(unreachable)
}

/// Tells ad servers of errors, behind the reply. What fails there is logged in one line.
pub(super) fn tell(
    documents: &Documents,
    site: &Site,
    reach: Reach,
    headers: Vec<(&'static str, String)>,
    pings: Vec<Ping>,
) {
    if pings.is_empty() {
        return;
    }
    let (documents, host) = (documents.clone(), site.host.clone());
    let context = Rc::clone(&documents.context);
    context.wait_until(async move {
        let mut failed = Vec::new();
        for some in pings.chunks(crate::ads::resolve::AT_ONCE_MAX) {
            let told = some.iter().map(async |ping| {
                let url = url::Url::parse(&ping.url).map_err(|error| error.to_string())?;
                check(&documents, &reach, &url).await.map_err(|failure| failure.to_string())?;
                let controller = AbortController::default();
                let signal = controller.signal();
                match within(TELLS_WITHIN, send(url.as_str(), &headers, &signal)).await {
                    Some(Ok(response)) => {
                        unread(response).await;
                        Ok(())
                    }
                    Some(Err(failure)) => Err(failure.to_string()),
                    None => {
                        controller.abort();
                        Err(Failure::Timeout.to_string())
                    }
                }
            });
            failed.extend(join_all(told).await.into_iter().filter_map(Result::err));
        }
        if let Some(first) = failed.first() {
            let event = AdEvent::BeaconFailed.name();
            let line = json!({ "kind": "ads", "site": host.as_str(), "event": event, "times": failed.len(), "detail": first });
            worker::console_log!("{line}");
        }
    });
}
