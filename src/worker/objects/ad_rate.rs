//! The most requests a second to an ad server: Durable Objects that give out moments, asked once for a decision.
//!
//! An object keeps nothing: after it was evicted, nobody has asked it for a while.

use std::cell::Cell;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Request, Response, State, durable_object};

use super::super::isolate::isolate;
use super::super::runtime::now_ms;
use super::Objects;
use crate::ads::resolve::Pace;
use crate::catalog::Host;
use crate::facts::Facts;
use crate::fault::FaultKind;

const OBJECTS: Objects = Objects {
    binding: "AD_RATE",
    // A viewer waits for it.
    patience: Duration::from_millis(500),
    unavailable: FaultKind::Platform,
};

/// The wait until a decision of a site may ask its ad server, in milliseconds. `None`: there is no moment within `patience`. An outage
/// of the objects stops no advertising.
pub(in crate::worker) async fn wait_ms(
    env: &Env,
    facts: &Facts,
    host: &Host,
    per_s: u32,
    patience: Duration,
) -> Option<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number from 0 to the number of objects"
    )]
    let shard = (js_sys::Math::random() * f64::from(Pace::shards(per_s))) as u32;
    let name = format!("{host}/{shard}");
    // An object that gave out all its moments is not asked again at once: a crowd comes within seconds.
    let now = now_ms();
    if !isolate().breakers.with(&name, now, |known| known.admits(now)) {
        return None;
    }
    let patience_ms = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
    let question = Question { per_s: Pace::part(per_s), patience_ms };
    let answer: Option<Answer> = OBJECTS.try_ask(env, facts, &name, &question).await;
    let wait_ms = answer.map_or(Some(0), |answer| answer.wait_ms);
    if wait_ms.is_none() {
        isolate().breakers.with(&name, now, |known| known.rest_until(now_ms().saturating_add(LEFT_ALONE_MS)));
    }
    wait_ms
}

/// How long an object without a moment is left alone, in milliseconds.
const LEFT_ALONE_MS: u64 = 200;

#[derive(Serialize, Deserialize)]
struct Question {
    per_s: u32,
    patience_ms: u64,
}

#[derive(Serialize, Deserialize)]
struct Answer {
    wait_ms: Option<u64>,
}

/// One of the objects that hold the rate of a site's requests.
#[durable_object]
pub struct AdRate {
    pace: Cell<Pace>,
}

impl DurableObject for AdRate {
    fn new(_: State, _: Env) -> Self {
        Self { pace: Cell::default() }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let Question { per_s, patience_ms } = request.json().await?;
        let mut pace = self.pace.get();
        let wait_ms = pace.take(now_ms(), per_s, patience_ms);
        self.pace.set(pace);
        Response::from_json(&Answer { wait_ms })
    }
}
