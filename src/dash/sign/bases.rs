//! The base URLs of a level.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::dash::place::Base;

/// How many combinations of base URLs are looked at.
pub(super) const BASES_MAX: usize = 32;

/// Base URLs of a level, shared with all levels that have no others.
#[derive(Clone, Debug)]
pub(super) struct Bases(Rc<Known>);

#[derive(Debug)]
struct Known {
    all: Vec<Base>,
    /// There are more than are looked at. They are such that what is plainly covered from those is from these too: each
    /// base URL is.
    are_more: bool,
    /// These and the MPD's own URL, once that has been asked for.
    meta: OnceCell<Vec<Base>>,
}

impl Bases {
    pub(super) fn new(all: Vec<Base>) -> Self {
        Self(Rc::new(Known { all, are_more: false, meta: OnceCell::new() }))
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

    /// Whether they are shared with a level.
    pub(super) fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// These and those of others. A copy is made only of ones that levels share.
    pub(super) fn with(self, others: &Self) -> Self {
        if self.is(others) {
            return self;
        }
        let Known { mut all, mut are_more, .. } = Rc::try_unwrap(self.0).unwrap_or_else(|shared| Known {
            all: shared.all.clone(),
            are_more: shared.are_more,
            meta: OnceCell::new(),
        });
        are_more |= others.are_more();
        for base in others.all() {
            if all.contains(base) {
                continue;
            }
            // One of those with the session and one of those without it have to be among them.
            let is_new_kind = all.iter().all(|other| other.takes_session() != base.takes_session());
            if all.len() >= BASES_MAX && !is_new_kind {
                are_more = true;
                continue;
            }
            all.push(base.clone());
        }
        Self(Rc::new(Known { all, are_more, meta: OnceCell::new() }))
    }
}
