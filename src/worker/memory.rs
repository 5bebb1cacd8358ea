//! The isolate's one budget, out of which every memory of the Worker is made: `shelf/plan.rs` lists them.

use std::rc::Rc;
use std::time::Duration;

use js_sys::ArrayBuffer;
use js_sys::WebAssembly::Memory as WebAssemblyMemory;
use serde_json::json;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::wasm_bindgen;

use super::{heap, now_ms};
use crate::fault::{Fault, FaultKind};
use crate::shelf::plan::{self, Share};
use crate::shelf::{Budget, Purpose, Reservation, Weigh};
pub(super) use crate::shelf::{Memory, Slot};

thread_local! {
    static BUDGET: Rc<Budget> = Budget::new(plan::LIMIT, plan::ROOMS, seed());
}

/// Nobody is to know it, and nothing else hangs on it.
fn seed() -> u64 {
    (js_sys::Math::random() * 2f64.powi(52)).to_bits()
}

/// A memory of this share.
pub(super) fn of<K: Weigh + 'static, S: Slot + 'static>(share: Share) -> Memory<K, S> {
    BUDGET.with(|budget| share.of(budget))
}

/// Reserves bytes for a body of a site's that is being read, which takes no longer than `patience`.
pub(super) fn reserve(whose: (Purpose, &str), bytes: usize, patience: Duration) -> Option<Reservation> {
    BUDGET.with(|budget| budget.reserve(whose, bytes, now_ms(), patience))
}

/// The fault of a request for which there is no room.
pub(super) fn no_room(what: impl std::fmt::Display) -> Fault {
    let most = plan::ROOMS.manifests / 2;
    let detail =
        format!("{what}: {most} bytes at most of a site's manifests are read at a time, less if others' are");
    Fault::new(FaultKind::Overloaded, detail)
}

/// The bytes of every memory, of what is reserved, and of WebAssembly's own memory, as JSON. `entry.js` has no path for it:
/// an entry of the tests and the benches does.
#[expect(unreachable_pub, reason = "wasm-bindgen exports what is public")]
#[wasm_bindgen]
pub fn remembered() -> String {
    let memories = BUDGET.with(|budget| {
        let accounts = budget.accounts();
        let memories: serde_json::Map<_, _> =
            accounts.iter().map(|account| (account.name().to_owned(), account.bytes().into())).collect();
        json!({ "limit": budget.limit(), "bytes": budget.bytes(), "reserved": budget.reserved(), "memories": memories })
    });
    let memory: WebAssemblyMemory = wasm_bindgen::memory().unchecked_into();
    let length = memory.buffer().unchecked_into::<ArrayBuffer>().byte_length();
    json!({ "budget": memories, "allocated": heap::allocated(), "wasm": length }).to_string()
}
