//! Documents as operators name them: `title/harbour`, `site/watch.example.com`, `keys/https://id.example.com/`,
//! `revocations/watch.example.com`, `campaigns/watch.example.com`, `creative/plum`.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use stagedoor::catalog::{DocumentKey, DocumentKind};

/// The name of a document. It is read in the form of the API too: `v1/title/harbour`, `titles/harbour`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference(DocumentKey);

/// A kind of documents, `title` or `titles`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind(pub(super) DocumentKind);

/// RFC 3986 section 2.3.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes an identifier or a value of a query.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, &UNRESERVED).to_string()
}

impl Reference {
    /// The document's key in KV.
    pub(super) const fn key(&self) -> &DocumentKey {
        &self.0
    }

    /// The identifier behind the kind.
    pub(super) fn id(&self) -> &str {
        self.0.id()
    }

    /// The kind.
    pub(super) const fn kind(&self) -> Kind {
        Kind(self.0.kind())
    }

    /// Its path in the API, below `/api/v1`.
    pub(super) fn path(&self) -> String {
        format!("/{}/{}", self.kind().folder(), encoded(self.id()))
    }
}

impl Kind {
    /// Every kind, in the order of an export.
    pub(super) const ALL: [Self; 6] = [
        Self(DocumentKind::Title),
        Self(DocumentKind::Site),
        Self(DocumentKind::Keys),
        Self(DocumentKind::Revocations),
        Self(DocumentKind::Campaigns),
        Self(DocumentKind::Creative),
    ];

    /// The name of a folder of such documents, and of their list in the API.
    pub(super) const fn folder(self) -> &'static str {
        match self.0 {
            DocumentKind::Title => "titles",
            DocumentKind::Site => "sites",
            DocumentKind::Keys => "keys",
            DocumentKind::Revocations => "revocations",
            DocumentKind::Campaigns => "campaigns",
            DocumentKind::Creative => "creatives",
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.folder() == text || kind.0.name() == text);
        found.ok_or_else(|| {
            format!("expected titles, sites, keys, revocations, campaigns or creatives, found `{text}`")
        })
    }
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected a kind and an id, such as title/harbour, site/watch.example.com, \
                        keys/https://id.example.com/, revocations/watch.example.com, \
                        campaigns/watch.example.com or creative/plum";
        let named = text.strip_prefix("v1/").unwrap_or(text).split_once('/');
        let (kind, id) = named.ok_or_else(|| format!("{expected}, found `{text}`"))?;
        let kind: Kind = kind.parse().map_err(|_| format!("{expected}, found `{text}`"))?;
        DocumentKey::new(kind.0, id).map(Self).map_err(|error| error.to_string())
    }
}

impl From<DocumentKey> for Reference {
    fn from(key: DocumentKey) -> Self {
        Self(key)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0.kind().name(), self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_every_form_and_written_in_one() {
        for (text, shown, path) in [
            ("title/harbour", "title/harbour", "/titles/harbour"),
            ("titles/harbour", "title/harbour", "/titles/harbour"),
            ("v1/title/harbour", "title/harbour", "/titles/harbour"),
            ("site/Watch.example.com", "site/watch.example.com", "/sites/watch.example.com"),
            (
                "keys/https://id.example.com/",
                "keys/https://id.example.com/",
                "/keys/https%3A%2F%2Fid.example.com%2F",
            ),
            ("revocations/a.example", "revocations/a.example", "/revocations/a.example"),
            ("campaigns/a.example", "campaigns/a.example", "/campaigns/a.example"),
            ("creatives/plum", "creative/plum", "/creatives/plum"),
        ] {
            let reference: Reference = text.parse().unwrap();
            assert_eq!((reference.to_string().as_str(), reference.path().as_str()), (shown, path));
        }
        for bad in ["harbour", "titel/harbour", "title/", "title/a b", "", "v1/harbour"] {
            assert!(bad.parse::<Reference>().is_err(), "{bad:?} was taken");
        }
    }
}
