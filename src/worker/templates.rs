//! Templates in isolate memory: a manifest is compiled once for its bytes and a class.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Uint8Array;

use super::memory::{Memory, Slot};
use super::now_ms;
use super::respond::Prepared;
use crate::cache::Kept;
use crate::manifest::Template;
use crate::memory_key::MemoryKey;
use crate::pipeline::Stop;
use crate::rewrite::{Basis, Rewrite};

/// A template, and what it was made from.
pub(super) struct Compiled {
    pub(super) template: Template,
    /// The bytes that every viewer gets, where JavaScript keeps them; `None`: each viewer gets other ones.
    pub(super) shared: Option<Uint8Array>,
    pub(super) prepared: Prepared,
}

#[derive(Default)]
struct Entry {
    compiled: Option<(Rc<Compiled>, Basis)>,
    made_at_ms: u64,
}

impl Slot for Entry {
    fn bytes(&self) -> usize {
        // Shared bytes are there twice, and the manifest may be remembered here alone.
        self.compiled.as_ref().map_or(0, |(compiled, basis)| {
            let times = if compiled.shared.is_some() { 2 } else { 1 };
            basis.size_bytes() + compiled.template.size_bytes() * times
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
    static MEMORY: RefCell<Memory<Entry, MemoryKey>> = RefCell::default();
}

/// The template of a manifest, out of memory if it was made for the same from these very bytes.
pub(super) fn compiled(rewrite: &Rewrite<'_>, kept: &Kept) -> Result<Rc<Compiled>, Stop> {
    let key = rewrite.key();
    let known = MEMORY.with_borrow(|memory| {
        let (compiled, basis) = memory.find(&key)?.compiled.as_ref()?;
        rewrite.is_based_on(basis, &kept.bytes).then(|| Rc::clone(compiled))
    });
    if let Some(compiled) = known {
        return Ok(compiled);
    }
    let (template, basis) = rewrite.compile(&kept.bytes)?;
    let shared = template.is_shared().then(|| Uint8Array::from(&*rewrite.render(&template)));
    let compiled = Rc::new(Compiled { template, shared, prepared: Prepared::default() });
    let now_ms = now_ms();
    let entry = Entry { compiled: Some((Rc::clone(&compiled), basis)), made_at_ms: now_ms };
    MEMORY.with_borrow_mut(|memory| memory.with(&key.kept(), now_ms, |slot| *slot = entry));
    Ok(compiled)
}
