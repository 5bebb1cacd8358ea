//! Documents as the edge reads them.

use serde::de::{DeserializeOwned, IgnoredAny};

/// A document that the edge reads from KV.
pub trait KvDocument: DeserializeOwned {
    /// Reads the members of a document, and lists the parts that were skipped because they cannot be read. Only some
    /// kinds of document skip parts.
    fn read(json: &[u8]) -> Result<(Self, Vec<String>), serde_json::Error> {
        serde_json::from_slice(json).map(|body| (body, Vec::new()))
    }
}

impl KvDocument for IgnoredAny {}

pub(super) use crate::reading::DEEPEST;
