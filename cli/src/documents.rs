//! A folder of documents, as KV would hold them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stagedoor::catalog::{DocumentKey, DocumentKind};
use stagedoor::documents::Documents;

use crate::failure::Misuse;
use crate::input;

/// Reads every `.json` file below a folder. The members of a file decide its kind of document. The names of the files
/// do not matter. A document without a revision gets revision 0.
pub(crate) fn read(folder: &Path) -> Result<Documents, Misuse> {
    let mut documents = BTreeMap::new();
    for path in files(folder)? {
        insert(&mut documents, input::json(&path)?)
            .map_err(|why| Misuse(format!("{}: {why}", path.display())))?;
    }
    if documents.is_empty() {
        return Err(Misuse(format!("{}: expected .json files with documents, found none", folder.display())));
    }
    Ok(Documents(documents))
}

/// Adds one document. Two documents with the same key are refused.
pub(crate) fn insert(
    documents: &mut BTreeMap<DocumentKey, Vec<u8>>,
    mut document: Value,
) -> Result<(), String> {
    let key = key(&document)?;
    if let Some(members) = document.as_object_mut() {
        members.entry("revision").or_insert(json!(0));
    }
    let json = document.to_string().into_bytes();
    key.check(&json).map_err(|error| format!("{key}: {error}"))?;
    match documents.insert(key.clone(), json) {
        None => Ok(()),
        Some(_) => Err(format!("{key} is there twice")),
    }
}

/// The key of a document, by its members.
pub(crate) fn key(document: &Value) -> Result<DocumentKey, String> {
    let member = |name: &str| document.get(name).and_then(Value::as_str).map(str::to_owned);
    let revocations = document.get("revoked").or_else(|| document.get("packed")).is_some();
    let (kind, id) = if let Some(host) = member("host") {
        (if revocations { DocumentKind::Revocations } else { DocumentKind::Site }, host)
    } else if let Some(issuer) = member("issuer") {
        (DocumentKind::Keys, issuer)
    } else if let Some(id) = member("id") {
        (DocumentKind::Title, id)
    } else {
        return Err("expected a document with `host` (site, or with `revoked` its revocations), `issuer` (keys) or `id` (title)".to_owned());
    };
    DocumentKey::new(kind, &id).map_err(|error| error.to_string())
}

/// Every `.json` file below a folder, in order.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, Misuse> {
    let failed = |error: std::io::Error| Misuse(format!("{}: {error}", folder.display()));
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
