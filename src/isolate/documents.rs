//! Documents of KV, parsed.

use std::hash::{DefaultHasher, Hasher};
use std::rc::Rc;

use crate::ads::house;
use crate::catalog::{Campaigns, Creative, Document, KeySet, KvDocument, Site, Stored, Title};
use crate::rights::Prepared;
use crate::shelf::{Fetched, Weighed};
use crate::token::RevocationIndex;

/// A document; `None`: KV does not have it, or it was deleted.
pub type Found<D> = Option<Rc<Document<D>>>;

/// An isolate's memory of a document. A fault is reported to the request that met it, and is not remembered.
pub type KnownDocument<D> = Fetched<Weighed<Parsed<D>>, ()>;

/// A document, and a digest of the KV value that it was parsed from.
#[derive(Debug)]
pub struct Parsed<D> {
    /// The document.
    pub found: Found<D>,
    digest: u64,
}

impl<D> Parsed<D> {
    /// The document that KV does not have.
    pub const fn absent() -> Self {
        Self { found: None, digest: 0 }
    }

    /// Whether the document was parsed from these bytes, so that they need not be parsed again. A set of a hundred thousand
    /// revocations would be parsed every few seconds otherwise.
    pub fn is_of(&self, bytes: &[u8]) -> bool {
        self.found.is_some() && self.digest == digest(bytes)
    }
}

impl<D> Clone for Parsed<D> {
    fn clone(&self) -> Self {
        Self { found: self.found.clone(), digest: self.digest }
    }
}

/// A digest that tells the versions of one document apart. It need not resist forgery: an author who makes two versions with
/// one digest harms only their own document.
fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

/// A document that an isolate remembers.
pub trait Remembered: KvDocument + 'static {
    /// Derives the values that are kept beside the document, so that they are weighed with it.
    fn prepare(&self) {}
}

impl Remembered for Site {}

impl Remembered for Title {
    fn prepare(&self) {
        Prepared::of_title(self);
    }
}

impl Remembered for KeySet {}

impl Remembered for RevocationIndex {}

impl Remembered for Campaigns {
    fn prepare(&self) {
        house::prepare(self);
    }
}

impl Remembered for Creative {}

/// Parses the bytes of a KV value, and names the parts of the document that are left aside.
pub fn read_document<D: Remembered>(bytes: &[u8]) -> Result<(Parsed<D>, Vec<String>), serde_json::Error> {
    let (stored, aside) = Stored::<D>::read(bytes)?;
    let found = match stored {
        Stored::Live(document) => {
            document.body.prepare();
            Some(Rc::new(document))
        }
        Stored::Deleted { .. } => None,
    };
    Ok((Parsed { found, digest: digest(bytes) }, aside))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::tombstone;

    /// A value that was edited by hand may still have its revision.
    #[test]
    fn a_document_is_parsed_once_for_its_bytes() {
        let json = |revision: u64, sites: &str| {
            format!(r#"{{"revision":{revision},"id":"harbour","sites":[{sites}],"offers":[]}}"#)
        };
        let (known, _) = read_document::<Title>(json(7, "").as_bytes()).unwrap();
        for (bytes, expected) in [
            (json(7, ""), true),
            (json(7, r#""watch.example.com""#), false),
            (json(8, ""), false),
            (tombstone(7), false),
            (String::new(), false),
        ] {
            assert_eq!(known.is_of(bytes.as_bytes()), expected, "{bytes}");
        }
    }

    #[test]
    fn a_deleted_document_is_none() {
        let json = tombstone(8);
        let (parsed, _) = read_document::<Title>(json.as_bytes()).unwrap();
        assert!(parsed.found.is_none() && !parsed.is_of(json.as_bytes()));
    }
}
