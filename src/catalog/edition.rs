//! A document identified by its name and revision.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use super::{Document, KeySet, Site};

/// A document that remembered values may depend on. All of its members can be read, and its name and revision alone
/// identify it: they are what is hashed and compared, so a key need not contain the members.
pub struct Edition<'a, D> {
    name: &'a str,
    revision: u64,
    body: &'a D,
}

impl<'a> Edition<'a, Site> {
    /// A site's document, which is stored under its host.
    pub fn of_site(Document { revision, body }: &'a Document<Site>) -> Self {
        Self { name: body.host.as_str(), revision: *revision, body }
    }
}

impl<'a> Edition<'a, KeySet> {
    /// A set of keys, which is stored under its issuer.
    pub fn of_keys(Document { revision, body }: &'a Document<KeySet>) -> Self {
        Self { name: body.issuer.as_str(), revision: *revision, body }
    }
}

impl<'a, D> Edition<'a, D> {
    /// The document's members.
    pub const fn body(self) -> &'a D {
        self.body
    }
}

impl<D> Deref for Edition<'_, D> {
    type Target = D;

    fn deref(&self) -> &D {
        self.body
    }
}

impl<D> Clone for Edition<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D> Copy for Edition<'_, D> {}

impl<D> PartialEq for Edition<'_, D> {
    fn eq(&self, other: &Self) -> bool {
        (self.name, self.revision) == (other.name, other.revision)
    }
}

impl<D> Eq for Edition<'_, D> {}

impl<D> Hash for Edition<'_, D> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.name, self.revision).hash(state);
    }
}

impl<D> fmt::Debug for Edition<'_, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edition").field("name", &self.name).field("revision", &self.revision).finish()
    }
}
