//! A folder of documents, as KV would hold them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stagedoor::catalog::{Document, DocumentKey, DocumentKind, Issuer, Jwk, KeyId, KeySet};
use stagedoor::documents::Documents;
use stagedoor::explain::Archive;
use stagedoor::fault::Fault;
use stagedoor::redacted;
use stagedoor::token::Challenge;

use crate::failure::{Misuse, io_reason};
use crate::input;

/// Documents, some of whose secrets may be redacted.
pub(crate) struct Folder {
    pub(crate) documents: Documents,
    /// The keys whose secrets are redacted.
    redacted: BTreeSet<(Issuer, KeyId)>,
}

/// Stands in place of a redacted secret, so that its set of keys can be read. Nothing is ever checked with it: of any length, it would be
/// a secret that everybody knows.
const PLACEHOLDER: &str =
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Reads every `.json` file below a folder: documents, with or without a revision, and whole replies of the origin's API. The
/// members of a file decide its kind of document. The names of the files do not matter. A document without a revision gets revision
/// 0.
pub(crate) fn read(folder: &Path) -> Result<Folder, Misuse> {
    let mut read = Folder { documents: Documents::default(), redacted: BTreeSet::new() };
    for path in files(folder)? {
        read.insert(input::json(&path)?).map_err(|why| Misuse(format!("{}: {why}", path.display())))?;
    }
    if read.documents.0.is_empty() {
        return Err(Misuse(format!("{}: expected .json files with documents, found none", folder.display())));
    }
    Ok(read)
}

impl Folder {
    fn insert(&mut self, value: Value) -> Result<(), String> {
        let (named, mut document) = unwrapped(value)?;
        let redacted = withhold(&mut document);
        let key = insert(&mut self.documents.0, document)?;
        if let Some(named) = named.filter(|named| *named != key) {
            return Err(format!("expected the document of {named}, as `key` says, found that of {key}"));
        }
        if let DocumentKey::Keys(issuer) = key {
            self.redacted.extend(redacted.into_iter().map(|key| (issuer.clone(), key)));
        }
        Ok(())
    }
}

/// The document, and its key if it comes in a reply of the API: `{"key", "revision", "document", ...}`.
fn unwrapped(value: Value) -> Result<(Option<DocumentKey>, Value), String> {
    let (Some(key), Some(document)) = (value.get("key"), value.get("document")) else {
        return Ok((None, value));
    };
    let key = key
        .as_str()
        .and_then(|key| key.parse().ok())
        .ok_or("`key`: expected a key such as v1/title/harbour")?;
    if value.pointer("/revocations/next").is_some_and(|next| !next.is_null()) {
        return Err("expected all revocations, found one page of them: export the site again".to_owned());
    }
    let mut document = document.clone();
    match (document.as_object_mut(), value.get("revision")) {
        (None, _) => return Err(format!("{key} was deleted: remove the file")),
        (Some(members), Some(revision)) => members.insert("revision".to_owned(), revision.clone()),
        (Some(_), None) => None,
    };
    Ok((Some(key), document))
}

/// Replaces redacted secrets, and returns the ids of their keys.
fn withhold(document: &mut Value) -> Vec<KeyId> {
    let keys = document.get_mut("keys").and_then(Value::as_array_mut).into_iter().flatten();
    let redacted = keys.filter(|key| key.get("k").and_then(Value::as_str) == Some(redacted::MARK));
    let redacted = redacted.filter_map(|key| {
        let id = key.get("kid")?.as_str()?.parse().ok()?;
        *key.get_mut("k")? = json!(PLACEHOLDER);
        Some(id)
    });
    redacted.collect()
}

/// Adds one document. Two documents with the same key are refused.
pub(crate) fn insert(
    documents: &mut BTreeMap<DocumentKey, Vec<u8>>,
    mut document: Value,
) -> Result<DocumentKey, String> {
    let key = key(&document)?;
    if let Some(members) = document.as_object_mut() {
        members.entry("revision").or_insert(json!(0));
    }
    let json = document.to_string().into_bytes();
    if let Err(error) = key.check(&json) {
        let why = key.proofread(&json).map_or_else(|plain| plain.to_string(), |()| error.to_string());
        return Err(format!("{key}: {why}"));
    }
    match documents.insert(key.clone(), json) {
        None => Ok(key),
        Some(_) => Err(format!("{key} is there twice")),
    }
}

/// The key of a document, by its members.
pub(crate) fn key(document: &Value) -> Result<DocumentKey, String> {
    let member = |name: &str| document.get(name).and_then(Value::as_str).map(str::to_owned);
    let revocations = document.get("revoked").or_else(|| document.get("packed")).is_some();
    let (kind, id) = if let Some(host) = member("host") {
        let kind = match document.get("campaigns") {
            _ if revocations => DocumentKind::Revocations,
            Some(_) => DocumentKind::Campaigns,
            None => DocumentKind::Site,
        };
        (kind, host)
    } else if let Some(issuer) = member("issuer") {
        (DocumentKind::Keys, issuer)
    } else if let Some(id) = member("id") {
        (if document.get("kind").is_some() { DocumentKind::Creative } else { DocumentKind::Title }, id)
    } else {
        return Err("expected a document with `host` (site; with `revoked` its revocations, with `campaigns` its campaigns), `issuer` (keys) or `id` (title; with `kind` a creative)".to_owned());
    };
    DocumentKey::new(kind, &id).map_err(|error| error.to_string())
}

/// Every `.json` file below a folder, in order.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, Misuse> {
    let failed = |error: std::io::Error| Misuse(format!("{}: {}", folder.display(), io_reason(&error)));
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

impl Archive for Folder {
    async fn json(&self, key: &DocumentKey) -> Result<Option<Vec<u8>>, Fault> {
        self.documents.json(key).await
    }

    async fn with_published(&self, keys: Document<KeySet>) -> Result<Document<KeySet>, Fault> {
        self.documents.with_published(keys).await
    }

    fn asks_issuers(&self) -> bool {
        self.documents.asks_issuers()
    }

    async fn is_genuine(&self, challenge: &Challenge<'_>) -> Result<bool, Fault> {
        self.documents.is_genuine(challenge).await
    }

    fn is_withheld(&self, issuer: &Issuer, key: &Jwk) -> bool {
        // The set of keys is small, and asked for a few times.
        self.redacted.iter().any(|(of, redacted)| of == issuer && *redacted == key.kid)
    }
}
