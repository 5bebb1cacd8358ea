//! Documents as the edge reads them.

use serde::de::{DeserializeOwned, IgnoredAny};

/// What the edge reads out of KV.
pub trait KvDocument: DeserializeOwned {
    /// Reads the members of a document, and says what of them is left aside because it cannot be read: nothing, unless the
    /// kind of document says otherwise.
    fn read(json: &[u8]) -> Result<(Self, Vec<String>), serde_json::Error> {
        serde_json::from_slice(json).map(|body| (body, Vec::new()))
    }
}

impl KvDocument for IgnoredAny {}

/// How deep the arrays and objects of a document may nest. Its own object counts.
pub(super) const DEEPEST: usize = 32;
