//! The Worker: reads requests, awaits Cloudflare's services, and answers. No other module knows Cloudflare.

mod ad_server;
mod answers;
#[cfg(feature = "bench")]
mod bench;
#[cfg(feature = "bench")]
mod bench_vast;
mod body;
mod compiled;
mod crypto;
mod delay;
mod documents;
mod explain;
mod facts;
mod file;
mod heap;
mod imported_key;
mod inband;
mod isolate;
mod jwks;
mod lane;
mod objects;
mod playlists;
mod pods;
mod prepared;
mod proofs;
mod respond;
mod runtime;
mod segments;
mod serve;
mod shared_files;
mod shared_pods;
mod signed;
mod single_flight;
mod sources;
mod store;
mod sync;
mod templates;
mod upstream;
mod vmaps;
mod wanted;

use js_sys::Reflect;
use wasm_bindgen::JsValue;
use worker::{Context, Env, Request, Response, Result, event};

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
    match request.path().as_str() {
        bench::PATH => return bench::answer(request, env, context).await,
        bench_vast::PATH => return bench_vast::answer(request).await,
        _ => {}
    }
    serve::serve(request, env, context).await
}
