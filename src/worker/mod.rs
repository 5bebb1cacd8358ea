//! The only corner that knows Cloudflare: it reads requests, awaits, and answers.

mod answers;
#[cfg(feature = "bench")]
mod bench;
mod body;
mod crypto;
mod delay;
mod documents;
mod explain;
mod facts;
mod file;
mod heap;
mod isolate;
mod jwks;
mod lane;
mod objects;
mod playlists;
mod proofs;
mod respond;
mod segments;
mod serve;
mod shared_files;
mod signed;
mod single_flight;
mod sources;
mod store;
mod sync;
mod templates;
mod upstream;

use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::pin_mut;
use js_sys::Reflect;
use wasm_bindgen::JsValue;
use worker::{Context, Delay, Env, Request, Response, Result, event};

use crate::fault::{Fault, FaultKind};
use crate::time::UnixTime;

#[event(start)]
fn start() {
    console_error_panic_hook::set_once();
    // Futures are woken through `queueMicrotask` where there is one. In workerd that is a call out of V8 and back, some
    // microseconds for each await; a promise's `then`, which serves in its place, stays within V8.
    let _ = Reflect::set(&js_sys::global(), &JsValue::from_str("queueMicrotask"), &JsValue::UNDEFINED);
}

#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> Result<Response> {
    #[cfg(feature = "bench")]
    if request.path() == bench::PATH {
        return bench::answer(request, env, context).await;
    }
    serve::serve(request, env, context).await
}

fn now() -> UnixTime {
    UnixTime::from_secs(now_ms() / 1000)
}

fn now_ms() -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "milliseconds since 1970, in whole numbers"
    )]
    let now_ms = js_sys::Date::now() as u64;
    now_ms
}

/// What a future comes to, unless that takes longer than `patience`.
async fn within<T>(patience: Duration, future: impl Future<Output = T>) -> Option<T> {
    let patience = Delay::from(patience);
    pin_mut!(future, patience);
    match select(future, patience).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}

fn platform(error: &worker::Error) -> Fault {
    Fault::new(FaultKind::Platform, error.to_string())
}
