//! Templates in isolate memory: a manifest is compiled once for its bytes and a class.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Uint8Array;

use super::memory::{Memory, Slot};
use super::now_ms;
use super::respond::Prepared;
use crate::cache::Kept;
use crate::manifest::Template;
use crate::pipeline::Stop;
use crate::rewrite::Rewrite;

/// A template, and what it was made from.
pub(super) struct Compiled {
    pub(super) template: Template,
    /// The bytes that every viewer gets, where JavaScript keeps them; `None`: each viewer gets other ones.
    pub(super) shared: Option<Uint8Array>,
    pub(super) prepared: Prepared,
}

#[derive(Default)]
struct Entry {
    compiled: Option<Rc<Compiled>>,
    manifest: Option<Rc<[u8]>>,
    site_revision: u64,
    made_at_ms: u64,
}

impl Slot for Entry {
    fn bytes(&self) -> usize {
        // Shared bytes are there twice, and the manifest may be remembered here alone.
        let manifest = self.manifest.as_ref().map_or(0, |manifest| manifest.len());
        manifest
            + self.compiled.as_ref().map_or(0, |compiled| {
                compiled.template.size_bytes() * if compiled.shared.is_some() { 2 } else { 1 }
            })
    }

    fn is_spent(&self, _now_ms: u64) -> bool {
        false
    }

    fn filled_at_ms(&self) -> Option<u64> {
        Some(self.made_at_ms)
    }
}

thread_local! {
    static MEMORY: RefCell<Memory<Entry>> = RefCell::default();
}

/// The template of a manifest, out of memory if it was made from these very bytes under this revision of the site.
pub(super) fn compiled(rewrite: &Rewrite<'_>, site_revision: u64, kept: &Kept) -> Result<Rc<Compiled>, Stop> {
    let key = rewrite.key();
    let known = MEMORY.with_borrow(|memory| {
        let entry = memory.find(&key)?;
        let same = entry.manifest.as_ref().is_some_and(|bytes| Rc::ptr_eq(bytes, &kept.bytes));
        entry.compiled.clone().filter(|_| same && entry.site_revision == site_revision)
    });
    if let Some(compiled) = known {
        return Ok(compiled);
    }
    let template = rewrite.template(&kept.bytes)?;
    let shared = template.is_shared().then(|| Uint8Array::from(&*template.render("")));
    let depends_on_query = template.depends_on_query();
    let compiled = Rc::new(Compiled { template, shared, prepared: Prepared::default() });
    if !depends_on_query {
        let now_ms = now_ms();
        let entry = Entry {
            compiled: Some(Rc::clone(&compiled)),
            manifest: Some(Rc::clone(&kept.bytes)),
            site_revision,
            made_at_ms: now_ms,
        };
        MEMORY.with_borrow_mut(|memory| memory.with(&key, now_ms, |slot| *slot = entry));
    }
    Ok(compiled)
}
