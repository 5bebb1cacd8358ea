//! The store of used tokens: a Durable Object, which sees one use after the other.
//!
//! A site's tokens are spread over 256 objects by their names, so that none of them is hot. An object keeps a row a
//! token until the token has expired.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use worker::{Env, SqlStorageValue};

use super::super::runtime::now;
use super::table::{END_OF_TIME, integer};
use super::{Objects, Schema, Store, Table, object};
use crate::catalog::Host;
use crate::facts::Facts;
use crate::fault::{Fault, FaultKind};
use crate::token::{Record, Seen, Use};

const OBJECTS: Objects = Objects {
    binding: "REPLAY",
    patience: Duration::from_secs(3),
    unavailable: FaultKind::ReplayUnavailable,
};

/// Counts a use of a token.
///
/// While the store does not answer, a token that may be used once is refused, and a token whose uses are only counted
/// passes: `None`.
pub(in crate::worker) async fn count(
    env: &Env,
    facts: &Facts,
    host: &Host,
    usage: &Use,
) -> Result<Option<Seen>, Fault> {
    // Tokens that need no store do not come here.
    OBJECTS.check(env)?;
    let name = format!("{host}/{:02x}", usage.name.shard());
    let question = Question::of(usage);
    if usage.once {
        return OBJECTS.ask(env, &name, &question).await.map(Some);
    }
    Ok(OBJECTS.try_ask(env, facts, &name, &question).await)
}

/// One use of a token.
#[derive(Serialize, Deserialize)]
pub(super) struct Question {
    name: String,
    until: u64,
    network: Option<String>,
    #[serde(default)]
    again_within_s: u64,
}

impl Question {
    fn of(usage: &Use) -> Self {
        Self {
            name: usage.name.to_string(),
            until: usage.until.as_secs().min(END_OF_TIME),
            network: usage.network.map(|network| network.to_string()),
            again_within_s: usage.again_within_s,
        }
    }
}

/// How many tokens an object keeps.
#[derive(Serialize)]
pub(super) struct Census {
    tokens: u64,
}

object! {
    /// One of the objects that know which tokens have been used.
    UsedTokens
}

impl Store for UsedTokens {
    const SCHEMA: Schema = Schema {
        name: "used",
        columns: "name TEXT PRIMARY KEY, until INTEGER NOT NULL, uses INTEGER NOT NULL, network TEXT, last INTEGER",
        added: &[("last", "INTEGER")],
        indexed: &[],
    };

    const MARGIN_S: u64 = 5;

    type Question = Question;
    type Answer = Seen;
    type Census = Census;

    fn answer(table: &Table, question: Question) -> worker::Result<(Seen, u64)> {
        let Question { name, until, network, again_within_s } = question;
        let known: Option<Record> =
            table.first("SELECT uses, network, last FROM used WHERE name = ?", vec![name.clone().into()])?;
        let (record, seen) = known.unwrap_or_default().count(network, again_within_s, now());
        let Record { uses, network, last } = record;
        table.run(
            "INSERT INTO used (name, until, uses, network, last) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (name) DO UPDATE SET uses = excluded.uses, network = excluded.network,
             last = excluded.last, until = max(until, excluded.until)",
            vec![
                name.into(),
                integer(until),
                integer(uses),
                network.map_or(SqlStorageValue::Null, Into::into),
                last.map_or(SqlStorageValue::Null, integer),
            ],
        )?;
        Ok((seen, until))
    }

    fn census(table: &Table) -> worker::Result<Census> {
        Ok(Census { tokens: table.count()? })
    }
}
