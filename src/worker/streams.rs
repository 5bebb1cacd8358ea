//! The store of streams that are on: a Durable Object for each viewer of a site who may watch a limited number.
//!
//! An object keeps a row a session until the session has not been seen for a while, then an alarm removes it. An object
//! without rows keeps nothing.
//!
//! <https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/>

use std::time::Duration;

use serde::{Deserialize, Serialize};
use worker::{
    DurableObject, Env, Request, RequestInit, Response, ScheduledTime, SqlStorageValue, State, durable_object,
};

use super::documents::Documents;
use super::isolate::isolate;
use super::{now, now_ms, respond, within};
use crate::catalog::{Host, SessionId, Site};
use crate::denial::Denial;
use crate::facts::Facts;
use crate::fault::{Fault, FaultKind};
use crate::stop::Stop;
use crate::streams::{Newcomer, Running, Sign, Standing, Watched, seen_every_s};
use crate::token::session::{Session, Tag};

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
    let Newcomer { subject, session, limit } = *newcomer;
    let told = Told::new(site, session, Some(limit), false);
    if let Some(watched) = answer(facts, within(PATIENCE, tell(env, &site.host, subject, &told)).await) {
        newcomer.judge(watched)?;
        remember(session, false);
    }
    Ok(())
}

/// Keeps the place of a session that is counted, now and then and without making the request wait. One that others have taken
/// the place of is refused, until there is room again.
pub(super) async fn seen(
    documents: &Documents,
    facts: &Facts,
    site: &Site,
    session: &Session,
) -> Result<(), Denial> {
    let Some(running) = Running::of(session) else { return Ok(()) };
    let Running { subject, session, limit } = running;
    let told = Told::new(site, session, limit, true);
    match sign(site, session) {
        Sign::Keep => Ok(()),
        Sign::Refuse => Err(running.refusal()),
        Sign::Tell => {
            remember(session, false);
            let (env, host) = (documents.env.clone(), site.host.clone());
            documents.context.wait_until(async move {
                match tell(&env, &host, subject, &told).await {
                    Ok(watched) => remember(session, running.judge(watched).is_err()),
                    Err(error) => {
                        respond::log_for(
                            host.as_str(),
                            &Fault::new(FaultKind::StreamsUnavailable, error.to_string()).into(),
                        );
                    }
                }
            });
            Ok(())
        }
        Sign::Ask => {
            // Those that come in the meantime are refused: this one asks for them.
            remember(session, true);
            let asked = within(PATIENCE, tell(&documents.env, &site.host, subject, &told)).await;
            let outcome = answer(facts, asked).map_or(Ok(()), |watched| running.judge(watched));
            remember(session, outcome.is_err());
            outcome
        }
    }
}

/// What the store has answered, if it has.
fn answer(facts: &Facts, asked: Option<worker::Result<Watched>>) -> Option<Watched> {
    let detail = match asked {
        Some(Ok(watched)) => return Some(watched),
        Some(Err(error)) => error.to_string(),
        None => format!("no answer within {} s", PATIENCE.as_secs()),
    };
    respond::log(Some(facts), &Fault::new(FaultKind::StreamsUnavailable, detail).into());
    None
}

/// Whether a session can be served without its being told of, and without asking.
pub(super) fn is_settled(site: &Site, session: &Session) -> bool {
    Running::of(session).is_none_or(|running| sign(site, running.session) == Sign::Keep)
}

fn sign(site: &Site, id: SessionId) -> Sign {
    let known = isolate().streams.find(&id.0, |known| *known);
    Standing::sign(known, now_ms(), seen_every_s(site) * 1_000)
}

/// Remembers that the store has been told of a session now, and whether it is one too many.
fn remember(id: SessionId, surplus: bool) {
    let told_at_ms = now_ms();
    isolate().streams.insert(id.0, Standing { told_at_ms, surplus }, told_at_ms);
}

/// A session, as an object is told of it.
#[derive(Serialize, Deserialize)]
struct Told {
    session: String,
    idle_s: u64,
    limit: Option<u32>,
    /// It has begun before. The version before does not say: there, one that is running has no limit.
    #[serde(default)]
    running: bool,
}

impl Told {
    fn new(site: &Site, session: SessionId, limit: Option<u32>, running: bool) -> Self {
        Self { session: session.to_string(), idle_s: site.sessions.streams_idle_s, limit, running }
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
            let Count { others, .. } = self.count("")?;
            return Response::from_json(&Watched { others, placed: false });
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

/// How many streams are on.
#[derive(Deserialize)]
struct Count {
    others: u64,
    own: u64,
}

#[derive(Deserialize)]
struct Next {
    until: Option<u64>,
}

impl Streams {
    /// Nothing is awaited between the count and the insertion, so that of two newcomers one is the first. A running stream keeps
    /// its place, whatever the limit is by now; one that has lost it takes another, if there is room.
    fn take(&self, told: &Told) -> worker::Result<Watched> {
        self.clean()?;
        let Count { others, own } = self.count(&told.session)?;
        let room = told.limit.is_none_or(|limit| others < u64::from(limit));
        let placed = room || (told.running && own > 0);
        if placed {
            let bindings = vec![told.session.clone().into(), integer(now().plus_secs(told.idle_s).as_secs())];
            self.state.storage().sql().exec(
                "INSERT INTO streams (session, until) VALUES (?, ?)
                 ON CONFLICT (session) DO UPDATE SET until = excluded.until",
                bindings,
            )?;
        }
        Ok(Watched { others, placed })
    }

    fn count(&self, session: &str) -> worker::Result<Count> {
        let sql = self.state.storage().sql();
        let count = "SELECT count(*) FILTER (WHERE session <> ?1) AS others,
            count(*) FILTER (WHERE session = ?1) AS own FROM streams";
        sql.exec(count, vec![session.into()])?.one()
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
