//! Ids in the path of a request, percent-decoded.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use stagedoor::catalog::{DocumentKey, DocumentKind, Host};
use stagedoor::reading::nearest;
use url::form_urlencoded::byte_serialize;

use super::problem::Problem;

/// The parts of a path behind its route. As text: the messages for other types name types of this program.
pub(super) type InPath<T> = Result<Path<T>, PathRejection>;

/// The key of the document that a path names, or the reason why there can be none.
pub(super) fn key(kind: DocumentKind, id: InPath<String>) -> Result<DocumentKey, String> {
    DocumentKey::new(kind, &text(id)?).map_err(|error| error.to_string())
}

/// The host that a path names.
pub(super) fn host(host: InPath<String>) -> Result<Host, Problem> {
    let host = text(host)
        .and_then(|host| host.parse().map_err(|error: stagedoor::catalog::IdError| error.to_string()));
    host.map_err(Problem::impossible_id)
}

/// The host and the generation that a path names.
pub(super) fn revocation(place: InPath<(String, String)>) -> Result<(Host, u32), Problem> {
    let (name, generation) = text(place).map_err(Problem::impossible_id)?;
    let host = host(Ok(Path(name)))?;
    let number = generation.parse().map_err(|_| {
        let longest = generation.chars().take(80).collect::<String>();
        Problem::impossible_id(format!(
            "expected the generation of a revocation, a whole number, found `{longest}`"
        ))
    })?;
    Ok((host, number))
}

/// What lies below `/api/v1/`.
const COLLECTIONS: [&str; 9] =
    ["titles", "sites", "keys", "campaigns", "creatives", "revocations", "history", "warnings", "sync"];

/// What was probably meant by a path at which there is nothing, for the end of a message.
pub(super) fn meant(path: &str) -> String {
    let Some(below) = path.strip_prefix("/api/v1/") else {
        return if path.starts_with("/api") {
            "; the API is below /api/v1/".to_owned()
        } else {
            String::new()
        };
    };
    let (collection, id) = below.split_once('/').unwrap_or((below, ""));
    if !COLLECTIONS.contains(&collection) {
        let near = nearest(collection, COLLECTIONS);
        return near.map(|name| format!("; did you mean /api/v1/{name}?")).unwrap_or_default();
    }
    if id.is_empty() {
        return format!("; the list is at /api/v1/{collection}");
    }
    let encoded: String = byte_serialize(id.as_bytes()).collect();
    format!("; if `{id}` is an id, its path is /api/v1/{collection}/{encoded}")
}

/// Parts of a path may be anything but bytes that are not UTF-8.
fn text<T>(parts: InPath<T>) -> Result<T, String> {
    parts.map(|Path(parts)| parts).map_err(|_| "expected an id in percent-encoded UTF-8".to_owned())
}
