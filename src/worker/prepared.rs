//! Heads of replies that JavaScript keeps beside their bodies.

use js_sys::Uint8Array;
use wasm_bindgen::JsValue;

use crate::heading::{self, Headed};

/// The status and headers of a reply, kept by JavaScript.
pub(super) type Prepared = heading::Prepared<JsValue>;

/// Something with a body in JavaScript's memory.
pub(super) trait InJavaScript: Headed {
    fn body(&self) -> &Uint8Array;
}

/// The bytes of a [`Prepared`], most of them in JavaScript's memory: a dozen headers with their texts, one of them an `Origin`
/// of the greatest length. A later request makes it, but it counts from the beginning.
pub(super) const PREPARED_BYTES: usize = 3 * 1024;
