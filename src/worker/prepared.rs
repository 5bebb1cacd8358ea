//! Heads of replies that JavaScript keeps beside their bodies.

use js_sys::Uint8Array;
use wasm_bindgen::JsValue;

use crate::heading::{self, Headed};

/// The status and headers of a reply, as JavaScript keeps them.
pub(super) type Prepared = heading::Prepared<JsValue>;

/// Something whose body JavaScript holds already.
pub(super) trait AtHand: Headed {
    fn body(&self) -> &Uint8Array;
}

/// What a [`Prepared`] takes, most of it in the memory of JavaScript: a dozen headers and their texts, with an `Origin` of
/// [`facts`](crate::facts)' own limit. It is made with a later request, and counted from the beginning.
pub(super) const PREPARED_BYTES: usize = 3 * 1024;
