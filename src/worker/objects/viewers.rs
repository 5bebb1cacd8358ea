//! The store of what viewers have seen of a site's campaigns: a Durable Object for each viewer, asked once a decision.
//!
//! An object keeps a row a decision, a limited number of them, for a day or as long as a limit or the session asks for it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use worker::{Env, SqlStorageValue};

use super::super::runtime::now;
use super::table::integer;
use super::{Objects, Schema, Store, Table, object};
use crate::ads::viewer::{self, Answer, MOST_RECORDS, Question, Record, Taken};
use crate::catalog::Host;
use crate::facts::Facts;
use crate::fault::FaultKind;
use crate::time::UnixTime;
use crate::token::session::Session;

const OBJECTS: Objects = Objects {
    binding: "VIEWERS",
    // A viewer waits for it.
    patience: Duration::from_secs(1),
    unavailable: FaultKind::Platform,
};

/// The choice among a site's campaigns for a viewer, by what the viewer has seen. `None`: the store does not answer, which stops no
/// advertising and is logged.
pub(in crate::worker) async fn choose(
    env: &Env,
    facts: &Facts,
    host: &Host,
    session: &Session,
    question: &Question,
) -> Option<Answer> {
    let name = format!("{host}/{}", viewer::name(session));
    OBJECTS.try_ask(env, facts, &name, question).await
}

/// How many decisions an object keeps.
#[derive(Serialize)]
pub(super) struct Census {
    decisions: u64,
}

object! {
    /// One of the objects that know what a viewer has seen.
    Viewers
}

#[derive(Deserialize)]
struct Row {
    session: String,
    break_id: String,
    position: Option<String>,
    at: u64,
    taken: String,
}

impl Store for Viewers {
    const SCHEMA: Schema = Schema {
        name: "decisions",
        columns: "name TEXT PRIMARY KEY, session TEXT NOT NULL, break_id TEXT NOT NULL, at INTEGER NOT NULL,
            taken TEXT NOT NULL, until INTEGER NOT NULL, position TEXT",
        added: &[("position", "TEXT")],
        indexed: &[],
    };

    const MARGIN_S: u64 = 5;

    type Question = Question;
    type Answer = Answer;
    type Census = Census;

    fn answer(table: &Table, question: Question) -> worker::Result<(Answer, u64)> {
        let now = now();
        let rows: Vec<Row> = table.rows(
            "SELECT session, break_id, position, at, taken FROM decisions WHERE until > ?",
            vec![integer(now.as_secs())],
        )?;
        let record = |row: Row| -> Result<Record, serde_json::Error> {
            let taken: Vec<Taken> = serde_json::from_str(&row.taken)?;
            let position = row.position.as_deref().map(serde_json::from_str).transpose()?;
            let Row { session, break_id, at, .. } = row;
            Ok(Record { session, break_id, position, at: UnixTime::from_secs(at), taken })
        };
        let records = rows.into_iter().map(record).collect::<Result<Vec<_>, _>>()?;
        let answer = viewer::decide(&question, &records, now);
        let until = question.record_ends_at(now).as_secs();
        if !answer.again {
            let Question { session, break_id, position, .. } = question;
            let name = || format!("{session}/{break_id}").into();
            // Nothing is recorded of an empty answer: the break may be filled later.
            if answer.taken.is_empty() {
                table.run("DELETE FROM decisions WHERE name = ?", vec![name()])?;
                return Ok((answer, until));
            }
            let position = position.map(|position| serde_json::to_string(&position)).transpose()?;
            table.run(
                "INSERT OR REPLACE INTO decisions (name, session, break_id, position, at, taken, until)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
                vec![
                    name(),
                    session.as_str().into(),
                    break_id.as_str().into(),
                    position.map_or(SqlStorageValue::Null, Into::into),
                    integer(now.as_secs()),
                    serde_json::to_string(&answer.taken)?.into(),
                    integer(until),
                ],
            )?;
            table.run(
                "DELETE FROM decisions WHERE name IN (SELECT name FROM decisions ORDER BY at DESC, name LIMIT -1 OFFSET ?)",
                vec![integer(MOST_RECORDS.into())],
            )?;
        }
        Ok((answer, until))
    }

    fn census(table: &Table) -> worker::Result<Census> {
        Ok(Census { decisions: table.count()? })
    }
}
