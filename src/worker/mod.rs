//! The only corner that knows Cloudflare: it reads requests, awaits, and answers.

mod body;
mod crypto;
mod documents;
mod facts;
mod media;
mod proofs;
mod respond;
mod serve;
mod sync;

use worker::{Context, Env, Request, Response, Result, event};

use crate::fault::{Fault, FaultKind};
use crate::time::UnixTime;

#[event(start)]
fn start() {
    console_error_panic_hook::set_once();
}

#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> Result<Response> {
    serve::serve(request, env, context).await
}

fn now() -> UnixTime {
    UnixTime::from_secs(now_ms() / 1000)
}

fn now_ms() -> u64 {
    worker::Date::now().as_millis()
}

fn platform(error: &worker::Error) -> Fault {
    Fault::new(FaultKind::Platform, error.to_string())
}
