//! The heads of replies below a session that are remembered, and everything on which they depend.
//!
//! A file or a manifest that is the same for a whole class has the same head for most who ask for it. It is remembered
//! beside what it is the head of ([`Prepared`]). Whatever else it depends on is a member of a [`Heading`], from which it is
//! made and whose derived `Hash` is its key.

use std::cell::RefCell;
use std::fmt;

use crate::cache::{Lifetime, Stamp};
use crate::catalog::{Document, Edition, Site};
use crate::facts::Facts;
use crate::memory_key::MemoryKey;
use crate::reply::{Page, Reply};
use crate::rights::Permit;

/// Everything about site, viewer, request and time at which the head of a reply may look.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Heading<'a> {
    site: Edition<'a, Site>,
    page: Page<'a>,
    /// Whether something else is shown in the title's place.
    is_replaced: bool,
    /// For how long a player may keep it.
    lifetime: Lifetime,
    /// Its age, in seconds, where a player is told.
    age_s: Option<u64>,
}

impl<'a> Heading<'a> {
    /// Reads what the head of a reply depends on. `age_s` is the age that a player is told, in seconds.
    pub fn of(
        facts: &'a Facts,
        site: &'a Document<Site>,
        permit: &Permit,
        stamp: &Stamp,
        age_s: Option<u64>,
    ) -> Self {
        Self {
            site: Edition::of_site(site),
            page: Page::from(facts).as_listed(&site.body.cors),
            is_replaced: permit.replaced.is_some(),
            lifetime: stamp.lifetime,
            age_s,
        }
    }

    /// Gives a reply the age that a player is told.
    #[must_use]
    pub fn with_age(&self, reply: Reply) -> Reply {
        match self.age_s {
            Some(age_s) => reply.with("Age", age_s.to_string()),
            None => reply,
        }
    }

    /// For how long a player may keep it, as `Cache-Control` says it.
    pub fn for_player(&self) -> String {
        self.lifetime.for_player()
    }

    /// The head of a thing as it leaves.
    pub fn head_of(&self, thing: &impl Headed) -> Reply {
        self.finished(thing.head(self))
    }

    fn finished(&self, head: Reply) -> Reply {
        head.not_kept_if(self.is_replaced).guarded(&self.site.cors, self.page)
    }
}

/// Something of which heads are remembered.
pub trait Headed {
    /// Its head, but for what every reply of the site has.
    fn head(&self, heading: &Heading<'_>) -> Reply;
}

/// The last head of one thing, in a form in which it can be sent.
pub struct Prepared<H>(RefCell<Option<(MemoryKey, H)>>);

impl<H> Default for Prepared<H> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<H> Prepared<H> {
    /// Sends the head of a thing, out of memory if it was made for the same. Neither `form` nor [`Headed::head`] knows
    /// more of the request than the heading.
    pub fn send<T: Headed, R>(
        &self,
        thing: &T,
        heading: &Heading<'_>,
        form: fn(&T, Reply) -> H,
        send: impl FnOnce(&H) -> R,
    ) -> R {
        let key = MemoryKey::of(heading);
        let mut prepared = self.0.borrow_mut();
        if let Some((_, head)) = prepared.as_ref().filter(|(known, _)| *known == key) {
            return send(head);
        }
        let head = form(thing, heading.head_of(thing));
        let sent = send(&head);
        *prepared = Some((key.kept(), head));
        sent
    }
}

impl<H> fmt::Debug for Prepared<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").finish_non_exhaustive()
    }
}
