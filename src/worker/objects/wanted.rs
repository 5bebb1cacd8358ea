//! The store of creatives that ad servers named and that nobody has conditioned: a Durable Object for each site.
//!
//! An object keeps a row a creative, a limited number of them, until the creative has not been seen for a month.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use worker::Env;

use super::super::documents::Documents;
use super::super::isolate::isolate;
use super::super::respond;
use super::super::runtime::{now, now_ms};
use super::table::integer;
use super::{Objects, Schema, Store, Table, object};
use crate::catalog::{Host, WantedCreative, WantedOfSite, WantedSighting};
use crate::fault::{Fault, FaultKind};
use crate::isolate::KnownWanted;
use crate::time::UnixTime;

const OBJECTS: Objects =
    Objects { binding: "WANTED", patience: Duration::from_secs(5), unavailable: FaultKind::Platform };

/// How long a row is kept after its creative was seen last.
const KEPT_S: u64 = 30 * 24 * 60 * 60;

/// The most creatives that an object keeps. A new one takes the place of the one that was seen least often: an ad server may
/// name a new file with every reply.
const MOST: u64 = 1_000;

/// The shortest time between two reports of an isolate for a site, in milliseconds: an ad server may name new files with every reply.
const REPORT_EVERY_MS: u64 = 1_000;

/// Reports creatives that ad servers named for a site and that have no document, behind the reply. An isolate reports a creative
/// once in a while, and counts it in between.
pub(in crate::worker) fn report(documents: &Documents, site: &Host, wanted: Vec<WantedCreative>) {
    let now_ms = now_ms();
    let pace = format!("wanted of {site}");
    let is_due = isolate().breakers.with(&pace, now_ms, |known| known.admits(now_ms));
    let told: Vec<Told> = wanted
        .into_iter()
        .filter_map(|creative| {
            let times =
                isolate().wanted.with(KnownWanted::name(site, &creative.id).as_str(), now_ms, |known| {
                    known.see(now_ms, is_due)
                })?;
            Some(Told { creative: creative.bounded(), times })
        })
        .collect();
    if told.is_empty() {
        return;
    }
    isolate().breakers.with(&pace, now_ms, |known| known.rest_until(now_ms.saturating_add(REPORT_EVERY_MS)));
    let (env, site) = (documents.env.clone(), site.clone());
    documents.context.wait_until(async move {
        let reported: Result<Answer, Fault> =
            OBJECTS.call(&env, site.as_str(), &Question::Report(told)).await;
        if let Err(fault) = reported {
            respond::log_for(site.as_str(), &fault.into());
        }
    });
}

/// The creatives that are wanted for a site and were seen after a mark.
pub(in crate::worker) async fn seen_after(env: &Env, site: &Host, after: u64) -> Result<WantedOfSite, Fault> {
    OBJECTS.check(env)?;
    let Answer { creatives, next, more } = OBJECTS.call(env, site.as_str(), &Question::After(after)).await?;
    Ok(WantedOfSite { site: site.clone(), creatives, next: next.max(after), more })
}

/// A creative, and how often it was seen since it was told last.
#[derive(Serialize, Deserialize)]
pub(super) struct Told {
    creative: WantedCreative,
    times: u64,
}

/// A report, or the question of what was reported.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Question {
    /// These were seen.
    Report(Vec<Told>),
    /// Which were seen after this mark?
    After(u64),
}

/// Some of the creatives after a mark, and the mark of the last of them.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Answer {
    creatives: Vec<WantedSighting>,
    next: u64,
    more: bool,
}

/// How many creatives an object keeps.
#[derive(Serialize)]
pub(super) struct Census {
    creatives: u64,
}

object! {
    /// One of the objects that know which creatives are wanted.
    WantedCreatives
}

/// A row.
#[derive(Deserialize)]
struct Row {
    creative: String,
    times: u64,
    first: u64,
    last: u64,
    mark: u64,
}

/// The greatest mark of all rows.
#[derive(Deserialize)]
struct Latest {
    mark: Option<u64>,
}

/// A creative that has a row.
#[derive(Deserialize)]
struct Known {}

impl Store for WantedCreatives {
    const SCHEMA: Schema = Schema {
        name: "wanted",
        columns: "id TEXT PRIMARY KEY, until INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
            times INTEGER NOT NULL, mark INTEGER NOT NULL, creative TEXT NOT NULL",
        added: &[],
        indexed: &["until", "mark", "times, last, id"],
    };

    const MARGIN_S: u64 = 0;

    type Question = Question;
    type Answer = Answer;
    type Census = Census;

    fn answer(table: &Table, question: Question) -> worker::Result<(Answer, u64)> {
        let now = now();
        let until = now.plus_secs(KEPT_S).as_secs();
        match question {
            Question::Report(told) => {
                // The marks of an object grow, also when its clock is set back.
                let Latest { mark } = table.row("SELECT max(mark) AS mark FROM wanted", Vec::new())?;
                let first = mark.map_or(0, |mark| mark.saturating_add(1)).max(now_ms());
                let mut count = table.count()?;
                for (mark, Told { creative, times }) in (first..).zip(told) {
                    note(table, &creative, times, mark, &mut count, now, until)?;
                }
                Ok((Answer::default(), until))
            }
            Question::After(mark) => Ok((seen(table, mark)?, until)),
        }
    }

    fn census(table: &Table) -> worker::Result<Census> {
        Ok(Census { creatives: table.count()? })
    }
}

/// Adds the sightings of a creative. `count`: how many creatives there are.
fn note(
    table: &Table,
    creative: &WantedCreative,
    times: u64,
    mark: u64,
    count: &mut u64,
    now: UnixTime,
    until: u64,
) -> worker::Result<()> {
    let known: Option<Known> =
        table.first("SELECT id FROM wanted WHERE id = ?", vec![creative.id.as_str().into()])?;
    if known.is_none() {
        if *count >= MOST {
            let least =
                "DELETE FROM wanted WHERE id = (SELECT id FROM wanted ORDER BY times, last, id LIMIT 1)";
            table.run(least, Vec::new())?;
        } else {
            *count += 1;
        }
    }
    table.run(
        "INSERT INTO wanted (id, until, first, last, times, mark, creative) VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6)
         ON CONFLICT (id) DO UPDATE SET until = excluded.until, last = excluded.last,
         times = times + excluded.times, mark = excluded.mark, creative = excluded.creative",
        vec![
            creative.id.as_str().into(),
            integer(until),
            integer(now.as_secs()),
            integer(times),
            integer(mark),
            serde_json::to_string(creative)?.into(),
        ],
    )
}

/// The creatives after a mark, those that were not seen for longest first.
fn seen(table: &Table, after: u64) -> worker::Result<Answer> {
    let query = "SELECT creative, times, first, last, mark FROM wanted WHERE mark > ? ORDER BY mark LIMIT ?";
    let limit = WantedOfSite::MOST as u64;
    let mut rows: Vec<Row> = table.rows(query, vec![integer(after), integer(limit + 1)])?;
    let more = rows.len() > WantedOfSite::MOST;
    rows.truncate(WantedOfSite::MOST);
    let next = rows.last().map_or(after, |row| row.mark);
    let sighting = |row: Row| -> worker::Result<WantedSighting> {
        Ok(WantedSighting {
            creative: serde_json::from_str(&row.creative)?,
            times: row.times,
            first: UnixTime::from_secs(row.first),
            last: UnixTime::from_secs(row.last),
        })
    };
    Ok(Answer { creatives: rows.into_iter().map(sighting).collect::<worker::Result<_>>()?, next, more })
}
