//! Templates in isolate memory: a manifest is compiled once for its bytes and its variation.

use std::rc::Rc;

use js_sys::Uint8Array;

use super::compiled::{Compiled, Entry};
use super::isolate::isolate;
use super::prepared::Prepared;
use super::runtime::now_ms;
use crate::cache::Kept;
use crate::rewrite::Rewrite;
use crate::stop::Stop;

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
