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
use url::Url;
use worker::{
    AbortController, Cache, Env, Fetch, Headers, Request, RequestInit, RequestRedirect, Response,
    ResponseBody,
};

use super::body::{self, Body};
use super::documents::Documents;
use super::isolate::isolate;
use super::runtime::{now_ms, platform, within};
use super::{heap, respond, single_flight};
use crate::catalog::{Document, Issuer, KeySet, PublishedKeys, SkippedKey};
use crate::denial::Reason;
use crate::fault::Fault;
use crate::isolate::{EARLY, KEPT_S, KnownKeys, Publication, PublishedSet};
use crate::life::TokenKeys;
use crate::shelf::{Arrived, Look, Outcome, Policy, Purpose, Ticket, Turn, Weighed};
use crate::token::Presented;

/// How long an issuer may take for its whole reply.
const PATIENCE: Duration = Duration::from_secs(4);

/// How long a fetch counts as under way: the request that began it may have been cut off.
const UNDER_WAY: Duration = Duration::from_secs(5);

/// The longest set that is fetched, in bytes. [`KeySet::from_published`] reads no longer set.
const LONGEST: usize = 256 * 1024;

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

/// The keys for a token, if memory has the published keys fresh and the token names a key that is known.
pub(super) fn fresh(own: Rc<Document<KeySet>>, token: &dyn Presented, now_ms: u64) -> Option<TokenKeys> {
    let Some(PublishedKeys { url, .. }) = &own.body.published else { return Some(TokenKeys::Document(own)) };
    let fresh = |known: &KnownKeys| known.fetched.fresh(now_ms).cloned();
    let set = isolate().published.find(url.as_str(), fresh).flatten()?;
    let keys = merged(&own, &set, false).merged.ok()?;
    let is_unknown = token.challenges(&keys).is_err_and(|denial| denial.reason == Reason::TokenKeyUnknown);
    (!is_unknown).then_some(TokenKeys::Published(keys))
}

/// The keys of an issuer.
pub(super) async fn keys(documents: &Documents, own: Rc<Document<KeySet>>) -> Result<Keys, Fault> {
    let Some(published) = &own.body.published else { return Ok(Keys { own, published: None }) };
    let publication = publication(&own.body.issuer, published, &documents.env)?;
    let failed = |fault| Published { merged: Err(fault), fetched_at_ms: 0, waited: true };
    let published =
        match with_known(&publication.url, |known, now| known.fetched.look(now, UNDER_WAY).cloned()) {
            Look::Serve(set) => merged(&own, &set, false),
            Look::Refresh(set) => {
                begin(documents, &publication, None);
                merged(&own, &set, false)
            }
            Look::Failed(fault) => failed(fault),
            turn @ (Look::Fetch(ticket) | Look::Wait(ticket)) => {
                if matches!(turn, Look::Fetch(_)) {
                    begin(documents, &publication, None);
                }
                wait(&publication, ticket).await.map_or_else(failed, |set| merged(&own, &set, true))
            }
            Look::Alone => failed(publication.fault("the keys are for one request alone")),
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
        // Without the published keys, nobody knows whether the key is unknown.
        published.merged.as_ref().map_err(Clone::clone)?;
        let seen = published.fetched_at_ms;
        let publication = publication(&self.own.body.issuer, named, &documents.env)?;
        if published.waited {
            return Ok(());
        }
        let set = match held(&publication.url).filter(|held| held.fetched_at_ms > seen) {
            Some(set) => set,
            None => {
                let turn =
                    with_known(&publication.url, |known, now| known.begin_early(now, EARLY, UNDER_WAY));
                let Some(turn) = turn else { return Ok(()) };
                if let Turn::Mine(_) = turn {
                    begin(documents, &publication, Some(seen));
                }
                let (Turn::Mine(ticket) | Turn::Theirs(ticket)) = turn;
                // A fetch that fails is logged; the token is refused by the keys that are known.
                let Ok(set) = wait(&publication, ticket).await else { return Ok(()) };
                set
            }
        };
        self.published = Some(merged(&self.own, &set, true));
        Ok(())
    }
}

/// The set that an issuer's document names.
fn publication(issuer: &Issuer, published: &PublishedKeys, env: &Env) -> Result<Publication, Fault> {
    let is_loopback = |value: worker::Var| value.to_string() == "loopback";
    Publication::new(issuer, published, || env.var(LOOPBACK_VARIABLE).is_ok_and(is_loopback))
}

/// The room in which a set is read. Each host that publishes keys has a part of it.
fn room(publication: &Publication) -> (Purpose, &str) {
    (Purpose::Keys, publication.url.host_str().unwrap_or_default())
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
fn begin(documents: &Documents, publication: &Publication, seen_ms: Option<u64>) {
    let publication = publication.clone();
    documents.context.wait_until(async move {
        let outcome = refresh(&publication, seen_ms).await;
        let serving = with_known(&publication.url, |known, now| {
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
async fn wait(publication: &Publication, ticket: Ticket) -> Result<PublishedSet, Fault> {
    let look =
        || with_known(&publication.url, |known, now| known.fetched.arrived(ticket, now).map(Arrived::cloned));
    match single_flight::until(UNDER_WAY, look).await {
        Some(Arrived::Value(set)) => Ok(set),
        Some(Arrived::Failed(fault)) => Err(fault),
        Some(Arrived::Nothing) => Err(publication.fault("there are no newer keys")),
        None => Err(publication.fault("another request's fetch did not end")),
    }
}

/// Takes a set into memory: from the cache, if another isolate has put a fresh set there, else from the issuer. A stale set of
/// the cache serves only if the issuer fails, since it may hold a key that the issuer has withdrawn.
async fn refresh(publication: &Publication, seen_ms: Option<u64>) -> Result<(), Fault> {
    let mut stale = None;
    let held_ms = held(&publication.url).map_or(0, |held| held.fetched_at_ms);
    if let Some((bytes, fetched_at_ms)) = cached(publication).await? {
        let age_ms = now_ms().saturating_sub(fetched_at_ms);
        let usable = fetched_at_ms > held_ms && age_ms < KEPT_S * 1000;
        if !publication.is_recent(age_ms, seen_ms.is_some()) {
            stale = usable.then_some((bytes, fetched_at_ms));
        } else if usable && let Ok((set, _)) = read(publication, &bytes, fetched_at_ms) {
            bring(publication, set);
            return Ok(());
        }
    }
    let outcome = fetched(publication).await;
    if let (Err(_), Some((bytes, fetched_at_ms))) = (&outcome, stale) {
        // The failure is logged, with the age of the keys that serve on.
        if let Ok((set, _)) = read(publication, &bytes, fetched_at_ms) {
            let times = publication.times(fetched_at_ms, js_sys::Math::random());
            with_known(&publication.url, |known, _| known.fetched.hold(set, times));
        }
    }
    outcome
}

/// Takes the issuer's set into memory and into the cache.
async fn fetched(publication: &Publication) -> Result<(), Fault> {
    let bytes = fetch(publication).await?;
    let fetched_at_ms = now_ms();
    let (set, skipped) = read(publication, &bytes, fetched_at_ms)?;
    bring(publication, set);
    for SkippedKey { at, kid, why } in skipped {
        let line =
            json!({ "kind": "key skipped", "set": publication.name(), "at": at, "key": kid, "detail": why });
        worker::console_log!("{line}");
    }
    keep(publication, bytes, fetched_at_ms).await
}

/// Reads a set, and names the keys in it that cannot be used.
fn read(
    publication: &Publication,
    bytes: &[u8],
    fetched_at_ms: u64,
) -> Result<(PublishedSet, Vec<SkippedKey>), Fault> {
    let (read, bytes) = heap::weighed(|| KeySet::from_published(&publication.issuer, bytes));
    let (keys, skipped) = read.map_err(|error| publication.fault(error))?;
    Ok((PublishedSet { keys: Rc::new(keys), bytes, fetched_at_ms }, skipped))
}

/// Takes a set into memory, for all requests that wait.
fn bring(publication: &Publication, set: PublishedSet) {
    let times = publication.times(set.fetched_at_ms, js_sys::Math::random());
    with_known(&publication.url, |known, _| known.fetched.bring(set, times));
}

/// Asks the issuer. A redirect is not followed: it could lead anywhere.
async fn fetch(publication: &Publication) -> Result<Vec<u8>, Fault> {
    let headers = Headers::new();
    headers.set("Accept", "application/jwk-set+json, application/json").map_err(|error| platform(&error))?;
    let mut init = RequestInit::new();
    init.with_headers(headers).with_redirect(RequestRedirect::Manual);
    let request =
        Request::new_with_init(publication.url.as_str(), &init).map_err(|error| platform(&error))?;
    let controller = AbortController::default();
    let signal = controller.signal();
    let answer = async {
        let response = Fetch::Request(request)
            .send_with_signal(&signal)
            .await
            .map_err(|error| publication.fault(error))?;
        if response.status_code() != 200 {
            return Err(publication.fault(format_args!("the issuer answered {}", response.status_code())));
        }
        match body::of_response(response, room(publication), LONGEST, PATIENCE)
            .await
            .map_err(|error| publication.fault(error))?
        {
            Body::Whole(bytes, _) => Ok(bytes),
            Body::TooLong(found) => {
                Err(publication.fault(format_args!("expected {LONGEST} bytes at most, found {found}")))
            }
            Body::NoRoom => {
                Err(publication.fault("there is no room to read it: other bodies are being read"))
            }
        }
    };
    within(PATIENCE, answer).await.unwrap_or_else(|| {
        controller.abort();
        Err(publication.fault(format_args!("no answer within {} s", PATIENCE.as_secs())))
    })
}

/// The header with the time at which a set was fetched, in Unix milliseconds.
const FETCHED_AT: &str = "Stagedoor-Fetched-At";

async fn cached(publication: &Publication) -> Result<Option<(Vec<u8>, u64)>, Fault> {
    let found =
        Cache::default().get(publication.cache_key(), false).await.map_err(|error| platform(&error))?;
    let Some(response) = found else { return Ok(None) };
    let fetched_at = response.headers().get(FETCHED_AT).ok().flatten().and_then(|time| time.parse().ok());
    match (fetched_at, body::of_response(response, room(publication), LONGEST, PATIENCE).await) {
        (Some(fetched_at_ms), Ok(Body::Whole(bytes, _))) => Ok(Some((bytes, fetched_at_ms))),
        _ => Ok(None),
    }
}

async fn keep(publication: &Publication, bytes: Vec<u8>, fetched_at_ms: u64) -> Result<(), Fault> {
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
    Cache::default().put(publication.cache_key(), response).await.map_err(|error| platform(&error))
}
