//! The store of used tokens: a Durable Object, which sees one use after the other, wherever in the world they come from.
//!
//! A site's tokens are spread over 256 objects by their names, so that none of them is hot. An object keeps a row a
//! token until the token has expired, then an alarm removes it.
//!
//! <https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/>

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use worker::{DurableObject, Env, Request, RequestInit, Response, ScheduledTime, State, durable_object};

use super::{now, respond, within};
use crate::catalog::Host;
use crate::facts::Facts;
use crate::fault::{Fault, FaultKind};
use crate::stop::Stop;
use crate::time::UnixTime;
use crate::token::{Grant, Record, Seen, Use};

/// The binding of the objects, which wrangler.toml sets.
const BINDING: &str = "REPLAY";

/// How long the store may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Counts a use of a token, and refuses it where it is one too many. Tells whether it is one of before of a token that may be
/// used once.
///
/// A token that may be used once is refused, too, while the store does not answer; one whose uses are only counted
/// passes.
pub(super) async fn take(
    env: &Env,
    facts: &Facts,
    host: &Host,
    grant: &Grant,
    usage: &Use,
) -> Result<bool, Stop> {
    // Without the binding, this is the fault; tokens that need no store do not come here.
    env.durable_object(BINDING)
        .map_err(|error| Fault::new(FaultKind::Configuration, format!("{BINDING}: {error}")))?;
    let seen = match within(PATIENCE, ask(env, host, usage)).await {
        Some(Ok(seen)) => seen,
        failed => {
            let detail = match failed {
                Some(Err(error)) => error.to_string(),
                _ => format!("no answer within {} s", PATIENCE.as_secs()),
            };
            let fault = Fault::new(FaultKind::ReplayUnavailable, detail);
            if usage.once {
                return Err(fault.into());
            }
            respond::log(Some(facts), &fault.into());
            return Ok(false);
        }
    };
    usage.judge(seen)?;
    if seen.uses > 1 && !seen.again {
        worker::console_log!(
            "{}",
            json!({
                "kind": "reuse", "host": host, "dialect": grant.dialect.name(), "issuer": grant.issuer,
                "key": grant.key, "token": usage.name, "uses": seen.uses, "elsewhere": seen.elsewhere,
                "place": facts.geography.to_string(),
            })
        );
    }
    Ok(usage.once && seen.again)
}

/// A use, as it is told to an object.
#[derive(Serialize, Deserialize)]
struct Told {
    name: String,
    until: u64,
    network: Option<String>,
    #[serde(default)]
    again_within_s: u64,
}

async fn ask(env: &Env, host: &Host, usage: &Use) -> worker::Result<Seen> {
    let objects = env.durable_object(BINDING)?;
    let object = objects.get_by_name(&format!("{host}/{:02x}", usage.name.shard()))?;
    let told = Told {
        name: usage.name.to_string(),
        until: usage.until.as_secs().min(END_OF_TIME),
        network: usage.network.map(|network| network.to_string()),
        again_within_s: usage.again_within_s,
    };
    let mut init = RequestInit::new();
    init.with_method(worker::Method::Post).with_body(Some(serde_json::to_string(&told)?.into()));
    let mut response =
        object.fetch_with_request(Request::new_with_init("https://replay.invalid/", &init)?).await?;
    match response.status_code() {
        200 => response.json().await,
        status => Err(format!("the object answered {status}").into()),
    }
}

/// Seconds for which a token is kept after it has expired: clocks of two machines may disagree.
const MARGIN_S: u64 = 5;

/// The longest and the shortest time between two clean-ups, in seconds.
const CLEAN_WITHIN_S: u64 = 3_600;
const CLEAN_AFTER_S: u64 = 10;

/// One of the objects that know which tokens have been used.
#[durable_object(alarm)]
pub struct UsedTokens {
    state: State,
}

impl DurableObject for UsedTokens {
    fn new(state: State, _: Env) -> Self {
        Self { state }
    }

    /// Counts a use; on GET, tells how many tokens it keeps.
    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        create(&self.state)?;
        if request.method() == worker::Method::Get {
            let sql = self.state.storage().sql();
            let kept: Kept = sql.exec("SELECT count(*) AS tokens FROM used", None)?.one()?;
            return Response::from_json(&kept);
        }
        let told: Told = request.json().await?;
        let seen = self.count(&told)?;
        if self.state.storage().get_alarm().await?.is_none() {
            self.state.storage().set_alarm(clean_at(told.until, 0)).await?;
        }
        Response::from_json(&seen)
    }

    async fn alarm(&self) -> worker::Result<Response> {
        let sql = self.state.storage().sql();
        create(&self.state)?;
        let ended = now().as_secs().saturating_sub(MARGIN_S);
        sql.exec("DELETE FROM used WHERE until <= ?", vec![integer(ended)])?;
        let next: Next = sql.exec("SELECT min(until) AS until FROM used", None)?.one()?;
        if let Some(until) = next.until {
            self.state.storage().set_alarm(clean_at(until, CLEAN_AFTER_S)).await?;
        }
        Response::empty()
    }
}

#[derive(Serialize, Deserialize)]
struct Kept {
    tokens: u64,
}

#[derive(Deserialize)]
struct Next {
    until: Option<u64>,
}

impl UsedTokens {
    /// Nothing is awaited between the look and the note, so that of two uses one is the first.
    fn count(&self, told: &Told) -> worker::Result<Seen> {
        let sql = self.state.storage().sql();
        let name = || told.name.clone().into();
        let known = sql.exec("SELECT uses, network, last FROM used WHERE name = ?", vec![name()])?;
        let known: Option<Record> = known.to_array()?.into_iter().next();
        let (kept, seen) = known.unwrap_or_default().count(told.network.clone(), told.again_within_s, now());
        let Record { uses, network, last } = kept;
        sql.exec(
            "INSERT INTO used (name, until, uses, network, last) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (name) DO UPDATE SET uses = excluded.uses, network = excluded.network,
             last = excluded.last, until = max(until, excluded.until)",
            vec![
                name(),
                integer(told.until),
                integer(uses),
                network.map_or(worker::SqlStorageValue::Null, Into::into),
                last.map_or(worker::SqlStorageValue::Null, integer),
            ],
        )?;
        Ok(seen)
    }
}

fn create(state: &State) -> worker::Result<()> {
    let table = "CREATE TABLE IF NOT EXISTS used (name TEXT PRIMARY KEY, until INTEGER NOT NULL,
        uses INTEGER NOT NULL, network TEXT, last INTEGER) WITHOUT ROWID";
    let sql = state.storage().sql();
    sql.exec(table, None)?;
    // Objects of before have no such column.
    let has: Columns = sql
        .exec("SELECT count(*) AS columns FROM pragma_table_info('used') WHERE name = 'last'", None)?
        .one()?;
    if has.columns == 0 {
        sql.exec("ALTER TABLE used ADD COLUMN last INTEGER", None)?;
    }
    Ok(())
}

#[derive(Deserialize)]
struct Columns {
    columns: u64,
}

/// When rows are to be cleaned up, of which the first ends at `until`.
fn clean_at(until: u64, least_s: u64) -> ScheduledTime {
    let wait = UnixTime::from_secs(until).plus_secs(MARGIN_S).secs_since(now());
    Duration::from_secs(wait.max(least_s).min(CLEAN_WITHIN_S) + 1).into()
}

/// SQLite's integers have 64 bits, JavaScript's 53: no time of a token's is meant beyond that.
const END_OF_TIME: u64 = (1 << 53) - 1;

fn integer(secs: u64) -> worker::SqlStorageValue {
    worker::SqlStorageValue::Integer(i64::try_from(secs.min(END_OF_TIME)).unwrap_or(i64::MAX))
}
