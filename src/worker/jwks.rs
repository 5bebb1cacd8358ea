//! Keys that issuers publish: fetched, kept, and refreshed while the old ones serve.
//!
//! A set is taken from isolate memory, else from the data centre's cache, else from the issuer. It is fresh for its
//! `refresh_s` less a jitter; then it serves on while it is fetched anew, and while the issuer fails, for [`KEPT_S`]
//! at most. A token that names an unknown key has the set fetched early, once in [`EARLY_S`] a URL.
//!
//! One fetch serves all requests of an isolate. A promise of one request cannot be awaited in another, so that the
//! others look at the memory in short intervals. No object of a request is kept, keys alone.

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
use super::memory::{self, Memory, Slot};
use super::single_flight::{self, UnderWay};
use super::{heap, now_ms, platform, respond, within};
use crate::catalog::{Document, Issuer, KeySet, PublishedKeys, SkippedKey};
use crate::denial::Reason;
use crate::fault::{Fault, FaultKind};
use crate::shelf::{Purpose, Weigh, plan};
use crate::token::{Presented, hex};

/// How long an issuer may take for its whole reply.
const PATIENCE: Duration = Duration::from_secs(4);

/// How long a fetch that was begun counts as under way: the request that began it may have been cut off.
const UNDER_WAY: Duration = Duration::from_secs(5);

/// The longest set that is fetched, in bytes: [`KeySet::from_published`] reads no longer one.
const LONGEST: usize = 256 * 1024;

/// Seconds for which keys serve when the issuer does not give newer ones. Then tokens of the issuer are refused: a key
/// that it has withdrawn must not open doors for ever.
const KEPT_S: u64 = 24 * 3_600;

/// Seconds between two early fetches for the sake of an unknown key.
const EARLY_S: u64 = 30;

/// Seconds before a fetch that failed is tried again.
const RETRY_S: u64 = 10;

/// The variable that allows sets over plain HTTP from this machine: for development, never set in production.
const LOOPBACK_VARIABLE: &str = "PUBLISHED_KEYS_HTTP";

/// The keys of an issuer: its document's, and those that it publishes.
pub(super) struct Keys {
    own: Rc<Document<KeySet>>,
    published: Option<Published>,
}

struct Published {
    /// Both, or the fault for which there are only the document's.
    merged: Result<Rc<KeySet>, Fault>,
    fetched_at_ms: u64,
    /// This request has waited for them: there are none that are newer.
    waited: bool,
}

impl Keys {
    /// All of them.
    pub(super) fn set(&self) -> &KeySet {
        match &self.published {
            Some(Published { merged: Ok(set), .. }) => set,
            _ => &self.own.body,
        }
    }
}

/// The keys for a token; fetched early if it names one that is not there.
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
    let published = match look(&place) {
        Look::Held(held, refresh) => {
            if refresh {
                begin(documents, &place, None);
            }
            held.merged(&own, false)
        }
        Look::Failed(fault) => Published { merged: Err(fault), fetched_at_ms: 0, waited: true },
        Look::Absent => {
            begin(documents, &place, None);
            match wait(&place, 0).await {
                Ok(held) => held.merged(&own, true),
                Err(fault) => Published { merged: Err(fault), fetched_at_ms: 0, waited: true },
            }
        }
    };
    match published.merged {
        // Tokens of the document's own keys need no others.
        Err(fault) if own.body.keys.is_empty() => Err(fault),
        _ => Ok(Keys { own, published: Some(published) }),
    }
}

impl Keys {
    /// Brings newer keys, if there may be any.
    async fn renew(&mut self, documents: &Documents) -> Result<(), Fault> {
        let (Some(published), Some(named)) = (&self.published, &self.own.body.published) else {
            return Ok(());
        };
        // Without the published keys, nobody can say that a key is unknown.
        published.merged.as_ref().map_err(Clone::clone)?;
        let seen = published.fetched_at_ms;
        let place = Place::of(&self.own.body.issuer, named, &documents.env)?;
        if published.waited {
            return Ok(());
        }
        if place.newer(seen).is_none() {
            if !place.may_fetch_early() {
                return Ok(());
            }
            begin(documents, &place, Some(seen));
        }
        // A fetch that fails is in the log; the token is refused by the keys that there are.
        if let Ok(held) = wait(&place, seen).await {
            self.published = Some(held.merged(&self.own, true));
        }
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
    /// Keys that somebody on the way could have changed open every door: they come over TLS alone.
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

    /// The room in which it is read: for each host that publishes keys, a part of its own.
    fn room(&self) -> (Purpose, &str) {
        (Purpose::Keys, self.url.host_str().unwrap_or_default())
    }

    /// The URL under which the data centre's cache has it. No host of a site's is below `.invalid`.
    fn cache_key(&self) -> String {
        let hash = Sha256::digest(self.url.as_str());
        format!("https://published-keys.invalid/{}", hex::encode(&hash))
    }

    fn fault(&self, detail: impl std::fmt::Display) -> Fault {
        Fault::new(FaultKind::KeysUnavailable, format!("{}: {detail}", self.name()))
    }

    /// The keys in memory, if they are newer.
    fn newer(&self, seen_ms: u64) -> Option<Held> {
        with_slot(&self.url, |slot| slot.held.clone().filter(|held| held.fetched_at_ms > seen_ms))
    }

    /// Whether an unknown key may have the set fetched, or may wait for a fetch that is under way.
    fn may_fetch_early(&self) -> bool {
        with_slot(&self.url, |slot| {
            let now = now_ms();
            let early = slot.early_at_ms.is_none_or(|at| now.saturating_sub(at) >= EARLY_S * 1000);
            if early {
                slot.early_at_ms = Some(now);
            }
            early || slot.under_way.is(now, UNDER_WAY)
        })
    }
}

/// A set as it was fetched.
#[derive(Clone)]
struct Held {
    keys: Rc<KeySet>,
    /// What they take.
    bytes: usize,
    fetched_at_ms: u64,
    fresh_for_ms: u64,
}

impl Held {
    /// The document's own keys, then those that it does not name itself.
    fn merged(&self, own: &Document<KeySet>, waited: bool) -> Published {
        let fetched_at_ms = self.fetched_at_ms;
        let name = (own.body.issuer.to_string(), own.revision, fetched_at_ms);
        let known = MERGED.with(|sets| sets.find(&name, |Merged(set, _)| Rc::clone(set)));
        let set = known.unwrap_or_else(|| {
            let (set, bytes) = heap::weighed(|| Rc::new(own.body.clone().with(&self.keys)));
            MERGED.with(|sets| sets.insert(name, Merged(Rc::clone(&set), bytes), now_ms()));
            set
        });
        Published { merged: Ok(set), fetched_at_ms, waited }
    }
}

/// What an isolate knows of a URL.
#[derive(Default)]
struct Known {
    held: Option<Held>,
    under_way: UnderWay,
    early_at_ms: Option<u64>,
    failed: Option<(u64, Fault)>,
}

impl Known {
    /// The fault of a fetch that failed so lately that none is begun again.
    fn failure(&self, now_ms: u64) -> Option<&Fault> {
        let lately = |at: u64| now_ms.saturating_sub(at) < RETRY_S * 1000;
        self.failed.as_ref().filter(|(at, _)| lately(*at)).map(|(_, fault)| fault)
    }
}

impl Weigh for Known {
    fn heap_bytes(&self) -> usize {
        let held = self.held.as_ref().map_or(0, |held| held.bytes);
        held + self.failed.as_ref().map_or(0, |(_, fault)| fault.detail.heap_bytes())
    }
}

impl Slot for Known {
    fn is_busy(&self, now_ms: u64) -> bool {
        self.under_way.is(now_ms, UNDER_WAY)
    }
}

/// Keys of a document with those that its issuer publishes, and what they take.
struct Merged(Rc<KeySet>, usize);

impl Weigh for Merged {
    fn heap_bytes(&self) -> usize {
        self.1
    }
}

impl Slot for Merged {}

thread_local! {
    static SLOTS: Memory<String, Known> = memory::of(plan::PUBLISHED);
    static MERGED: Memory<(String, u64, u64), Merged> = memory::of(plan::MERGED);
}

fn with_slot<T>(url: &Url, then: impl FnOnce(&mut Known) -> T) -> T {
    SLOTS.with(|slots| slots.with(url.as_str(), now_ms(), then))
}

enum Look {
    /// Keys to serve, and whether they are to be fetched anew.
    Held(Held, bool),
    Failed(Fault),
    Absent,
}

fn look(place: &Place) -> Look {
    with_slot(&place.url, |slot| {
        let now = now_ms();
        slot.held = slot.held.take().filter(|held| now.saturating_sub(held.fetched_at_ms) < KEPT_S * 1000);
        match &slot.held {
            Some(held) => {
                let old = now.saturating_sub(held.fetched_at_ms) >= held.fresh_for_ms;
                Look::Held(held.clone(), old && slot.failure(now).is_none())
            }
            None => match slot.failure(now) {
                Some(fault) => Look::Failed(fault.clone()),
                None => Look::Absent,
            },
        }
    })
}

/// Begins a fetch behind the reply, unless one is under way. `seen_ms`: an early one, for what is newer than that.
fn begin(documents: &Documents, place: &Place, seen_ms: Option<u64>) {
    if !with_slot(&place.url, |slot| slot.under_way.begin(now_ms(), UNDER_WAY)) {
        return;
    }
    let place = place.clone();
    documents.context.wait_until(async move {
        let outcome = refresh(&place, seen_ms).await;
        let kept_s = with_slot(&place.url, |slot| {
            slot.under_way.end();
            slot.failed = outcome.as_ref().err().map(|fault| (now_ms(), fault.clone()));
            slot.held.as_ref().map(|held| now_ms().saturating_sub(held.fetched_at_ms) / 1000)
        });
        if let Err(Fault { kind, detail }) = outcome {
            let kept = match kept_s {
                Some(age) => format!("the keys of {age} s ago serve on"),
                None => "there are no others".to_owned(),
            };
            respond::log(None, &Fault::new(kind, format!("{detail}; {kept}")).into());
        }
    });
}

/// Waits until there are keys newer than those of `seen_ms`, or the fetch has failed.
async fn wait(place: &Place, seen_ms: u64) -> Result<Held, Fault> {
    let look = || {
        with_slot(&place.url, |slot| match &slot.held {
            Some(held) if held.fetched_at_ms > seen_ms => Some(Ok(held.clone())),
            _ if slot.under_way.is(now_ms(), UNDER_WAY) => None,
            _ => Some(Err(match &slot.failed {
                Some((_, fault)) => fault.clone(),
                None => place.fault("there are no newer keys"),
            })),
        })
    };
    let late = || Err(place.fault("another request's fetch did not end"));
    single_flight::until(UNDER_WAY, look).await.unwrap_or_else(late)
}

/// Takes a set into the isolate's memory, out of the cache where another isolate has put a fresh one there. One that is
/// not fresh serves only if the issuer does not give another: a key that is gone from its set opens nothing.
async fn refresh(place: &Place, seen_ms: Option<u64>) -> Result<(), Fault> {
    let mut stale = None;
    let held_ms = with_slot(&place.url, |slot| slot.held.as_ref().map_or(0, |held| held.fetched_at_ms));
    if let Some((bytes, fetched_at_ms)) = cached(place).await? {
        let age_ms = now_ms().saturating_sub(fetched_at_ms);
        let usable = fetched_at_ms > held_ms && age_ms < KEPT_S * 1000;
        let enough_s = if seen_ms.is_some() { EARLY_S } else { place.refresh_s };
        if age_ms >= enough_s * 1000 {
            stale = usable.then_some((bytes, fetched_at_ms));
        } else if usable && hold(place, &bytes, fetched_at_ms).is_ok() {
            return Ok(());
        }
    }
    let outcome = fetched(place).await;
    if let (Err(_), Some((bytes, fetched_at_ms))) = (&outcome, stale) {
        // That the fetch has failed is in the log, with the age of what serves on.
        let _ = hold(place, &bytes, fetched_at_ms);
    }
    outcome
}

/// Takes the issuer's set into memory and into the cache.
async fn fetched(place: &Place) -> Result<(), Fault> {
    let bytes = fetch(place).await?;
    let fetched_at_ms = now_ms();
    for SkippedKey { at, kid, why } in hold(place, &bytes, fetched_at_ms)? {
        let line = json!({ "kind": "key skipped", "set": place.name(), "at": at, "key": kid, "detail": why });
        worker::console_log!("{line}");
    }
    keep(place, bytes, fetched_at_ms).await
}

/// Takes a set into memory, and returns what of it cannot be used.
fn hold(place: &Place, bytes: &[u8], fetched_at_ms: u64) -> Result<Vec<SkippedKey>, Fault> {
    let (read, bytes) = heap::weighed(|| KeySet::from_published(&place.issuer, bytes));
    let (keys, skipped) = read.map_err(|error| place.fault(error))?;
    let jitter = js_sys::Math::random() / 5.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "48,000 to 86,400,000 ms")]
    #[expect(clippy::cast_precision_loss, reason = "a day has fewer ms than 53 bits hold")]
    let fresh_for_ms = (place.refresh_s as f64 * 1000.0 * (1.0 - jitter)) as u64;
    let held = Held { keys: Rc::new(keys), bytes, fetched_at_ms, fresh_for_ms };
    with_slot(&place.url, |slot| slot.held = Some(held));
    Ok(skipped)
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

/// The time of a set in the cache, in Unix milliseconds.
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
