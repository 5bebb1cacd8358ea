//! The store of streams that are on: a Durable Object for each viewer of a site who may watch a limited number.
//!
//! An object keeps a row a session until the session has not been seen for a while.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use worker::Env;

use super::super::documents::Documents;
use super::super::isolate::isolate;
use super::super::respond;
use super::super::runtime::{now, now_ms};
use super::table::integer;
use super::{Objects, Schema, Store, Table, object};
use crate::catalog::{Host, SessionId, Site};
use crate::denial::Denial;
use crate::facts::Facts;
use crate::fault::FaultKind;
use crate::stop::Stop;
use crate::streams::{Newcomer, Running, Sign, Standing, Watched, seen_every_s};
use crate::token::tags::NameTag;

const OBJECTS: Objects = Objects {
    binding: "STREAMS",
    // A viewer waits for it at the entry.
    patience: Duration::from_secs(2),
    unavailable: FaultKind::StreamsUnavailable,
};

/// Begins a stream, or refuses it if its viewer has no place left.
pub(in crate::worker) async fn open(
    env: &Env,
    facts: &Facts,
    site: &Site,
    newcomer: &Newcomer,
) -> Result<(), Stop> {
    // Viewers without a limit do not come here. An outage of the count stops no playback, but a deployment without it does.
    OBJECTS.check(env)?;
    let Newcomer { subject, session, limit } = *newcomer;
    let question = Question::new(site, session, Some(limit), false);
    let watched = OBJECTS.try_ask(env, facts, &name(&site.host, subject), &question).await;
    if let Some(watched) = watched {
        newcomer.judge(watched)?;
        remember(session, false);
    }
    Ok(())
}

/// Keeps the place of a session that is counted, now and then and without making the request wait. A session whose place
/// others have taken is refused, until there is room again.
pub(in crate::worker) async fn seen(
    documents: &Documents,
    facts: &Facts,
    site: &Site,
    running: &Running,
) -> Result<(), Stop> {
    let running = *running;
    let Running { subject, session, limit } = running;
    let question = Question::new(site, session, limit, true);
    let name = name(&site.host, subject);
    match sign(site, session) {
        Sign::Keep => Ok(()),
        Sign::Refuse => Err(running.refusal().into()),
        Sign::Tell => {
            remember(session, false);
            let (env, host) = (documents.env.clone(), site.host.clone());
            documents.context.wait_until(async move {
                match OBJECTS.call(&env, &name, &question).await {
                    Ok(watched) => remember(session, running.judge(watched).is_err()),
                    Err(fault) => {
                        respond::log_for(host.as_str(), &fault.into());
                    }
                }
            });
            Ok(())
        }
        Sign::Ask => {
            // Requests that come in the meantime are refused, because one question to the store is enough.
            remember(session, true);
            let watched = OBJECTS.try_ask(&documents.env, facts, &name, &question).await;
            let outcome = watched.map_or(Ok(()), |watched| running.judge(watched));
            remember(session, outcome.is_err());
            Ok(outcome?)
        }
    }
}

/// Whether a stream may go on, where that is known without a question to the store, and without telling it.
pub(in crate::worker) fn known(site: &Site, running: &Running) -> Option<Result<(), Denial>> {
    match sign(site, running.session) {
        Sign::Keep => Some(Ok(())),
        Sign::Refuse => Some(Err(running.refusal())),
        Sign::Tell | Sign::Ask => None,
    }
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

/// The name of a viewer's object.
fn name(host: &Host, subject: NameTag) -> String {
    format!("{host}/{:016x}", u64::from_be_bytes(subject))
}

/// One session of a viewer.
#[derive(Serialize, Deserialize)]
pub(super) struct Question {
    session: String,
    idle_s: u64,
    limit: Option<u32>,
    /// It has begun before. The previous version does not say: there, a session that is running has no limit.
    #[serde(default)]
    running: bool,
}

impl Question {
    fn new(site: &Site, session: SessionId, limit: Option<u32>, running: bool) -> Self {
        Self { session: session.to_string(), idle_s: site.sessions.streams_idle_s, limit, running }
    }
}

object! {
    /// One of the objects that know which streams are on.
    Streams
}

/// How many streams are on.
#[derive(Deserialize)]
struct Count {
    others: u64,
    own: u64,
}

impl Store for Streams {
    const SCHEMA: Schema = Schema {
        name: "streams",
        columns: "session TEXT PRIMARY KEY, until INTEGER NOT NULL",
        added: &[],
        indexed: &[],
    };

    /// A stream loses its place at once.
    const MARGIN_S: u64 = 0;

    type Question = Question;
    type Answer = Watched;
    type Census = Watched;

    /// Begins a stream or keeps it, and tells how many others are on. A running stream keeps its place, whatever the limit is
    /// by now; a stream that has lost its place takes another, if there is room.
    fn answer(table: &Table, question: Question) -> worker::Result<(Watched, u64)> {
        let Question { session, idle_s, limit, running } = question;
        table.remove_ended(now().as_secs())?;
        let count = "SELECT count(*) FILTER (WHERE session <> ?1) AS others,
            count(*) FILTER (WHERE session = ?1) AS own FROM streams";
        let Count { others, own } = table.row(count, vec![session.as_str().into()])?;
        let room = limit.is_none_or(|limit| others < u64::from(limit));
        let placed = room || (running && own > 0);
        let until = now().plus_secs(idle_s).as_secs();
        if placed {
            table.run(
                "INSERT INTO streams (session, until) VALUES (?, ?)
                 ON CONFLICT (session) DO UPDATE SET until = excluded.until",
                vec![session.into(), integer(until)],
            )?;
        }
        Ok((Watched { others, placed }, until))
    }

    fn census(table: &Table) -> worker::Result<Watched> {
        Ok(Watched { others: table.count()?, placed: false })
    }
}
