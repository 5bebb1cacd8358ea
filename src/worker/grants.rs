//! Viewer tokens that have been verified, so that a reload or a second player does not pay for it again.
//!
//! The key is a hash over the site and the whole token, so that one viewer's grant cannot be found with another's
//! token. An entry is good as long as the documents that it was decided by stay at their revisions, and no longer
//! than the token; [`crate::pipeline::admit`] checks the time again.

use std::cell::RefCell;
use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::catalog::{Document, KeySet, Site};
use crate::redacted::Redacted;
use crate::token::Grant;

struct Entry {
    grant: Grant,
    revisions: (u64, u64),
}

/// The most grants that an isolate remembers. When it is full, it starts anew.
const MOST: usize = 2_000;

thread_local! {
    static GRANTS: RefCell<HashMap<[u8; 32], Entry>> = RefCell::default();
}

/// Names a token on a site, as verified by these documents.
pub(super) struct Name {
    hash: [u8; 32],
    revisions: (u64, u64),
}

impl Name {
    pub(super) fn new(site: &Document<Site>, keys: &Document<KeySet>, token: &Redacted<String>) -> Self {
        let mut hash = Sha256::new();
        hash.update(site.body.host.as_str());
        hash.update([0]);
        hash.update(token.expose());
        Self { hash: hash.finalize().into(), revisions: (site.revision, keys.revision) }
    }

    pub(super) fn find(&self) -> Option<Grant> {
        GRANTS.with_borrow(|grants| {
            grants
                .get(&self.hash)
                .filter(|entry| entry.revisions == self.revisions)
                .map(|entry| entry.grant.clone())
        })
    }

    pub(super) fn keep(self, grant: &Grant) {
        GRANTS.with_borrow_mut(|grants| {
            if grants.len() >= MOST {
                grants.clear();
            }
            grants.insert(self.hash, Entry { grant: grant.clone(), revisions: self.revisions });
        });
    }
}
