//! Documents of KV, parsed.

use std::rc::Rc;

use crate::catalog::{Document, KeySet, KvDocument, Site, Stored, Title, stored_revision};
use crate::rights::Prepared;
use crate::shelf::{Fetched, Weighed};
use crate::token::RevocationIndex;

/// A document; `None`: KV does not have it, or it was deleted.
pub type Found<D> = Option<Rc<Document<D>>>;

/// What an isolate knows of a document. A fault is told to the request that met it, and is not remembered.
pub type KnownDocument<D> = Fetched<Weighed<Found<D>>, ()>;

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

/// Whether the bytes of a KV value have the revision of a known document, so that they need not be parsed. A set of a hundred
/// thousand revocations would be parsed again every few seconds otherwise.
pub fn is_unchanged<D>(bytes: &[u8], known: &Document<D>) -> bool {
    stored_revision(bytes) == Some(known.revision)
}

/// Parses the bytes of a KV value, and names the parts of the document that are left aside.
pub fn read_document<D: Remembered>(bytes: &[u8]) -> Result<(Found<D>, Vec<String>), serde_json::Error> {
    let (stored, aside) = Stored::<D>::read(bytes)?;
    let found = match stored {
        Stored::Live(document) => {
            document.body.prepare();
            Some(Rc::new(document))
        }
        Stored::Deleted { .. } => None,
    };
    Ok((found, aside))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::tombstone;

    #[test]
    fn a_document_is_parsed_once_a_revision() {
        let json =
            |revision: u64| format!(r#"{{"revision":{revision},"id":"harbour","sites":[],"offers":[]}}"#);
        let (known, _) = read_document::<Title>(json(7).as_bytes()).unwrap();
        let known = known.unwrap();
        for (bytes, expected) in [
            (json(7), true),
            (json(6), false),
            (json(8), false),
            (tombstone(8), false),
            ("{}".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(is_unchanged(bytes.as_bytes(), &known), expected, "{bytes}");
        }
    }

    #[test]
    fn a_deleted_document_is_none() {
        assert!(read_document::<Title>(tombstone(8).as_bytes()).unwrap().0.is_none());
    }
}
