//! The keys of documents, and their values in KV.

use std::fmt;
use std::str::FromStr;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{
    Campaigns, Creative, CreativeId, Host, IdError, Issuer, KeySet, KvDocument, Revocations, Site, Title,
    TitleId,
};
use crate::reading::{Tree, Unreadable};

/// A document as stored in KV: its revision, and its own members beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Document<D> {
    /// The revision, which grows with every change of this document. The origin service assigns it and ignores it in a
    /// document that is sent, so a document may be sent without it. The edge refuses a write that is not newer.
    #[cfg_attr(feature = "schema", schemars(with = "Option<u64>", extend("type" = "integer", "readOnly" = true)))]
    pub revision: u64,
    /// The document's own members.
    #[serde(flatten)]
    pub body: D,
}

/// The value of a KV key: a document, or a mark of its deletion.
///
/// The mark is kept rather than the key removed, so that a late copy of an older write cannot bring a
/// deleted document back.
#[derive(Clone, Debug, PartialEq)]
pub enum Stored<D> {
    /// The document.
    Live(Document<D>),
    /// The mark of a deleted document: `{"revision": N, "deleted": true}`.
    Deleted {
        /// The revision of the deletion.
        revision: u64,
    },
}

impl KvDocument for Site {}
impl KvDocument for Title {}
impl KvDocument for Revocations {}
impl KvDocument for Campaigns {}
impl KvDocument for Creative {}

impl<D: KvDocument> Stored<D> {
    /// Reads the bytes of a KV value.
    pub fn from_json(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        Self::read(bytes).map(|(stored, _)| stored)
    }

    /// Reads the bytes of a KV value, and lists the parts that were skipped.
    pub fn read(bytes: &[u8]) -> Result<(Self, Vec<String>), serde_json::Error> {
        let Head { revision, deleted } = serde_json::from_slice(bytes)?;
        if deleted {
            return Ok((Self::Deleted { revision }, Vec::new()));
        }
        // Not as a `Document<D>`: its flattened member would be buffered whole, and brings a second deserializer of
        // every type into the wasm.
        D::read(bytes).map(|(body, aside)| (Self::Live(Document { revision, body }), aside))
    }
}

impl<D> Stored<D> {
    /// The revision, of the document or of its deletion.
    pub const fn revision(&self) -> u64 {
        match self {
            Self::Live(document) => document.revision,
            Self::Deleted { revision } => *revision,
        }
    }
}

#[derive(Deserialize)]
struct Head {
    revision: u64,
    #[serde(default)]
    deleted: bool,
}

/// The revision of a KV value of any kind: of the document or of its deletion.
pub fn stored_revision(bytes: &[u8]) -> Option<u64> {
    serde_json::from_slice(bytes).ok().map(|Head { revision, .. }| revision)
}

/// The KV value of a deleted document.
pub fn tombstone(revision: u64) -> String {
    format!(r#"{{"revision":{revision},"deleted":true}}"#)
}

/// The kinds of document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentKind {
    /// `v1/site/{host}`
    Site,
    /// `v1/title/{id}`
    Title,
    /// `v1/keys/{issuer}`
    Keys,
    /// `v1/revocations/{host}`
    Revocations,
    /// `v1/campaigns/{host}`
    Campaigns,
    /// `v1/creative/{id}`
    Creative,
}

impl DocumentKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Site, Self::Title, Self::Keys, Self::Revocations, Self::Campaigns, Self::Creative];

    /// The kind's name, as it stands in keys and file names.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Title => "title",
            Self::Keys => "keys",
            Self::Revocations => "revocations",
            Self::Campaigns => "campaigns",
            Self::Creative => "creative",
        }
    }
}

/// The key of a document in KV, versioned and greppable: `v1/site/{host}`, `v1/title/{id}`, `v1/keys/{issuer}`,
/// `v1/revocations/{host}`, `v1/campaigns/{host}`, `v1/creative/{id}`.
///
/// At most 512 bytes, the limit of KV, by the bounds of its identifiers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentKey {
    /// A site's settings.
    Site(Host),
    /// A title and its offers.
    Title(TitleId),
    /// An issuer's keys, or a site's session keys.
    Keys(Issuer),
    /// A site's revocations.
    Revocations(Host),
    /// A site's own campaigns.
    Campaigns(Host),
    /// A creative.
    Creative(CreativeId),
}

impl DocumentKey {
    /// The kind of document under this key.
    pub const fn kind(&self) -> DocumentKind {
        match self {
            Self::Site(_) => DocumentKind::Site,
            Self::Title(_) => DocumentKind::Title,
            Self::Keys(_) => DocumentKind::Keys,
            Self::Revocations(_) => DocumentKind::Revocations,
            Self::Campaigns(_) => DocumentKind::Campaigns,
            Self::Creative(_) => DocumentKind::Creative,
        }
    }

    /// The identifier behind the kind.
    pub fn id(&self) -> &str {
        match self {
            Self::Site(host) | Self::Revocations(host) | Self::Campaigns(host) => host.as_str(),
            Self::Title(id) => id.as_str(),
            Self::Keys(issuer) => issuer.as_str(),
            Self::Creative(id) => id.as_str(),
        }
    }

    /// Puts a key together from a kind and an identifier.
    pub fn new(kind: DocumentKind, id: &str) -> Result<Self, IdError> {
        Ok(match kind {
            DocumentKind::Site => Self::Site(id.parse()?),
            DocumentKind::Title => Self::Title(id.parse()?),
            DocumentKind::Keys => Self::Keys(id.parse()?),
            DocumentKind::Revocations => Self::Revocations(id.parse()?),
            DocumentKind::Campaigns => Self::Campaigns(id.parse()?),
            DocumentKind::Creative => Self::Creative(id.parse()?),
        })
    }
}

/// The reason why JSON is not the document of a key.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// It cannot be read as a document of the key's kind.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// It names another identifier than its key.
    #[error("expected the document of {expected}, found that of {found}")]
    Key {
        /// The key under which it was to be stored.
        expected: DocumentKey,
        /// The key that belongs to it.
        found: DocumentKey,
    },
}

impl DocumentKey {
    /// Checks that JSON, with or without `revision`, is the document of this key.
    pub fn check(&self, json: &[u8]) -> Result<(), DocumentError> {
        let found = match self.kind() {
            DocumentKind::Site => Self::Site(serde_json::from_slice::<Site>(json)?.host),
            DocumentKind::Title => Self::Title(serde_json::from_slice::<Title>(json)?.id),
            DocumentKind::Keys => Self::Keys(KeySet::read(json)?.0.issuer),
            DocumentKind::Revocations => Self::Revocations(serde_json::from_slice::<Revocations>(json)?.host),
            DocumentKind::Campaigns => Self::Campaigns(serde_json::from_slice::<Campaigns>(json)?.host),
            DocumentKind::Creative => Self::Creative(serde_json::from_slice::<Creative>(json)?.id),
        };
        if found == *self { Ok(()) } else { Err(DocumentError::Key { expected: self.clone(), found }) }
    }

    /// Says what is wrong with a document of this key, with or without `revision`, in plain words. It is stricter than
    /// [`Self::check`], by which the edge reads: unknown members are wrong too.
    pub fn proofread(&self, json: &[u8]) -> Result<(), Unreadable> {
        let mut tree = Tree::parse(json)?;
        tree.take("revision");
        let errors = match self.kind() {
            DocumentKind::Site => tree.read::<Site>().1,
            DocumentKind::Title => tree.read::<Title>().1,
            DocumentKind::Keys => tree.read::<KeySet>().1,
            DocumentKind::Revocations => tree.read::<Revocations>().1,
            DocumentKind::Campaigns => tree.read::<Campaigns>().1,
            DocumentKind::Creative => tree.read::<Creative>().1,
        };
        if errors.is_empty() { Ok(()) } else { Err(Unreadable::Fields(errors)) }
    }

    /// The KV value of this key's document at a revision, if this build can read it there. `members` is the JSON of the
    /// document's own members; it is kept as it is.
    pub fn stored(&self, revision: u64, members: &str) -> Result<String, DocumentError> {
        let rest = members.trim_start().strip_prefix('{').unwrap_or_default().trim_start();
        // Anything but an object becomes text that is not JSON, which is refused below.
        let comma = if rest.starts_with('}') { "" } else { "," };
        let value = format!("{{\"revision\":{revision}{comma}{rest}");
        match Stored::<IgnoredAny>::from_json(value.as_bytes())? {
            Stored::Live(_) => self.check(value.as_bytes()).map(|()| value),
            Stored::Deleted { .. } => {
                Err(DocumentError::Json(de::Error::custom("expected a document without a member `deleted`")))
            }
        }
    }
}

impl fmt::Display for DocumentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v1/{}/{}", self.kind().name(), self.id())
    }
}

/// The reason why a text is not the key of a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentKeyError {
    /// It does not begin with a known `v1/{kind}/`.
    #[error(
        "expected a key such as v1/title/harbour, of kind site, title, keys, revocations, campaigns or creative, found `{0}`"
    )]
    Prefix(String),
    /// The identifier behind the kind is wrong.
    #[error(transparent)]
    Id(#[from] IdError),
}

impl FromStr for DocumentKey {
    type Err = DocumentKeyError;

    fn from_str(text: &str) -> Result<Self, DocumentKeyError> {
        let kind_and_id = text.strip_prefix("v1/").and_then(|rest| rest.split_once('/'));
        let kind =
            kind_and_id.and_then(|(name, _)| DocumentKind::ALL.into_iter().find(|kind| kind.name() == name));
        match (kind, kind_and_id) {
            (Some(kind), Some((_, id))) => Ok(Self::new(kind, id)?),
            _ => Err(DocumentKeyError::Prefix(text.chars().take(80).collect())),
        }
    }
}

impl Serialize for DocumentKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DocumentKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Title;

    #[test]
    fn keys_read_back() {
        for text in [
            "v1/site/watch.example.com",
            "v1/title/harbour",
            "v1/keys/https://id.example.com/",
            "v1/campaigns/watch.example.com",
            "v1/creative/plum",
        ] {
            assert_eq!(text.parse::<DocumentKey>().unwrap().to_string(), text);
        }
        for bad in ["", "v1", "v1/", "v1/title", "v1/title/", "v2/title/a", "v1/tit/a", "v1/title/A"] {
            assert!(bad.parse::<DocumentKey>().is_err(), "{bad:?} was taken for a key");
        }
    }

    #[test]
    fn a_document_names_its_own_key() {
        let title = br#"{"revision":1,"id":"harbour","sites":[],"offers":[]}"#;
        assert!("v1/title/harbour".parse::<DocumentKey>().unwrap().check(title).is_ok());
        let error = "v1/title/other".parse::<DocumentKey>().unwrap().check(title).unwrap_err().to_string();
        assert_eq!(error, "expected the document of v1/title/other, found that of v1/title/harbour");
        assert!("v1/site/a.example".parse::<DocumentKey>().unwrap().check(title).is_err());
    }

    #[test]
    fn what_is_stored_can_be_read_back() {
        let key: DocumentKey = "v1/title/harbour".parse().unwrap();
        let value = key.stored(7, r#" { "id": "harbour", "sites": [], "offers": [] } "#).unwrap();
        assert_eq!(Stored::<Title>::from_json(value.as_bytes()).unwrap().revision(), 7);
        assert_eq!(stored_revision(value.as_bytes()), Some(7));
        assert_eq!(stored_revision(tombstone(8).as_bytes()), Some(8));
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for bad in [
            "",
            "null",
            "[]",
            "{}",
            r#""id""#,
            r#"{"id":"harbour","sites":[],"offers":[],"revision":9}"#,
            r#"{"id":"harbour","sites":[],"offers":[],"deleted":true}"#,
            &format!(r#"{{"id":"harbour","sites":{deep},"offers":[]}}"#),
        ] {
            assert!(key.stored(7, bad).is_err(), "{bad} was stored");
        }
        // Members that nobody reads may nest deeply: no reader of the edge descends into them.
        assert!(key.stored(7, &format!(r#"{{"id":"harbour","sites":[],"offers":[],"x":{deep}}}"#)).is_ok());
    }

    #[test]
    fn a_deletion_is_told_from_a_document() {
        let deleted = Stored::<Title>::from_json(br#"{"revision":9,"deleted":true}"#).unwrap();
        assert_eq!(deleted, Stored::Deleted { revision: 9 });
        assert!(Stored::<Title>::from_json(br#"{"revision":9}"#).is_err(), "a document without its members");
        assert!(Stored::<Title>::from_json(b"{}").is_err(), "a document without a revision");
    }
}
