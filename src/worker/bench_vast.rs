//! The endpoint of `benches/vast.mjs`, which resolves VAST documents and does nothing else. Only the build of the benchmark has it
//! (feature `bench`).

use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;
use worker::{Request, Response};

use super::runtime::now_ms;
use crate::ads::Format;
use crate::ads::macros::Values;
use crate::ads::resolve::{Ask, Choice, Direct, Failure, Fetch, Order, Reach, Reply, Start, resolve};
use crate::ads::vast::Needs;

pub(super) const PATH: &str = "/_bench/vast";

/// Documents by URL, of which the first is resolved so many times.
#[derive(Deserialize)]
struct Task {
    first: String,
    documents: HashMap<String, String>,
    times: u32,
}

impl Fetch for Task {
    fn now_ms(&self) -> u64 {
        now_ms()
    }

    async fn fetch(&self, asks: Vec<Ask>) -> Vec<Result<Reply, Failure>> {
        let answer = |Ask { url, .. }: Ask| match self.documents.get(url.as_str()) {
            Some(text) => Ok(Reply { url, bytes: text.clone().into_bytes() }),
            None => Err(Failure::Status(404)),
        };
        asks.into_iter().map(answer).collect()
    }
}

/// Answers with the number of ads and of their URLs, all times together.
pub(super) async fn answer(mut request: Request) -> worker::Result<Response> {
    let task: Task = request.json().await?;
    let values = Values { now_ms: now_ms(), ..Values::default() };
    let choice = Choice { format: Format::Hls, site: None, direct: Direct::Any, needs: Needs::default() };
    let (mut ads, mut urls) = (0, 0);
    for _ in 0..task.times {
        let order = Order {
            start: Start::Template(&task.first),
            values: &values,
            reach: Reach::new(None, &task.first, None, false),
            each: Duration::from_secs(3),
            total: Duration::from_secs(8),
            wrappers: 5,
        };
        let chosen = resolve(&task, &order).await.choose(&order, &choice, |_| None);
        let shown = chosen.offered.places.iter().flatten().chain(&chosen.offered.spares);
        for candidate in shown {
            ads += 1;
            urls += candidate.ad.tracking.len();
        }
    }
    Response::ok(format!("{ads} {urls}"))
}
