//! The isolate's memory, and how much of it there is.

use std::time::Duration;

use js_sys::ArrayBuffer;
use js_sys::WebAssembly::Memory as WebAssemblyMemory;
use serde_json::json;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::wasm_bindgen;

use super::compiled::Entry;
use super::file::File;
use super::heap;
use super::imported_key::ImportedKey;
use super::runtime::now_ms;
use crate::fault::{Fault, FaultKind};
use crate::isolate::{Isolate, Runtime};
use crate::shelf::{Purpose, Reservation, plan};

/// The runtime of Cloudflare Workers.
pub(super) struct Workerd;

impl Runtime for Workerd {
    type File = File;
    type Template = Entry;
    type ImportedKey = ImportedKey;
}

thread_local! {
    /// It lasts as long as the isolate.
    static ISOLATE: &'static Isolate<Workerd> = Box::leak(Box::new(Isolate::new(seed())));
}

/// The memory of this isolate.
pub(super) fn isolate() -> &'static Isolate<Workerd> {
    ISOLATE.with(|isolate| *isolate)
}

/// The seed has to be secret, and nothing else depends on it.
fn seed() -> u64 {
    (js_sys::Math::random() * 2f64.powi(52)).to_bits()
}

/// Reserves bytes for a site's body that is being read, which takes no longer than `patience`.
pub(super) fn reserve(whose: (Purpose, &str), bytes: usize, patience: Duration) -> Option<Reservation> {
    isolate().budget.reserve(whose, bytes, now_ms(), patience)
}

/// The fault of a request for which there is no room.
pub(super) fn no_room(what: impl std::fmt::Display) -> Fault {
    let most = plan::ROOMS.manifests / 2;
    let detail =
        format!("{what}: {most} bytes at most of a site's manifests are read at a time, less if others' are");
    Fault::new(FaultKind::Overloaded, detail)
}

/// The bytes of every memory, of reservations, and of WebAssembly's own memory, as JSON. `entry.js` has no path for it: an
/// entry point of the tests and the benches has one.
#[expect(unreachable_pub, reason = "wasm-bindgen exports what is public")]
#[wasm_bindgen]
pub fn remembered() -> String {
    let budget = &isolate().budget;
    let accounts = budget.accounts();
    let memories: serde_json::Map<_, _> =
        accounts.iter().map(|account| (account.name().to_owned(), account.bytes().into())).collect();
    let budget = json!({
        "limit": budget.limit(), "bytes": budget.bytes(), "reserved": budget.reserved(), "memories": memories,
    });
    let memory: WebAssemblyMemory = wasm_bindgen::memory().unchecked_into();
    let length = memory.buffer().unchecked_into::<ArrayBuffer>().byte_length();
    json!({ "budget": budget, "allocated": heap::allocated(), "wasm": length }).to_string()
}
