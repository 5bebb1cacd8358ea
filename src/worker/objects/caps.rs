//! How often campaigns with a cap have been taken: Durable Objects, asked only when such a campaign is taken.
//!
//! A small cap has one object, which counts exactly. A large cap is divided among several objects, by session, so that none of them
//! is hot: the last ads of such a cap may be refused to one session while another still gets one.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Request, Response, State, durable_object};

use super::super::isolate::isolate;
use super::super::respond;
use super::super::runtime::{now, now_ms};
use super::table::integer;
use super::{Objects, Schema, Silence, Store, Table, store};
use crate::ads::house::Count;
use crate::catalog::Host;
use crate::facts::Facts;
use crate::fault::FaultKind;

const OBJECTS: Objects = Objects {
    binding: "CAPS",
    // A viewer waits for it.
    patience: Duration::from_millis(500),
    unavailable: FaultKind::Platform,
};

/// How long a count is kept after it was last asked for, in seconds. A campaign that rests for longer begins anew.
const KEPT_S: u64 = 400 * 24 * 60 * 60;

/// For how long a counter that is full is not asked again by an isolate, in milliseconds: a higher cap counts then.
const FULL_MS: u64 = 30_000;

/// Counts the ads of a campaign, if its cap allows them. `None`: the counter does not answer, which stops no advertising and is
/// logged.
pub(in crate::worker) async fn count(env: &Env, facts: &Facts, host: &Host, count: &Count) -> Option<bool> {
    let (shard, cap) = count.shard();
    let name = format!("{host}/{}/{shard}", count.campaign);
    let known = format!("cap {name} {cap}");
    let before = now_ms();
    if !isolate().breakers.with(&known, before, |known| known.admits(before)) {
        return Some(false);
    }
    let question = Question { name: count.campaign.to_string(), cap, ads: count.ads.into() };
    let asked = match OBJECTS.check(env) {
        Ok(()) => OBJECTS.ask::<Counted>(env, facts, &name, &question, Silence::Passes).await,
        Err(fault) => Err(fault),
    };
    let counted = asked.unwrap_or_else(|fault| {
        respond::log(Some(facts), &fault.into());
        None
    })?;
    if !counted.fits && count.ads == 1 {
        isolate().breakers.with(&known, before, |known| known.rest_until(now_ms().saturating_add(FULL_MS)));
    }
    Some(counted.fits)
}

#[derive(Serialize, Deserialize)]
pub(super) struct Question {
    name: String,
    cap: u64,
    ads: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Counted {
    fits: bool,
}

/// How many ads an object has counted.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Total {
    ads: u64,
}

/// One of the objects that count the ads of a campaign.
#[durable_object(alarm)]
pub struct Caps {
    state: State,
}

impl DurableObject for Caps {
    fn new(state: State, _: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        store::fetch(self, request).await
    }

    async fn alarm(&self) -> worker::Result<Response> {
        store::alarm(self).await
    }
}

impl Store for Caps {
    const SCHEMA: Schema = Schema {
        name: "counts",
        columns: "name TEXT PRIMARY KEY, ads INTEGER NOT NULL, until INTEGER NOT NULL",
        added: &[],
    };

    const MARGIN_S: u64 = 5;

    type Question = Question;
    type Answer = Counted;
    type Census = Total;

    fn state(&self) -> &State {
        &self.state
    }

    fn answer(table: &Table, question: Question) -> worker::Result<(Counted, u64)> {
        let Question { name, cap, ads } = question;
        let known: Option<Total> =
            table.first("SELECT ads FROM counts WHERE name = ?", vec![name.clone().into()])?;
        let total = known.unwrap_or_default().ads.saturating_add(ads);
        let until = now().plus_secs(KEPT_S).as_secs();
        let fits = total <= cap;
        if fits {
            table.run(
                "INSERT OR REPLACE INTO counts (name, ads, until) VALUES (?, ?, ?)",
                vec![name.into(), integer(total), integer(until)],
            )?;
        }
        Ok((Counted { fits }, until))
    }

    fn census(table: &Table) -> worker::Result<Total> {
        table.row("SELECT coalesce(sum(ads), 0) AS ads FROM counts", Vec::new())
    }
}
