//! Remembered heads of replies below a session, and the values that they depend on.
//!
//! A file or a manifest that is the same for a whole class has the same head for most requests. The head is remembered beside the
//! file or manifest ([`Prepared`]). All other values that it depends on are members of a [`Heading`], from which it is made. The
//! derived `Hash` of the heading is the key of the head.

use std::cell::RefCell;
use std::fmt;

use crate::cache::{Lifetime, Stamp};
use crate::catalog::{Document, Edition, Site};
use crate::facts::Facts;
use crate::memory_key::MemoryKey;
use crate::reply::{Page, Reply};
use crate::rights::Permit;

/// The values of site, viewer, request and time from which the head of a reply is made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Heading<'a> {
    site: Edition<'a, Site>,
    page: Page<'a>,
    /// Whether a blackout replaces the title.
    is_replaced: bool,
    /// How long a player may keep the reply.
    lifetime: Lifetime,
    /// Its age in seconds, if the player is told.
    age_s: Option<u64>,
}

impl<'a> Heading<'a> {
    /// Collects the values of a heading. `age_s` is the age that the player is told, in seconds.
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

    /// Sets the age of a reply.
    #[must_use]
    pub fn with_age(&self, reply: Reply) -> Reply {
        match self.age_s {
            Some(age_s) => reply.with("Age", age_s.to_string()),
            None => reply,
        }
    }

    /// How long a player may keep the reply, as `Cache-Control`.
    pub fn for_player(&self) -> String {
        self.lifetime.for_player()
    }

    /// The complete head of a file or manifest.
    pub fn head_of(&self, thing: &impl Headed) -> Reply {
        self.finished(thing.head(self))
    }

    fn finished(&self, head: Reply) -> Reply {
        head.not_kept_if(self.is_replaced).guarded(&self.site.cors, self.page)
    }
}

/// A file or manifest whose heads are remembered.
pub trait Headed {
    /// Its head, without the headers of every reply of the site.
    fn head(&self, heading: &Heading<'_>) -> Reply;
}

/// The last head of a file or manifest, ready to be sent.
pub struct Prepared<H>(RefCell<Option<(MemoryKey, H)>>);

impl<H> Default for Prepared<H> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<H> Prepared<H> {
    /// Sends the head of a file or manifest, from memory if it was made for an equal heading. `form` and [`Headed::head`] see
    /// nothing of the request except the heading.
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
