//! The base URLs of a level.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::dash::resolver::Base;

/// The most combinations of base URLs that are tracked.
pub(super) const BASES_MAX: usize = 32;

/// Base URLs of a level, shared with all levels that have no others.
#[derive(Clone, Debug)]
pub(super) struct Bases(Rc<BaseList>);

#[derive(Debug)]
struct BaseList {
    all: Vec<Base>,
    /// There are more base URLs than are tracked. Each of them covers every URI whose plain spelling the tracked ones
    /// cover.
    are_more: bool,
    /// These and the MPD's own URL, once asked for.
    meta: OnceCell<Vec<Base>>,
}

impl Bases {
    pub(super) fn new(all: Vec<Base>) -> Self {
        Self(Rc::new(BaseList { all, are_more: false, meta: OnceCell::new() }))
    }

    pub(super) fn all(&self) -> &[Base] {
        &self.0.all
    }

    pub(super) fn are_more(&self) -> bool {
        self.0.are_more
    }

    /// These and the MPD's own URL.
    pub(super) fn with_own(&self, own: &[Base]) -> &[Base] {
        self.0.meta.get_or_init(|| {
            let mut bases = own.to_vec();
            bases.extend(self.all().iter().filter(|base| !own.contains(base)).cloned());
            bases
        })
    }

    /// Whether two levels share the same list.
    pub(super) fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// The union with other base URLs. Only a shared list is copied.
    pub(super) fn with(self, others: &Self) -> Self {
        if self.is(others) {
            return self;
        }
        let BaseList { mut all, mut are_more, .. } = Rc::try_unwrap(self.0).unwrap_or_else(|shared| {
            BaseList { all: shared.all.clone(), are_more: shared.are_more, meta: OnceCell::new() }
        });
        are_more |= others.are_more();
        for base in others.all() {
            if all.contains(base) {
                continue;
            }
            // The tracked ones have to include both kinds: with and without the session.
            let is_new_kind = all.iter().all(|other| other.takes_session() != base.takes_session());
            if all.len() >= BASES_MAX && !is_new_kind {
                are_more = true;
                continue;
            }
            all.push(base.clone());
        }
        Self(Rc::new(BaseList { all, are_more, meta: OnceCell::new() }))
    }
}
