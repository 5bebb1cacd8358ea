//! What a document has to keep that its types alone do not say.

use std::collections::BTreeSet;

use stagedoor::catalog::{KeySet, Site, Title};

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
        if self.tokens.issuers.is_empty() {
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
