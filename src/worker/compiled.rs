//! A compiled manifest, as an isolate remembers it.

use std::rc::Rc;

use js_sys::Uint8Array;

use super::prepared::{InJavaScript, PREPARED_BYTES, Prepared};
use crate::heading::{Headed, Heading};
use crate::manifest::Template;
use crate::reply::Reply;
use crate::rewrite::{Basis, SharedManifest};
use crate::shelf::{Slot, Weigh};

/// A template, and the bytes and head that follow from it.
pub(super) struct Compiled {
    pub(super) template: Template,
    /// The bytes that every viewer gets, in an array of JavaScript; `None`: they differ between viewers.
    pub(super) shared: Option<Uint8Array>,
    pub(super) prepared: Prepared,
}

impl AsRef<Template> for Compiled {
    fn as_ref(&self) -> &Template {
        &self.template
    }
}

/// A manifest that is the same for every viewer of a class.
pub(super) struct Shared<'a> {
    pub(super) manifest: SharedManifest<'a>,
    /// Its bytes, as JavaScript keeps them.
    pub(super) bytes: &'a Uint8Array,
}

impl Headed for Shared<'_> {
    fn head(&self, heading: &Heading<'_>) -> Reply {
        self.manifest.head(heading)
    }
}

impl InJavaScript for Shared<'_> {
    fn body(&self) -> &Uint8Array {
        self.bytes
    }
}

/// A template, and the manifest that it was compiled from.
pub(super) struct Entry {
    pub(super) compiled: Rc<Compiled>,
    pub(super) basis: Basis,
}

impl Weigh for Entry {
    /// The manifest counts here too: its own memory may have let it go.
    fn heap_bytes(&self) -> usize {
        self.compiled.heap_bytes() + self.basis.size_bytes()
    }
}

impl Slot for Entry {}

impl Weigh for Compiled {
    fn heap_bytes(&self) -> usize {
        let shared = self.shared.as_ref().map_or(0, |shared| shared.length() as usize);
        self.template.heap_bytes() + shared + PREPARED_BYTES
    }
}
