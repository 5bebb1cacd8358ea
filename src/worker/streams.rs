//! The store of streams that are on: a Durable Object for each viewer of a site who may watch a limited number.
//!
//! An object keeps a row a session until the session has not been seen for a while, then an alarm removes it. An object
//! without rows keeps nothing.
//!
//! <https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/>

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use worker::{
    DurableObject, Env, Request, RequestInit, Response, ScheduledTime, SqlStorageValue, State, durable_object,
};

use super::documents::Documents;
use super::{now, now_ms, respond, within};
use crate::catalog::{Host, Site};
use crate::facts::Facts;
use crate::fault::{Fault, FaultKind};
use crate::pipeline::Stop;
use crate::streams::{Newcomer, Watched, seen_every_s};
use crate::token::session::{Session, SessionId, Tag};

/// The binding of the objects, which wrangler.toml sets.
const BINDING: &str = "STREAMS";

/// How long the store may take: a viewer waits for it at the entry.
const PATIENCE: Duration = Duration::from_secs(2);

/// Begins a stream, or refuses it where it is one too many.
///
/// While the store does not answer, everybody is let in: an outage of the count stops no playback.
pub(super) async fn open(env: &Env, facts: &Facts, site: &Site, newcomer: &Newcomer) -> Result<(), Stop> {
    // Without the binding, this is the fault; viewers without a limit do not come here.
    env.durable_object(BINDING)
        .map_err(|error| Fault::new(FaultKind::Configuration, format!("{BINDING}: {error}")))?;
    let told = Told::new(site, newcomer.session, Some(newcomer.limit));
    match within(PATIENCE, tell(env, &site.host, newcomer.subject, &told)).await {
        Some(Ok(watched)) => {
            newcomer.judge(watched)?;
            is_due(site, newcomer.session);
        }
        failed => {
            let detail = match failed {
                Some(Err(error)) => error.to_string(),
                _ => format!("no answer within {} s", PATIENCE.as_secs()),
            };
            respond::log(Some(facts), &Fault::new(FaultKind::StreamsUnavailable, detail).into());
        }
    }
    Ok(())
}

/// Keeps the place of a session that is counted, now and then and without making the request wait.
pub(super) fn seen(documents: &Documents, site: &Site, session: &Session) {
    let Some(subject) = session.subject.filter(|_| session.streams.is_some()) else { return };
    if !is_due(site, session.id) {
        return;
    }
    let (env, host, told) = (documents.env.clone(), site.host.clone(), Told::new(site, session.id, None));
    documents.context.wait_until(async move {
        if let Err(error) = tell(&env, &host, subject, &told).await {
            respond::log(None, &Fault::new(FaultKind::StreamsUnavailable, error.to_string()).into());
        }
    });
}

thread_local! {
    /// When this isolate last told of a session.
    static SEEN: RefCell<HashMap<SessionId, u64>> = RefCell::default();
}

/// The most sessions that an isolate remembers.
const MOST: usize = 10_000;

/// Whether the store would be told of a session now.
pub(super) fn is_to_be_told(site: &Site, session: &Session) -> bool {
    let told_ms = || SEEN.with_borrow(|seen| seen.get(&session.id).copied());
    let lately = |at_ms| now_ms().saturating_sub(at_ms) < seen_every_s(site) * 1_000;
    session.streams.is_some() && session.subject.is_some() && !told_ms().is_some_and(lately)
}

/// Whether a session is to be told of again; then it is remembered that it was.
fn is_due(site: &Site, id: SessionId) -> bool {
    SEEN.with(|seen| due(&mut seen.borrow_mut(), id, now_ms(), seen_every_s(site) * 1_000))
}

fn due(seen: &mut HashMap<SessionId, u64>, id: SessionId, now_ms: u64, every_ms: u64) -> bool {
    if seen.get(&id).is_some_and(|at| now_ms.saturating_sub(*at) < every_ms) {
        return false;
    }
    if seen.len() >= MOST {
        seen.retain(|_, at| now_ms.saturating_sub(*at) < every_ms);
        if seen.len() >= MOST {
            seen.clear();
        }
    }
    seen.insert(id, now_ms);
    true
}

/// A session, as an object is told of it.
#[derive(Serialize, Deserialize)]
struct Told {
    session: String,
    idle_s: u64,
    /// A newcomer's; one that is running has none.
    limit: Option<u32>,
}

impl Told {
    fn new(site: &Site, session: SessionId, limit: Option<u32>) -> Self {
        Self { session: session.to_string(), idle_s: site.sessions.streams_idle_s, limit }
    }
}

async fn tell(env: &Env, host: &Host, subject: Tag, told: &Told) -> worker::Result<Watched> {
    let objects = env.durable_object(BINDING)?;
    let object = objects.get_by_name(&format!("{host}/{:016x}", u64::from_be_bytes(subject)))?;
    let mut init = RequestInit::new();
    init.with_method(worker::Method::Post).with_body(Some(serde_json::to_string(told)?.into()));
    let mut response =
        object.fetch_with_request(Request::new_with_init("https://streams.invalid/", &init)?).await?;
    match response.status_code() {
        200 => response.json().await,
        status => Err(format!("the object answered {status}").into()),
    }
}

/// One of the objects that know which streams are on.
#[durable_object(alarm)]
pub struct Streams {
    state: State,
}

impl DurableObject for Streams {
    fn new(state: State, _: Env) -> Self {
        Self { state }
    }

    /// Begins a stream or keeps it, and tells how many others are on; on GET, tells how many it keeps.
    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        if request.method() == worker::Method::Get {
            self.create()?;
            return Response::from_json(&self.others("")?);
        }
        let told: Told = request.json().await?;
        let watched = self.take(&told)?;
        if self.state.storage().get_alarm().await?.is_none() {
            self.state.storage().set_alarm(clean_in(told.idle_s)).await?;
        }
        Response::from_json(&watched)
    }

    async fn alarm(&self) -> worker::Result<Response> {
        self.clean()?;
        let sql = self.state.storage().sql();
        let next: Next = sql.exec("SELECT min(until) AS until FROM streams", None)?.one()?;
        match next.until {
            Some(until) => {
                let wait = until.saturating_sub(now().as_secs());
                self.state.storage().set_alarm(clean_in(wait.max(CLEAN_AFTER_S))).await?;
            }
            None => self.state.storage().delete_all().await?,
        }
        Response::empty()
    }
}

/// The shortest time between two clean-ups, in seconds.
const CLEAN_AFTER_S: u64 = 10;

fn clean_in(secs: u64) -> ScheduledTime {
    Duration::from_secs(secs + 1).into()
}

#[derive(Deserialize)]
struct Next {
    until: Option<u64>,
}

impl Streams {
    /// Nothing is awaited between the count and the insertion, so that of two newcomers one is the first.
    fn take(&self, told: &Told) -> worker::Result<Watched> {
        self.clean()?;
        let watched = self.others(&told.session)?;
        if told.limit.is_none_or(|limit| watched.others < u64::from(limit)) {
            let bindings = vec![told.session.clone().into(), integer(now().plus_secs(told.idle_s).as_secs())];
            self.state.storage().sql().exec(
                "INSERT INTO streams (session, until) VALUES (?, ?)
                 ON CONFLICT (session) DO UPDATE SET until = excluded.until",
                bindings,
            )?;
        }
        Ok(watched)
    }

    fn others(&self, session: &str) -> worker::Result<Watched> {
        let sql = self.state.storage().sql();
        sql.exec("SELECT count(*) AS others FROM streams WHERE session <> ?", vec![session.into()])?.one()
    }

    /// Forgets the sessions that have not been seen for so long that they no longer count.
    fn clean(&self) -> worker::Result<()> {
        self.create()?;
        let sql = self.state.storage().sql();
        sql.exec("DELETE FROM streams WHERE until <= ?", vec![integer(now().as_secs())]).map(drop)
    }

    fn create(&self) -> worker::Result<()> {
        let table = "CREATE TABLE IF NOT EXISTS streams (session TEXT PRIMARY KEY, until INTEGER NOT NULL)
            WITHOUT ROWID";
        self.state.storage().sql().exec(table, None).map(drop)
    }
}

fn integer(secs: u64) -> SqlStorageValue {
    SqlStorageValue::Integer(i64::try_from(secs).unwrap_or(i64::MAX))
}
