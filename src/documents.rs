//! A folder of documents, for the command and the tests.

use std::collections::BTreeMap;

use crate::catalog::{Document, DocumentKey, KvDocument, Stored};
use crate::fault::{Fault, FaultKind};

/// Documents by their keys, as the JSON that KV would hold.
#[derive(Clone, Debug, Default)]
pub struct Documents(pub BTreeMap<DocumentKey, Vec<u8>>);

impl Documents {
    /// The document of a key, if it is there and has not been deleted.
    pub fn read<D: KvDocument>(&self, key: &DocumentKey) -> Result<Option<Document<D>>, Fault> {
        match self.0.get(key).map(|json| parse(key, json)).transpose()? {
            Some(Stored::Live(document)) => Ok(Some(document)),
            Some(Stored::Deleted { .. }) | None => Ok(None),
        }
    }
}

/// Parses what is stored under a key.
pub(crate) fn parse<D: KvDocument>(key: &DocumentKey, json: &[u8]) -> Result<Stored<D>, Fault> {
    Stored::from_json(json).map_err(|error| Fault::new(FaultKind::DocumentInvalid, format!("{key}: {error}")))
}
