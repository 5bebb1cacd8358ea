//! Checks that edges do not fetch from the hosts of sites.
//!
//! A site's host answers viewers. An edge that fetched from such a host would get another tenant's files, or call itself without
//! end. So no document may name one in a member from which edges fetch: `media.origin` of a site, `published.url` of a document of
//! keys. This is checked when either document is written, because either may come first.

use stagedoor::catalog::{DocumentKey, Host, KeySet, Site, leads_to};
use url::Url;

use super::FieldError;

/// A URL of a document from which edges fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Its member.
    pub field: &'static str,
    /// The URL.
    pub url: Url,
}

impl Fetched {
    /// The key of the site that the URL would reach.
    pub fn site(&self) -> Option<DocumentKey> {
        let host: Host = self.url.host_str()?.parse().ok()?;
        leads_to(&self.url, &host).then_some(DocumentKey::Site(host))
    }
}

/// The URL of a stored document from which edges fetch, if it has one.
pub fn fetched(key: &DocumentKey, document: &str) -> Option<Fetched> {
    match key {
        DocumentKey::Site(_) => {
            let site: Site = serde_json::from_str(document).ok()?;
            Some(Fetched { field: "media.origin", url: site.media.origin.url().clone() })
        }
        DocumentKey::Keys(_) => {
            let keys: KeySet = serde_json::from_str(document).ok()?;
            Some(Fetched { field: "published.url", url: keys.published?.url })
        }
        DocumentKey::Title(_)
        | DocumentKey::Revocations(_)
        | DocumentKey::Campaigns(_)
        | DocumentKey::Creative(_) => None,
    }
}

/// Finds conflicts between the hosts of a document and those of others. `reaches_site` says that edges would fetch from a site's
/// host. `others` are documents that may make edges fetch from this document's host. A document outside the caller's scope
/// (`may_see`) is not named.
pub fn clashes<'a>(
    key: &DocumentKey,
    document: &str,
    reaches_site: bool,
    others: impl Iterator<Item = (&'a DocumentKey, &'a str)>,
    may_see: impl Fn(&DocumentKey, &str) -> bool,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(Fetched { field, url }) = fetched(key, document).filter(|_| reaches_site) {
        let host = url.host_str().unwrap_or_default();
        let detail = format!("expected a host without a site, found `{host}`");
        errors.push(FieldError { field: field.to_owned(), detail });
    }
    if let DocumentKey::Site(host) = key {
        let mut unseen = false;
        for (other, document) in others.filter(|(other, _)| *other != key) {
            if let Some(Fetched { field, url }) = fetched(other, document)
                && leads_to(&url, host)
            {
                if !may_see(other, document) {
                    unseen = true;
                    continue;
                }
                let detail = format!(
                    "expected a host from which edges do not fetch, found the host of `{field}` of {other}"
                );
                errors.push(FieldError { field: "host".to_owned(), detail });
            }
        }
        // Reported once, since the number of other tenants' documents is confidential too.
        if unseen {
            let detail =
                "expected a host from which edges do not fetch, found the host of another tenant's document";
            errors.push(FieldError { field: "host".to_owned(), detail: detail.to_owned() });
        }
    }
    errors
}
