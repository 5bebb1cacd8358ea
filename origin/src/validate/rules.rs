//! What a document has to keep that its types alone do not say.

use std::collections::BTreeSet;

use stagedoor::catalog::{Acceptance, KeySet, Revocations, Site, Title};

/// The rules of one kind of document.
pub(super) trait Rules {
    /// The identifier that the document repeats.
    fn id(&self) -> &str;

    /// Calls `report` with the field and the detail of each rule that is broken.
    fn rules(&self, report: &mut dyn FnMut(String, String));
}

impl Rules for Title {
    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn rules(&self, report: &mut dyn FnMut(String, String)) {
        if self.sites.is_empty() {
            report(
                "sites".to_owned(),
                "expected at least one site, or nobody can reach the title".to_owned(),
            );
        }
        let mut seen = BTreeSet::new();
        for (index, offer) in self.offers.iter().enumerate() {
            if !seen.insert(&offer.id) {
                let detail = format!("expected an id of its own for each offer, found `{}` again", offer.id);
                report(format!("offers[{index}].id"), detail);
            }
        }
    }
}

impl Rules for Site {
    fn id(&self) -> &str {
        self.host.as_str()
    }

    fn rules(&self, report: &mut dyn FnMut(String, String)) {
        let nobody = |acceptance: &Acceptance| acceptance.needs_issuers() && self.tokens.issuers.is_empty();
        if self.tokens.accept.is_empty() {
            report(
                "tokens.accept".to_owned(),
                "expected at least one dialect, or no token is accepted".to_owned(),
            );
        } else if self.tokens.accept.iter().any(nobody) {
            let detail = "expected at least one issuer, or no token is accepted".to_owned();
            report("tokens.issuers".to_owned(), detail);
        }
    }
}

impl Rules for KeySet {
    fn id(&self) -> &str {
        self.issuer.as_str()
    }

    fn rules(&self, _: &mut dyn FnMut(String, String)) {}
}

impl Rules for Revocations {
    fn id(&self) -> &str {
        self.host.as_str()
    }

    fn rules(&self, report: &mut dyn FnMut(String, String)) {
        for (index, entry) in self.revoked.iter().enumerate() {
            if entry.generation > self.generation {
                let detail = format!("expected {} at most, the document's own", self.generation);
                report(format!("revoked[{index}].generation"), detail);
            }
        }
    }
}
