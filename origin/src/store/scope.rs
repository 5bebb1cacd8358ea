//! The scope of an API key: kinds of documents, and sites.

use std::collections::BTreeSet;
use std::fmt;

use stagedoor::catalog::{DocumentKey, DocumentKind, Host};

use super::document_sites;

/// The documents to which an API key has access. Without a limit, all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    kinds: Option<BTreeSet<DocumentKind>>,
    sites: Option<BTreeSet<Host>>,
}

/// The valid API key of a request.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The public id of the key.
    pub id: String,
    /// Its scope.
    pub scope: Scope,
}

/// Why a key has no access to a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OutOfScope(String);

/// Why a key cannot have such a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// A set of keys does not tell to which site it belongs.
    #[error("a set of keys belongs to no site: expected `keys` among the kinds, or sites, and not both")]
    KeysOfSites,
}

impl Scope {
    /// Access to everything.
    pub const FULL: Self = Self { kinds: None, sites: None };

    /// Access to these kinds and these sites; an empty list is no limit.
    pub fn new(
        kinds: impl IntoIterator<Item = DocumentKind>,
        sites: impl IntoIterator<Item = Host>,
    ) -> Result<Self, ScopeError> {
        let kinds = Some(kinds.into_iter().collect::<BTreeSet<_>>()).filter(|kinds| !kinds.is_empty());
        let sites = Some(sites.into_iter().collect::<BTreeSet<_>>()).filter(|sites| !sites.is_empty());
        match (&kinds, &sites) {
            (Some(kinds), Some(_)) if kinds.contains(&DocumentKind::Keys) => Err(ScopeError::KeysOfSites),
            _ => Ok(Self { kinds, sites }),
        }
    }

    /// Whether it has no limit.
    pub const fn is_full(&self) -> bool {
        self.kinds.is_none() && self.sites.is_none()
    }

    /// The sites to which it is limited, if it is.
    pub(super) const fn sites(&self) -> Option<&BTreeSet<Host>> {
        self.sites.as_ref()
    }

    /// Checks the access to documents of a kind.
    pub fn check_kind(&self, kind: DocumentKind) -> Result<(), OutOfScope> {
        if let Some(kinds) = &self.kinds
            && !kinds.contains(&kind)
        {
            let expected = kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
            let detail = format!("the API key is for documents of kind {expected}, not {}", kind.name());
            return Err(OutOfScope(detail));
        }
        if kind == DocumentKind::Keys && self.sites.is_some() {
            let detail = "the API key is for some sites, and a set of keys belongs to no site";
            return Err(OutOfScope(detail.to_owned()));
        }
        Ok(())
    }

    /// Checks the access to a site's titles and creatives.
    pub fn check_site(&self, host: &Host) -> Result<(), OutOfScope> {
        match &self.sites {
            Some(sites) if !sites.contains(host) => {
                Err(OutOfScope(format!("the API key is not for the site {host}")))
            }
            _ => Ok(()),
        }
    }

    /// Checks the access to a document. All sites of a title or creative have to be within the scope. `body` is the document's JSON;
    /// a document that does not exist belongs to no site.
    pub fn check(&self, key: &DocumentKey, body: Option<&str>) -> Result<(), OutOfScope> {
        self.check_kind(key.kind())?;
        let Some(sites) = &self.sites else { return Ok(()) };
        match (key, body) {
            (DocumentKey::Site(host) | DocumentKey::Revocations(host) | DocumentKey::Campaigns(host), _) => {
                self.check_site(host)
            }
            (DocumentKey::Title(_) | DocumentKey::Creative(_), Some(body)) => {
                let shown = document_sites::shown_on(body);
                if shown.is_empty() || !shown.is_subset(sites) {
                    // Other tenants' sites are not named.
                    let (what, id) = (key.kind().name(), key.id());
                    let detail = format!("the API key is not for every site of the {what} `{id}`");
                    return Err(OutOfScope(detail));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The columns of the database: lists with commas, or null.
    pub(super) fn columns(&self) -> (Option<String>, Option<String>) {
        let kinds = self.kinds.as_ref().map(|kinds| kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>());
        let sites = self.sites.as_ref().map(|sites| sites.iter().map(Host::as_str).collect::<Vec<_>>());
        (kinds.map(|kinds| kinds.join(",")), sites.map(|sites| sites.join(",")))
    }

    /// Reads those columns. An unknown name gives no access.
    pub(super) fn from_columns(kinds: Option<&str>, sites: Option<&str>) -> Self {
        let kind = |name: &str| DocumentKind::ALL.into_iter().find(|kind| kind.name() == name);
        Self {
            kinds: kinds.map(|list| list.split(',').filter_map(kind).collect()),
            sites: sites.map(|list| list.split(',').filter_map(|host| host.parse().ok()).collect()),
        }
    }
}

/// Prints two columns: kinds and sites, `*` for all.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kinds, sites) = self.columns();
        write!(f, "{}\t{}", kinds.as_deref().unwrap_or("*"), sites.as_deref().unwrap_or("*"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(kinds: &[DocumentKind], sites: &[&str]) -> Scope {
        Scope::new(kinds.iter().copied(), sites.iter().map(|host| host.parse().unwrap())).unwrap()
    }

    #[test]
    fn each_kind_of_document_is_checked_against_the_scope() {
        let title = |sites: &str| format!(r#"{{"id":"t","sites":[{sites}],"offers":[]}}"#);
        let (own, others) = (title(r#""a.example""#), title(r#""a.example","b.example""#));
        let full = Scope::FULL;
        let kinds = scope(&[DocumentKind::Title, DocumentKind::Revocations], &[]);
        let sites = scope(&[], &["a.example"]);
        let both = scope(&[DocumentKind::Revocations], &["a.example"]);
        for (key, body, expected) in [
            ("v1/title/t", Some(own.as_str()), [true, true, true, false]),
            ("v1/title/t", Some(&others), [true, true, false, false]),
            ("v1/title/t", None, [true, true, true, false]),
            ("v1/title/t", Some("{"), [true, true, false, false]),
            ("v1/site/a.example", None, [true, false, true, false]),
            ("v1/site/b.example", None, [true, false, false, false]),
            ("v1/keys/a.example", None, [true, false, false, false]),
            ("v1/creative/c", Some(own.as_str()), [true, false, true, false]),
            ("v1/creative/c", Some(&others), [true, false, false, false]),
            ("v1/creative/c", None, [true, false, true, false]),
            ("v1/campaigns/a.example", None, [true, false, true, false]),
            ("v1/campaigns/b.example", None, [true, false, false, false]),
            ("v1/revocations/a.example", None, [true, true, true, true]),
            ("v1/revocations/b.example", None, [true, true, false, false]),
        ] {
            let key = key.parse().unwrap();
            let found = [&full, &kinds, &sites, &both].map(|scope| scope.check(&key, body).is_ok());
            assert_eq!(found, expected, "{key} {body:?}");
        }
    }

    #[test]
    fn a_scope_is_stored_and_read_back_and_unknown_names_give_no_access() {
        for scope in
            [Scope::FULL, scope(&[DocumentKind::Title, DocumentKind::Site], &["a.example", "b.example"])]
        {
            let (kinds, sites) = scope.columns();
            assert_eq!(Scope::from_columns(kinds.as_deref(), sites.as_deref()), scope);
        }
        let unknown = Scope::from_columns(Some("channel"), Some(""));
        for key in ["v1/title/t", "v1/site/a.example", "v1/keys/k", "v1/revocations/a.example"] {
            assert!(unknown.check(&key.parse().unwrap(), None).is_err(), "{key}");
        }
        let sites = ["a.example".parse().unwrap()];
        assert_eq!(Scope::new([DocumentKind::Keys], sites), Err(ScopeError::KeysOfSites));
    }
}
