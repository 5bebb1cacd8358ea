//! How often campaigns with a cap have been taken: Durable Objects, asked only when such a campaign is taken.
//!
//! A small cap has one object, which counts exactly. A large cap is divided among several objects, by session, so that none of them
//! is hot: the last ads of such a cap may be refused to one session while another still gets one.
//!
//! An object has a row with the total, under the name of the campaign, and a row for each decision (`session/break`), so that a
//! decision that is asked about again counts once.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use worker::Env;

use super::super::isolate::isolate;
use super::super::runtime::{now, now_ms};
use super::table::integer;
use super::{Objects, Schema, Store, Table, object};
use crate::ads::house::{self, Count};
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

/// Counts the ads that a decision takes of a campaign, if its cap allows them. `None`: the counter does not answer, which stops no
/// advertising and is logged.
pub(in crate::worker) async fn count(env: &Env, facts: &Facts, host: &Host, count: &Count) -> Option<bool> {
    let (shard, cap) = count.shard();
    let name = format!("{host}/{}/{shard}", count.campaign);
    let known = format!("cap {name} {cap}");
    let before = now_ms();
    if !count.again && !isolate().breakers.with(&known, before, |known| known.admits(before)) {
        return Some(false);
    }
    let question = Question {
        name: count.campaign.to_string(),
        decision: count.decision(),
        cap,
        ads: count.ads.into(),
        until: count.until.as_secs(),
    };
    let counted: Counted = OBJECTS.try_ask(env, facts, &name, &question).await?;
    if !counted.fits && count.ads == 1 {
        isolate().breakers.with(&known, before, |known| known.rest_until(now_ms().saturating_add(FULL_MS)));
    }
    Some(counted.fits)
}

#[derive(Serialize, Deserialize)]
pub(super) struct Question {
    name: String,
    decision: String,
    cap: u64,
    ads: u64,
    until: u64,
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

object! {
    /// One of the objects that count the ads of a campaign.
    Caps
}

impl Store for Caps {
    const SCHEMA: Schema = Schema {
        name: "counts",
        columns: "name TEXT PRIMARY KEY, ads INTEGER NOT NULL, until INTEGER NOT NULL",
        added: &[],
        indexed: &["until"],
    };

    const MARGIN_S: u64 = 5;

    type Question = Question;
    type Answer = Counted;
    type Census = Total;

    fn answer(table: &Table, question: Question) -> worker::Result<(Counted, u64)> {
        let Question { name, decision, cap, ads, until } = question;
        let counted = |name: &str| -> worker::Result<u64> {
            let known: Option<Total> =
                table.first("SELECT ads FROM counts WHERE name = ?", vec![name.into()])?;
            Ok(known.unwrap_or_default().ads)
        };
        let keep = |name: String, ads: u64, until: u64| {
            table.run(
                "INSERT OR REPLACE INTO counts (name, ads, until) VALUES (?, ?, ?)",
                vec![name.into(), integer(ads), integer(until)],
            )
        };
        let before = counted(&decision)?;
        let after = house::total_after(counted(&name)?, before, ads, cap);
        let fits = after.is_some();
        if let Some(after) = after.filter(|_| ads != before) {
            keep(name, after, now().plus_secs(KEPT_S).as_secs())?;
            keep(decision, ads, until)?;
        }
        Ok((Counted { fits }, until))
    }

    fn census(table: &Table) -> worker::Result<Total> {
        table.row("SELECT coalesce(sum(ads), 0) AS ads FROM counts WHERE name NOT LIKE '%/%'", Vec::new())
    }
}
