//! Keys that issuers publish.
//!
//! A set comes from isolate memory, else from the data centre's cache, else from the issuer. It is fresh for its `refresh_s`
//! less a jitter. Then it serves on while it is fetched again, and while the issuer fails, for [`KEPT_S`] at most. A token
//! with an unknown key has the set fetched early, once in [`EARLY`] for each URL.
//!
//! One fetch serves all requests of an isolate. Only keys are kept, no object of a request.

use std::rc::Rc;
use std::time::Duration;

use serde_json::json;
use sha2::{Digest, Sha256};
use url::{Host as UrlHost, Url};
use worker::{
    AbortController, Cache, Env, Fetch, Headers, Request, RequestInit, RequestRedirect, Response,
    ResponseBody,
};

use super::body::{self, Body};
use super::documents::Documents;
use super::isolate::isolate;
use super::{heap, now_ms, platform, respond, single_flight, within};
use crate::catalog::{Document, Issuer, KeySet, PublishedKeys, SkippedKey};
use crate::denial::Reason;
use crate::fault::{Fault, FaultKind};
use crate::isolate::{KnownKeys, PublishedSet};
use crate::life::TokenKeys;
use crate::shelf::{Arrived, Look, Outcome, Policy, Purpose, Ticket, Times, Turn, Weighed, jittered};
use crate::token::{Presented, hex};

/// How long an issuer may take for its whole reply.
const PATIENCE: Duration = Duration::from_secs(4);

/// How long a fetch counts as under way: the request that began it may have been cut off.
const UNDER_WAY: Duration = Duration::from_secs(5);

/// The longest set that is fetched, in bytes. [`KeySet::from_published`] reads no longer set.
const LONGEST: usize = 256 * 1024;

/// Seconds for which keys serve without newer ones from the issuer. Then the issuer's tokens are refused: a key that it has
/// withdrawn must not open doors for ever.
const KEPT_S: u64 = 24 * 3_600;

/// The least time between two early fetches for the sake of an unknown key.
const EARLY: Duration = Duration::from_secs(30);

/// A fetch that failed is tried again after 10 s, whether or not older keys serve on.
const POLICY: Policy = Policy { retry_ms: 10_000, retry_without_ms: 10_000, alone_ms: 0 };

/// The variable that allows sets over plain HTTP from this machine: for development, never set in production.
const LOOPBACK_VARIABLE: &str = "PUBLISHED_KEYS_HTTP";

/// The keys of an issuer: the keys of its document, and the keys that it publishes.
pub(super) struct Keys {
    own: Rc<Document<KeySet>>,
    published: Option<Published>,
}

struct Published {
    /// Both together; the fault, if the published keys could not be fetched.
    merged: Result<Rc<KeySet>, Fault>,
    fetched_at_ms: u64,
    /// This request has waited for them, so there are no newer ones.
    waited: bool,
}

impl Keys {
    /// All keys.
    pub(super) fn set(&self) -> &KeySet {
        match &self.published {
            Some(Published { merged: Ok(set), .. }) => set,
            _ => &self.own.body,
        }
    }
}

impl From<Keys> for TokenKeys {
    fn from(Keys { own, published }: Keys) -> Self {
        match published {
            Some(Published { merged: Ok(set), .. }) => Self::Published(set),
            _ => Self::Document(own),
        }
    }
}

/// The keys for a token. Published keys are fetched early if the token names a key that is not among them.
pub(super) async fn for_token(
    documents: &Documents,
    own: Rc<Document<KeySet>>,
    token: &dyn Presented,
) -> Result<Keys, Fault> {
    let mut keys = keys(documents, own).await?;
    if keys.published.is_some()
        && let Err(denial) = token.challenges(keys.set())
        && denial.reason == Reason::TokenKeyUnknown
    {
        keys.renew(documents).await?;
    }
    Ok(keys)
}

/// The keys of an issuer.
pub(super) async fn keys(documents: &Documents, own: Rc<Document<KeySet>>) -> Result<Keys, Fault> {
    let Some(published) = &own.body.published else { return Ok(Keys { own, published: None }) };
    let place = Place::of(&own.body.issuer, published, &documents.env)?;
    let failed = |fault| Published { merged: Err(fault), fetched_at_ms: 0, waited: true };
    let published = match with_known(&place.url, |known, now| known.fetched.look(now, UNDER_WAY).cloned()) {
        Look::Serve(set) => merged(&own, &set, false),
        Look::Refresh(set) => {
            begin(documents, &place, None);
            merged(&own, &set, false)
        }
        Look::Failed(fault) => failed(fault),
        turn @ (Look::Fetch(ticket) | Look::Wait(ticket)) => {
            if matches!(turn, Look::Fetch(_)) {
                begin(documents, &place, None);
            }
            wait(&place, ticket).await.map_or_else(failed, |set| merged(&own, &set, true))
        }
        Look::Alone => failed(place.fault("the keys are for one request alone")),
    };
    match published.merged {
        // Tokens that the document's own keys verify need no others.
        Err(fault) if own.body.keys.is_empty() => Err(fault),
        _ => Ok(Keys { own, published: Some(published) }),
    }
}

impl Keys {
    /// Fetches newer keys, if there may be any.
    async fn renew(&mut self, documents: &Documents) -> Result<(), Fault> {
        let (Some(published), Some(named)) = (&self.published, &self.own.body.published) else {
            return Ok(());
        };
        // Without the published keys, no key is known to be unknown.
        published.merged.as_ref().map_err(Clone::clone)?;
        let seen = published.fetched_at_ms;
        let place = Place::of(&self.own.body.issuer, named, &documents.env)?;
        if published.waited {
            return Ok(());
        }
        let set = match place.newer(seen) {
            Some(set) => set,
            None => {
                let turn = with_known(&place.url, |known, now| known.begin_early(now, EARLY, UNDER_WAY));
                let Some(turn) = turn else { return Ok(()) };
                if let Turn::Mine(_) = turn {
                    begin(documents, &place, Some(seen));
                }
                let (Turn::Mine(ticket) | Turn::Theirs(ticket)) = turn;
                // A fetch that fails is logged; the token is refused by the keys that are known.
                let Ok(set) = wait(&place, ticket).await else { return Ok(()) };
                set
            }
        };
        self.published = Some(merged(&self.own, &set, true));
        Ok(())
    }
}

/// Where a set is published, and for how long it is fresh.
#[derive(Clone)]
struct Place {
    issuer: Issuer,
    url: Url,
    refresh_s: u64,
}

impl Place {
    /// Keys come over TLS only: whoever could change them on the way could sign tokens.
    fn of(issuer: &Issuer, published: &PublishedKeys, env: &Env) -> Result<Self, Fault> {
        let loopback = match published.url.host() {
            Some(UrlHost::Domain(name)) => name == "localhost",
            Some(UrlHost::Ipv4(address)) => address.is_loopback(),
            Some(UrlHost::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let allowed = || env.var(LOOPBACK_VARIABLE).is_ok_and(|value| value.to_string() == "loopback");
        match published.url.scheme() {
            "https" => {}
            "http" if loopback && allowed() => {}
            scheme => {
                let detail = format!("expected an https URL of published keys, found the scheme `{scheme}`");
                return Err(Fault::new(FaultKind::DocumentInvalid, detail));
            }
        }
        Ok(Self { issuer: issuer.clone(), url: published.url.clone(), refresh_s: published.refresh_s })
    }

    /// The URL for people and logs, without a query or credentials.
    fn name(&self) -> String {
        format!("{}{}", self.url.origin().ascii_serialization(), self.url.path())
    }

    /// The room in which the set is read. Each host that publishes keys has a part of it.
    fn room(&self) -> (Purpose, &str) {
        (Purpose::Keys, self.url.host_str().unwrap_or_default())
    }

    /// The URL under which the data centre's cache has the set. No site has a host below `.invalid`.
    fn cache_key(&self) -> String {
        let hash = Sha256::digest(self.url.as_str());
        format!("https://published-keys.invalid/{}", hex::encode(&hash))
    }

    fn fault(&self, detail: impl std::fmt::Display) -> Fault {
        Fault::new(FaultKind::KeysUnavailable, format!("{}: {detail}", self.name()))
    }

    /// The keys in memory, if they are newer.
    fn newer(&self, seen_ms: u64) -> Option<PublishedSet> {
        held(&self.url).filter(|held| held.fetched_at_ms > seen_ms)
    }
}

/// The document's own keys, then the keys of the issuer's set whose ids are new.
fn merged(own: &Document<KeySet>, set: &PublishedSet, waited: bool) -> Published {
    let fetched_at_ms = set.fetched_at_ms;
    let memory = &isolate().merged;
    let name = (own.body.issuer.to_string(), own.revision, fetched_at_ms);
    let known = memory.find(&name, |known| Rc::clone(&known.value));
    let merged = known.unwrap_or_else(|| {
        let (value, bytes) = heap::weighed(|| Rc::new(own.body.clone().with(&set.keys)));
        memory.insert(name, Weighed { value: Rc::clone(&value), bytes }, now_ms());
        value
    });
    Published { merged: Ok(merged), fetched_at_ms, waited }
}

fn with_known<T>(url: &Url, then: impl FnOnce(&mut KnownKeys, u64) -> T) -> T {
    let now = now_ms();
    isolate().published.with(url.as_str(), now, |known| then(known, now))
}

/// The keys in memory, whether they may serve or not.
fn held(url: &Url) -> Option<PublishedSet> {
    isolate().published.find(url.as_str(), |known| known.fetched.held().cloned()).flatten()
}

/// Begins a fetch behind the reply. `seen_ms`: an early fetch, for a set that is newer than this.
fn begin(documents: &Documents, place: &Place, seen_ms: Option<u64>) {
    let place = place.clone();
    documents.context.wait_until(async move {
        let outcome = refresh(&place, seen_ms).await;
        let serving = with_known(&place.url, |known, now| {
            match &outcome {
                Ok(()) => known.fetched.end(),
                Err(fault) => known.fetched.settle(Outcome::Failed(fault.clone()), &POLICY, now),
            }
            known.fetched.serving(now).map(|set| now.saturating_sub(set.fetched_at_ms) / 1000)
        });
        if let Err(Fault { kind, detail }) = outcome {
            let kept = match serving {
                Some(age_s) => format!("the keys of {age_s} s ago serve on"),
                None => "there are no others".to_owned(),
            };
            respond::log(None, &Fault::new(kind, format!("{detail}; {kept}")).into());
        }
    });
}

/// Waits for the keys of a fetch that is under way.
async fn wait(place: &Place, ticket: Ticket) -> Result<PublishedSet, Fault> {
    let look =
        || with_known(&place.url, |known, now| known.fetched.arrived(ticket, now).map(Arrived::cloned));
    match single_flight::until(UNDER_WAY, look).await {
        Some(Arrived::Value(set)) => Ok(set),
        Some(Arrived::Failed(fault)) => Err(fault),
        Some(Arrived::Nothing) => Err(place.fault("there are no newer keys")),
        None => Err(place.fault("another request's fetch did not end")),
    }
}

/// Takes a set into memory: from the cache, if another isolate has put a fresh set there, else from the issuer. A stale set of
/// the cache serves only if the issuer fails, since it may hold a key that the issuer has withdrawn.
async fn refresh(place: &Place, seen_ms: Option<u64>) -> Result<(), Fault> {
    let mut stale = None;
    let held_ms = held(&place.url).map_or(0, |held| held.fetched_at_ms);
    if let Some((bytes, fetched_at_ms)) = cached(place).await? {
        let age_ms = now_ms().saturating_sub(fetched_at_ms);
        let usable = fetched_at_ms > held_ms && age_ms < KEPT_S * 1000;
        let enough_s = if seen_ms.is_some() { EARLY.as_secs() } else { place.refresh_s };
        if age_ms >= enough_s * 1000 {
            stale = usable.then_some((bytes, fetched_at_ms));
        } else if usable && let Ok((set, _)) = read(place, &bytes, fetched_at_ms) {
            bring(place, set);
            return Ok(());
        }
    }
    let outcome = fetched(place).await;
    if let (Err(_), Some((bytes, fetched_at_ms))) = (&outcome, stale) {
        // The failure is logged, with the age of the keys that serve on.
        if let Ok((set, _)) = read(place, &bytes, fetched_at_ms) {
            let times = times(place, fetched_at_ms);
            with_known(&place.url, |known, _| known.fetched.hold(set, times));
        }
    }
    outcome
}

/// Takes the issuer's set into memory and into the cache.
async fn fetched(place: &Place) -> Result<(), Fault> {
    let bytes = fetch(place).await?;
    let fetched_at_ms = now_ms();
    let (set, skipped) = read(place, &bytes, fetched_at_ms)?;
    bring(place, set);
    for SkippedKey { at, kid, why } in skipped {
        let line = json!({ "kind": "key skipped", "set": place.name(), "at": at, "key": kid, "detail": why });
        worker::console_log!("{line}");
    }
    keep(place, bytes, fetched_at_ms).await
}

/// Reads a set, and names the keys in it that cannot be used.
fn read(place: &Place, bytes: &[u8], fetched_at_ms: u64) -> Result<(PublishedSet, Vec<SkippedKey>), Fault> {
    let (read, bytes) = heap::weighed(|| KeySet::from_published(&place.issuer, bytes));
    let (keys, skipped) = read.map_err(|error| place.fault(error))?;
    Ok((PublishedSet { keys: Rc::new(keys), bytes, fetched_at_ms }, skipped))
}

/// Takes a set into memory, for all requests that wait.
fn bring(place: &Place, set: PublishedSet) {
    let times = times(place, set.fetched_at_ms);
    with_known(&place.url, |known, _| known.fetched.bring(set, times));
}

/// For how long a set serves.
fn times(place: &Place, fetched_at_ms: u64) -> Times {
    let serves_until_ms = fetched_at_ms + KEPT_S * 1000;
    Times {
        fresh_until_ms: fetched_at_ms + jittered(place.refresh_s * 1000, js_sys::Math::random()),
        stale_until_ms: serves_until_ms,
        error_until_ms: serves_until_ms,
    }
}

/// Asks the issuer. A redirect is not followed: it could lead anywhere.
async fn fetch(place: &Place) -> Result<Vec<u8>, Fault> {
    let headers = Headers::new();
    headers.set("Accept", "application/jwk-set+json, application/json").map_err(|error| platform(&error))?;
    let mut init = RequestInit::new();
    init.with_headers(headers).with_redirect(RequestRedirect::Manual);
    let request = Request::new_with_init(place.url.as_str(), &init).map_err(|error| platform(&error))?;
    let controller = AbortController::default();
    let signal = controller.signal();
    let answer = async {
        let response =
            Fetch::Request(request).send_with_signal(&signal).await.map_err(|error| place.fault(error))?;
        if response.status_code() != 200 {
            return Err(place.fault(format_args!("the issuer answered {}", response.status_code())));
        }
        match body::of_response(response, place.room(), LONGEST, PATIENCE)
            .await
            .map_err(|error| place.fault(error))?
        {
            Body::Whole(bytes, _) => Ok(bytes),
            Body::TooLong(found) => {
                Err(place.fault(format_args!("expected {LONGEST} bytes at most, found {found}")))
            }
            Body::NoRoom => Err(place.fault("there is no room to read it: other bodies are being read")),
        }
    };
    within(PATIENCE, answer).await.unwrap_or_else(|| {
        controller.abort();
        Err(place.fault(format_args!("no answer within {} s", PATIENCE.as_secs())))
    })
}

/// The header with the time at which a set was fetched, in Unix milliseconds.
const FETCHED_AT: &str = "Stagedoor-Fetched-At";

async fn cached(place: &Place) -> Result<Option<(Vec<u8>, u64)>, Fault> {
    let found = Cache::default().get(place.cache_key(), false).await.map_err(|error| platform(&error))?;
    let Some(response) = found else { return Ok(None) };
    let fetched_at = response.headers().get(FETCHED_AT).ok().flatten().and_then(|time| time.parse().ok());
    match (fetched_at, body::of_response(response, place.room(), LONGEST, PATIENCE).await) {
        (Some(fetched_at_ms), Ok(Body::Whole(bytes, _))) => Ok(Some((bytes, fetched_at_ms))),
        _ => Ok(None),
    }
}

async fn keep(place: &Place, bytes: Vec<u8>, fetched_at_ms: u64) -> Result<(), Fault> {
    let headers = Headers::new();
    for (name, value) in [
        ("Content-Type", "application/json".to_owned()),
        ("Content-Length", bytes.len().to_string()),
        ("Cache-Control", format!("public, max-age={KEPT_S}")),
        (FETCHED_AT, fetched_at_ms.to_string()),
    ] {
        headers.set(name, &value).map_err(|error| platform(&error))?;
    }
    let response = Response::builder().with_headers(headers).body(ResponseBody::Body(bytes));
    Cache::default().put(place.cache_key(), response).await.map_err(|error| platform(&error))
}
