//! Ids in the path of a request, percent-decoded.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use stagedoor::catalog::{DocumentKey, DocumentKind, Host};

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

/// Parts of a path may be anything but bytes that are not UTF-8.
fn text<T>(parts: InPath<T>) -> Result<T, String> {
    parts.map(|Path(parts)| parts).map_err(|_| "expected an id in percent-encoded UTF-8".to_owned())
}
