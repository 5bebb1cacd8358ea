//! A key as `crypto.subtle` has it.

use std::rc::Rc;

use js_sys::Object;
use web_sys::CryptoKey;

use crate::shelf::{Slot, Weigh};

/// A key as the runtime holds it, and the algorithm as `verify` wants it.
pub(super) struct Imported {
    pub(super) key: CryptoKey,
    pub(super) verify_as: Object,
}

/// An imported key; `None`: the runtime does not take it.
pub(super) struct ImportedKey(pub(super) Option<Rc<Imported>>);

impl Weigh for ImportedKey {
    /// The runtime does not say how large its objects are: an RSA key of 4,096 bits has some 2 KiB there.
    fn heap_bytes(&self) -> usize {
        4 * 1024
    }
}

impl Slot for ImportedKey {}
