//! Templates in isolate memory: a manifest is compiled once for its bytes and its variation.

use std::rc::Rc;

use js_sys::Uint8Array;

use super::isolate::isolate;
use super::now_ms;
use super::respond::{AtHand, PREPARED_BYTES, Prepared};
use crate::cache::Kept;
use crate::heading::{Headed, Heading};
use crate::manifest::Template;
use crate::reply::Reply;
use crate::rewrite::{Basis, Rewrite, SharedManifest};
use crate::shelf::{Slot, Weigh};
use crate::stop::Stop;

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

impl AtHand for Shared<'_> {
    fn body(&self) -> &Uint8Array {
        self.bytes
    }
}

/// A template, and the manifest that it was compiled from.
pub(super) struct Entry {
    compiled: Rc<Compiled>,
    basis: Basis,
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

/// The template of a manifest: from memory, if it was compiled for the same variation from the same bytes.
pub(super) fn compiled(rewrite: &Rewrite<'_>, kept: &Kept) -> Result<Rc<Compiled>, Stop> {
    let key = rewrite.key();
    let memory = &isolate().templates;
    let of_these =
        |entry: &Entry| rewrite.is_based_on(&entry.basis, &kept.bytes).then(|| Rc::clone(&entry.compiled));
    if let Some(compiled) = memory.find(&key, of_these).flatten() {
        return Ok(compiled);
    }
    let (template, basis) = rewrite.compile(&kept.bytes)?;
    let shared = template.is_shared().then(|| Uint8Array::from(&*rewrite.render(&template)));
    let compiled = Rc::new(Compiled { template, shared, prepared: Prepared::default() });
    let entry = Entry { compiled: Rc::clone(&compiled), basis };
    memory.insert(key.kept(), entry, now_ms());
    Ok(compiled)
}
