//! Hosts that edges fetch from, held against the hosts of sites.
//!
//! A site's host answers viewers. An edge that fetched from one would get another tenant's files, or ask itself for ever. So
//! no document may name one where an edge fetches: `media.origin` of a site, `published.url` of a document of keys. It is
//! checked from both sides, since either may come first.

use stagedoor::catalog::{DocumentKey, Host, KeySet, Site, leads_to};
use url::Url;

use super::FieldError;

/// A URL that a document has edges fetch from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The member that has it.
    pub field: &'static str,
    /// The URL.
    pub url: Url,
}

impl Fetched {
    /// The document of the site that would be reached under its host.
    pub fn site(&self) -> Option<DocumentKey> {
        let host: Host = self.url.host_str()?.parse().ok()?;
        leads_to(&self.url, &host).then_some(DocumentKey::Site(host))
    }
}

/// The URL that a stored document has edges fetch from, if it has one.
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
        DocumentKey::Title(_) | DocumentKey::Revocations(_) => None,
    }
}

/// What a document says of hosts that others contradict. `reaches_site`: the host that it has edges fetch from is a site's;
/// `others`: documents that may have them fetch from this one's host. One that whoever asks may not see (`may_see`) is not named.
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
        let detail = format!("expected a host that no site has, found `{host}`");
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
                    "expected a host that edges fetch nothing from, found that of `{field}` of {other}"
                );
                errors.push(FieldError { field: "host".to_owned(), detail });
            }
        }
        // Once, since how many there are is the others' business too.
        if unseen {
            let detail = "expected a host that edges fetch nothing from, found that of a document of others";
            errors.push(FieldError { field: "host".to_owned(), detail: detail.to_owned() });
        }
    }
    errors
}
